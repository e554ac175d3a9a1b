//! Wrong slots as data.

use crate::golden::{Slot, Spec, fixtures::*};
use serde_json::json;

#[test]
fn wrong_slots_are_refused_at_their_attribute() {
    assert_all_refused(include_str!("wrong.yaml"), |members| Spec::of::<Slot>(slot(members)));
    let long = "a".repeat(40);
    let isolated = json!({"name": long, "environment": format!("demo/{long}"), "isolation": "namespace"});
    let huge: Vec<String> = (0..400).map(|n| format!("arn:aws:s3:::payments-bucket-number-{n}/*")).collect();
    let huge = json!({"identity": {"statements": [{"actions": ["s3:GetObject"], "resources": huge}]}});
    for (members, field, words, reason) in
        [(isolated, "name", "63", "final name too long"), (huge, "identity.statements", "10240", "too large")]
    {
        assert_refused(&Spec::of::<Slot>(slot(members)), field, words, reason);
    }
}

/// What is right alone and not in its environment.
#[test]
fn a_share_leaves_room_in_the_environment() {
    let facts = facts();
    let parent = parent(&payments_prod(), &facts);
    for (cpu, code, reason) in [
        ("24", None, "exactly the headroom of a quarter is left"),
        ("24001m", Some("slot.headroom_uncovered"), "less is left"),
        ("32", Some("slot.headroom_uncovered"), "all of the total"),
        ("33", Some("slot.share_exceeds_total"), "more than the total"),
    ] {
        let mut members = ledger();
        members["share"]["cpu"] = json!(cpu);
        let problems = judged(&Spec::of::<Slot>(slot(members)), &facts, Some(&parent));
        assert_eq!(problems.first().map(|problem| problem.code), code, "{reason}");
    }
}

/// A Deny takes and never gives; what a document or a managed policy gives is held against the grants as well.
#[test]
fn grants_are_held_against_what_is_allowed() {
    let facts = facts();
    let parent = parent(&payments_prod(), &facts);
    let statement = |effect: &str, action: &str| json!({"effect": effect, "actions": [action], "resources": ["*"]});
    let document = |effect: &str, action: &str| {
        let statement = json!({"Effect": effect, "Action": action, "Resource": "*"});
        json!({"Version": "2012-10-17", "Statement": statement}).to_string()
    };
    for (identity, expected, reason) in [
        (json!({"statements": [statement("Deny", "*")]}), None, "a Deny may name anything"),
        (
            json!({"statements": [statement("Allow", "ec2:RunInstances")]}),
            Some(("identity.action_not_granted", "identity.statements.0.actions")),
            "an Allow may not",
        ),
        (json!({"policy_json": document("Deny", "iam:*")}), None, "nor is a Deny of a document linted"),
        (
            json!({"policy_json": document("Allow", "ec2:RunInstances")}),
            Some(("identity.action_not_granted", "identity.policy_json")),
            "a document is blamed as a whole",
        ),
        (
            json!({"policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}),
            Some(("identity.policy_not_granted", "identity.policy_arns")),
            "the built-in path grants no managed policy",
        ),
    ] {
        let mut members = ledger();
        members["identity"] = identity;
        let problems = judged(&Spec::of::<Slot>(slot(members)), &facts, Some(&parent));
        let first = problems.first().map(|problem| (problem.code, problem.field.join(".")));
        assert_eq!(first, expected.map(|(code, field)| (code, field.to_owned())), "{reason}");
    }
}
