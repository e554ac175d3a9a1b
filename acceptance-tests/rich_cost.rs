//! Requests of a rich environment's life, counted between the provider and the servers: prod with eight principals that have an access
//! policy in each of three namespaces, and five slots with a role each.

use crate::{outside, outside::Outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT, SLOT,
    client::{Instance, no_errors},
    proxy::{LoggedRequest, Proxy, Service},
    servers::Real,
};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};

/// To AWS, in a plan and its apply. Half of them are two for each principal in each namespace of a slot: what it is granted already, and
/// one AssociateAccessPolicy for all that is added.
const MADE: usize = 250;
/// To AWS, in a plan of a removal and its apply: the same two, and three or four for each entry, association and role.
const REMOVED: usize = 200;
const SLOTS: [&str; 5] = ["gateway", "ledger", "orders", "reports", "web"];

fn environment(principals: &[String; 8]) -> Json {
    let persona =
        |two: usize| json!({"principal_arns": principals[two..two + 2], "access_policies": ["AmazonEKSViewPolicy"]});
    json!({
        "name": "rich", "team": "payments", "tier": "prod", "cluster": "demo",
        "owner": {"contact": "payments@example.com", "cost_center": "CC12"},
        "namespaces": {"default": {}, "api": {}, "jobs": {}},
        "access": {"viewer": persona(0), "developer": persona(2), "deployer": persona(4), "admin": persona(6)},
        "deletion_protection": false,
    })
}

fn slot(name: &str) -> Json {
    json!({
        "name": name, "environment": "demo/rich", "deletion_protection": false,
        "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"]}]},
    })
}

/// On servers without others: what they have would be listed and counted too.
pub async fn is_bounded(real: Arc<Real>) -> Result<()> {
    let proxy = Proxy::start(&real)?;
    let (server, config) = (Server::start()?, real.provider_config(&proxy.url));
    outside::baseline(&real, &server).await?;
    let names = ["rich-1", "rich-2", "rich-3", "rich-4", "rich-5", "rich-6", "rich-7", "rich-8"];
    let principals = Outside::of(&real).await?.principals(names).await?;
    let mut specs = vec![(ENVIRONMENT, environment(&principals))];
    specs.extend(SLOTS.map(|name| (SLOT, slot(name))));
    proxy.clear();
    let mut instances: Vec<Instance> = vec![];
    let client = server.client(&config).await?;
    instances.extend(specs.iter().map(|(resource, _)| Instance::new(&client, resource)));
    let wanted: Vec<Option<&Json>> = specs.iter().map(|(_, spec)| Some(spec)).collect();
    run(&server, &config, &mut instances, &wanted).await.context("making it")?;
    holds("making it", &proxy.requests(), MADE)?;
    proxy.clear();
    run(&server, &config, &mut instances, &[None; 6]).await.context("removing it")?;
    ensure!(instances.iter().all(|instance| instance.state.is_none()), "something is left");
    holds("removing it", &proxy.requests(), REMOVED)
}

/// As a CLI does it: a plan over one connection, and its apply over another. The environment comes first, and goes last.
async fn run(server: &Server, config: &Json, instances: &mut [Instance], wanted: &[Option<&Json>]) -> Result<()> {
    let mut plans = vec![];
    let client = server.client(config).await?;
    for (instance, wanted) in instances.iter_mut().zip(wanted) {
        instance.client = client.clone();
        no_errors(&instance.refresh().await?, "refresh")?;
        let planned = instance.plan(*wanted).await?;
        no_errors(&planned.said, "plan")?;
        plans.push(planned);
    }
    let client = server.client(config).await?;
    instances.iter_mut().for_each(|instance| instance.client = client.clone());
    let is_removal = wanted.iter().all(Option::is_none);
    let ((environment, slots), of_environment) = (instances.split_first_mut().context("none")?, plans.remove(0));
    let of_slots = slots
        .iter_mut()
        .zip(plans)
        .map(|(slot, planned)| async move { no_errors(&slot.apply(planned, None).await?, "a slot") });
    let of_slots = try_join_all(of_slots);
    let of_environment = async move { no_errors(&environment.apply(of_environment, None).await?, "the environment") };
    if is_removal {
        of_slots.await?;
        return of_environment.await;
    }
    of_environment.await?;
    of_slots.await.map(|_| ())
}

fn holds(what: &str, seen: &[LoggedRequest], most: usize) -> Result<()> {
    let of_aws: Vec<&LoggedRequest> = seen.iter().filter(|request| request.service == Service::Aws).collect();
    ensure!(of_aws.len() <= most, "{what} takes {} requests to AWS: {}", of_aws.len(), counts(&of_aws));
    Ok(())
}

fn counts(seen: &[&LoggedRequest]) -> String {
    let mut by_name: BTreeMap<(String, Option<u16>), usize> = BTreeMap::new();
    for request in seen {
        *by_name.entry((operation(request), request.status)).or_default() += 1;
    }
    let line = |((name, status), count): (&(String, Option<u16>), &usize)| format!("{count} x {name} {status:?}");
    by_name.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Without names of objects.
fn operation(request: &LoggedRequest) -> String {
    if !request.action.is_empty() {
        return request.action.clone();
    }
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let depth = if parts.len() > 3 { "/one" } else { "" };
    format!("{} {}{depth} {}", request.method, part(2), part(4))
}
