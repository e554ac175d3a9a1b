//! What the records promise: the environment and its slots as they were rendered, and the baseline of their cluster. Pure.

use crate::cli::{
    doctor::finding::{CheckStatus, Finding},
    drift::is_within,
};
use anyhow::{Context as _, anyhow, bail, ensure};
use goldenpath_core::{
    domain::{
        Body, Desired, EnvironmentId, Observed, POD_SECURITY_PREFIX, PersonaName, Phase, PodSecurityLevel, Problem,
        Record, ResourceKind, Who, name_list,
    },
    golden::{Blueprint, Catalogue, Parent, RESOURCES, ResolveContext, spec_of},
    kinds::in_words,
};
use serde_json::Value;
use std::collections::BTreeMap;

pub struct Recorded {
    record: Record,
    pub personas: Vec<Persona>,
    pub spaces: Vec<Space>,
    /// Of the environment and of its slots.
    pub objects: Vec<Desired>,
    pub baseline: Option<Baseline>,
}

pub struct Persona {
    pub name: PersonaName,
    pub role: PersonaName,
    pub subjects: Vec<Subject>,
}

/// Whom a RoleBinding names.
pub struct Subject {
    pub name: String,
    pub who: Who,
    pub is_group: bool,
}

pub struct Space {
    pub namespace: String,
    /// What Pod Security enforces in it.
    pub level: PodSecurityLevel,
}

pub struct Baseline {
    pub objects: Vec<Desired>,
    /// Whether they are rendered from the golden path that it was made by.
    pub is_exact: bool,
}

// === impl Recorded ===

impl Recorded {
    pub fn of(observed: &[Observed], id: &EnvironmentId, catalogue: &Catalogue) -> anyhow::Result<Self> {
        let records = records(observed, id)?;
        let record = find(&records, id)?;
        let (environment, parent) = render_with_parent(record, catalogue)?;
        let parent = parent.context("its record is not an environment's")?;
        let mut blueprints = vec![environment];
        let inside = format!("{id}/");
        for slot in records.iter().filter(|other| other.kind == ResourceKind::SLOT && other.id.starts_with(&inside)) {
            blueprints.push(render(slot, Some(&parent), catalogue)?);
        }
        let path = record.path().context("another release wrote its record")?;
        let tier = catalogue.tier(&path, &record.tier.parse()?).context("its tier is no longer in the golden path")?;
        let personas = parent.subjects.iter().map(|(name, subjects)| Persona {
            name: *name,
            role: tier.role(*name),
            subjects: subjects.iter().flatten().filter_map(subject).collect(),
        });
        let spaces = blueprints.iter().flat_map(|blueprint| &blueprint.summary.namespaces);
        let spaces =
            spaces.map(|namespace| Space { namespace: namespace.clone(), level: level(&blueprints, namespace) });
        let baseline = records.iter().find(|other| other.kind == ResourceKind::BASELINE);
        let baseline = baseline.map(|record| {
            let blueprint = render(record, None, catalogue)?;
            let is_exact = record.path().as_ref() == Some(&blueprint.summary.path);
            anyhow::Ok(Baseline { objects: blueprint.objects, is_exact })
        });
        Ok(Self {
            personas: personas.collect(),
            spaces: spaces.collect(),
            baseline: baseline.transpose()?,
            objects: blueprints.into_iter().flat_map(|blueprint| blueprint.objects).collect(),
            record: record.clone(),
        })
    }

    pub fn finding(&self) -> Finding {
        let Record { id, team, tier, golden_path, golden_path_version, phase, .. } = &self.record;
        let found = format!("{id} of team {team}, tier {tier}, by {golden_path} {golden_path_version}");
        let (status, found, remedy) = match phase {
            Phase::Ready => (CheckStatus::Ok, found, ""),
            _ => (
                CheckStatus::Warning,
                format!("{found}; a change is in progress or was interrupted"),
                "Wait for it, or apply again. What follows is about what will be there then.",
            ),
        };
        Finding {
            check: "record".into(),
            status,
            found,
            remedy: remedy.to_owned(),
            results: BTreeMap::new(),
            benchmark: &[],
        }
    }
}

/// What can't be read of another environment is none of ours. Of this one, of a slot in it and of the baseline it is an error: left out,
/// what it promises would count as kept.
fn records(observed: &[Observed], id: &EnvironmentId) -> anyhow::Result<Vec<Record>> {
    let mut records = vec![];
    for (object, text) in observed.iter().filter_map(|object| Some((object, object.record.as_deref()?))) {
        match serde_json::from_str(text) {
            Ok(record) => records.push(record),
            Err(_) => {
                let written: Value = serde_json::from_str(text).unwrap_or_default();
                let of = written["id"].as_str().unwrap_or_default();
                let is_elsewhere = of.contains('/') && !is_within(of, &id.to_string());
                ensure!(
                    is_elsewhere,
                    "another release wrote {}, and this one can't read it: use the command line of that release",
                    in_words(&object.key)
                );
            }
        }
    }
    Ok(records)
}

