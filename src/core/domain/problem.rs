//! What went wrong, in a form that each edge (Terraform diagnostics, command line, HTTP) can show: a stable code, one
//! line, and what was being done to which object with the next step.

use super::{
    NameError,
    document::{Name, read_name},
};
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

/// What kind of failure it is, for decisions in code: retry, wait, stop, or treat as absent. A `Denied` is never taken for "gone".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    NotFound,
    Conflict,
    Denied,
    Throttled,
    Unavailable,
    Invalid,
    Cancelled,
}

impl Class {
    /// Trying again unchanged may succeed.
    pub fn may_retry(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
            Self::Cancelled => "cancelled",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    pub severity: Severity,
    /// Stable and searchable: `environment.protected`, `slot.share_exceeds_total`.
    #[serde(deserialize_with = "read_name")]
    pub code: Name,
    /// One line.
    pub summary: String,
    /// What was being done to which object, and what to do next.
    pub detail: String,
    /// The field of the spec it concerns, by serde names: `["quota", "total", "requests.cpu"]`; empty: the whole.
    pub field: Vec<String>,
}

impl Problem {
    pub fn error(code: &'static str, summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, summary: summary.into(), detail: detail.into(), field: vec![] }
    }

    pub fn warning(code: &'static str, summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, summary, detail) }
    }

    pub fn wrong_cluster(error: &NameError) -> Self {
        Self::error("cluster.name", error.to_string(), "Correct the id.").at(["cluster"])
    }

    /// Where it stands in nobody's way, or is checked again before it could.
    #[must_use]
    pub fn as_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    #[must_use]
    pub fn at<S: Into<String>>(self, field: impl IntoIterator<Item = S>) -> Self {
        Self { field: field.into_iter().map(Into::into).collect(), ..self }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Collects what is wrong with a request, so that a user reads all of it at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

/// What there is to choose from, for messages.
pub fn name_list<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

// === impl Problems ===

impl Problems {
    pub fn error<S: AsRef<str>>(
        &mut self,
        code: &'static str,
        field: &[S],
        summary: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.0.push(Problem::error(code, summary, detail).at(field.iter().map(AsRef::as_ref)));
    }

    pub fn warning<S: AsRef<str>>(
        &mut self,
        code: &'static str,
        field: &[S],
        summary: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.0.push(Problem::warning(code, summary, detail).at(field.iter().map(AsRef::as_ref)));
    }

    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Problem::is_error)
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }

    /// The value, when nothing keeps it from being right.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.has_errors() { Err(self) } else { Ok(value) }
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.code, self.summary, self.detail)
    }
}
