//! Objects in which nothing is set: what a module leaves that passes on nothing, and what misspelt names leave.

use super::*;
use plugin::{Path, Severity};

#[test]
fn nothing_is_unset_where_a_slip_opens_nothing() {
    use Severity::{Error, Warning};
    let [environment, slot, baseline, provider] =
        ["goldenpath_team_environment", "goldenpath_eks_workload_slot", "goldenpath_cluster_baseline", "goldenpath"];
    for (name, attribute, severity, reason) in [
        (environment, "access", Warning, "a module switches every persona off"),
        (environment, "quota", Warning, "the tier's"),
        (environment, "limits", Warning, "the tier's"),
        (environment, "drift", Warning, "healed"),
        (environment, "adopt", Warning, "nothing is adopted"),
        (environment, "timeouts", Warning, "the usual ones"),
        (environment, "network", Error, "it could have closed something"),
        (environment, "pod_security", Error, "it could have been stricter"),
        (slot, "identity", Warning, "nothing is allowed"),
        (slot, "availability", Warning, "the tier's"),
        (slot, "egress", Warning, "nothing is opened"),
        (slot, "ingress", Error, "without it more may connect than with nobody in it"),
        (baseline, "guards", Warning, "all are on"),
        (provider, "allow", Error, "everything would be allowed"),
    ] {
        let is_it = |declared: &Declared| declared.name == name && declared.block != "data";
        let Declared { schema, .. } = declarations().into_iter().find(is_it).expect(name);
        let written = schema.attributes.iter().find(|one| one.name == attribute).expect(attribute);
        let AttributeType::Nested(_, object) = &written.kind else { panic!("{attribute} is no object") };
        let nothing = Value::map(object.attributes.iter().map(|one| (one.name, Value::Null)));
        let full = schema::example(&schema);
        let tree = Value::map(schema.attributes.iter().map(|one| match one.name {
            name if name == attribute => (name, nothing.clone()),
            name if one.is_required() => (name, full.child(name).clone()),
            name => (name, Value::Null),
        }));
        let found = schema::validate(&schema, &tree);
        let said: Vec<(&Path, Severity)> = found.iter().map(|found| (&found.path, found.severity)).collect();
        assert_eq!(said, [(&Path::attribute(attribute), severity)], "{name}.{attribute}: {reason}");
    }
}
