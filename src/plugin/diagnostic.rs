//! What a user reads. A user error is never a gRPC error: it is one of these, at the attribute it concerns.
//! Their form is a law of its own ([`crate::laws::check_message`]).

use crate::path::Path;

/// In characters, with what is interpolated: CLIs print it in bold on one line. A test holds the literals of the source against it,
/// [`crate::laws::check_message`] what a run makes of them.
pub const LONGEST_SUMMARY: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    pub severity: Severity,
    /// One line: bridges such as Crossplane's show only this.
    pub summary: String,
    /// What was being done, to which object, and what to do next.
    pub detail: String,
    pub path: Path,
}

impl Diagnostic {
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Error, summary: summary.into(), detail: detail.into(), path: Path::root() }
    }

    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail) }
    }

    #[must_use]
    pub fn at(self, path: Path) -> Self {
        Self { path, ..self }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// So that `?` ends a call whose errors are a list.
impl From<Diagnostic> for Vec<Diagnostic> {
    fn from(diagnostic: Diagnostic) -> Self {
        vec![diagnostic]
    }
}

pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}

/// Whether the text begins with an ordinary word in lower case: not with a name, a path or a quotation.
fn begins_in_lower_case(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ';']);
    word.starts_with(char::is_lowercase) && word.chars().all(|c| c.is_lowercase() || matches!(c, '-' | '\''))
}

/// A fragment, made the beginning of a message.
pub(crate) fn capitalize(text: &str) -> String {
    match text.chars().next() {
        Some(first) if begins_in_lower_case(text) => first.to_uppercase().chain(text.chars().skip(1)).collect(),
        _ => text.to_owned(),
    }
}
