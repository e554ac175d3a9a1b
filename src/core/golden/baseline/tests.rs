use crate::{
    domain::{BaselineSpec, Severity, StableFacts},
    golden::{Baseline, Spec, fixtures::*},
};
use serde_json::{Value, json};

#[test]
fn a_guard_is_made_unless_it_is_off_or_can_not_be() {
    for (guards, version, made, said, reason) in [
        (Value::Null, "1.36", 20, &[][..], "all of them, each with its binding"),
        (json!({"pods": false, "services": true, "replicas": null}), "1.36", 18, &["guards.pods"], "one is off"),
        (Value::Null, "1.30", 20, &[], "the first version that serves them"),
        (Value::Null, "1.29", 0, &["guards"], "the last one that does not"),
    ] {
        let spec: BaselineSpec = serde_json::from_value(json!({"cluster": "demo", "guards": guards})).expect(reason);
        let spec = Spec::of::<Baseline>(spec);
        let facts = StableFacts { pod_security_version: version.to_owned(), ..facts() };
        let objects = rendered(spec.clone(), &facts, None).objects;
        let guards = objects.iter().filter(|object| object.key.to_string().contains("/gp-guard-"));
        assert_eq!(guards.count(), made, "{reason}");
        let problems = judged(&spec, &facts, None);
        let fields: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(fields, said, "{reason}");
        for problem in &problems {
            assert_eq!(problem.severity, Severity::Warning, "{reason}");
            assert_well_written(problem, reason);
        }
    }
}
