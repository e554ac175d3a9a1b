//! What a rule finds.

use crate::domain::{ObjectKey, Problem, Severity, in_few_words};

/// Never "passed" for what is not known yet: the rule is undecided, and decided at apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Violated,
    Undecided,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable: `iam.wildcard_action`.
    pub rule: &'static str,
    pub verdict: Verdict,
    pub severity: Severity,
    pub object: Option<ObjectKey>,
    /// The field of the spec to change, by serde names.
    pub field: Vec<String>,
    pub message: String,
    pub remedy: String,
}

impl Finding {
    /// `name`: how messages write a key.
    pub fn into_problem(self, name: impl Fn(&ObjectKey) -> String) -> Problem {
        let Self { rule, verdict, severity, object, field, message, remedy } = self;
        let about = match object {
            Some(key) => format!("Rule {rule} flags {}.", name(&key)),
            None => format!("Rule {rule} flags this request."),
        };
        let severity = match verdict {
            Verdict::Violated => severity,
            Verdict::Undecided => Severity::Warning,
        };
        let summary = summary(severity, message, &remedy);
        Problem { severity, code: rule, summary, detail: format!("{about} {remedy}"), field }
    }
}

/// What stops somebody says in one line what to do.
pub(super) fn summary(severity: Severity, message: String, remedy: &str) -> String {
    match severity {
        Severity::Error => format!("{message}; {}", in_few_words(remedy)),
        Severity::Warning => message,
    }
}
