//! What both sides' logs will hold: every request names its sender, and every change the operation that it is part of.

use crate::{outside::Outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Instance, no_errors},
    proxy::{LoggedRequest, Proxy, Service},
    servers::{Real, ministack},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

pub async fn names_the_operation(real: Arc<Real>) -> Result<()> {
    let proxy = Proxy::start(&real)?;
    let server = Server::start()?;
    crate::outside::baseline(&real, &server).await?;
    let [ci] = Outside::of(&real).await?.principals(["trail-ci"]).await?;
    let client = server.client(&real.provider_config(&proxy.url)).await?;
    let mut environment = Instance::new(&client, ENVIRONMENT);
    let config = json!({"name": "trail", "team": "trail", "tier": "dev", "cluster": ministack::CLUSTER,
        "access": {"deployer": {"create_role": true, "trusted_principal_arns": [ci]}}});

    let planned = environment.plan(Some(&config)).await?;
    let reads = proxy.requests();
    ensure!(reads.iter().all(|request| operation(request).is_none()), "a plan is no operation");
    proxy.clear();
    no_errors(&environment.apply(planned, Some(&config)).await?, "the apply")?;
    let made = one_operation(&proxy.requests())?;
    proxy.clear();
    no_errors(&environment.plan_and_apply(None).await?, "the destroy")?;
    let removed = one_operation(&proxy.requests())?;
    ensure!(made != removed, "each operation has an id of its own: {made}");
    Ok(())
}

/// Of all changes, in both targets.
fn one_operation(seen: &[LoggedRequest]) -> Result<String> {
    let mut operations = BTreeSet::new();
    for service in [Service::Aws, Service::Kubernetes] {
        let writes: Vec<&LoggedRequest> =
            seen.iter().filter(|request| request.service == service && request.is_write()).collect();
        ensure!(!writes.is_empty(), "nothing was changed in {service:?}");
        for write in writes {
            ensure!(
                write.agent.contains("terraform-provider-goldenpath/"),
                "{write} does not name its sender: {:?}",
                write.agent
            );
            let operation = operation(write);
            operations.insert(operation.with_context(|| format!("{write} names no operation: {:?}", write.agent))?);
        }
    }
    ensure!(operations.len() == 1, "one operation has one id: {operations:?}");
    operations.pop_first().context("no operation")
}

fn operation(request: &LoggedRequest) -> Option<String> {
    let mut words = request.agent.split(' ');
    words.find_map(|word| word.strip_prefix("operation/")).map(str::to_owned)
}
