//! The facts of a cluster, from EKS, IAM and STS at the same time.

use super::{
    call::{call, each_page, list},
    calls::Call,
    clients::AwsClients,
    iam,
};
use crate::errors::not_found_as_none;
use aws_sdk_eks::types::Cluster;
use futures_util::future::try_join4;
use goldenpath_core::{
    domain::{Class, ClusterArn, Facts, NetworkEngine, StableFacts},
    ports::PortError,
};
use std::collections::BTreeMap;

/// Where IAM Identity Center keeps the roles of its permission sets.
const SSO_PATH: &str = "/aws-reserved/sso.amazonaws.com/";
const VPC_CNI: &str = "vpc-cni";

pub(super) async fn gather(clients: &AwsClients, arn: &ClusterArn, cluster: &Cluster) -> Result<Facts, PortError> {
    let name = arn.name();
    let (addons, enforced, permission_sets, caller) =
        try_join4(addons(clients, name), cni_enforces(clients, name), permission_sets(clients), caller(clients))
            .await?;
    let network = cluster.kubernetes_network_config();
    let family = network.and_then(|network| network.ip_family()).map_or("ipv4", |family| family.as_str());
    let range = network.and_then(|network| match family {
        "ipv6" => network.service_ipv6_cidr(),
        _ => network.service_ipv4_cidr(),
    });
    let version = cluster.version().unwrap_or_default().to_owned();
    let compute = cluster.compute_config();
    let auto_mode = compute.and_then(|compute| compute.enabled()).unwrap_or(false);
    let issuer = cluster.identity().and_then(|identity| identity.oidc()).and_then(|oidc| oidc.issuer());
    let mode = cluster.access_config().and_then(|access| access.authentication_mode());
    Ok(Facts {
        stable: StableFacts {
            cluster_arn: arn.clone(),
            auto_mode,
            service_cidr: range.unwrap_or("10.100.0.0/16").to_owned(),
            ip_family: family.to_owned(),
            oidc_issuer: issuer.map(str::to_owned),
            pod_security_version: version.clone(),
            permission_sets,
        },
        version,
        // A cluster without one is older than the modes.
        authentication_mode: mode.map_or("CONFIG_MAP", |mode| mode.as_str()).to_owned(),
        // Of Auto Mode, and of any other engine, only the cluster knows.
        network_policy_enforced: (enforced || !auto_mode).then_some(enforced),
        network_policy_engine: enforced.then_some(NetworkEngine::VpcCni),
        pod_identity_agent: None,
        addons,
        crds: vec![],
        caller,
    })
}

