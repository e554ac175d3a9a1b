//! One life among failures: its provider, its proxy, its principal, and what must be true of it in the end.

use crate::{
    outside::{self, Outside},
    server::Server,
};
use acceptance_tests::{
    SLOT,
    client::{Action, Client, Instance, no_errors},
    proxy::Proxy,
    servers::Real,
};
use anyhow::{Result, ensure};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One provider for all; each life has a name, a proxy and a principal of its own.
pub(super) struct RealFailureFixture {
    pub(super) outside: Outside,
    pub(super) server: Arc<Server>,
    pub(super) proxy: Proxy,
    pub(super) name: String,
    pub(super) principal: String,
}

impl RealFailureFixture {
    pub(super) async fn new(real: &Arc<Real>, server: &Arc<Server>, name: String) -> Result<Self> {
        let outside = Outside::of(real).await?;
        let [principal] = outside.principals([&format!("{name}-ci")]).await?;
        Ok(Self { outside, server: server.clone(), proxy: Proxy::start(real)?, name, principal })
    }

    pub(super) async fn client(&self) -> Result<Client> {
        self.server.client(&self.outside.real.provider_config(&self.proxy.url)).await
    }

    pub(super) fn config(&self, resource: &str) -> Json {
        if resource == SLOT {
            return json!({
                "name": "ledger", "environment": format!("demo/{}", self.name),
                "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"]}]},
            });
        }
        json!({
            "name": self.name, "team": "payments", "tier": "dev", "cluster": "demo",
            "access": {"deployer": {"create_role": true, "trusted_principal_arns": [self.principal]}},
        })
    }

    pub(super) async fn make(&self, resource: &'static str) -> Result<Instance> {
        let mut instance = Instance::new(&self.client().await?, resource);
        no_errors(&instance.plan_and_apply(Some(&self.config(resource))).await?, "apply")?;
        Ok(instance)
    }

    pub(super) async fn ours(&self) -> Result<BTreeSet<String>> {
        self.outside.ours(&self.name).await
    }

    pub(super) async fn is_gone(&self) -> Result<()> {
        let left = self.ours().await?;
        ensure!(left.is_empty(), "after a destroy there is {left:?}");
        Ok(())
    }

    pub(super) async fn destroy(&self, mut instance: Instance) -> Result<()> {
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        no_errors(&instance.plan_and_apply(None).await?, "destroy")
    }

    /// Without the fault: the apply finishes, and what was there is still the same object.
    pub(super) async fn finishes(&self, instance: &mut Instance) -> Result<()> {
        self.proxy.pass_all();
        let config = self.config(instance.resource);
        let mut there = BTreeMap::new();
        for key in self.ours().await? {
            there.insert(key.clone(), self.outside.generated_id(&key).await?);
        }
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        let planned = instance.plan(Some(&config)).await?;
        no_errors(&planned.said, "the next plan")?;
        let wanted = planned.keys();
        instance.client = self.client().await?;
        no_errors(&instance.apply(planned, None).await?, "the next apply")?;
        for (key, generated) in there.iter().filter(|(key, _)| wanted.contains(*key)) {
            ensure!(self.outside.generated_id(key).await? == *generated, "{key} is not the object that it was");
        }
        self.is_quiet(instance).await
    }

    pub(super) async fn is_quiet(&self, instance: &mut Instance) -> Result<()> {
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        ensure!(instance.state.is_some(), "a refresh says that it is gone");
        let next = instance.plan(Some(&self.config(instance.resource))).await?;
        no_errors(&next.said, "the plan after it")?;
        let is_empty = next.action == Action::Nothing && !instance.tainted;
        ensure!(is_empty, "the next plan is {:?}", next.action);
        Ok(())
    }
}

pub(super) async fn server(real: &Arc<Real>) -> Result<Arc<Server>> {
    let server = Arc::new(Server::start()?);
    outside::baseline(real, &server).await?;
    Ok(server)
}
