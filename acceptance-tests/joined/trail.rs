//! What both sides' logs will tell of us: every request says who asks, and every change which operation it is part of.

use crate::{
    ENVIRONMENT,
    outside::{Outside, provider_config},
    server::Server,
};
use acceptance_tests::{
    client::{Instance, no_errors},
    proxy::{Asked, Proxy, Service},
    servers::real::{self, Real},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

pub async fn names_the_operation(real: Arc<Real>) -> Result<()> {
    let proxy = Proxy::start(&real)?;
    let server = Server::start_in(&real.environment(&proxy.url))?;
    crate::outside::baseline(&real, &server).await?;
    let [ci] = Outside::of(&real).await?.principals(["trail-ci"]).await?;
    let client = server.client(&provider_config(&proxy.url)).await?;
    let mut environment = Instance::new(&client, ENVIRONMENT);
    let config = json!({"name": "trail", "team": "trail", "tier": "dev", "cluster": real::CLUSTER,
        "access": {"deployer": {"create_role": true, "trusted_principal_arns": [ci]}}});

    let planned = environment.plan(Some(&config)).await?;
    let reads = proxy.seen();
    ensure!(reads.iter().all(|asked| operation(asked).is_none()), "a plan is no operation");
    proxy.forget();
    no_errors(&environment.apply(planned, Some(&config)).await?, "the apply")?;
    let made = one_operation(&proxy.seen())?;
    proxy.forget();
    no_errors(&environment.plan_and_apply(None).await?, "the destroy")?;
    let removed = one_operation(&proxy.seen())?;
    ensure!(made != removed, "each operation has an id of its own: {made}");
    Ok(())
}

/// Of all changes, in both targets.
fn one_operation(seen: &[Asked]) -> Result<String> {
    let mut operations = BTreeSet::new();
    for service in [Service::Aws, Service::Kubernetes] {
        let writes: Vec<&Asked> = seen.iter().filter(|asked| asked.service == service && asked.is_write()).collect();
        ensure!(!writes.is_empty(), "nothing was changed in {service:?}");
        for write in writes {
            ensure!(
                write.agent.contains("terraform-provider-goldenpath/"),
                "{write} does not say who asks: {:?}",
                write.agent
            );
            let operation = operation(write);
            operations.insert(operation.with_context(|| format!("{write} names no operation: {:?}", write.agent))?);
        }
    }
    ensure!(operations.len() == 1, "one operation has one id: {operations:?}");
    operations.pop_first().context("no operation")
}

fn operation(asked: &Asked) -> Option<String> {
    let mut words = asked.agent.split(' ');
    words.find_map(|word| word.strip_prefix("operation/")).map(str::to_owned)
}
