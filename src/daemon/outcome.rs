//! What came of an operation, from the document of its outcome: for the ledger, the lists and the metrics alike.

use crate::{
    contract::Verb,
    forms::{Forms, Message},
};
use goldenpath_core::{
    domain::{Problem, Severity},
    provision::OperationState,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

const CANCELLED: &str = "operation.cancelled";
const SUPERSEDED: &str = "record.changed";

/// What of either document says how it ended; the rest is the client's.
#[derive(Deserialize)]
pub struct Ending {
    #[serde(default)]
    exists: Option<Existing>,
    #[serde(default)]
    gone: bool,
    /// What is left of a removal that has begun.
    #[serde(default)]
    objects: Option<IgnoredAny>,
    problems: Vec<Found>,
}

#[derive(Deserialize)]
struct Existing {
    complete: bool,
}

#[derive(Deserialize)]
struct Found {
    severity: Severity,
    code: String,
    summary: String,
}

// === impl Ending ===

impl Ending {
    /// Of an outcome in some form. What only a newer release knows is read as far as it goes.
    pub fn of(forms: Forms, verb: Option<Verb>, outcome: &[u8], form: u32) -> Self {
        let known = verb.and_then(|verb| forms.for_types(Message::outcome(verb), outcome, form).ok());
        Self::read(known.as_deref().unwrap_or(outcome))
    }

    /// Of one in the form of this release's types.
    pub fn read(outcome: &[u8]) -> Self {
        // Ours, and written a moment ago or by an earlier release.
        serde_json::from_slice(outcome).unwrap_or(Self { exists: None, gone: false, objects: None, problems: vec![] })
    }

    /// Of a change that is over in one call.
    pub fn of_call<T>(result: &Result<T, Problem>) -> Self {
        let found = |problem: &Problem| Found {
            severity: problem.severity,
            code: problem.code.to_owned(),
            summary: problem.summary.clone(),
        };
        Self {
            exists: result.is_ok().then_some(Existing { complete: true }),
            gone: false,
            objects: None,
            problems: result.as_ref().err().map(found).into_iter().collect(),
        }
    }

    pub fn is_gone(&self) -> bool {
        self.gone
    }

    pub fn state(&self) -> OperationState {
        let error = self.error();
        if self.gone || error.is_none() && self.exists.as_ref().is_some_and(|exists| exists.complete) {
            OperationState::Done
        } else if error.is_some_and(|error| error.code == CANCELLED) {
            OperationState::Cancelled
        } else {
            OperationState::Failed
        }
    }

    /// A healing that somebody's apply came before: nothing went wrong.
    pub fn is_superseded(&self) -> bool {
        self.error().is_some_and(|error| error.code == SUPERSEDED)
    }

    /// For the metrics: `done`; `unfinished`, where something was changed and not all of it; `refused`, where nothing was.
    pub fn label(&self) -> &'static str {
        let has_begun = self.exists.is_some() || self.objects.is_some();
        match (self.state(), has_begun) {
            (OperationState::Done, _) => "done",
            (_, true) => "unfinished",
            (_, false) => "refused",
        }
    }

    pub fn in_words(&self) -> String {
        match (self.state(), self.error()) {
            (OperationState::Done, _) if self.gone => "removed".to_owned(),
            (OperationState::Done, _) => "done".to_owned(),
            (OperationState::Cancelled, _) => "cancelled".to_owned(),
            (_, Some(error)) => format!("failed: {}", error.summary),
            (_, None) => "ended without a result".to_owned(),
        }
    }

    /// For the ledger.
    pub fn detail(&self) -> Value {
        let findings = self
            .problems
            .iter()
            .map(|Found { severity, code, summary }| json!({ "severity": severity, "code": code, "summary": summary }));
        json!({ "outcome": self.state(), "findings": findings.collect::<Vec<_>>() })
    }

    fn error(&self) -> Option<&Found> {
        self.problems.iter().find(|problem| problem.severity == Severity::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_read_as_it_is_written() {
        let failure = |verb: Verb, code| verb.failure(Problem::error(code, "It can't be", "Wait."));
        let warned = br#"{"exists":{"complete":true,"uid":"u"},"problems":[{"severity":"warning","code":"w","summary":"W","detail":"","field":[]}]}"#;
        let half = br#"{"exists":{"complete":false,"uid":"u"},"problems":[]}"#;
        let left = br#"{"gone":false,"objects":{},"problems":[]}"#;
        for (document, state, words, label, reason) in [
            (warned.to_vec(), OperationState::Done, "done", "done", "a warning is no failure"),
            (
                failure(Verb::Ensure, "target.denied"),
                OperationState::Failed,
                "failed: It can't be",
                "refused",
                "nothing exists",
            ),
            (half.to_vec(), OperationState::Failed, "ended without a result", "unfinished", "some of it exists"),
            (failure(Verb::Remove, CANCELLED), OperationState::Cancelled, "cancelled", "refused", "by its client"),
            (
                br#"{"gone":true,"objects":null,"problems":[]}"#.to_vec(),
                OperationState::Done,
                "removed",
                "done",
                "a removal",
            ),
            (left.to_vec(), OperationState::Failed, "ended without a result", "unfinished", "something is left"),
            (b"{".to_vec(), OperationState::Failed, "ended without a result", "refused", "nobody can read it"),
        ] {
            let ending = Ending::read(&document);
            assert_eq!((ending.state(), ending.in_words().as_str(), ending.label()), (state, words, label), "{reason}");
            assert!(!ending.is_superseded(), "{reason}");
        }
        let superseded = Ending::read(&failure(Verb::Ensure, SUPERSEDED));
        assert!(superseded.is_superseded() && superseded.label() == "refused", "an apply came first");
    }
}
