//! From a document's text to a golden path. What is wrong is shown with file, line and column.

use super::{
    document::{ApiVersion, GoldenPath, PathDigest},
    extends,
    faults::{DocumentFault, DocumentFaults},
    life::PathReference,
    validate,
};
use crate::{
    domain::{
        Version,
        yaml::{self, Mended, Position, YamlError},
    },
    policy::{
        document::{Policy, PolicyError},
        pack,
    },
};
use serde_json::Value;
use std::{
    fmt::{self, Display},
    sync::Arc,
};

/// Where something is wrong: the document by its name, with the position in its text where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    pub document: String,
    pub position: Option<Position>,
}

/// What is wrong with one document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {reason}")]
pub struct Wrong {
    pub at: At,
    pub reason: String,
}

/// A document as it was written, before anything is known of it but its kind.
pub(super) struct Written<'a> {
    pub document: &'a str,
    text: &'a str,
    content: Value,
}

/// What documents of a catalogue may be. Policies stand beside the paths that name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentKind {
    GoldenPath,
    Policy,
    /// Example cases of a path, for `catalogue test`.
    GoldenPathTest,
}

// === impl Written ===

impl<'a> Written<'a> {
    pub(super) fn read(document: &'a str, text: &'a str) -> Result<Self, Wrong> {
        let wrong = |error| Wrong::of(document, error);
        if text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#')) {
            let reason = "it is empty: write a golden path, or remove the file".to_owned();
            return Err(wrong(YamlError { position: None, reason }));
        }
        let content = yaml::read(text).map_err(wrong)?;
        Ok(Self { document, text, content })
    }

    pub(super) fn kind(&self) -> Result<DocumentKind, Wrong> {
        let version = self.content.get("apiVersion").and_then(Value::as_str);
        if version != Some(ApiVersion::TEXT) {
            return Err(self.wrong("apiVersion", format!("it must be {}", ApiVersion::TEXT)));
        }
        match self.content.get("kind").and_then(Value::as_str) {
            Some("GoldenPath") => Ok(DocumentKind::GoldenPath),
            Some("Policy") => Ok(DocumentKind::Policy),
            Some("GoldenPathTest") => Ok(DocumentKind::GoldenPathTest),
            _ => Err(self.wrong("kind", "it must be GoldenPath, Policy or GoldenPathTest".to_owned())),
        }
    }

    fn text_of(&self, field: &str) -> &str {
        self.content.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// The name and version that it says it has.
    pub(super) fn id(&self) -> (&str, &str) {
        (self.text_of("name"), self.text_of("version"))
    }

    /// What it differs from.
    pub(super) fn extends(&self) -> Result<Option<(String, String)>, Wrong> {
        let Some(extends) = self.content.get("extends") else { return Ok(None) };
        let reference: Result<PathReference, String> = match extends.as_str() {
            Some(text) => text.parse(),
            None => Err("it is a version of the same path, or <name> <version> of another one".to_owned()),
        };
        let PathReference { name, version } = reference.map_err(|reason| self.wrong("extends", reason))?;
        Ok(Some((name.unwrap_or_else(|| self.id().0.to_owned()), version.to_string())))
    }

    /// With what it extends, as one document.
    pub(super) fn over(&self, base: &Value) -> Result<Self, Wrong> {
        if base.get("extends").is_some() {
            let reason = "that version extends another one itself; extend the one that is written out";
            return Err(self.wrong("extends", reason.to_owned()));
        }
        let Self { document, text, content } = self;
        Ok(Self { document, text, content: extends::merge(base, content.clone()) })
    }

    pub(super) fn content(&self) -> &Value {
        &self.content
    }

    pub(super) fn path(&self, policies: &[Policy]) -> Result<GoldenPath, Wrong> {
        let mut path = yaml::of_tree(&self.content, self.text).map_err(|error| Wrong::of(self.document, error))?;
        match judge(&mut path, policies).0.into_iter().next() {
            Some(DocumentFault { field, reason }) => Err(self.wrong(&field, reason)),
            None => Ok(path),
        }
    }

    /// Everything that is wrong with it. `example`: a path that is right.
    pub(super) fn faults(&self, policies: &[Policy], example: &Value) -> Vec<Wrong> {
        let Mended { faults, rest, replaced } = yaml::mend::<GoldenPath>(&self.content, self.text, example);
        let mut all: Vec<Wrong> = faults.into_iter().map(|error| Wrong::of(self.document, error)).collect();
        // Of a tier, a preset or another section that could not be read, nothing else is said; of the whole, where that is one of its
        // own fields.
        if let Some(mut path) = rest.filter(|_| replaced.iter().all(|field| field.len() > 1)) {
            let is_read = |DocumentFault { field, .. }: &DocumentFault| {
                let is_in = |section: &Vec<String>| section.iter().take(2).zip(field.split('.')).all(|(a, b)| a == b);
                !replaced.iter().any(is_in)
            };
            let found = judge(&mut path, policies).0.into_iter().filter(is_read);
            all.extend(found.map(|DocumentFault { field, reason }| self.wrong(&field, reason)));
        }
        all
    }

    pub(super) fn policy(&self) -> Result<Policy, Wrong> {
        Policy::read(self.text).map_err(|error| self.wrong_policy(&error))
    }

    /// Everything that is wrong with a policy.
    pub(super) fn policy_faults(&self) -> Vec<Wrong> {
        Policy::faults(self.text).iter().map(|error| self.wrong_policy(error)).collect()
    }

    fn wrong_policy(&self, PolicyError { line, column, problem }: &PolicyError) -> Wrong {
        let at = At { document: self.document.to_owned(), position: Some((*line, *column)) };
        Wrong { at, reason: problem.to_string() }
    }

    fn wrong(&self, field: &str, reason: String) -> Wrong {
        let field: Vec<String> = field.split('.').map(str::to_owned).collect();
        Wrong::of(self.document, yaml::wrong(self.text, &field, reason))
    }

    pub(super) fn at(&self, field: &str) -> At {
        self.wrong(field, String::new()).at
    }
}