fn find<'a>(records: &'a [Record], id: &EnvironmentId) -> anyhow::Result<&'a Record> {
    let environments = || records.iter().filter(|record| record.kind == ResourceKind::ENVIRONMENT);
    if let Some(record) = environments().find(|record| record.id == id.to_string()) {
        return Ok(record);
    }
    let known: Vec<&str> = environments().map(|record| record.id.as_str()).collect();
    if known.is_empty() {
        bail!("no environment {id}: the cluster has no record of any");
    }
    bail!("no environment {id}; the cluster has records of {}", name_list(&known))
}

fn render(record: &Record, parent: Option<&Parent>, catalogue: &Catalogue) -> anyhow::Result<Blueprint> {
    let spec =
        spec_of(RESOURCES, record).with_context(|| format!("another release wrote the record of {}", record.id))?;
    let catalogue = &catalogue.holding(record.path().as_ref());
    let resolved = spec.resolve(&ResolveContext { facts: &record.facts, parent, catalogue });
    Ok(resolved.map_err(|problems| unrenderable(record, problems))?.render())
}

fn render_with_parent(record: &Record, catalogue: &Catalogue) -> anyhow::Result<(Blueprint, Option<Parent>)> {
    let blueprint = render(record, None, catalogue)?;
    let held = catalogue.holding(record.path().as_ref());
    let parent = spec_of(RESOURCES, record).and_then(|spec| spec.parent_of(&record.facts, &held));
    Ok((blueprint, parent.transpose().map_err(|problems| unrenderable(record, problems))?))
}

fn unrenderable(record: &Record, problems: Vec<Problem>) -> anyhow::Error {
    let why = problems.into_iter().next().map(|problem| problem.summary).unwrap_or_default();
    let Record { id, golden_path, golden_path_version, .. } = record;
    anyhow!(
        "what {id} promises can't be rendered: {why}; it was made by {golden_path} {golden_path_version}: name its folder with \
         --catalogue"
    )
}

fn subject(subject: &Value) -> Option<Subject> {
    let text = |name: &str| subject[name].as_str();
    let name = text("name")?.to_owned();
    if text("kind")? == "Group" {
        let who = Who { user: "goldenpath-doctor".to_owned(), groups: vec![name.clone()] };
        return Some(Subject { name, who, is_group: true });
    }
    let namespace = text("namespace")?;
    let user = format!("system:serviceaccount:{namespace}:{name}");
    let groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    Some(Subject { name: format!("{namespace}/{name}"), who: Who { user, groups }, is_group: false })
}

fn level(blueprints: &[Blueprint], namespace: &str) -> PodSecurityLevel {
    let mut objects = blueprints.iter().flat_map(|blueprint| &blueprint.objects);
    let labels = objects.find_map(|object| match &object.body {
        Some(Body::Kube(document)) if object.key.as_namespace() == Some(namespace) => {
            Some(&document["metadata"]["labels"])
        }
        _ => None,
    });
    let enforced = labels.and_then(|labels| labels[format!("{POD_SECURITY_PREFIX}enforce")].as_str());
    let known = PodSecurityLevel::ALL.iter().copied().find(|level| Some(level.as_str()) == enforced);
    known.unwrap_or(PodSecurityLevel::Privileged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::{Fields, ObjectKey, Ownership, SYSTEM_NAMESPACE};
    use serde_json::json;

    #[test]
    fn what_can_not_be_read_is_no_promise_that_is_kept() {
        let id: EnvironmentId = "demo/pay".parse().unwrap();
        for (written, is_error, reason) in [
            (json!({"id": "demo/pay"}), true, "the environment's own"),
            (json!({"id": "demo/pay/api"}), true, "of a slot in it"),
            (json!({"id": "demo"}), true, "the baseline's"),
            (json!({"spec": {}}), true, "it may be of anything"),
            (json!({"id": "demo/payments"}), false, "another environment's"),
            (json!({"id": "demo/payments/api"}), false, "of a slot in another one"),
        ] {
            let key = ObjectKey::kube("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), "gp-x");
            let seen = Observed::new(key, "1", Ownership::Cluster, Fields::default());
            let seen = Observed { record: Some(written.to_string().into()), ..seen };
            assert_eq!(records(&[seen], &id).is_err(), is_error, "{reason}");
        }
    }
}
