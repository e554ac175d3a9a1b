//! What cases live in: a server, and the target that it reaches.

use super::truth_target::{RealPart, TruthTarget};
use crate::{sandbox::Sandbox, server::Server};
use acceptance_tests::{
    BASELINE,
    client::{Client, Instance, no_errors},
    servers::Real,
};
use anyhow::Result;
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

/// One server and one target with a baseline, in which one case after another lives and ends.
pub struct TruthFixture {
    pub(super) server: Server,
    pub(super) target: TruthTarget,
    pub(super) baseline: BTreeSet<String>,
}

/// How the provider reaches its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Itself,
    Daemon,
}

impl TruthFixture {
    pub async fn new(auto_mode: bool, way: Way) -> Result<Self> {
        let mut server = Server::start()?;
        Sandbox::declare_cluster(&server.sandbox_path(), auto_mode)?;
        if way == Way::Daemon {
            server = server.through_a_daemon()?;
        }
        let mut baseline = Instance::new(&server.sandbox_client().await?, BASELINE);
        let said = baseline.plan_and_apply(Some(&json!({ "cluster": "demo" }))).await?;
        no_errors(&said, "apply of the baseline")?;
        let target = TruthTarget::Sandbox(server.sandbox());
        let baseline = target.ours("").await?;
        Ok(Self { server, target, baseline })
    }

    /// On a part of the real servers, where the baseline is.
    pub(super) async fn on(real: &Arc<Real>, server: Server, tag: String) -> Result<Self> {
        Ok(Self {
            server,
            target: TruthTarget::Real(Box::new(RealPart::new(real, tag).await?)),
            baseline: BTreeSet::new(),
        })
    }

    pub(super) async fn client(&self) -> Result<Client> {
        self.target.client(&self.server).await
    }
}
