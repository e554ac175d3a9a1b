//! What is requested, of a plan and of an apply alike.

use super::target::Moment;
use crate::{
    domain::{Class, Id, Late, ObjectKey, PathVersion, Phase, Record, StableFacts, short_hash},
    golden::{Blueprint, Catalogue, Parent, Spec},
    provision::{EnsureRequest, PreviewRequest, Prior, Replacing},
};
use jiff::civil::Date;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub struct ChangeRequest<'a> {
    pub id: Id,
    pub spec: &'a Spec,
    pub facts: Option<&'a StableFacts>,
    /// What it was made by.
    pub path: Option<&'a PathVersion>,
    pub parent: Option<&'a Parent>,
    pub prior: Option<&'a Prior>,
    pub replacing: Option<&'a Replacing>,
    pub variant: usize,
    /// What the plan promised of `objects`, for an apply, and the target that it was for.
    pub planned: Option<&'a BTreeMap<String, Late<String>>>,
    pub planned_target: Option<&'a str>,
    pub planned_version: Option<&'a str>,
    pub timeouts: Option<&'a serde_json::Value>,
    /// The digest of the record that it puts things back to.
    pub restores: Option<&'a str>,
    /// Which operation carries it out. `None`: a plan.
    pub operation: Option<&'a str>,
    pub moment: Moment<'a>,
}

// === impl ChangeRequest ===

impl<'a> ChangeRequest<'a> {
    /// A plan of it, of which nothing is known but what state has.
    pub fn of_spec(spec: &'a Spec, prior: Option<&'a Prior>) -> Self {
        Self {
            id: spec.id(),
            spec,
            facts: None,
            path: None,
            parent: None,
            prior,
            replacing: None,
            variant: 0,
            planned: None,
            planned_target: None,
            planned_version: None,
            timeouts: None,
            restores: None,
            operation: None,
            moment: Moment::Plan,
        }
    }

    pub fn of_plan(request: &'a PreviewRequest) -> Self {
        let PreviewRequest { spec, facts, path, parent, prior, replacing, variant, again } = request;
        Self {
            facts: facts.as_ref(),
            path: path.as_ref(),
            parent: parent.as_ref(),
            replacing: replacing.as_ref(),
            variant: *variant,
            moment: if *again { Moment::PlanAgain } else { Moment::Plan },
            ..Self::of_spec(spec, prior.as_ref())
        }
    }

    pub fn of_apply(request: &'a EnsureRequest, operation: &'a str, begun: Duration) -> Self {
        let EnsureRequest { spec, facts, path, parent, prior, replacing, planned, planned_target, .. } = request;
        let EnsureRequest { planned_version, timeouts, restores, timeout, cancel, .. } = request;
        Self {
            facts: facts.as_ref(),
            path: path.as_ref(),
            parent: parent.as_ref(),
            replacing: replacing.as_ref(),
            planned: planned.as_ref(),
            planned_target: planned_target.as_deref(),
            planned_version: planned_version.as_deref(),
            timeouts: timeouts.as_ref(),
            restores: restores.as_deref(),
            operation: Some(operation),
            moment: Moment::Apply { until: begun + *timeout, cancel },
            ..Self::of_spec(spec, prior.as_ref())
        }
    }

    /// What the request is resolved by. A golden path that is written otherwise than before is the request's own choice. `now` as the
    /// clock gives it.
    pub fn catalogue(&self, all: &Catalogue, now: &str) -> Catalogue {
        let written = |spec: &'a Spec| spec.common().golden_path;
        let is_as_before = self.prior.is_none_or(|prior| written(&prior.spec) == written(self.spec));
        let stays = |path: &&PathVersion| {
            is_as_before || all.newest(written(self.spec)).is_ok_and(|newest| newest.name == path.name)
        };
        all.on(date(now)).holding(self.path.filter(stays))
    }

    /// Of what its operation makes; `None`: a plan. A daemon whose journal has lost the end of an operation runs it again, and the client
    /// may know how it ended: what was made is then known as the operation's own, and stays the instance that the client's state holds.
    pub fn own_uid(&self) -> Option<String> {
        self.operation.map(|operation| short_hash([operation, &self.id.to_string()], 32))
    }

    /// Than state holds: something new, or an edit.
    pub fn is_another_request(&self) -> bool {
        self.prior.is_none_or(|prior| prior.spec != *self.spec)
    }

