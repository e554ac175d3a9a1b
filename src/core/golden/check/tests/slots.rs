//! Wrong slots as data.

use super::*;

#[test]
fn wrong_slots_are_refused_at_their_attribute() {
    let statement = |actions: &str, resources: &str| json!({"identity": {"statements": [{"actions": [actions], "resources": [resources]}]}});
    let long = "a".repeat(40);
    let huge: Vec<String> = (0..400).map(|n| format!("arn:aws:s3:::bucket-number-{n}/*")).collect();
    let cases: Vec<(Value, &str, &str, &str)> = vec![
        (json!({"name": "default"}), "name", "ServiceAccount", "a name of Kubernetes"),
        (
            json!({"name": long, "environment": format!("demo/{long}"), "isolation": "namespace"}),
            "name",
            "63",
            "final name too long",
        ),
        (statement("*:*", "*"), "identity.statements.0.actions", "many services", "everything"),
        (statement("*", "*"), "identity.statements.0.actions", "many services", "everything in one sign"),
        (statement("s3GetObject", "*"), "identity.statements.0.actions", "s3:GetObject", "no action"),
        (statement("iam:*", "*"), "identity.statements.0.actions", "power", "identities"),
        (statement("eks:*", "*"), "identity.statements.0.actions", "power", "clusters"),
        (statement("iam:PassRole", "*"), "identity.statements.0.resources", "Name the role", "any role"),
        (statement("sts:AssumeRole", "*"), "identity.statements.0.resources", "Name the role", "any role"),
        (statement("s3:GetObject", "my-bucket"), "identity.statements.0.resources", "ARN", "no ARN"),
        (
            json!({"identity": {"statements": [{"actions": [], "resources": ["*"]}]}}),
            "identity.statements.0.actions",
            "needs actions",
            "no action",
        ),
        (
            json!({"identity": {"statements": [{"actions": ["s3:GetObject"]}]}}),
            "identity.statements.0.resources",
            "needs resources",
            "no resource",
        ),
        (
            json!({"identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["*"], "conditions": {"StringEqual": {"a": ["b"]}}}]}}),
            "identity.statements.0.conditions",
            "StringEquals",
            "misspelt operator",
        ),
        (
            json!({"identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["*"], "conditions": {"StringEquals": {"a": []}}}]}}),
            "identity.statements.0.conditions",
            "no value",
            "no value",
        ),
        (
            json!({"identity": {"statements": [{"actions": ["s3:GetObject"], "resources": huge}]}}),
            "identity.statements",
            "10240",
            "too large",
        ),
        (
            json!({"identity": {"scope": "session_policy"}}),
            "identity.scope",
            "allows nothing",
            "an empty session policy",
        ),
        (
            json!({"identity": {"mode": "irsa", "scope": "role_only"}}),
            "identity.scope",
            "Pod Identity alone",
            "a scope of the other mode",
        ),
        (
            json!({"identity": {"mode": "irsa", "target_role_arn": "arn:aws:iam::111122223333:role/x"}}),
            "identity.target_role_arn",
            "Pod Identity",
            "a target of the other mode",
        ),
        (json!({"identity": {"target_role_arn": "role/x"}}), "identity.target_role_arn", "not the ARN", "no ARN"),
        (
            json!({"identity": {"mode": "none", "statements": [{"actions": ["s3:GetObject"], "resources": ["*"]}]}}),
            "identity.statements",
            "no role",
            "statements of nobody",
        ),
        (json!({"share": {"cpu": "0", "memory": "1Gi"}}), "share.cpu", "more than 0", "no CPU"),
        (json!({"share": {"cpu": "1", "memory": "-1Gi"}}), "share.memory", "more than 0", "negative memory"),
        (
            json!({"share": {"cpu": "1", "memory": "1Gi", "max_replicas": 0}}),
            "share.max_replicas",
            "1 to 1000",
            "no replica",
        ),
        (json!({"availability": {"min_replicas": 0}}), "availability.min_replicas", "at least 1", "no replica"),
        (
            json!({"availability": {"min_replicas": 7}, "share": {"cpu": "1", "memory": "1Gi", "max_replicas": 6}}),
            "availability.min_replicas",
            "more than share.max_replicas",
            "order",
        ),
        (
            json!({"availability": {"max_unavailable": "0"}}),
            "availability.max_unavailable",
            "never lets a node be drained",
            "zero disruptions",
        ),
        (
            json!({"availability": {"max_unavailable": "0%"}}),
            "availability.max_unavailable",
            "never lets a node be drained",
            "zero per cent",
        ),
        (
            json!({"availability": {"max_unavailable": "101%"}}),
            "availability.max_unavailable",
            "neither a count nor a percentage",
            "more than all",
        ),
        (
            json!({"availability": {"max_unavailable": "some"}}),
            "availability.max_unavailable",
            "neither a count nor a percentage",
            "a word",
        ),
        (
            json!({"availability": {"max_unavailable": "-1"}}),
            "availability.max_unavailable",
            "neither a count nor a percentage",
            "negative",
        ),
        (
            json!({"availability": {"target_cpu_percent": 101}}),
            "availability.target_cpu_percent",
            "1 to 100",
            "more than all",
        ),
        (
            json!({"ingress": {"from_slots": ["gateway"]}}),
            "ingress.from_slots",
            "<environment>/<slot>",
            "no environment",
        ),
        (
            json!({"ingress": {"from_slots": ["other/payments-dev/gateway"]}}),
            "ingress.from_slots",
            "another cluster",
            "another cluster",
        ),
        (json!({"ingress": {"from_slots": ["payments-dev/ledger"]}}), "ingress.from_slots", "itself", "from itself"),
        (json!({"ingress": {"ports": [8080]}}), "ingress.ports", "from_slots", "ports for nobody"),
        (json!({"ingress": {"from_slots": ["a/b"], "ports": [0]}}), "ingress.ports", "65535", "no port"),
        (json!({"egress": {"to_slots": ["a/b/c/d"]}}), "egress.to_slots", "names no slot", "too many parts"),
        (json!({"egress": {"fqdns": ["localhost"]}}), "egress.fqdns", "no domain name", "no domain"),
        (json!({"drift": {"ignore": ["Role"]}}), "drift.ignore", "matches no object", "a pattern that matches nothing"),
    ];
    for (members, field, words, reason) in cases {
        assert_faults(&Spec::Slot(slot(members)), field, words, reason);
    }
}
