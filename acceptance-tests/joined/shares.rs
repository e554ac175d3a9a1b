//! The last of an environment's total, asked for by two processes at once.

use crate::{outside, outside::Outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT, SLOT,
    client::{Instance, errors, no_errors},
    servers::{Real, ministack},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::sync::Arc;

const ROUNDS: usize = 3;

fn slot(name: &str, cpu: &str) -> Json {
    json!({
        "name": name,
        "environment": format!("{}/shares", ministack::CLUSTER),
        "identity": {"mode": "none"},
        "share": {"cpu": cpu, "memory": "1Gi"},
        // Waiting for others to become smaller ends with it.
        "timeouts": {"update": "15s"},
    })
}

pub async fn are_given_once(real: Arc<Real>) -> Result<()> {
    let url = real.ministack.url();
    let (one, two) = (Server::start()?, Server::start()?);
    outside::baseline(&real, &one).await?;
    let (config, target) = (real.provider_config(&url), Outside::of(&real).await?);
    let mut environment = Instance::new(&one.client(&config).await?, ENVIRONMENT);
    let total = json!({"total": {"requests.cpu": "4"}});
    let spec =
        json!({"name": "shares", "team": "payments", "tier": "dev", "cluster": ministack::CLUSTER, "quota": total});
    no_errors(&environment.plan_and_apply(Some(&spec)).await?, "the environment")?;
    let mut ledger = Instance::new(&one.client(&config).await?, SLOT);
    let mut gateway = Instance::new(&two.client(&config).await?, SLOT);
    for round in 0..ROUNDS {
        becomes(&mut ledger, &slot("ledger", "1")).await.context("ledger")?;
        becomes(&mut gateway, &slot("gateway", "1")).await.context("gateway")?;
        // Each fits beside the other as it is.
        let (more_ledger, more_gateway) = (slot("ledger", "3"), slot("gateway", "3"));
        let (of_ledger, of_gateway) =
            (ledger.plan(Some(&more_ledger)).await?, gateway.plan(Some(&more_gateway)).await?);
        no_errors(&of_ledger.said, "plan of ledger")?;
        no_errors(&of_gateway.said, "plan of gateway")?;
        let (first, second) = tokio::join!(ledger.apply(of_ledger, None), gateway.apply(of_gateway, None));
        let refused: Vec<String> = [first?, second?].iter().flat_map(errors).map(|one| one.summary.clone()).collect();
        ensure!(refused.len() == 1, "round {round}: not one of them was refused: {refused:?}");
        ensure!(refused[0].contains("add up to requests.cpu=6"), "round {round}: {refused:?}");
        let mut amounts = vec![];
        for name in ["ledger", "gateway"] {
            let document = target.document(&format!("k8s/v1/ConfigMap/goldenpath-system/slot.shares.{name}")).await?;
            let record: Json = serde_json::from_str(document["data"]["record"].as_str().context("no record")?)?;
            amounts.push(record["spec"]["share"]["cpu"].as_str().unwrap_or_default().to_owned());
        }
        amounts.sort();
        ensure!(amounts == ["1", "3"], "round {round}: recorded are {amounts:?} of 4");
    }
    for instance in [&mut ledger, &mut gateway, &mut environment] {
        instance.refresh().await?;
        no_errors(&instance.plan_and_apply(None).await?, "destroy")?;
    }
    Ok(())
}

async fn becomes(instance: &mut Instance, spec: &Json) -> Result<()> {
    no_errors(&instance.refresh().await?, "refresh")?;
    no_errors(&instance.plan_and_apply(Some(spec)).await?, "apply")
}