    /// Of a create that goes on from something which people may rely on: its record says what was so before, as state does for an update.
    /// A plan can't know whether the delete of a replacement comes first, and what lives inside goes before that; then its apply finds no
    /// record. `team`: of the request.
    pub fn goes_on_from<'r>(&self, record: Option<&'r Record>, team: &str) -> Option<&'r Record> {
        let record = record.filter(|record| self.prior.is_none() && record.team == team)?;
        let is_replaced = self.replacing.is_some_and(|replacing| replacing.uid == record.uid);
        let goes_on = match record.phase {
            Phase::Ready => is_replaced,
            Phase::Changing => true,
            Phase::Creating | Phase::Deleting => false,
        };
        (goes_on && !(is_replaced && self.is_plan())).then_some(record)
    }

    pub fn is_plan(&self) -> bool {
        !matches!(self.moment, Moment::Apply { .. })
    }

    /// Whether a plan may leave open what it could not read for this reason.
    pub fn may_leave_open(&self, class: Class) -> bool {
        match class {
            // It may be made in the same run.
            Class::NotFound => self.is_plan(),
            Class::Unavailable | Class::Throttled => matches!(self.moment, Moment::Plan),
            _ => false,
        }
    }

    /// Of an update: the namespaces of its own that state knows and the new request no longer has.
    pub fn lost_namespaces(&self, blueprint: &Blueprint) -> Vec<String> {
        let mut lost = self.id.own_namespaces(&self.state_keys());
        let stays = |name: &str| blueprint.objects.iter().any(|desired| desired.key.as_namespace() == Some(name));
        lost.retain(|name| !stays(name));
        lost
    }

    /// Of an update: the objects of the whole cluster, Namespaces among them, that the new request has and state does not know. Another
    /// environment may have one of that name.
    pub fn new_in_cluster(&self, blueprint: &Blueprint) -> Vec<ObjectKey> {
        let known = self.state_keys();
        let keys = blueprint.objects.iter().map(|desired| &desired.key);
        let is_new = |key: &&ObjectKey| matches!(key, ObjectKey::Kube { namespace: None, .. }) && !known.contains(key);
        keys.filter(is_new).cloned().collect()
    }

    /// The names of its own namespaces that state does not know.
    pub fn new_names<'b>(&self, blueprint: &'b Blueprint) -> impl Iterator<Item = &'b String> {
        let known = self.state_keys();
        blueprint.summary.namespaces.iter().filter(move |name| !known.contains(&ObjectKey::namespace_object(name)))
    }

    /// Of an update: the access entries of principals that the new request gives more access policies.
    pub fn new_grants(&self, blueprint: &Blueprint) -> Vec<ObjectKey> {
        let known = self.state_keys();
        let entries = blueprint.objects.iter().filter_map(|desired| match &desired.key {
            key @ ObjectKey::AccessPolicy { principal, .. } if !known.contains(key) => {
                Some(ObjectKey::access_entry(principal))
            }
            _ => None,
        });
        let entries: BTreeSet<ObjectKey> = entries.collect();
        entries.into_iter().collect()
    }

    /// Keys of the objects that state knows.
    pub fn state_keys(&self) -> BTreeSet<ObjectKey> {
        let objects = self.prior.into_iter().flat_map(|prior| prior.objects.keys());
        objects.filter_map(|key| key.parse().ok()).collect()
    }
}

/// The day of a time as the clock gives it.
pub fn date(now: &str) -> Option<Date> {
    now.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::{
        Cancel,
        engine::fixtures::{environment, prior, record, rendered_by},
    };
    use serde_json::json;

    #[test]
    fn what_an_update_adds_to_the_whole_cluster_may_be_somebody_elses() {
        let document = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\nname: own\nversion: 1.0.0\n\
            cluster_kinds: [storage.k8s.io/v1 StorageClass]\nmanifests:\n  - name: class\n    each: environment\n    \
            manifest: { apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: { name: \"{{ environment.name }}-fast\" }, \
            provisioner: ebs.csi.aws.com }\n";
        let catalogue = Catalogue::with_documents([("own", document)]).unwrap_or_else(|e| panic!("{e}"));
        let spec = environment("pay", json!({"golden_path": "own", "namespaces": {"default": {}, "jobs": {}}}));
        let blueprint = rendered_by(&catalogue, &spec, None);
        let class = "k8s/storage.k8s.io/v1/StorageClass/pay-fast";
        let (own, other) = ("k8s/v1/Namespace/pay", "k8s/v1/Namespace/pay-jobs");
        for (known, expected, reason) in [
            (&[own, other, class][..], &[][..], "all of them are its own"),
            (&[own, other], &[class], "one by a manifest"),
            (&[own, class], &[other], "a namespace"),
            (&[], &[class, own, other], "state knows nothing of them"),
        ] {
            let known = known.iter().map(|key| ((*key).to_owned(), String::new())).collect();
            let prior = prior(&spec, known);
            let found = ChangeRequest::of_spec(&spec, Some(&prior)).new_in_cluster(&blueprint);
            let mut found: Vec<String> = found.iter().map(ToString::to_string).collect();
            found.sort();
            assert_eq!(found, expected, "{reason}");
        }
    }

    #[test]
    fn a_create_goes_on_from_what_people_rely_on() {
        let (spec, cancel) = (environment("pay", json!({})), Cancel::new());
        let apply = Moment::Apply { until: Duration::ZERO, cancel: &cancel };
        let of = |uid: &str| Some(Replacing { id: "demo/pay".into(), uid: uid.into(), protected: false });
        let state = prior(&spec, BTreeMap::new());
        use Phase::{Changing, Creating, Deleting, Ready};
        for (phase, replaced, moment, expected, reason) in [
            (Ready, of("uid-1"), apply, true, "create_before_destroy"),
            (Ready, of("uid-1"), Moment::Plan, false, "its delete may come first"),
            (Ready, of("uid-0"), apply, false, "another instance: it is refused"),
            (Ready, None, apply, false, "the same request, or it is refused"),
            (Changing, None, apply, true, "an interrupted update whose state is lost"),
            (Changing, None, Moment::Plan, true, "nothing is deleted before it"),
            (Changing, of("uid-1"), Moment::Plan, false, "its delete may come first"),
            (Creating, of("uid-1"), apply, false, "nobody relies on what was never made"),
            (Deleting, None, apply, false, "that is finished first"),
        ] {
            let there = record("payments", phase, &spec);
            let create = ChangeRequest { replacing: replaced.as_ref(), moment, ..ChangeRequest::of_spec(&spec, None) };
            assert_eq!(create.goes_on_from(Some(&there), "payments").is_some(), expected, "{reason}");
            assert!(create.goes_on_from(Some(&there), "shop").is_none(), "{reason}: another team's is refused");
            let update = ChangeRequest { prior: Some(&state), ..create };
            assert!(update.goes_on_from(Some(&there), "payments").is_none(), "{reason}: an update goes by its state");
        }
    }
}
