//! What the commands of `catalogue` are lent, and what they look at.

use crate::{cli::doctor::Reach, resources::provider_config::Daemon};
use goldenpath_core::{
    domain::{CatalogueSource, Facts},
    golden::Catalogue,
    provision::{DaemonReports, Provisioner, Survey},
};
use std::sync::Arc;

/// (its name, its text)
type Document = (String, String);

type OnTarget = (Arc<dyn Survey>, Arc<dyn Provisioner>);
type OfDaemon = (Arc<dyn DaemonReports>, Arc<dyn Provisioner>);

/// What is lent to this command.
pub struct CatalogueTool {
    /// The documents of these sources.
    pub documents: fn(sources: &[CatalogueSource]) -> anyhow::Result<Vec<Document>>,
    /// An engine that only plans, on a cluster with these facts.
    pub offline: fn(Facts, Arc<Catalogue>) -> Arc<dyn Provisioner>,
    /// What is recorded there, and who plans there.
    pub target: fn(Reach) -> anyhow::Result<OnTarget>,
    pub daemon: fn(Daemon) -> anyhow::Result<OfDaemon>,
}

/// All documents that the commands look at.
pub struct Documents(pub Vec<Document>);

// === impl Documents ===

impl Documents {
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    pub fn catalogue(&self) -> anyhow::Result<Arc<Catalogue>> {
        Ok(Arc::new(Catalogue::with_documents(self.iter())?))
    }
}
