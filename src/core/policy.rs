//! Guardrails: what a policy says of the objects of one blueprint. Pure; judged in the plan, before anything is changed.

mod iam;
mod looks;
mod objects;
mod rules;

pub use iam::{Lint, lint};
pub use rules::{RULES, Rule, judge};

use crate::domain::{ObjectKey, Problem, Severity};

/// Three answers, never two: a rule that meets a value which is not known yet says so, and is asked again at apply.
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

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        let about = finding.object.map(|key| format!("{key}: ")).unwrap_or_default();
        let (severity, prefix) = match finding.verdict {
            Verdict::Violated => (finding.severity, ""),
            Verdict::Undecided => (Severity::Warning, "undecided until apply: "),
        };
        Problem {
            severity,
            code: finding.rule,
            summary: format!("{prefix}{}", finding.message),
            detail: format!("{about}{} (rule {})", finding.remedy, finding.rule),
            field: finding.field,
        }
    }
}
