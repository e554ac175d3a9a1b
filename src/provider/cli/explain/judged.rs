//! What the policies of golden paths say of the objects in a plan, and what the paths' changelogs say of a move to another version.
//!
//! The JSON of a plan has neither warnings nor documents. So the request in it is planned once more, by the same golden paths, without
//! a cluster: what policies say depends on nothing else.

use super::{
    plan::{Known, Plan, Resource, Side},
    review::{ChangelogEntry, PolicyFinding, Review, Unjudged, VersionMove},
};
use crate::{
    cli::catalogue::{CatalogueTool, facts_over},
    resources::RESOURCES,
};
use goldenpath_core::{
    domain::{Problem, ResourceKind, Version, in_few_words},
    golden::{Catalogue, Spec},
    kinds::legible,
    provision::{PreviewRequest, Provisioner},
};
use plugin::{
    Value,
    schema::inputs,
    value::{codec::conform, to_value},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};

/// Of environments and slots that are made or changed.
pub async fn add(review: &mut Review, plan: &Plan, catalogue: &Arc<Catalogue>, tool: &CatalogueTool) {
    let mut planners: BTreeMap<String, Arc<dyn Provisioner>> = BTreeMap::new();
    let wanted = resources_of(plan);
    let sets = permission_sets(wanted.iter().map(|(resource, _)| *resource));
    let has_policies = catalogue.paths().iter().any(|path| !catalogue.policies(&path.id()).is_empty());
    for (resource, kind) in wanted {
        review.versions.extend(version_move(resource, catalogue));
        let address = legible(&resource.address);
        // One that stays as it is is only planned for the slots in it.
        let unjudged = |reason: String| is_made(resource).then(|| Unjudged { address: address.clone(), reason });
        match request(resource, kind, catalogue) {
            Ok(_) if !has_policies => {}
            Ok((arn, spec)) => {
                let planner = match planners.get(&arn) {
                    Some(planner) => Arc::clone(planner),
                    None => match offline(&arn, &sets, catalogue, tool) {
                        Ok(planner) => planner,
                        Err(error) => {
                            review.unjudged.extend(unjudged(format!("{error:#}")));
                            continue;
                        }
                    },
                };
                planners.insert(arn, Arc::clone(&planner));
                let preview = planner.preview(PreviewRequest::new(spec)).await;
                if !is_made(resource) {
                    continue;
                }
                let is_judged = preview.decided.is_some();
                let found = preview.problems.iter().filter_map(|problem| finding(&address, problem));
                let before = review.policies.len();
                review.policies.extend(found);
                if !is_judged && review.policies.len() == before {
                    let why = preview.problems.into_iter().next().map(|problem| problem.summary).unwrap_or_default();
                    review.unjudged.extend(unjudged(legible(&why)));
                }
            }
            Err(reason) => review.unjudged.extend(unjudged(reason)),
        }
    }
}

/// What is made or changed, an environment before what lives in it; where there are slots, also environments that stay as they are.
fn resources_of(plan: &Plan) -> Vec<(&Resource, ResourceKind)> {
    let all: Vec<(&Resource, ResourceKind)> = plan.ours().filter_map(|one| Some((one, kind_of(one)?))).collect();
    let has_slots = all.iter().any(|(resource, kind)| *kind == ResourceKind::SLOT && is_made(resource));
    let is_kept = |(resource, kind): &(&Resource, ResourceKind)| {
        *kind == ResourceKind::ENVIRONMENT && resource.change.actions == ["no-op"]
    };
    let mut wanted: Vec<(&Resource, ResourceKind)> =
        all.into_iter().filter(|one| is_made(one.0) || has_slots && is_kept(one)).collect();
    wanted.sort_by_key(|(_, kind)| *kind != ResourceKind::ENVIRONMENT);
    wanted
}

/// `None`: it has no golden path of its own or its environment's.
fn kind_of(resource: &Resource) -> Option<ResourceKind> {
    let managed = RESOURCES.iter().find(|managed| managed.name() == resource.resource_type)?;
    let kind = managed.golden().kind();
    (kind != ResourceKind::BASELINE).then_some(kind)
}

