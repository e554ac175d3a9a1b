//! A healing puts back what drifted from a record. Whoever has written the record since wants something else, and is not undone. Pure.

use crate::{
    domain::{Id, Problem, Record},
    provision::engine::request::ChangeRequest,
};

/// Asked of the record that the lease is then taken on.
pub fn supersession(change: &ChangeRequest<'_>, record: Option<&Record>) -> Option<Problem> {
    let seen = change.restores?;
    // One that is run again finds its own.
    let is_own = |record: &Record| {
        record.operation.as_ref().is_some_and(|operation| Some(operation.id.as_str()) == change.operation)
    };
    let is_same = record.is_some_and(|record| is_own(record) || record.digest() == seen);
    (!is_same).then(|| newer_record(&change.id))
}

fn newer_record(id: &Id) -> Problem {
    Problem::error(
        "record.changed",
        format!("{id} was changed since its drift was seen: leave it to the next comparison"),
        "What was recorded when the drift was seen is not what is recorded now, so that nothing was put back. The next comparison finds \
         what still differs.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Operation, Phase, Unprotected},
        provision::engine::fixtures::{environment, record},
    };
    use serde_json::json;

    #[test]
    fn a_healing_rests_on_the_record_that_it_saw() {
        let (spec, other) = (environment("pay", json!({})), environment("pay", json!({ "tier": "staging" })));
        let seen = Record { operation: None, ..record("payments", Phase::Ready, &spec) };
        let of = |spec| Record { operation: None, ..record("payments", Phase::Ready, spec) };
        let at_work = |id: &str| Some(Operation { id: id.into(), lease: None });
        let unprotected = Some(Unprotected { by: "ci".into(), at: "2026-11-25T01:00:00Z".into() });
        let later = "2026-11-25T01:00:01Z".to_owned();
        let digest = seen.digest();
        for (now, is_superseded, reason) in [
            (Some(of(&spec)), false, "as it was seen"),
            (Some(of(&other)), true, "an apply has changed what is wanted"),
            (Some(Record { written_at: later, ..of(&spec) }), true, "an apply has written the same again"),
            (Some(Record { uid: "uid-2".into(), ..of(&spec) }), true, "another instance"),
            (Some(Record { unprotected, ..of(&spec) }), true, "somebody is about to destroy it"),
            (Some(Record { operation: at_work("op-2"), ..of(&other) }), true, "somebody is at work on it"),
            (Some(Record { operation: at_work("op-1"), ..of(&spec) }), false, "its own, from a run before a restart"),
            (None, true, "it is gone"),
        ] {
            let change = ChangeRequest { operation: Some("op-1"), ..ChangeRequest::of_spec(&spec, None) };
            let healing = ChangeRequest { restores: Some(&digest), ..ChangeRequest::of_spec(&spec, None) };
            let healing = ChangeRequest { operation: Some("op-1"), ..healing };
            assert_eq!(supersession(&healing, now.as_ref()).is_some(), is_superseded, "{reason}");
            assert_eq!(supersession(&change, now.as_ref()), None, "{reason}: an apply is somebody's wish");
        }
    }
}
