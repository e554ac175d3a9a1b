//! Whether an operation has been at work before: a daemon whose journal has not taken its end runs it again. By then the target may
//! have been changed by somebody without that daemon, and what came later stays. Pure.

use crate::domain::{Id, Phase, Problem, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again<'a> {
    /// It has not run before, or it did not end.
    Open,
    /// It has ended well, and nobody has written the record since.
    Done,
    /// It was at work, and this one has come since.
    Overtaken(&'a str),
}

/// `operation`: `None` for a plan.
pub fn look<'a>(operation: Option<&str>, record: Option<&'a Record>) -> Again<'a> {
    let Some((record, last)) = record.and_then(|record| Some((record, record.writers.last()?))) else {
        return Again::Open;
    };
    let is_own = |writer: &String| Some(writer.as_str()) == operation;
    match is_own(last) {
        true if record.phase == Phase::Ready => Again::Done,
        false if record.writers.iter().any(is_own) => Again::Overtaken(last),
        _ => Again::Open,
    }
}

// === impl Again ===

impl Again<'_> {
    pub fn supersession(self, id: &Id) -> Option<Problem> {
        let Self::Overtaken(by) = self else { return None };
        Some(Problem::error(
            "record.changed",
            format!("{id} was changed by operation {by} after this one: plan again"),
            "This operation was at work before, and is run again since its end was not written down. What came after it stays, and nothing \
             was changed. Plan again to see what is there now.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::fixtures::{environment, record};
    use serde_json::json;

    #[test]
    fn an_operation_knows_what_it_has_done_and_who_came_after_it() {
        let spec = environment("pay", json!({}));
        let of = |phase, writers: &[&str]| {
            let writers = writers.iter().map(|&writer| writer.to_owned()).collect();
            Some(Record { writers, ..record("payments", phase, &spec) })
        };
        use Phase::{Changing, Creating, Deleting, Ready};
        for (record, expected, reason) in [
            (None, Again::Open, "nothing there"),
            (of(Ready, &[]), Again::Open, "an earlier binary wrote the record"),
            (of(Ready, &["op-1", "op-2"]), Again::Open, "it is new"),
            (of(Creating, &["op"]), Again::Open, "it was interrupted"),
            (of(Changing, &["op-1", "op"]), Again::Open, "an update that was interrupted"),
            (of(Ready, &["op-1", "op"]), Again::Done, "its end was lost"),
            (of(Ready, &["op", "op-2"]), Again::Overtaken("op-2"), "another one has ended since"),
            (of(Deleting, &["op", "op-2"]), Again::Overtaken("op-2"), "somebody is removing it"),
            (of(Deleting, &["op-1", "op"]), Again::Open, "a removal that it has to finish first"),
            (of(Changing, &["op", "op-2", "op-3"]), Again::Overtaken("op-3"), "another one is at work"),
        ] {
            assert_eq!(look(Some("op"), record.as_ref()), expected, "{reason}");
            assert_eq!(look(None, record.as_ref()), Again::Open, "{reason}: a plan");
        }
    }

    #[test]
    fn a_record_remembers_the_last_operations() {
        let mut of_pay = record("payments", Phase::Ready, &environment("pay", json!({})));
        for number in 0..20 {
            of_pay.writers = of_pay.writers_with(&format!("op-{number}"));
            // Run again, it is still one.
            of_pay.writers = of_pay.writers_with(&format!("op-{number}"));
        }
        let writers = &of_pay.writers;
        let ends = (writers.first().map(String::as_str), writers.last().map(String::as_str));
        assert_eq!((writers.len(), ends), (16, (Some("op-4"), Some("op-19"))));
        let text = serde_json::to_string(&Record { writers: vec![], ..of_pay }).unwrap_or_default();
        let read: Option<Record> = serde_json::from_str(&text).ok();
        assert!(
            !text.contains("writers") && read.is_some_and(|read| read.writers.is_empty()),
            "an earlier record: {text}"
        );
    }
}
