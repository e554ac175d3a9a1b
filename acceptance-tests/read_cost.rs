//! Requests of a refresh and a plan of many environments and slots on one cluster, counted between the provider and the servers:
//! it grows neither with their number, besides the one Describe that EKS needs for each entry and association, nor with access entries
//! of others.

use crate::{outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT, SLOT,
    client::{Action, Instance, no_errors},
    proxy::{LoggedRequest, Proxy, Service},
    servers::{Real, ministack::ACCOUNT, seed},
};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value as Json, json};
use std::{env, sync::Arc};

const KUBERNETES: usize = 40;
const AWS: usize = 10;
/// As many as a CLI walks at the same time.
const PARALLELISM: usize = 10;

fn environment(number: usize) -> Json {
    let access = json!({"viewer": {"principal_arns": [format!("arn:aws:iam::{ACCOUNT}:role/ci")]}});
    json!({"name": format!("n{number}"), "team": "payments", "tier": "dev", "cluster": "demo", "access": access})
}

fn slot(number: usize) -> Json {
    json!({
        "name": "ledger", "environment": format!("demo/n{number}"),
        "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"]}]},
    })
}

struct Pair {
    number: usize,
    environment: Instance,
    slot: Instance,
}

#[derive(Debug, PartialEq)]
struct Cost {
    kubernetes: usize,
    aws: usize,
    describes: usize,
    /// See [`is_emulated`].
    emulated: usize,
}

/// On servers of its own: so many objects would be in everybody's way.
pub async fn does_not_grow(real: Arc<Real>) -> Result<()> {
    let most = env::var("GOLDENPATH_READ_COST").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let proxy = Proxy::start(&real)?;
    let (server, config) = (Server::start()?, real.provider_config(&proxy.url));
    outside::baseline(&real, &server).await?;
    let mut pairs = vec![];
    let mut costs = vec![];
    for until in [most / 8, most] {
        pairs.extend(make(&server, &config, pairs.len()..until).await?);
        proxy.clear();
        pairs = plan(&server, &config, pairs).await?;
        let cost = cost(&proxy.requests());
        ensure!(
            cost.kubernetes <= KUBERNETES && cost.aws <= AWS,
            "{until} environments and {until} slots: {cost:?}: {}",
            list(&proxy.requests())
        );
        ensure!(
            cost.describes <= until + ENTRIES && cost.emulated <= until + 2 * until.saturating_sub(100),
            "one for each association and role: {cost:?}"
        );
        costs.push((until, cost));
    }
    let [(few, least), (many, greatest)] = &costs[..] else { bail!("not two of {costs:?}") };
    // A listing's pages are of 500 objects.
    ensure!(
        greatest.kubernetes <= least.kubernetes + pages(*many) && greatest.aws == least.aws,
        "it grows from {few} to {many}: {least:?}, {greatest:?}: {}",
        list(&proxy.requests())
    );
    let root = real.ministack.root();
    for number in 0..FOREIGN {
        seed::enter(&root, &format!("arn:aws:iam::{ACCOUNT}:role/foreign-{number}"), "theirs").await?;
    }
    proxy.clear();
    plan(&server, &config, pairs).await?;
    let cost = cost(&proxy.requests());
    ensure!(cost == *greatest, "{FOREIGN} entries of others cost something: {greatest:?}, {cost:?}");
    Ok(())
}

/// All environments share one.
const ENTRIES: usize = 1;
const FOREIGN: usize = 90;

/// More pages than a few of them have: about a dozen namespaced objects of one kind for each pair at most.
fn pages(pairs: usize) -> usize {
    if pairs > 100 { 20 } else { 0 }
}

async fn make(server: &Server, config: &Json, numbers: std::ops::Range<usize>) -> Result<Vec<Pair>> {
    let client = server.client(config).await?;
    let client = &client;
    stream::iter(numbers)
        .map(|number| async move {
            let mut environment = Instance::new(client, ENVIRONMENT);
            no_errors(&environment.plan_and_apply(Some(&self::environment(number))).await?, "environment")?;
            let mut slot = Instance::new(client, SLOT);
            no_errors(&slot.plan_and_apply(Some(&self::slot(number))).await?, "slot")?;
            anyhow::Ok(Pair { number, environment, slot })
        })
        .buffer_unordered(PARALLELISM)
        .try_collect()
        .await
}

/// One connection, as one run of a CLI.
async fn plan(server: &Server, config: &Json, pairs: Vec<Pair>) -> Result<Vec<Pair>> {
    let client = server.client(config).await?;
    let client = &client;
    stream::iter(pairs)
        .map(|mut pair| async move {
            for (instance, config) in
                [(&mut pair.environment, environment(pair.number)), (&mut pair.slot, slot(pair.number))]
            {
                instance.client = client.clone();
                no_errors(&instance.refresh().await?, "refresh")?;
                let planned = instance.plan(Some(&config)).await?;
                no_errors(&planned.said, "plan")?;
                ensure!(planned.action == Action::Nothing, "n{} is to be changed", pair.number);
            }
            Ok(pair)
        })
        .buffer_unordered(PARALLELISM)
        .try_collect()
        .await
        .context("a quiet plan")
}

/// What only ministack makes necessary. It leaves boundaries out of GetAccountAuthorizationDetails, which has them (IAM API Reference,
/// RoleDetail), so each role of ours is looked at; and it cuts ListPodIdentityAssociations at a hundred without a `nextToken` (EKS API
/// Reference), so each further one is looked for by its ServiceAccount.
fn is_emulated(request: &LoggedRequest) -> bool {
    request.action == "GetRole" || request.path.contains("/pod-identity-associations?namespace=")
}

fn cost(seen: &[LoggedRequest]) -> Cost {
    let of = |service: Service| {
        seen.iter().filter(move |request| request.service == service && !request.is_describe() && !is_emulated(request))
    };
    Cost {
        kubernetes: of(Service::Kubernetes).count(),
        aws: of(Service::Aws).count(),
        describes: seen.iter().filter(|request| request.is_describe()).count(),
        emulated: seen.iter().filter(|request| is_emulated(request)).count(),
    }
}

fn list(seen: &[LoggedRequest]) -> String {
    let requests = seen.iter().filter(|request| !request.is_describe() && !is_emulated(request));
    requests.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
