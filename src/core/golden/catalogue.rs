//! Golden paths as documents.

use crate::domain::TierClass;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    #[error("{name} is not a golden path: {reason}")]
    Document { name: String, reason: String },
}

#[derive(Clone, Debug)]
pub struct GoldenPath {
    pub name: String,
    pub version: String,
    pub digest: String,
    pub tiers: BTreeMap<String, Tier>,
}

#[derive(Clone, Debug)]
pub struct Tier {
    pub class: TierClass,
}

#[derive(Clone, Debug)]
pub struct Catalogue {
    pub paths: Vec<GoldenPath>,
}

impl Catalogue {
    pub fn embedded() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self { paths: vec![] })
    }
    /// The built-in paths and these documents: (name for messages, text).
    pub fn with_documents<'a>(
        _documents: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, CatalogueError> {
        Ok(Self { paths: vec![] })
    }
}
