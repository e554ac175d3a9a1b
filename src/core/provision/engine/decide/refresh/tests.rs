use super::*;
use crate::{
    domain::{Body, Fields, Owner},
    kinds,
    provision::engine::fixtures::{environment, facts, record, rendered},
};
use serde_json::json;

fn ours() -> Ownership {
    Ownership::Ours(Owner { environment: "pay".into(), slot: None })
}

fn fields(path: &str, text: &str, holder: Holder<'_>) -> Fields {
    let mut fields = FieldsBuilder::default();
    fields.push(path, text, holder);
    fields.build()
}

#[test]
fn lifted_protection_is_shown_in_the_record_alone() {
    let spec = environment("pay", json!({}));
    let own = record::key_of(&spec.id());
    let lifted = Unprotected { by: "ci".into(), at: "2026-11-25T02:00:00Z".into() };
    for (unprotected, shown, reason) in [(Some(lifted), true, "each plan shows it"), (None, false, "nobody lifted it")]
    {
        let request = ObserveRequest {
            id: spec.id(),
            uid: Some("uid-1".into()),
            target: None,
            spec: None,
            facts: None,
            path: None,
            parent: None,
            objects: Lines::new(),
        };
        let ground = InstanceGround {
            target: "demo-1".into(),
            facts: facts().stable,
            parent: None,
            authentication: None,
            replaced: None,
        };
        let record = Record { unprotected, ..record("payments", Phase::Ready, &spec) };
        let keys = [own.clone(), ObjectKey::namespace_object("pay")];
        let observe = |key: ObjectKey| Observed::new(key, "1", ours(), fields("/data/a", "1", Holder::Us));
        let observed = keys.map(observe).to_vec();
        let Observation::Here(found) = refresh(&request, ground, None, Some(record), observed) else {
            panic!("it is there");
        };
        assert_eq!(found.objects.len(), 2, "{reason}");
        for (key, line) in &found.objects {
            let is_shown = line.contains("lifted by ci at 2026-11-25T02:00:00Z");
            assert_eq!(is_shown, shown && *key == own.to_string(), "{reason}: {key} {line}");
        }
    }
}

#[test]
fn what_differs_after_a_finished_change_has_drifted() {
    let spec = environment("pay", json!({}));
    let quota = |name: &str| ObjectKey::kube("v1", "ResourceQuota", Some("pay"), name);
    let body = |pods: &str| {
        Body::Kube(json!({ "apiVersion": "v1", "kind": "ResourceQuota", "spec": { "hard": { "pods": pods } } }))
    };
    let wanted = kinds::fields_of(&body("9"));
    let edited = fields("/spec/hard/pods", "5", Holder::Edited("kubectl-edit"));
    let mut blueprint = rendered(&spec, None);
    for (name, seen, drifts, said, reason) in [
        ("as-desired", Some(&wanted), false, None, "as it should be"),
        ("edited", Some(&edited), true, Some("drift.changed"), "somebody has changed it"),
        ("gone", None, true, Some("drift.missing"), "somebody has deleted it"),
    ] {
        for (is_unfinished, is_known) in [(false, true), (false, false), (true, true)] {
            let key = quota(name);
            // What waits for another resource of the run has no content yet.
            blueprint.objects = vec![Desired::new(key.clone(), is_known.then(|| body("9")))];
            let home = Observed::new(ObjectKey::namespace_object("pay"), "1", ours(), Fields::default());
            let seen = seen.map(|seen| Observed::new(key.clone(), "1", ours(), seen.clone()));
            let state = Lines::from([(key.to_string(), kinds::block(&key, &wanted, &wanted))]);
            let id = spec.id();
            let keys = BTreeSet::from([key.clone()]);
            let dead = BTreeSet::new();
            let instance = Instance { id: &id, dead, state: &state, keys, blueprint: Some(&blueprint), is_unfinished };
            let found = instance.report([Some(home), seen].into_iter().flatten().collect());
            let expected = BTreeSet::from_iter((drifts && is_known && !is_unfinished).then(|| key.to_string()));
            let case = format!("{reason}, unfinished {is_unfinished}, known {is_known}");
            assert_eq!(found.drifted, expected, "{case}");
            let codes: Vec<&str> = found.problems.iter().map(|problem| problem.code).collect();
            let said = said.filter(|said| !is_unfinished && (is_known || *said == "drift.missing"));
            assert_eq!(codes, Vec::from_iter(said), "{case}");
        }
    }
}
