//! Promises about clusters: one world by either name, facts that stay, no guesses about what is unknown.

use super::{
    Case, Verdict, World,
    steps::{doing, promise, refused},
};
use goldenpath_core::domain::{Class, ClusterRef};

pub(super) fn cases(world: &World) -> Vec<Case> {
    let (one, two, three, four) = (world.clone(), world.clone(), world.clone(), world.clone());
    vec![
        Case::new("Cluster: its name and its ARN are the same world and the same facts", either_form(one)),
        Case::new("Cluster: an unknown one is not found", unknown(two)),
        Case::new("Cluster: policies exist or not", policies(three)),
        Case::new("Cluster: its identity providers are told", providers(four)),
    ]
}

fn by_arn(world: &World) -> Result<ClusterRef, super::Broken> {
    let arn = world.cluster.as_str();
    arn.parse().map_err(|error| super::Broken::Promise(format!("{arn} is not the ARN of a cluster: {error}")))
}

fn by_name(world: &World) -> Result<ClusterRef, super::Broken> {
    let name = world.cluster.name();
    name.parse().map_err(|error| super::Broken::Promise(format!("{name} is not the name of a cluster: {error}")))
}

async fn either_form(world: World) -> Verdict {
    let (arn, name) = (by_arn(&world)?, by_name(&world)?);
    let clusters = &world.clusters;
    let first = doing("asking for the world by ARN", clusters.world(&arn).await)?;
    let second = doing("asking for the world by name", clusters.world(&name).await)?;
    promise(first == second && !first.is_empty(), || format!("two names, two worlds: {first:?}, {second:?}"))?;
    let facts = doing("asking for facts by ARN", clusters.facts(&arn).await)?;
    let again = doing("asking for facts by name", clusters.facts(&name).await)?;
    promise(facts == again, || "two names, two sets of facts".to_owned())?;
    promise(facts.stable.cluster_arn == world.cluster, || format!("the facts are of {}", facts.stable.cluster_arn))?;
    if let Some(only) = doing("asking for the only cluster", clusters.only().await)? {
        promise(only.same_as(&arn), || format!("the only cluster is {only}"))?;
    }
    Ok(())
}

async fn unknown(world: World) -> Verdict {
    let name = format!("nowhere-{}", world.unique);
    let cluster: ClusterRef =
        name.parse().map_err(|error| super::Broken::Promise(format!("{name} is not a name: {error}")))?;
    refused("facts of nothing", Class::NotFound, world.clusters.facts(&cluster).await)?;
    refused("the world of nothing", Class::NotFound, world.clusters.world(&cluster).await).map(|_| ())
}

/// Which ones a cluster has is its owner's business.
async fn providers(world: World) -> Verdict {
    let asked = world.clusters.identity_providers(&by_name(&world)?).await;
    let found = doing("asking for identity providers", asked)?;
    promise(found.iter().all(|provider| !provider.name.is_empty()), || format!("one without a name: {found:?}"))?;
    let nowhere: ClusterRef = format!("nowhere-{}", world.unique)
        .parse()
        .map_err(|error| super::Broken::Promise(format!("not a name: {error}")))?;
    let asked = world.clusters.identity_providers(&nowhere).await;
    refused("the providers of nothing", Class::NotFound, asked).map(|_| ())
}

async fn policies(world: World) -> Verdict {
    let asked = world.clusters.policy_exists(&world.cluster, &world.boundary).await;
    promise(doing("asking for the boundary", asked)?, || format!("{} does not exist", world.boundary))?;
    let (partition, account) = (world.cluster.partition(), world.cluster.account());
    let nowhere = format!("arn:{partition}:iam::{account}:policy/nowhere-{}", world.unique);
    let asked = world.clusters.policy_exists(&world.cluster, &nowhere).await;
    promise(!doing("asking for a policy that does not exist", asked)?, || format!("{nowhere} exists"))
}
