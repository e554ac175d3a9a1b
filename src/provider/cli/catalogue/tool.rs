//! What the commands of `catalogue` are lent, and what they look at.

use goldenpath_core::{domain::Facts, golden::Catalogue, provision::Provisioner};
use std::{path::PathBuf, sync::Arc};

/// (its name, its text)
type Document = (String, String);

/// What is lent to this command.
pub struct CatalogueTool {
    /// The documents of these folders.
    pub documents: fn(folders: &[PathBuf]) -> anyhow::Result<Vec<Document>>,
    /// An engine that only plans, on a cluster with these facts.
    pub offline: fn(Facts, Arc<Catalogue>) -> Arc<dyn Provisioner>,
}

/// All documents that the commands look at.
pub(super) struct Documents(pub(super) Vec<Document>);

// === impl Documents ===

impl Documents {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    pub(super) fn catalogue(&self) -> anyhow::Result<Arc<Catalogue>> {
        Ok(Arc::new(Catalogue::with_documents(self.iter())?))
    }
}
