//! Clusters and what they are.

use super::iam;
use crate::{
    error::{SandboxError, refusal},
    options::ClusterOptions,
    store::Store,
};
use goldenpath_core::domain::{
    AuthenticationMode, Class, ClusterArn, ClusterRef, Facts, NetworkEngine, StableFacts, name_list, short_hash,
};
use rusqlite::OptionalExtension;
use std::collections::BTreeMap;

/// EKS knows clusters of one account and region; here an ARN names any, a name the only one that has it. An account that is unknown here
/// is as one that the credentials are not for: nobody says that a cluster of it is absent.
pub fn find(store: &Store, cluster: &ClusterRef) -> Result<ClusterOptions, SandboxError> {
    let mut statement = store.connection().prepare_cached("SELECT arn, options FROM cluster WHERE name = ?1")?;
    let rows = statement.query_map([cluster.name()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    if cluster.arn().is_some() {
        found.retain(|(arn, _)| arn == cluster.as_str());
    }
    match found.as_slice() {
        [(_, options)] => Ok(serde_json::from_str(options)?),
        [] => match cluster.arn() {
            Some(arn) if !iam::has_account(store, arn.account())? => Err(elsewhere(&arn)),
            _ => Err(no_cluster(store, cluster.as_str())),
        },
        _ => Err(refusal(
            Class::Invalid,
            DESCRIBE,
            format!("several clusters of this sandbox are named {}: write the ARN", cluster.name()),
        )),
    }
}

pub fn get(store: &Store, cluster: &ClusterArn) -> Result<ClusterOptions, SandboxError> {
    let mut statement = store.connection().prepare_cached("SELECT options FROM cluster WHERE arn = ?1")?;
    let options: Option<String> = statement.query_row([cluster.as_str()], |row| row.get(0)).optional()?;
    Ok(serde_json::from_str(&options.ok_or_else(|| no_cluster(store, cluster.as_str()))?)?)
}

pub fn only(store: &Store) -> Result<Option<ClusterRef>, SandboxError> {
    let mut statement = store.connection().prepare_cached("SELECT arn FROM cluster LIMIT 2")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let found: Vec<String> = rows.collect::<Result<_, _>>()?;
    Ok(match found.as_slice() {
        [one] => one.parse().ok(),
        _ => None,
    })
}

const DESCRIBE: &str = "eks:DescribeCluster";

/// As EKS says it, and what a first look at a sandbox needs: which ones there are.
fn no_cluster(store: &Store, cluster: &str) -> SandboxError {
    let name = cluster.rsplit('/').next().unwrap_or(cluster);
    match arns(store) {
        Ok(arns) => refusal(
            Class::NotFound,
            DESCRIBE,
            format!(
                "ResourceNotFoundException: No cluster found for name: {name}. (This sandbox has {}, and others if `clusters` in the \
                 provider's `sandbox` declares them)",
                name_list(&arns)
            ),
        ),
        Err(error) => error,
    }
}

fn arns(store: &Store) -> Result<Vec<String>, SandboxError> {
    let mut statement = store.connection().prepare_cached("SELECT arn FROM cluster ORDER BY arn")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn elsewhere(cluster: &ClusterArn) -> SandboxError {
    let message = format!(
        "{cluster} can't be reached: this sandbox has no account {}. Correct the ARN, or declare the cluster in `sandbox.clusters`",
        cluster.account()
    );
    refusal(Class::Invalid, DESCRIBE, message)
}

/// The principal that runs us, if the options name no other.
pub fn user(cluster: &ClusterArn) -> String {
    format!("arn:{}:iam::{}:user/sandbox", cluster.partition(), cluster.account())
}

fn issuer(store: &Store, ClusterOptions { arn, .. }: &ClusterOptions) -> Result<String, SandboxError> {
    let id = short_hash([store.target()?.as_str(), arn.as_str()], 32).to_uppercase();
    Ok(format!("https://oidc.eks.{}.{}/id/{id}", arn.region(), arn.dns_suffix()))
}

/// Only issuers of clusters are known to IAM here.
pub fn knows_issuer(store: &Store, cluster: &ClusterArn, asked: &str) -> Result<bool, SandboxError> {
    let options = get(store, cluster)?;
    Ok(options.oidc_provider && issuer(store, &options)? == asked)
}

pub fn describe(store: &Store, cluster: &ClusterRef) -> Result<Facts, SandboxError> {
    let options = find(store, cluster)?;
    let mut statement =
        store.connection().prepare_cached("SELECT name, arn FROM permission_set WHERE account = ?1 ORDER BY name")?;
    let rows = statement.query_map([options.arn.account()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let permission_sets: BTreeMap<String, String> = rows.collect::<Result<_, _>>()?;
    let user = user(&options.arn);
    let issuer = issuer(store, &options)?;
    let ClusterOptions {
        arn,
        version,
        auto_mode,
        service_cidr,
        ip_family,
        authentication_mode,
        network_policy_enforced,
        addons,
        crds,
        oidc_provider: _,
        identity_providers: _,
        trust_policy_size: _,
        policies_per_role: _,
        caller,
    } = options;
    let engine = if auto_mode { NetworkEngine::EksAuto } else { NetworkEngine::VpcCni };
    Ok(Facts {
        stable: StableFacts {
            oidc_issuer: Some(issuer),
            cluster_arn: arn,
            auto_mode,
            service_cidr,
            ip_family: ip_family.as_str().to_owned(),
            pod_security_version: version.clone(),
            permission_sets,
        },
        version,
        authentication_mode: authentication_mode.as_str().to_owned(),
        network_policy_enforced: Some(network_policy_enforced),
        network_policy_engine: network_policy_enforced.then_some(engine),
        // What is no add-on here is nowhere.
        pod_identity_agent: Some(false),
        addons,
        crds,
        caller: caller.unwrap_or(user),
    })
}

/// Access entries and their policies have no effect on a cluster that does not read them.
pub fn check_mode(cluster: &ClusterOptions, call: &str) -> Result<(), SandboxError> {
    if cluster.authentication_mode == AuthenticationMode::ConfigMap {
        return Err(refusal(
            Class::Invalid,
            call,
            "InvalidRequestException: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to \
             perform this operation.",
        ));
    }
    Ok(())
}
