//! The life of a version: supported, then deprecated, then removed. It may change in the document without a new version, as nothing
//! that a version makes depends on it.

use crate::domain::{Problem, Version};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    #[default]
    Supported,
    /// Still works, and its plans warn.
    Deprecated,
    /// Nothing can be created or changed with it any more. What exists stays, and can be destroyed.
    Removed,
}

/// Why a version ends, when, and what comes after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deprecation {
    /// Shown in plans.
    pub reason: String,
    /// The day from which plans warn. Absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub date: Option<Date>,
    /// From this day on, the version counts as removed, whatever `status` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub removal: Option<Date>,
    /// What to move to: a version of the same path, or `<name> <version>` of another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub successor: Option<PathReference>,
}

/// `2.0.0`, or `data-team 2.0.0`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathReference {
    /// `None`: the path whose document it stands in.
    pub name: Option<String>,
    pub version: Version,
}

/// What a version is on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Supported,
    Deprecated {
        /// Until its removal, where that is decided.
        days_left: Option<i32>,
    },
    Removed,
}

// === impl Life ===

impl Life {
    pub fn of(status: Status, dates: Option<&Deprecation>, today: Date) -> Self {
        let removal = dates.and_then(|dates| dates.removal);
        if status == Status::Removed || removal.is_some_and(|removal| removal <= today) {
            return Self::Removed;
        }
        let has_begun = dates.and_then(|dates| dates.date).is_none_or(|date| date <= today);
        match status {
            Status::Deprecated if has_begun => {
                Self::Deprecated { days_left: removal.map(|removal| (removal - today).get_days()) }
            }
            _ => Self::Supported,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Deprecated { .. } => "deprecated",
            Self::Removed => "removed",
        }
    }
}

/// What is said of something that is made by this version today: a warning, or the error that nothing is changed by it any more.
pub(super) fn notice(path: &str, status: Status, dates: Option<&Deprecation>, today: Date) -> Option<Problem> {
    let reason = dates.map(|dates| sentence(&dates.reason)).unwrap_or_default();
    let next = match dates.and_then(|dates| dates.successor.as_ref()) {
        Some(PathReference { name: Some(name), version }) => {
            format!("Move to it with `golden_path = \"{name}\"` and `golden_path_version = \"{version}\"`.")
        }
        Some(PathReference { name: None, version }) => {
            format!("Move to its successor with `golden_path_version = \"{version}\"`.")
        }
        None => "Move to another version with `golden_path_version`.".to_owned(),
    };
    let removal = dates.and_then(|dates| dates.removal);
    let problem = match Life::of(status, dates, today) {
        Life::Supported => return None,
        Life::Deprecated { days_left } => {
            let when = match (days_left, removal) {
                (Some(1), Some(removal)) => format!(", and is removed tomorrow, on {removal}"),
                (Some(days), Some(removal)) => format!(", and is removed in {days} days, on {removal}"),
                _ => String::new(),
            };
            let summary = format!("Golden path {path} is deprecated{when}");
            Problem::warning("catalogue.deprecated", summary, format!("{reason}{next}"))
        }
        Life::Removed => {
            let when = removal.filter(|removal| *removal <= today).map(|removal| format!(" on {removal}"));
            Problem::error(
                "catalogue.removed",
                format!("Golden path {path} was removed{}: move to another version", when.unwrap_or_default()),
                format!(
                    "{reason}Existing instances stay and can be destroyed, but it can no longer create or change \
                     anything. {next}"
                ),
            )
        }
    };
    Some(problem.at(["golden_path_version"]))
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { format!("{text} ") } else { format!("{text}. ") }
}

/// What a document may not say of its own life, each at its field.
pub(super) fn check(own: &PathReference, status: Status, dates: Option<&Deprecation>) -> Vec<(&'static str, String)> {
    let Some(Deprecation { reason, date, removal, successor }) = dates else {
        return match status {
            Status::Supported => vec![],
            _ => vec![("status", "say why in `deprecation`, with the successor where there is one".to_owned())],
        };
    };
    let mut found = vec![];
    if status == Status::Supported {
        found.push(("deprecation", "it counts once `status` is deprecated or removed".to_owned()));
    }
    if reason.trim().is_empty() {
        found.push(("deprecation.reason", "it is empty: teams read it in their plans".to_owned()));
    }
    if let (Some(date), Some(removal)) = (date, removal)
        && removal <= date
    {
        found.push(("deprecation.removal", format!("{removal} is not after {date}, the date of the deprecation")));
    }
    let is_itself =
        |next: &PathReference| next.version == own.version && (next.name.is_none() || next.name == own.name);
    if successor.as_ref().is_some_and(is_itself) {
        found.push(("deprecation.successor", "it is the version itself".to_owned()));
    }
    found
}

// === impl PathReference ===

impl FromStr for PathReference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once(' ') {
            Some((name, version)) => (Some(name.to_owned()), version.trim()),
            None => (None, text),
        };
        let version = version.parse().map_err(|error: <Version as FromStr>::Err| error.to_string())?;
        Ok(Self { name, version })
    }
}

impl TryFrom<String> for PathReference {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PathReference> for String {
    fn from(reference: PathReference) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for PathReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} {}", self.version),
            None => write!(f, "{}", self.version),
        }
    }
}

#[cfg(test)]
mod tests;
