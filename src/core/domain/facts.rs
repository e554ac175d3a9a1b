//! What a cluster is. Rendering sees only the stable half, so that the plan which core makes again at apply time is the
//! plan that was approved.

use super::{ClusterArn, NetworkEngine, choices::choices, marks::GROUP_PREFIX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The add-on of EKS, and the DaemonSet that it or a Helm chart makes in kube-system.
pub const POD_IDENTITY_AGENT: &str = "eks-pod-identity-agent";

choices! {
    /// Of Services.
    #[derive(Default)]
    pub enum IpFamily {
        #[default]
        Ipv4 = "ipv4",
        Ipv6 = "ipv6",
    }
}

choices! {
    /// Whether a cluster reads access entries, the ConfigMap aws-auth, or both. Facts keep it as EKS says it: a word of a later
    /// release is no reason not to read them.
    #[derive(Default)]
    pub enum AuthenticationMode {
        #[default]
        Api = "API",
        ApiAndConfigMap = "API_AND_CONFIG_MAP",
        ConfigMap = "CONFIG_MAP",
    }
}

/// What a cluster has of which nobody says otherwise: one of the sandbox, of an example, or whose facts are written by hand.
pub mod ordinary {
    pub const VERSION: &str = "1.36";
    pub const SERVICE_CIDR: &str = "10.100.0.0/16";
    pub const ADDONS: [&str; 4] = ["coredns", super::POD_IDENTITY_AGENT, "kube-proxy", "vpc-cni"];
}

/// Everything that is known of a cluster. Discovery (`crds`, `addons`) may warn; it never adds or removes an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub stable: StableFacts,
    /// `1.36`
    pub version: String,
    /// [`AuthenticationMode`]
    pub authentication_mode: String,
    /// Whether anything enforces NetworkPolicies; `None`: what would say so may not be read.
    #[serde(default)]
    pub network_policy_enforced: Option<bool>,
    /// What was seen to.
    #[serde(default)]
    pub network_policy_engine: Option<NetworkEngine>,
    /// Whether the agent of Pod Identity runs where it is no add-on; `None`: nobody looked, or may.
    #[serde(default)]
    pub pod_identity_agent: Option<bool>,
    #[serde(default)]
    pub addons: Vec<String>,
    #[serde(default)]
    pub crds: Vec<String>,
    /// The principal that is running us, for "never delete your own access".
    #[serde(default)]
    pub caller: String,
}

impl Facts {
    /// Whether something provides the credentials of Pod Identity on the nodes: Auto Mode, which has it built in, the add-on, or
    /// a DaemonSet of that name. Without it no pod gets any, whatever the API server says. `None`: it is not known.
    pub fn has_pod_identity_agent(&self) -> Option<bool> {
        let is_managed = self.stable.auto_mode || self.addons.iter().any(|addon| addon == POD_IDENTITY_AGENT);
        if is_managed { Some(true) } else { self.pod_identity_agent }
    }
}

/// Who else than EKS may say which groups somebody is in: an OIDC provider of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProvider {
    pub name: String,
    /// Put before the groups of its tokens.
    pub groups_prefix: Option<String>,
}

impl IdentityProvider {
    /// Whether whoever issues its tokens could put anybody into a group of ours.
    pub fn can_name_our_groups(&self) -> bool {
        let prefix = self.groups_prefix.as_deref().unwrap_or_default();
        // A group `p:x` behind the prefix `g` is one of ours too.
        GROUP_PREFIX.starts_with(prefix) || prefix.starts_with(GROUP_PREFIX)
    }
}

/// The part of [`Facts`] that rendering may depend on; kept in private bytes and in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StableFacts {
    pub cluster_arn: ClusterArn,
    pub auto_mode: bool,
    /// `10.100.0.0/16` or an IPv6 range.
    pub service_cidr: String,
    /// [`IpFamily`]
    pub ip_family: String,
    /// The OIDC issuer's URL, for the trust of roles in mode `irsa`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc_issuer: Option<String>,
    /// The cluster's minor version when the environment was created: the default of Pod Security's `-version` labels.
    pub pod_security_version: String,
    /// Permission set name -> ARN of its one role, with its path.
    #[serde(default)]
    pub permission_sets: BTreeMap<String, String>,
}

impl StableFacts {
    pub fn partition(&self) -> &str {
        self.cluster_arn.partition()
    }

    pub fn account(&self) -> &str {
        self.cluster_arn.account()
    }

    pub fn cluster_name(&self) -> &str {
        self.cluster_arn.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_keeps_our_groups_apart() {
        for (prefix, expected, reason) in [
            (None, true, "no prefix: any group"),
            (Some(""), true, "none either"),
            (Some("gp:"), true, "ours"),
            (Some("gp:p:"), true, "begins with ours"),
            (Some("g"), true, "the token says the rest"),
            (Some("gp"), true, "the token says the rest"),
            (Some("oidc:"), false, "apart"),
            (Some("gpu:"), false, "begins alike, and goes on otherwise"),
        ] {
            let provider = IdentityProvider { name: "x".into(), groups_prefix: prefix.map(str::to_owned) };
            assert_eq!(provider.can_name_our_groups(), expected, "{reason}");
        }
    }
}
