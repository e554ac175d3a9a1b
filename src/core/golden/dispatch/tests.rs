use super::*;
use crate::{
    domain::{BaselineSpec, COMMON_OUTPUTS, Problem},
    golden::fixtures::{self, *},
};
use serde_json::json;

/// HCL has these attributes, and a value under another name would reach nobody.
#[test]
fn what_is_computed_has_an_attribute() {
    let facts = facts();
    let environment = payments_prod();
    let parent = parent(&environment, &facts);
    let slot = Spec::of::<Slot>(fixtures::slot(ledger()));
    for (spec, parent, some, reason) in [
        (baseline(), None, "", "a baseline computes nothing of its own"),
        (Spec::of::<Environment>(environment), None, "namespace_names", "an environment"),
        (slot, Some(&parent), "role_arn", "a slot"),
    ] {
        let own = spec.resource().outputs();
        assert!(own.contains(&some) || (some.is_empty() && own.is_empty()), "{reason}: {own:?}");
        let computed = serde_json::to_value(&rendered(spec, &facts, parent).outputs).expect("writes");
        for name in computed.as_object().expect("an object").keys() {
            let is_known = |names: &[&str]| names.contains(&name.as_str());
            assert!(is_known(&COMMON_OUTPUTS) || is_known(own), "{reason}: {name}");
        }
    }
}

/// What the engine looks at whichever resource it is: who may take it over, what protects it, what heals, what it is made by.
#[test]
fn what_a_request_says_of_its_keeping_is_read() {
    let ours = json!({"claim": "c1", "drift": {"mode": "report"}, "deletion_protection": true});
    let path = json!({
        "golden_path": "own", "golden_path_version": "~> 1.0", "claim": "c1", "drift": {"mode": "report"},
        "adopt": {"mode": "if_marked"}, "deletion_protection": false
    });
    let accepted = json!({"cluster": "demo", "claim": "c1", "golden_paths": {"own": {"version": "~> 1.0"}}});
    let accepted: BaselineSpec = serde_json::from_value(accepted).expect("a baseline");
    for (spec, expected, reason) in [
        (Spec::of::<Environment>(environment(path)), "own ~> 1.0 c1 drift adopt Some(false)", "an environment"),
        (Spec::of::<Environment>(environment(json!({}))), "None", "its tier decides what protects it"),
        (Spec::of::<Slot>(slot(ours)), "c1 drift Some(true)", "a slot, whose path is its environment's"),
        (Spec::of::<Slot>(slot(json!({}))), "None", "as for an environment"),
        (Spec::of::<Baseline>(accepted), "c1 own Some(false)", "a baseline is never protected"),
        (baseline(), "Some(false)", "whatever it says"),
    ] {
        let Common { golden_path, golden_path_version, claim, accepted, drift, adopt, deletion_protection } =
            spec.common();
        let texts = [
            golden_path.map(str::to_owned),
            golden_path_version.map(ToString::to_string),
            claim.map(str::to_owned),
            accepted.map(|paths| paths.keys().cloned().collect()),
            drift.map(|_| "drift".to_owned()),
            adopt.map(|_| "adopt".to_owned()),
            Some(format!("{deletion_protection:?}")),
        ];
        assert_eq!(texts.into_iter().flatten().collect::<Vec<_>>().join(" "), expected, "{reason}");
    }
}

/// A guardrail is silent about what was found already, and about nothing else at the same field.
#[test]
fn two_faults_of_one_field_are_both_reported() {
    let availability = json!({"min_replicas": 1, "max_unavailable": "100%", "pdb": false});
    let spec = Spec::of::<Slot>(slot(json!({"availability": availability, "identity": {"mode": "none"}})));
    let parent = parent(&environment(json!({})), &facts());
    let said = |problems: Vec<Problem>| -> Vec<(&'static str, String)> {
        problems.into_iter().map(|problem| (problem.code, problem.field.join("."))).collect()
    };
    let at = |code| (code, "availability.max_unavailable".to_owned());
    assert_eq!(said(spec.check()), [at("slot.budget_twice")]);
    assert_eq!(said(judged(&spec, &facts(), Some(&parent))), [at("availability.all_at_once")]);
}
