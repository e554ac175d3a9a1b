//! Versions of golden paths, and constraints over them as Terraform writes them.
//!
//! Source: "Version Constraints" of the Terraform language; `~> 1.2` lets the last written number grow, so it is `>= 1.2, < 2`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// `major.minor.patch` of semantic versioning, without pre-releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(u64, u64, u64);

/// A golden path in one version: what something was made by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathVersion {
    pub name: String,
    pub version: Version,
    /// Of its content.
    pub digest: String,
}

/// `1.2.0`, `~> 1.2`, `>= 1.0, != 1.1.0`: all of its parts hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionConstraint {
    /// As written: a record gives it back unchanged.
    text: String,
    parts: Vec<(Comparison, Version)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Above,
    AtLeast,
    Below,
    AtMost,
    /// `~>` with so many numbers written.
    Compatible(usize),
}

/// The longer words first, since they begin with the shorter ones.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("!=", Comparison::NotEqual),
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("=", Comparison::Equal),
];

// === impl Version ===

impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "major.minor.patch of semantic versioning",
            "type": "string",
            "pattern": "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$",
        })
    }
}

fn number(part: &str) -> Option<u64> {
    let is_plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    is_plain.then(|| part.parse().ok()).flatten()
}

impl FromStr for Version {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split('.').map(number).collect::<Vec<Option<u64>>>().as_slice() {
            [Some(major), Some(minor), Some(patch)] => Ok(Self(*major, *minor, *patch)),
            _ => Err(format!("{text:?} is not a version: write major.minor.patch")),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

// === impl VersionConstraint ===

impl VersionConstraint {
    pub fn exactly(version: Version) -> Self {
        Self { text: version.to_string(), parts: vec![(Comparison::Equal, version)] }
    }

    pub fn admits(&self, version: Version) -> bool {
        self.parts.iter().all(|(comparison, bound)| comparison.holds(version, *bound))
    }
}

impl Comparison {
    fn holds(self, version: Version, bound: Version) -> bool {
        match self {
            Self::Equal => version == bound,
            Self::NotEqual => version != bound,
            Self::Above => version > bound,
            Self::AtLeast => version >= bound,
            Self::Below => version < bound,
            Self::AtMost => version <= bound,
            Self::Compatible(3) => version >= bound && (version.0, version.1) == (bound.0, bound.1),
            Self::Compatible(2) => version >= bound && version.0 == bound.0,
            Self::Compatible(_) => version >= bound,
        }
    }
}

impl FromStr for VersionConstraint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let part = |part: &str| {
            let part = part.trim();
            let numbers = |text: &str| {
                let numbers: Option<Vec<u64>> = text.trim().split('.').map(number).collect();
                numbers.filter(|numbers| numbers.len() <= 3)
            };
            let version = |numbers: &[u64]| {
                let at = |index| numbers.get(index).copied().unwrap_or(0);
                Version(at(0), at(1), at(2))
            };
            if let Some(rest) = part.strip_prefix("~>") {
                let numbers = numbers(rest)?;
                return Some((Comparison::Compatible(numbers.len()), version(&numbers)));
            }
            let found = COMPARISONS.iter().find_map(|(word, comparison)| Some((*comparison, part.strip_prefix(word)?)));
            let (comparison, rest) = found.unwrap_or((Comparison::Equal, part));
            Some((comparison, version(&numbers(rest)?)))
        };
        let parts: Option<Vec<_>> = text.split(',').map(part).collect();
        let parts = parts.ok_or_else(|| {
            format!(
                "{text:?} is not a version constraint: write a version (1.2.0) or comparisons as in Terraform (~> 1.2)"
            )
        })?;
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl TryFrom<String> for VersionConstraint {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<VersionConstraint> for String {
    fn from(constraint: VersionConstraint) -> String {
        constraint.text
    }
}

impl fmt::Display for VersionConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_those_of_terraform() {
        for (constraint, admitted, refused, reason) in [
            ("1.2.0", "1.2.0", "1.2.1", "a version alone is that version"),
            ("= 1.2", "1.2.0", "1.2.1", "absent numbers are zero"),
            ("~> 1.2", "1.9.0", "2.0.0", "the last written number may grow"),
            ("~> 1.2", "1.2.0", "1.1.9", "and never shrinks"),
            ("~> 1.2.3", "1.2.9", "1.3.0", "three numbers hold the minor one"),
            ("~>1", "7.0.0", "0.9.0", "one number holds nothing above it"),
            (">= 1.0, < 2.0", "1.99.0", "2.0.0", "all parts hold"),
            (">= 1.0, != 1.1.0", "1.1.1", "1.1.0", "without one"),
            ("> 1.0.0", "1.0.1", "1.0.0", "above it"),
            ("<= 1.10.0", "1.9.0", "1.11.0", "as numbers, not as text"),
        ] {
            let parsed: VersionConstraint = constraint.parse().expect(reason);
            let version = |text: &str| text.parse::<Version>().expect("a version");
            assert!(parsed.admits(version(admitted)), "{reason}: {constraint} admits {admitted}");
            assert!(!parsed.admits(version(refused)), "{reason}: {constraint} refuses {refused}");
            assert_eq!(String::from(parsed), constraint, "as it was written");
        }
    }

    #[test]
    fn what_is_no_constraint_is_refused() {
        for text in ["", "latest", "1.2.3.4", "^1.2", "~> ", "1.x", "01.2", "1.2.0-beta", ">= 1.0,", "+1"] {
            let error = text.parse::<VersionConstraint>().expect_err(text);
            assert!(error.contains("~> 1.2"), "{error}");
        }
    }
}