fn is_made(resource: &Resource) -> bool {
    resource.change.actions.iter().any(|action| action == "create" || action == "update")
}

/// The ARN of its cluster, and what is requested, by the version that the plan chose.
fn request(resource: &Resource, kind: ResourceKind, catalogue: &Catalogue) -> Result<(String, Spec), String> {
    let managed = RESOURCES.iter().find(|managed| managed.name() == resource.resource_type);
    let managed = managed.ok_or_else(|| "it is of another release".to_owned())?;
    let schema = managed.schema();
    let tree =
        conform(planned_value(resource), &schema.ty()).map_err(|error| format!("it is of another release: {error}"))?;
    let mut configured = inputs(&schema, &tree);
    let Value::Map(attributes) = &mut configured else { return Err("it is of another release".to_owned()) };
    attributes.remove("timeouts");
    if kind == ResourceKind::ENVIRONMENT
        && let Some(version) = text(resource, Side::After, "resolved_version")
    {
        let (name, _) = path_of(resource, Side::After, catalogue).ok_or("its golden path is not known before apply")?;
        let is_there = |version: &str| {
            catalogue.paths().iter().any(|path| path.name == name && path.version.to_string() == version)
        };
        if !is_there(&version) {
            return Err(format!(
                "golden path {name} {version} is not in the catalogue: name its folder with --catalogue"
            ));
        }
        attributes.insert("golden_path_version".to_owned(), version.into());
    }
    let spec = managed.spec(&configured).map_err(|error| match error.unknown {
        true => "it is known after apply".to_owned(),
        false => format!("it is of another release: {error}"),
    })?;
    let cluster = spec.id().cluster().to_owned();
    let target = [Side::After, Side::Before].into_iter().find_map(|side| text(resource, side, "target"));
    let is_arn = |text: &String| text.starts_with("arn:");
    let arn = target.filter(is_arn).or_else(|| text(resource, Side::After, "cluster").filter(is_arn));
    Ok((arn.unwrap_or_else(|| format!("arn:aws:eks:eu-west-1:111122223333:cluster/{cluster}")), spec))
}

/// As the resource is after the plan, with what is not known yet.
fn planned_value(resource: &Resource) -> Value {
    fn overlay(known: &Json, unknown: &Json) -> Value {
        match (known, unknown) {
            (_, Json::Bool(true)) => Value::unknown(),
            (Json::Object(members), _) => {
                let mut all: BTreeMap<String, Value> =
                    members.iter().map(|(name, one)| (name.clone(), overlay(one, &unknown[name]))).collect();
                for (name, one) in unknown.as_object().into_iter().flatten().filter(|(_, one)| **one == true) {
                    all.insert(name.clone(), overlay(&Json::Null, one));
                }
                Value::Map(all)
            }
            (Json::Array(items), _) => {
                Value::List(items.iter().enumerate().map(|(at, one)| overlay(one, &unknown[at])).collect())
            }
            (leaf, _) => to_value(leaf),
        }
    }
    let (after, unknown) = resource.change.after();
    overlay(after, unknown)
}

