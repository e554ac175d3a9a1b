//! What the engine runs over: one target, as the ports that core declares.

use goldenpath_core::ports::{Clusters, Objects, Probe};
use plugin::Diagnostic;
use std::sync::Arc;

#[derive(Clone)]
pub(super) struct Ports {
    pub(super) objects: Arc<dyn Objects>,
    pub(super) clusters: Arc<dyn Clusters>,
    pub(super) probe: Arc<dyn Probe>,
    /// What the user reads once per plan.
    pub(super) notice: Option<Diagnostic>,
    /// Why nothing can be applied there.
    pub(super) refuses: Option<&'static str>,
}

impl Ports {
    /// An adapter that is the whole target by itself.
    pub(super) fn of(adapter: Arc<impl Objects + Clusters + Probe + 'static>) -> Self {
        Self { objects: adapter.clone(), clusters: adapter.clone(), probe: adapter, notice: None, refuses: None }
    }
}
