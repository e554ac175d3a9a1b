//! Wrong slots as data.

use crate::golden::{Slot, Spec, fixtures::*};
use serde_json::json;

#[test]
fn wrong_slots_are_refused_at_their_attribute() {
    assert_all_refused(include_str!("wrong.yaml"), |members| Spec::of::<Slot>(slot(members)));
    let long = "a".repeat(40);
    let isolated = json!({"name": long, "environment": format!("demo/{long}"), "isolation": "namespace"});
    let huge: Vec<String> = (0..400).map(|n| format!("arn:aws:s3:::bucket-number-{n}/*")).collect();
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