fn text(resource: &Resource, side: Side, name: &str) -> Option<String> {
    match resource.change.get(side, &[name]) {
        Known::Value(Json::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Facts of an ordinary cluster of that name, with all permission sets that anybody names.
fn offline(
    arn: &str,
    sets: &[String],
    catalogue: &Arc<Catalogue>,
    tool: &CatalogueTool,
) -> anyhow::Result<Arc<dyn Provisioner>> {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let role = |set: &String| {
        let role =
            format!("arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{set}_0123456789abcdef");
        (set.clone(), role.into())
    };
    let sets: serde_json::Map<String, Json> = sets.iter().map(role).collect();
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    let facts = facts_over(arn, json!({ "stable": { "permission_sets": sets, "oidc_issuer": issuer } }))?;
    Ok((tool.offline)(facts, Arc::clone(catalogue)))
}

fn permission_sets<'a>(resources: impl Iterator<Item = &'a Resource>) -> Vec<String> {
    let mut sets = vec![];
    for resource in resources {
        let Known::Value(Json::Object(access)) = resource.change.get(Side::After, &["access"]) else { continue };
        let named = access.values().filter_map(|persona| persona["permission_sets"].as_array()).flatten();
        sets.extend(named.filter_map(Json::as_str).map(str::to_owned));
    }
    sets
}

/// `None`: it is no policy that says so.
fn finding(address: &str, problem: &Problem) -> Option<PolicyFinding> {
    let about = problem.detail.strip_prefix("Policy ").filter(|_| problem.code.starts_with("policy."))?;
    let (policy, about) = about.split_once(" flags ")?;
    let (name, version) = policy.rsplit_once(' ')?;
    let (object, remedy) = about.split_once(". ").unwrap_or((about.trim_end_matches('.'), ""));
    Some(PolicyFinding {
        address: address.to_owned(),
        object: legible(object),
        policy: legible(name),
        version: legible(version),
        status: match problem.code {
            "policy.undecided" => "undecided",
            _ if problem.is_error() => "error",
            _ => "warning",
        },
        message: legible(
            problem.summary.strip_suffix(&format!("; {}", in_few_words(remedy))).unwrap_or(&problem.summary),
        ),
        remedy: legible(remedy),
        field: (!problem.field.is_empty()).then(|| legible(&problem.field.join("."))),
    })
}

// === Versions ===

/// (name, version)
fn path_of(resource: &Resource, side: Side, catalogue: &Catalogue) -> Option<(String, Option<Version>)> {
    let version = text(resource, side, "resolved_version").and_then(|version| version.parse().ok());
    let name = match resource.change.get(side, &["golden_path"]) {
        Known::Value(Json::String(name)) => name.clone(),
        Known::Absent => catalogue.newest(None).ok()?.name.clone(),
        _ => return None,
    };
    Some((name, version))
}

/// `None`: it stays at its version, is new, or its version is not known.
fn version_move(resource: &Resource, catalogue: &Catalogue) -> Option<VersionMove> {
    let (before, after) = (path_of(resource, Side::Before, catalogue)?, path_of(resource, Side::After, catalogue)?);
    let ((old_name, Some(from)), (name, Some(to))) = (before, after) else { return None };
    if (&old_name, from) == (&name, to) {
        return None;
    }
    let is_between = |version: Version| match old_name == name {
        true => from.min(to) < version && version <= from.max(to),
        false => version == to,
    };
    let paths = catalogue.paths().iter().filter(|path| path.name == name && is_between(path.version));
    let entry = |text: &String, version: Version| ChangelogEntry {
        version: version.to_string(),
        text: legible(text),
        is_undone: old_name == name && to < from,
    };
    Some(VersionMove {
        address: legible(&resource.address),
        golden_path: legible(&name),
        from: format!("{} {from}", legible(&old_name)),
        to: format!("{} {to}", legible(&name)),
        changelog: paths.flat_map(|path| path.changelog.iter().map(|text| entry(text, path.version))).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::{
        domain::TierClass,
        policy::document::{Case, Operation, Policy},
    };

    const POLICY: &str = "apiVersion: goldenpath.internal/v1\nkind: Policy\nname: few-pods\nversion: 1.2.0\ndescription: Few pods.\n\
        match: [{ groups: [''], versions: [v1], resources: [resourcequotas], operations: [CREATE] }]\nvalidations:\n  - expression: \
        'int(object.spec.hard.pods) < 50'\n    message: More than 50 pods.\n    remedy: Ask for fewer. Or for another tier.\n    field: quota.total\n";

    #[test]
    fn what_a_policy_says_has_its_name_version_and_remedy() {
        let policy = Policy::read(POLICY).unwrap();
        let quota = json!({"spec": {"hard": {"pods": "60"}}});
        let case = |object| Case {
            api: "v1",
            kind: "ResourceQuota",
            namespace: Some("pay"),
            name: "gp-base",
            operation: Operation::Create,
            object,
            old: None,
            namespace_object: None,
            user: None,
            class: Some(TierClass::Prod),
        };
        let of =
            |object| policy.problems(&case(object), jiff::civil::date(2026, 11, 29), "ResourceQuota pay/gp-base", true);
        let found = finding("a.b", &of(Some(&quota))[0]).expect("a policy's");
        let PolicyFinding { object, policy: name, version, status, message, remedy, field, .. } = found;
        assert_eq!(
            (object.as_str(), name.as_str(), version.as_str()),
            ("ResourceQuota pay/gp-base", "few-pods", "1.2.0")
        );
        assert_eq!((status, message.as_str()), ("error", "More than 50 pods"));
        assert_eq!((remedy.as_str(), field.as_deref()), ("Ask for fewer. Or for another tier.", Some("quota.total")));
        assert_eq!(finding("a.b", &of(None)[0]).expect("a policy's").status, "undecided");
        assert_eq!(finding("a.b", &Problem::error("quota.exceeded", "x", "Rule quota flags x.")), None, "a rule");
    }

    #[test]
    fn a_move_has_the_changelog_of_the_versions_between() {
        let document = |version: &str, text: &str| {
            format!(
                "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\nname: acme\nversion: \
                 {version}\nchangelog: [{text}]\n"
            )
        };
        let texts = [("1.0.0", "first"), ("1.1.0", "second"), ("2.0.0", "third")].map(|(v, text)| document(v, text));
        let catalogue = Catalogue::with_documents(texts.iter().map(|text| ("acme.yaml", text.as_str()))).unwrap();
        for (from, to, expected, reason) in [
            ("1.0.0", "2.0.0", vec![("1.1.0", false), ("2.0.0", false)], "two steps"),
            ("1.1.0", "1.0.0", vec![("1.1.0", true)], "back"),
            ("1.0.0", "3.0.0", vec![("1.1.0", false), ("2.0.0", false)], "to one that is not in the catalogue"),
            ("1.0.0", "1.0.0", vec![], "nowhere"),
        ] {
            let side = |version: &str| json!({"id": "demo/pay", "golden_path": "acme", "resolved_version": version});
            let plan = json!({"format_version": "1.2", "resource_changes": [{
                "address": "goldenpath_team_environment.pay", "mode": "managed", "type": "goldenpath_team_environment",
                "change": {"actions": ["update"], "before": side(from), "after": side(to), "after_unknown": {}}}]});
            let plan = Plan::parse(plan.to_string().as_bytes()).unwrap();
            let moved = plan.ours().find_map(|resource| version_move(resource, &catalogue));
            let entries = moved.iter().flat_map(|moved| &moved.changelog);
            let entries: Vec<_> = entries.map(|entry| (entry.version.as_str(), entry.is_undone)).collect();
            assert_eq!(entries, expected, "{reason}");
        }
    }

    #[test]
    fn an_environment_is_planned_before_its_slots_even_if_it_stays_as_it_is() {
        let resource = |kind: &str, name: &str, action: &str| {
            json!({"address": format!("goldenpath_{kind}.{name}"), "mode": "managed", "type": format!("goldenpath_{kind}"),
                "change": {"actions": [action], "before": {}, "after": {}, "after_unknown": {}}})
        };
        let baseline = || resource("cluster_baseline", "demo", "update");
        let slot = |action: &str| resource("eks_workload_slot", "ledger", action);
        let environment = |action: &str| resource("team_environment", "pay", action);
        let both = vec!["goldenpath_team_environment.pay", "goldenpath_eks_workload_slot.ledger"];
        for (changes, expected, reason) in [
            (json!([slot("create"), environment("create")]), both.clone(), "both are new"),
            (json!([slot("update"), environment("no-op")]), both.clone(), "the slot alone changes"),
            (json!([slot("no-op"), environment("update")]), both[..1].to_vec(), "the environment alone changes"),
            (json!([slot("no-op"), environment("no-op")]), vec![], "nothing changes"),
            (json!([slot("delete"), environment("no-op")]), vec![], "what goes is not judged"),
            (json!([slot("create"), environment("delete")]), both[1..].to_vec(), "an environment that goes"),
            (json!([baseline()]), vec![], "a baseline has no path"),
        ] {
            let plan = json!({"format_version": "1.2", "resource_changes": changes});
            let plan = Plan::parse(plan.to_string().as_bytes()).unwrap();
            let wanted = resources_of(&plan);
            let wanted: Vec<&str> = wanted.iter().map(|(resource, _)| resource.address.as_str()).collect();
            assert_eq!(wanted, expected, "{reason}");
        }
    }
}
