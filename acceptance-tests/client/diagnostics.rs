//! What the provider reports.

use super::wire::path;
use anyhow::{Result, anyhow};
use plugin::{Diagnostic, Severity};
use tfplugin_proto::tfplugin6 as wire;

pub type Diagnostics = Vec<Diagnostic>;

pub(super) fn of(diagnostics: Vec<wire::Diagnostic>) -> Diagnostics {
    diagnostics
        .into_iter()
        .map(|one| Diagnostic {
            severity: if one.severity() == wire::diagnostic::Severity::Warning {
                Severity::Warning
            } else {
                Severity::Error
            },
            summary: one.summary,
            detail: one.detail,
            path: path(one.attribute),
        })
        .collect()
}

pub fn errors(said: &Diagnostics) -> Vec<&Diagnostic> {
    said.iter().filter(|one| one.is_error()).collect()
}

/// For messages, and for looking for a sentence.
pub fn as_text(said: &Diagnostics) -> String {
    let line = |one: &Diagnostic| {
        let kind = if one.is_error() { "error" } else { "warning" };
        format!("{kind} at {}: {}: {}", one.path, one.summary, one.detail)
    };
    said.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub fn no_errors(said: &Diagnostics, doing: &str) -> Result<()> {
    if errors(said).is_empty() { Ok(()) } else { Err(anyhow!("{doing}: {}", as_text(said))) }
}
