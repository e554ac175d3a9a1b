//! Of which objects a change is.

use super::{DOCUMENT, body, of, resolved};
use crate::{
    domain::Desired,
    golden::{
        Slot, Spec,
        fixtures::{self, assert_well_written},
    },
};
use serde_json::json;

#[test]
fn a_change_is_of_one_kind_in_one_namespace() {
    let changes = r#"objects:
  - { kind: PodDisruptionBudget, name: "*", enabled: false }
  - { kind: LimitRange, name: "*", set: { spec: { limits: [{ type: Container, max: { cpu: "{{ namespace == 'payments-dev' ? '1' : '2' }}" } }] } } }
"#;
    let (head, _) = DOCUMENT.split_once("objects:").expect("a section");
    let spec = of(json!({"namespaces": {"default": {}, "jobs": {}}}));
    let objects = resolved(&spec, &format!("{head}{changes}")).expect("resolves");
    let before = resolved(&spec, head).expect("resolves");
    let keys = |objects: &[Desired]| objects.iter().map(|object| object.key.to_string()).collect::<Vec<_>>();
    assert_eq!(keys(&objects), keys(&before), "a kind that it has none of is off, whatever the names of others");
    for (object, before) in objects.iter().zip(&before) {
        if object.key.kind() != "LimitRange" {
            assert_eq!(object, before, "another kind stays as it is");
        }
    }
    for (namespace, cpu) in [("payments-dev", "1"), ("payments-dev-jobs", "2")] {
        let limits = body(&objects, &format!("LimitRange/{namespace}/gp-defaults")).expect("there");
        assert_eq!(limits["spec"]["limits"][0]["max"]["cpu"], cpu, "{namespace}");
    }
}

/// A slot's request has no tier.
#[test]
fn a_change_is_filled_in_for_objects_that_there_are() {
    let slot = |isolation: &str| {
        Spec::of::<Slot>(fixtures::slot(json!({"environment": "demo/payments-prod", "isolation": isolation})))
    };
    let quota = "  - { kind: ResourceQuota, name: gp-base, set: { spec: { note: \"{{ spec.tier }}\" } } }\n";
    let document = DOCUMENT.to_owned() + quota;
    for (spec, expected, reason) in [
        (of(json!({})), Some("payments-dev/gp-base"), "the environment's own"),
        (slot("shared"), None, "a slot in it has none, and nothing to fill in"),
        (slot("namespace"), Some(""), "an isolated one has"),
    ] {
        match (resolved(&spec, &document), expected) {
            (Ok(objects), Some(end)) => {
                assert_eq!(body(&objects, end).expect("there")["spec"]["note"], "dev", "{reason}")
            }
            (Ok(objects), None) => assert_eq!(body(&objects, "/gp-base"), None, "{reason}"),
            (Err(errors), expected) => {
                assert_eq!(expected, Some(""), "{reason}: {errors:?}");
                let [error] = &errors[..] else { panic!("{reason}: {errors:?}") };
                assert_eq!(error.code, "catalogue.manifest", "{reason}");
                assert!(error.summary.contains("its change of ResourceQuota gp-base"), "{reason}: {}", error.summary);
                assert_well_written(error, reason);
            }
        }
    }
}