// === impl Wrong ===

impl Wrong {
    fn of(document: &str, YamlError { position, reason }: YamlError) -> Self {
        Self { at: At { document: document.to_owned(), position }, reason }
    }
}

/// As the build read it: a test checks it, and its digest.
pub(super) fn built_in(json: &str, digest: &str) -> Result<GoldenPath, DocumentFault> {
    let wrong = |reason: String| DocumentFault { field: String::new(), reason };
    let content = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
    let mut path: GoldenPath = yaml::of_tree(&content, "").map_err(|error| wrong(error.reason))?;
    let mut faults = DocumentFaults::default();
    resolve_policies(&mut path, &[], &mut faults);
    match faults.0.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(GoldenPath { digest: PathDigest::of_release(digest), ..path }),
    }
}

/// It gets the policies that it names. Everything that is wrong with it.
fn judge(path: &mut GoldenPath, policies: &[Policy]) -> DocumentFaults {
    let mut faults = validate::validate(path);
    resolve_policies(path, policies, &mut faults);
    faults
}

fn resolve_policies(path: &mut GoldenPath, policies: &[Policy], faults: &mut DocumentFaults) {
    let find = |name: &str, version: Version| {
        let is_it = |policy: &&Policy| policy.form.name == name && policy.form.version == version;
        policies.iter().find(is_it).or_else(|| pack().iter().find(is_it)).cloned()
    };
    let GoldenPath { policies: named, resolved_policies, .. } = path;
    for (at, policy) in named.iter().enumerate() {
        match policy.resolve(find) {
            Ok(resolved) => resolved_policies.0.push(Arc::new(resolved)),
            Err((field, reason)) => faults.add(&format!("policies.{at}.{field}"), reason),
        }
    }
}

impl Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((line, column)) => write!(f, "{}:{line}:{column}", self.document),
            None => f.write_str(&self.document),
        }
    }
}
