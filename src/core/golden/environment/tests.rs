//! Wrong requests as data: what is wrong, at which attribute, and what is reported of it.

use crate::{
    domain::Late,
    golden::{Environment, Spec, fixtures::*},
};
use serde_json::{Value, json};

#[test]
fn wrong_environments_are_refused_at_their_attribute() {
    assert_all_refused(include_str!("wrong.yaml"), |members| Spec::of::<Environment>(environment(members)));
    let many: serde_json::Map<String, Value> = (0..21).map(|n| (format!("n{n}"), json!({}))).collect();
    let long = "a".repeat(40);
    for (members, field, words, reason) in [
        (json!({ "namespaces": many }), "namespaces", "this one has 21", "too many namespaces"),
        (json!({"name": long, "namespaces": {&long: {}}}), &format!("namespaces.{long}"), "63", "final name too long"),
    ] {
        assert_refused(&Spec::of::<Environment>(environment(members)), field, words, reason);
    }
}

#[test]
fn all_problems_are_collected() {
    let spec = Spec::of::<Environment>(environment(json!({
        "tier": "prod", "pod_security": {"enforce": "baseline", "version": "x"}, "network": {"allow_from": ["x"], "engine": "none"}
    })));
    let fields: Vec<String> = problems(&spec).iter().map(|problem| problem.field.join(".")).collect();
    for field in ["pod_security.version", "network.allow_from", "owner", "pod_security.enforce", "network.engine"] {
        assert!(fields.contains(&field.to_owned()), "{field} is missing in {fields:?}");
    }
}

#[test]
fn what_is_not_known_is_not_wrong() {
    let mut spec = environment(json!({"access": {"deployer": {"create_role": true}}, "network": {"egress_cidrs": []}}));
    spec.access.as_mut().and_then(|a| a.deployer.as_mut()).expect("deployer").trusted_principal_arns =
        Late::Later.into();
    spec.network.as_mut().expect("network").egress_cidrs = Late::Now(vec![Late::Later]).into();
    assert_eq!(problems(&Spec::of::<Environment>(spec)), []);
}
