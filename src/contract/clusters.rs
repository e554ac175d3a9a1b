//! Promises about clusters: one target by either name, facts that stay, no guesses about what is unknown.

use super::{
    case::{Case, CaseResult},
    steps::{by_arn, doing, promise, refusal},
    target::TestTarget,
};
use goldenpath_core::domain::{Class, ClusterRef};

pub(super) fn cases(target: &TestTarget) -> Vec<Case> {
    let (one, two, three) = (target.clone(), target.clone(), target.clone());
    let (four, five, six) = (target.clone(), target.clone(), target.clone());
    vec![
        Case::new("Cluster: its name and its ARN are the same target and the same facts", either_form(one)),
        Case::new("Cluster: an unknown one is not found", unknown_cluster(two)),
        Case::new("Cluster: one of another account is out of reach, and not absent", wrong_account(six)),
        Case::new("Cluster: policies exist or not", policies(three)),
        Case::new("Cluster: its identity providers are reported", providers(four)),
        Case::new("Cluster: IAM knows an OIDC issuer or not", issuers(five)),
    ]
}

fn by_name(target: &TestTarget) -> Result<ClusterRef, super::ContractError> {
    let name = target.cluster.name();
    name.parse().map_err(|error| super::ContractError::Promise(format!("{name} is not the name of a cluster: {error}")))
}

async fn either_form(target: TestTarget) -> CaseResult {
    let (arn, name) = (by_arn(&target)?, by_name(&target)?);
    let clusters = &target.clusters;
    let first = doing("asking for the target by ARN", clusters.target(&arn).await)?;
    let second = doing("asking for the target by name", clusters.target(&name).await)?;
    promise(first == second && !first.is_empty(), || format!("two names, two targets: {first:?}, {second:?}"))?;
    let facts = doing("asking for facts by ARN", clusters.facts(&arn).await)?;
    let again = doing("asking for facts by name", clusters.facts(&name).await)?;
    promise(facts == again, || "two names, two sets of facts".to_owned())?;
    promise(facts.stable.cluster_arn == target.cluster, || format!("the facts are of {}", facts.stable.cluster_arn))?;
    let (is_enforced, engine) = (facts.network_policy_enforced, facts.network_policy_engine);
    promise((is_enforced == Some(true)) == engine.is_some(), || {
        format!("who enforces NetworkPolicies is named where something does: {is_enforced:?} by {engine:?}")
    })?;
    if let Some(only) = doing("asking for the only cluster", clusters.only().await)? {
        promise(only.same_as(&arn), || format!("the only cluster is {only}"))?;
    }
    Ok(())
}

async fn unknown_cluster(target: TestTarget) -> CaseResult {
    let name = format!("nowhere-{}", target.unique);
    let cluster: ClusterRef =
        name.parse().map_err(|error| super::ContractError::Promise(format!("{name} is not a name: {error}")))?;
    refusal("facts of nothing", Class::NotFound, target.clusters.facts(&cluster).await)?;
    refusal("the target of nothing", Class::NotFound, target.clusters.target(&cluster).await).map(|_| ())
}

/// A wrong profile must not empty a state.
async fn wrong_account(target: TestTarget) -> CaseResult {
    let (own, nowhere) = (target.cluster.as_str(), format!("nowhere-{}", target.unique));
    let foreign = own.replace(target.cluster.account(), "999900001111");
    let other_name = |arn: &str| arn.replace(target.cluster.name(), &nowhere);
    for (arn, class, what) in [
        (foreign.clone(), Class::Invalid, "another account's of the same name"),
        (other_name(&foreign), Class::Invalid, "another account's"),
        (other_name(own), Class::NotFound, "one that would be here"),
    ] {
        let cluster: ClusterRef = arn
            .parse()
            .map_err(|error| super::ContractError::Promise(format!("{arn} is not the ARN of a cluster: {error}")))?;
        refusal(what, class, target.clusters.facts(&cluster).await)?;
        refusal(what, class, target.clusters.target(&cluster).await)?;
    }
    Ok(())
}

/// Which ones a cluster has is its owner's business.
async fn providers(target: TestTarget) -> CaseResult {
    let asked = target.clusters.identity_providers(&by_name(&target)?).await;
    let found = doing("asking for identity providers", asked)?;
    promise(found.iter().all(|provider| !provider.name.is_empty()), || format!("one without a name: {found:?}"))?;
    let nowhere: ClusterRef = format!("nowhere-{}", target.unique)
        .parse()
        .map_err(|error| super::ContractError::Promise(format!("not a name: {error}")))?;
    let asked = target.clusters.identity_providers(&nowhere).await;
    refusal("the providers of nothing", Class::NotFound, asked).map(|_| ())
}

async fn policies(target: TestTarget) -> CaseResult {
    let asked = target.clusters.policy_exists(&target.cluster, &target.boundary).await;
    promise(doing("asking for the boundary", asked)?, || format!("{} does not exist", target.boundary))?;
    let (partition, account) = (target.cluster.partition(), target.cluster.account());
    let nowhere = format!("arn:{partition}:iam::{account}:policy/nowhere-{}", target.unique);
    let asked = target.clusters.policy_exists(&target.cluster, &nowhere).await;
    promise(!doing("asking for a policy that does not exist", asked)?, || format!("{nowhere} exists"))?;
    for (arn, whose) in [
        (target.boundary.replace(account, "999900001111"), "another account"),
        ("arn:aws-iso:iam::aws:policy/ReadOnlyAccess".to_owned(), "another partition"),
    ] {
        let asked = target.clusters.policy_exists(&target.cluster, &arn).await;
        promise(!doing(format!("asking for a policy of {whose}"), asked)?, || format!("{arn} of {whose} exists"))?;
    }
    Ok(())
}

/// Whether it knows that of the cluster is its owner's business.
async fn issuers(target: TestTarget) -> CaseResult {
    let nowhere = format!("https://oidc.nowhere.example/id/{}", target.unique);
    let asked = target.clusters.oidc_provider_exists(&target.cluster, &nowhere).await;
    promise(!doing("asking for an issuer that nobody made known", asked)?, || format!("{nowhere} is known"))?;
    let facts = doing("asking for facts", target.clusters.facts(&by_arn(&target)?).await)?;
    let Some(issuer) = facts.stable.oidc_issuer else { return Ok(()) };
    let asked = target.clusters.oidc_provider_exists(&target.cluster, &issuer).await;
    doing("asking for the cluster's own", asked).map(|_| ())
}