async fn addons(clients: &AwsClients, cluster: &str) -> Result<Vec<String>, PortError> {
    let pages = clients.eks.list_addons().cluster_name(cluster).into_paginator().send();
    let mut found =
        list(clients, Call::ListAddons, pages, |page| (page.addons.unwrap_or_default(), page.next_token)).await?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Whether the VPC CNI, installed as an add-on, enforces NetworkPolicies. Of any other CNI EKS knows nothing.
async fn cni_enforces(clients: &AwsClients, cluster: &str) -> Result<bool, PortError> {
    let request = clients.eks.describe_addon().cluster_name(cluster).addon_name(VPC_CNI).send();
    let response = not_found_as_none(call(clients, Call::DescribeAddon, request).await)?;
    let addon = response.and_then(|response| response.addon);
    Ok(addon.and_then(|addon| addon.configuration_values).is_some_and(|text| is_enforcing(&text)))
}

/// `enableNetworkPolicy: "true"`, in the JSON or YAML that the add-on takes.
fn is_enforcing(configuration: &str) -> bool {
    let plain = configuration.replace(['"', '\'', ' ', '\t'], "");
    plain.split(['\n', ',', '{', '}']).any(|part| part.trim().eq_ignore_ascii_case("enableNetworkPolicy:true"))
}

// === Permission sets ===

async fn permission_sets(clients: &AwsClients) -> Result<BTreeMap<String, String>, PortError> {
    let mut arns = vec![];
    let pages = clients.iam.list_roles().path_prefix(SSO_PATH).into_paginator().send();
    each_page(clients, Call::ListRoles, pages, |page| {
        arns.extend(page.roles.into_iter().map(|role| role.arn));
        page.marker
    })
    .await?;
    Ok(by_name(&arns))
}

/// Name -> ARN with its path, which EKS wants. A name with two roles is left out: it is not known which of them is meant.
fn by_name(arns: &[String]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for arn in arns {
        if let Some(name) = permission_set(arn) {
            found.entry(name.to_owned()).or_default().push(arn);
        }
    }
    let mut sets = BTreeMap::new();
    for (name, arns) in found {
        match arns.as_slice() {
            [arn] => {
                sets.insert(name, (*arn).clone());
            }
            several => {
                let roles = several.iter().map(|arn| arn.as_str()).collect::<Vec<_>>().join(", ");
                tracing::warn!(
                    permission_set = name,
                    "several roles belong to this permission set, so it can't be used: {roles}"
                );
            }
        }
    }
    sets
}

/// `AWSReservedSSO_<name>_<16 hex>`; the name may hold underscores itself.
fn permission_set(arn: &str) -> Option<&str> {
    let role = arn.rsplit('/').next()?.strip_prefix("AWSReservedSSO_")?;
    let (name, suffix) = role.rsplit_once('_')?;
    let is_suffix = suffix.len() == 16 && suffix.bytes().all(|b| b.is_ascii_hexdigit());
    (is_suffix && !name.is_empty()).then_some(name)
}

// === Who we are ===

/// The principal that access entries name: for a session its role, with the path that a session's ARN leaves out.
async fn caller(clients: &AwsClients) -> Result<String, PortError> {
    let request = clients.sts.get_caller_identity().send();
    let response = call(clients, Call::GetCallerIdentity, request).await?;
    let arn = response.arn.unwrap_or_default();
    let Some(role) = role_of_session(&arn) else {
        return Ok(arn);
    };
    match iam::get_role(clients, &role.name).await {
        // Nothing: a role of another account. Denied: one that may not be read. Either way only its path may be missing.
        Ok(found) => Ok(found.map_or(role.arn, |role| role.arn)),
        Err(error) if error.class == Class::Denied => Ok(role.arn),
        Err(error) => Err(error),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct SessionRole {
    name: String,
    arn: String,
}

/// `arn:aws:sts::<account>:assumed-role/<name>/<session>`
fn role_of_session(arn: &str) -> Option<SessionRole> {
    let mut parts = arn.splitn(6, ':').skip(1);
    let (partition, service, _, account, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = resource.strip_prefix("assumed-role/")?.split('/').next()?.to_owned();
    (service == "sts").then(|| SessionRole { arn: format!("arn:{partition}:iam::{account}:role/{name}"), name })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_";

    #[test]
    fn permission_sets_are_known_by_their_roles() {
        let arn = |end: &str| format!("{PREFIX}{end}");
        for (end, expected, reason) in [
            ("PaymentsDev_0123456789abcdef", Some("PaymentsDev"), "the usual"),
            ("a_b_0123456789abcdef", Some("a_b"), "a name with an underscore"),
            ("PaymentsDev_0123", None, "no suffix of 16 digits"),
            ("_0123456789abcdef", None, "no name"),
        ] {
            assert_eq!(permission_set(&arn(end)), expected, "{reason}");
        }
        assert_eq!(permission_set("arn:aws:iam::111122223333:role/ci"), None, "another role");
    }

    #[test]
    fn a_name_with_two_roles_is_left_out() {
        let arns =
            ["A_0123456789abcdef", "A_fedcba9876543210", "B_0123456789abcdef"].map(|end| format!("{PREFIX}{end}"));
        let sets = by_name(&arns);
        assert_eq!(sets.keys().collect::<Vec<_>>(), ["B"]);
        assert_eq!(sets["B"], arns[2], "with its path");
    }

    #[test]
    fn a_session_is_its_role() {
        for (arn, expected, reason) in [
            (
                "arn:aws-cn:sts::111122223333:assumed-role/ci/run-7",
                Some("arn:aws-cn:iam::111122223333:role/ci"),
                "a session, in its partition",
            ),
            ("arn:aws:iam::111122223333:user/anna", None, "a user"),
            ("arn:aws:iam::111122223333:root", None, "the account"),
            ("", None, "nothing"),
        ] {
            assert_eq!(role_of_session(arn).map(|role| role.arn).as_deref(), expected, "{reason}");
        }
    }

    #[test]
    fn the_add_on_says_whether_it_enforces() {
        for (configuration, expected, reason) in [
            (r#"{"enableNetworkPolicy": "true"}"#, true, "JSON, as the console writes it"),
            (r#"{"env":{"A":"1"},"enableNetworkPolicy":true}"#, true, "a boolean"),
            ("enableNetworkPolicy: \"true\"\nenv: {}", true, "YAML"),
            (r#"{"enableNetworkPolicy":"false"}"#, false, "turned off"),
            ("", false, "nothing set: off"),
        ] {
            assert_eq!(is_enforcing(configuration), expected, "{reason}");
        }
    }
}
