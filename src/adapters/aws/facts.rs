//! The facts of a cluster, from EKS, IAM and STS at the same time.

use super::{call::call, calls::Call, session::Session};
use aws_sdk_eks::types::Cluster;
use futures_util::future::try_join4;
use goldenpath_core::{
    domain::{Class, ClusterArn, Facts, StableFacts},
    ports::PortError,
};
use std::collections::{BTreeMap, BTreeSet};

/// Where IAM Identity Center keeps the roles of its permission sets.
const SSO_PATH: &str = "/aws-reserved/sso.amazonaws.com/";
const VPC_CNI: &str = "vpc-cni";

pub(super) async fn gather(session: &Session, arn: &ClusterArn, cluster: &Cluster) -> Result<Facts, PortError> {
    let name = arn.name();
    let (addons, enforced, permission_sets, caller) =
        try_join4(addons(session, name), cni_enforces(session, name), permission_sets(session), caller(session))
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
        // A cluster that says nothing is older than the modes.
        authentication_mode: mode.map_or("CONFIG_MAP", |mode| mode.as_str()).to_owned(),
        network_policy_enforced: auto_mode || enforced,
        addons,
        crds: vec![],
        caller,
    })
}

async fn addons(session: &Session, cluster: &str) -> Result<Vec<String>, PortError> {
    let (mut found, mut token) = (BTreeSet::new(), None);
    loop {
        let asked = session.eks.list_addons().cluster_name(cluster).set_next_token(token).send();
        let answer = call(session, Call::ListAddons, asked).await?;
        found.extend(answer.addons.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            return Ok(found.into_iter().collect());
        }
    }
}

/// Whether the VPC CNI, installed as an add-on, enforces NetworkPolicies. Of any other CNI EKS knows nothing.
async fn cni_enforces(session: &Session, cluster: &str) -> Result<bool, PortError> {
    let asked = session.eks.describe_addon().cluster_name(cluster).addon_name(VPC_CNI).send();
    match call(session, Call::DescribeAddon, asked).await {
        Ok(answer) => {
            let addon = answer.addon.as_ref();
            Ok(addon.and_then(|addon| addon.configuration_values()).is_some_and(is_enforcing))
        }
        Err(error) if error.class == Class::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// `enableNetworkPolicy: "true"`, in the JSON or YAML that the add-on takes.
fn is_enforcing(configuration: &str) -> bool {
    let plain = configuration.replace(['"', '\'', ' ', '\t'], "");
    plain.split(['\n', ',', '{', '}']).any(|part| part.trim().eq_ignore_ascii_case("enableNetworkPolicy:true"))
}

// === Permission sets ===

async fn permission_sets(session: &Session) -> Result<BTreeMap<String, String>, PortError> {
    let (mut arns, mut marker) = (vec![], None);
    loop {
        let asked = session.iam.list_roles().path_prefix(SSO_PATH).set_marker(marker).send();
        let answer = call(session, Call::ListRoles, asked).await?;
        arns.extend(answer.roles.into_iter().map(|role| role.arn));
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(by_name(&arns));
        }
    }
}

/// Name -> ARN with its path, which EKS wants. A name with two roles is nobody's: which of them is meant cannot be told.
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
                tracing::warn!(permission_set = name, "several roles carry this name, so it can't be used: {roles}");
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
async fn caller(session: &Session) -> Result<String, PortError> {
    let asked = session.sts.get_caller_identity().send();
    let answer = call(session, Call::GetCallerIdentity, asked).await?;
    let arn = answer.arn.unwrap_or_default();
    let Some(role) = role_of_session(&arn) else {
        return Ok(arn);
    };
    let asked = session.iam.get_role().role_name(&role.name).send();
    match call(session, Call::GetRole, asked).await {
        Ok(answer) => Ok(answer.role.map_or(role.arn, |role| role.arn)),
        // A role of another account, or one that may not be read: right but for its path.
        Err(error) if matches!(error.class, Class::NotFound | Class::Denied) => Ok(role.arn),
        Err(error) => Err(error),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Assumed {
    name: String,
    arn: String,
}

/// `arn:aws:sts::<account>:assumed-role/<name>/<session>`
fn role_of_session(arn: &str) -> Option<Assumed> {
    let mut parts = arn.splitn(6, ':').skip(1);
    let (partition, service, _, account, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = resource.strip_prefix("assumed-role/")?.split('/').next()?.to_owned();
    (service == "sts").then(|| Assumed { arn: format!("arn:{partition}:iam::{account}:role/{name}"), name })
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
