//! One check and what came of it, as both forms of `doctor` print it.

use crate::cli::output::push_line;
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap};

/// From the best on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    Ok,
    Warning,
    Error,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: Cow<'static, str>,
    pub status: CheckStatus,
    pub found: String,
    /// Empty where nothing has to be done.
    pub remedy: String,
    /// Of a promise, by whom it was asked about or where.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<String, PromiseResult>,
    /// Checks of the multi-tenancy benchmark that it covers.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub benchmark: &'static [&'static str],
}

/// Whether something may be done, is admitted, or is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PromiseResult {
    #[serde(rename = "yes")]
    Yes,
    #[serde(rename = "no")]
    No,
    #[serde(rename = "could not ask")]
    NotAsked,
}

// === impl PromiseResult ===

impl PromiseResult {
    pub fn of(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotAsked => "could not ask",
        }
    }
}

pub fn text(findings: &[Finding]) -> String {
    let (mut text, mut last) = (String::new(), "");
    for Finding { check, status, found, remedy, benchmark, .. } in findings {
        let status = match status {
            CheckStatus::Ok => "ok",
            CheckStatus::Warning => "warning",
            CheckStatus::Error => "error",
        };
        let benchmark = if benchmark.is_empty() { String::new() } else { format!(" [{}]", benchmark.join(", ")) };
        // What helps several in a row is said once, below the last of them.
        if !last.is_empty() && last != remedy {
            push_line(&mut text, format_args!("         {last}"));
        }
        last = remedy;
        push_line(&mut text, format_args!("{status:<8} {check}{benchmark}: {found}"));
    }
    if !last.is_empty() {
        push_line(&mut text, format_args!("         {last}"));
    }
    text
}
