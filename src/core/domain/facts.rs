//! What a cluster is. Rendering sees only the stable half, so that the plan which core makes again at apply time is the
//! plan that was approved.

use super::ClusterArn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that is known of a cluster. Discovery (`crds`, `addons`) may warn; it never adds or removes an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub stable: StableFacts,
    /// `1.36`
    pub version: String,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub authentication_mode: String,
    pub network_policy_enforced: bool,
    #[serde(default)]
    pub addons: Vec<String>,
    #[serde(default)]
    pub crds: Vec<String>,
    /// The principal that is running us, for "never delete your own access".
    #[serde(default)]
    pub caller: String,
}

impl Facts {
    /// Whether something hands the credentials of Pod Identity out on the nodes: the add-on, or Auto Mode, which has it built in.
    /// Without it no pod gets any, whatever the API server says.
    pub fn has_pod_identity_agent(&self) -> bool {
        self.stable.auto_mode || self.addons.iter().any(|addon| addon == "eks-pod-identity-agent")
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
    /// `ipv4` or `ipv6`.
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

/// What enforces network rules. `Auto` is resolved from Auto Mode alone, never detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkEngine {
    Auto,
    VpcCni,
    EksAuto,
    Cilium,
    Calico,
    None,
}
