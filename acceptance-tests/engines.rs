//! Network engines whose kinds come with an add-on: a cluster gets their definitions, the contract of these kinds holds on it, and
//! environments with such an engine live there. Then the definitions are removed again, since others want a cluster without them.
//!
//! The definitions are our own, by the references of Cilium and of EKS Auto Mode: as strict as theirs, with the fields that matter here.

use crate::{contracts, outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT, SLOT,
    client::{Action, Client, Instance, no_errors},
    servers::{Real, ministack, seed},
};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::join_all;
use goldenpath_adapters::kube::Kube;
use goldenpath_core::{
    domain::ObjectKey,
    kinds,
    ports::{Expect, Objects as _},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

const DEFINITIONS: [&str; 2] =
    [include_str!("engines/application_network_policies.yaml"), include_str!("engines/cilium_network_policies.yaml")];

struct Engine {
    name: &'static str,
    /// How the keys of its own kind begin.
    keys: &'static str,
    /// What an environment has of that kind while egress is open.
    open: &'static [&'static str],
    /// And when it is closed, and some names are open.
    closed: &'static [&'static str],
}

const ENGINES: [Engine; 2] = [
    Engine {
        name: "cilium",
        keys: "k8s/cilium.io/v2/CiliumNetworkPolicy/",
        open: &["gp-deny-metadata"],
        closed: &["gp-allow-names", "gp-allow-pod-identity"],
    },
    Engine {
        name: "eks_auto",
        keys: "k8s/networking.k8s.aws/v1alpha1/ApplicationNetworkPolicy/",
        open: &[],
        closed: &["gp-allow-names"],
    },
];

pub async fn keep_what_is_promised(real: Arc<Real>) -> Result<()> {
    let kube = real.cluster.kube(real.cluster.admin());
    let mut definitions: Vec<Json> = vec![];
    for text in DEFINITIONS {
        definitions.push(serde_saphyr::from_str(text)?);
    }
    let name = |definition: &Json| definition["metadata"]["name"].as_str().map(str::to_owned);
    let names: BTreeSet<String> = definitions.iter().filter_map(name).collect();
    let wanted: BTreeSet<String> = kinds::all().filter_map(goldenpath_contract::crd).collect();
    ensure!(names == wanted, "there are definitions of {names:?}, and kinds of {wanted:?}");
    let kept = keep(&real, &kube, &definitions, &names).await;
    // Whatever came out.
    let removed = remove(&kube, &names).await;
    kept.and(removed)
}

async fn keep(real: &Arc<Real>, kube: &Kube, definitions: &[Json], names: &BTreeSet<String>) -> Result<()> {
    for definition in definitions {
        seed::put(&real.cluster, definition.clone()).await?;
    }
    settle(kube, names, true).await?;
    let server = Server::start()?;
    outside::baseline(real, &server).await?;
    let kinds = contracts::kinds()?.into_iter().filter(|kind| contracts::definition(kind).is_some());
    let cases = kinds.map(|kind| async move {
        contracts::keeps(&real.cluster, &kind).await.with_context(|| format!("the contract of {kind}"))
    });
    let lives = ENGINES.map(|engine| {
        let life = Life { real, server: &server, engine };
        async move { life.run().await.with_context(|| format!("environments with {}", life.engine.name)) }
    });
    let (cases, lives) = tokio::join!(join_all(cases), join_all(lives));
    for result in cases.into_iter().chain(lives) {
        result?;
    }
    outside::without_baseline(real, &server).await
}

async fn remove(kube: &Kube, names: &BTreeSet<String>) -> Result<()> {
    for name in names {
        let key = ObjectKey::kube("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, name);
        kube.delete(&contracts::demo()?, &key, &Expect::Any).await?;
    }
    settle(kube, names, false).await
}

/// The API server serves a kind, and stops serving it, a moment after its definition says so.
async fn settle(kube: &Kube, names: &BTreeSet<String>, are_served: bool) -> Result<()> {
    let cluster = contracts::demo()?;
    for _ in 0..240 {
        let served = kube.crds(&cluster).await?;
        if names.iter().all(|name| served.contains(name) == are_served) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    bail!("the API server {} {names:?}", if are_served { "does not serve" } else { "still serves" })
}

/// That of an environment and a slot in it.
struct Life<'a> {
    real: &'a Arc<Real>,
    server: &'a Server,
    engine: Engine,
}

impl Life<'_> {
    async fn client(&self) -> Result<Client> {
        self.server.client(&self.real.provider_config(&self.real.ministack.url())).await
    }

    async fn run(&self) -> Result<()> {
        let engine = &self.engine;
        let name = format!("by-{}", engine.name.replace('_', "-"));
        let with = |network: Json| json!({"name": name, "team": "payments", "tier": "dev", "cluster": ministack::CLUSTER, "network": network});
        let open = json!({"engine": engine.name});
        let closed = json!({"engine": engine.name, "default_deny": "both", "egress_presets": ["aws_services"],
            "egress_fqdns": ["api.example.com", "*.example.com"]});
        let slot_config = json!({"name": "ledger", "environment": format!("{}/{name}", ministack::CLUSTER),
            "identity": {"mode": "none"}, "egress": {"fqdns": ["db.example.com"]}});
        let mut environment = Instance::new(&self.client().await?, ENVIRONMENT);
        self.apply(&mut environment, &with(open), engine.open).await.context("egress is open")?;
        self.apply(&mut environment, &with(closed), engine.closed).await.context("egress is closed")?;
        let mut slot = Instance::new(&self.client().await?, SLOT);
        self.apply(&mut slot, &slot_config, &["gp-slot-ledger-names"]).await.context("a slot")?;
        for instance in [&mut slot, &mut environment] {
            instance.client = self.client().await?;
            no_errors(&instance.refresh().await?, "refresh")?;
            no_errors(&instance.plan_and_apply(None).await?, "destroy")?;
        }
        Ok(())
    }

    /// With these objects of the engine's kind, which the next plan finds as they were made.
    async fn apply(&self, instance: &mut Instance, config: &Json, names: &[&str]) -> Result<()> {
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        let planned = instance.plan(Some(config)).await?;
        no_errors(&planned.said, "plan")?;
        let keys = planned.keys();
        let own = keys.iter().filter_map(|key| key.strip_prefix(self.engine.keys)?.rsplit('/').next());
        let own: Vec<&str> = own.collect();
        ensure!(own == names, "of its kind there are {own:?} among {keys:?}");
        no_errors(&instance.apply(planned, None).await?, "apply")?;
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh of what was made")?;
        let next = instance.plan(Some(config)).await?;
        no_errors(&next.said, "the next plan")?;
        ensure!(next.action == Action::Nothing, "the next plan is {:?}", next.action);
        Ok(())
    }
}
