//! A catalogue is a set of golden paths; a golden path is a named, versioned document that turns a spec into objects.
//!
//! Everything that a platform team decides stands in the document: tiers, their defaults and bounds, and the grants, which a
//! product team's HCL can only narrow. The digest is over the parsed content, so that a comment moves nothing.

mod document;
mod validate;

pub use document::{
    Admission, GoldenPath, Grants, HOST_PLACEHOLDERS, Reserved, SAME_ENVIRONMENT, Tier, TierLimits, TierNetwork,
    TierPodSecurity, Version, filled,
};

use crate::{
    domain::{Problem, TierName, digest},
    kinds::canonical_json,
};
use std::{
    fmt::Display,
    sync::{Arc, LazyLock},
};

/// The documents of `paths`, as JSON by the build.
const EMBEDDED: [(&str, &str); 1] =
    [("team-standard-1.0.0.yaml", include_str!(concat!(env!("OUT_DIR"), "/team-standard-1.0.0.json")))];

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    #[error("{document} is not a golden path: {reason}")]
    Document { document: String, reason: String },
    #[error(
        "{document}: golden path {name} {version} is in the catalogue already; give the copy a name or a version of its own"
    )]
    Twice { document: String, name: String, version: Version },
    #[error("{document}: golden path {name} is a second default beside {other}")]
    SecondDefault { document: String, name: String, other: String },
}

/// Sorted by name and version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    paths: Vec<Arc<GoldenPath>>,
}

/// The golden path and the tier by which a request is resolved and judged.
#[derive(Clone, Debug)]
pub struct Terms {
    pub path: Arc<GoldenPath>,
    pub tier: Arc<Tier>,
}

// === impl Catalogue ===

impl Catalogue {
    /// The built-in paths, parsed once in the life of the process.
    pub fn embedded() -> Arc<Self> {
        // A test parses the documents, so that an empty catalogue is never seen.
        static PARSED: LazyLock<Arc<Catalogue>> =
            LazyLock::new(|| Arc::new(Catalogue::with_documents([]).unwrap_or_default()));
        Arc::clone(&PARSED)
    }

    /// The built-in paths and more documents, each as (name for messages, YAML).
    pub fn with_documents<'a>(documents: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, CatalogueError> {
        let embedded = EMBEDDED.iter().map(|(document, text)| (*document, sound(document, serde_json::from_str(text))));
        let more = documents.into_iter().map(|(document, text)| (document, parse(document, text)));
        Self::of(embedded.chain(more))
    }

    fn of<'a>(
        documents: impl IntoIterator<Item = (&'a str, Result<GoldenPath, CatalogueError>)>,
    ) -> Result<Self, CatalogueError> {
        let mut paths: Vec<Arc<GoldenPath>> = vec![];
        for (document, path) in documents {
            let path = path?;
            let GoldenPath { name, version, default, .. } = &path;
            if paths.iter().any(|other| other.name == *name && other.version == *version) {
                return Err(CatalogueError::Twice { document: document.into(), name: name.clone(), version: *version });
            }
            if let Some(other) = paths.iter().find(|other| *default && other.default && other.name != *name) {
                let (name, other) = (name.clone(), other.name.clone());
                return Err(CatalogueError::SecondDefault { document: document.into(), name, other });
            }
            paths.push(Arc::new(path));
        }
        paths.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
        Ok(Self { paths })
    }

    pub fn paths(&self) -> &[Arc<GoldenPath>] {
        &self.paths
    }

    /// The highest version of the named path, or of the default one.
    pub fn path(&self, name: Option<&str>) -> Result<&Arc<GoldenPath>, Problem> {
        let found = self.paths.iter().rev().find(|path| name.map_or(path.default, |name| path.name == name));
        found.ok_or_else(|| {
            let mut names: Vec<&str> = self.paths.iter().map(|path| path.name.as_str()).collect();
            names.dedup();
            let summary = match name {
                Some(name) => format!("No golden path {name:?} in the catalogue"),
                None => "No default golden path in the catalogue".to_owned(),
            };
            let detail = format!(
                "The catalogue has: {}. Name one of them, or add its folder to the provider's `catalogue`.",
                names.join(", ")
            );
            Problem::error("catalogue.unknown_path", summary, detail).at(["golden_path"])
        })
    }

    /// The path and the tier that a request names.
    pub fn terms(&self, path: Option<&str>, tier: &TierName) -> Result<Terms, Problem> {
        let path = self.path(path)?;
        let found = path.tiers.get(tier).map(|tier| Terms { path: Arc::clone(path), tier: Arc::clone(tier) });
        found.ok_or_else(|| {
            let names: Vec<&str> = path.tiers.keys().map(TierName::as_str).collect();
            let summary = format!("Golden path {} has no tier {tier}", path.name);
            let detail = format!("Its tiers are: {}.", names.join(", "));
            Problem::error("catalogue.unknown_tier", summary, detail).at(["tier"])
        })
    }
}

fn parse(document: &str, text: &str) -> Result<GoldenPath, CatalogueError> {
    sound(document, serde_saphyr::from_str(text))
}

/// As it was read from whichever form: checked, and with its digest.
fn sound<E: Display>(document: &str, read: Result<GoldenPath, E>) -> Result<GoldenPath, CatalogueError> {
    let wrong = |reason: String| CatalogueError::Document { document: document.to_owned(), reason };
    let mut path = read.map_err(|error| wrong(error.to_string()))?;
    validate::validate(&path).map_err(wrong)?;
    let content = serde_json::to_value(&path).map_err(|error| wrong(error.to_string()))?;
    path.digest = digest(&canonical_json(&content));
    Ok(path)
}

#[cfg(test)]
mod tests;
