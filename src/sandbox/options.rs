//! What a sandbox holds besides what every new one has: the provider's `sandbox` attribute and the tests declare it.
//!
//! Declarations are made true each time the file is opened; removing one from the options removes nothing from the file.

use goldenpath_core::domain::{AuthenticationMode, ClusterArn, IdentityProvider, IpFamily, RoleQuotas, ordinary};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxOptions {
    /// More clusters, or other facts for `demo`; an ARN with another account or region declares these too.
    pub clusters: Vec<ClusterOptions>,
    /// ARNs of customer-managed policies that exist.
    pub policies: BTreeSet<String>,
    /// Names of permission sets with one role in every account.
    pub permission_sets: BTreeSet<String>,
    /// ARNs of IAM roles and users that exist and are not ours.
    pub principals: BTreeSet<String>,
    /// How long a new role or Pod Identity association stays unseen by others (IAM and EKS are eventually consistent).
    pub visibility_delay_ms: u64,
    /// Calls made per second before the rest is throttled; 0: any number.
    pub calls_per_second: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterOptions {
    pub arn: ClusterArn,
    #[serde(default = "version")]
    pub version: String,
    #[serde(default)]
    pub auto_mode: bool,
    #[serde(default = "service_cidr")]
    pub service_cidr: String,
    #[serde(default)]
    pub ip_family: IpFamily,
    #[serde(default)]
    pub authentication_mode: AuthenticationMode,
    #[serde(default = "is_enforced")]
    pub network_policy_enforced: bool,
    #[serde(default = "addons")]
    pub addons: Vec<String>,
    /// `<plural>.<group>`
    #[serde(default)]
    pub crds: Vec<String>,
    /// Whether IAM knows the cluster's OIDC issuer.
    #[serde(default = "is_known")]
    pub oidc_provider: bool,
    /// OIDC providers of people.
    #[serde(default)]
    pub identity_providers: Vec<IdentityProvider>,
    /// Quotas of its account, where they were raised.
    #[serde(default)]
    pub trust_policy_size: Option<usize>,
    #[serde(default)]
    pub policies_per_role: Option<usize>,
    /// The principal that runs us; `None`: the user `sandbox`.
    #[serde(default)]
    pub caller: Option<String>,
}

impl ClusterOptions {
    pub fn new(arn: ClusterArn) -> Self {
        Self {
            arn,
            version: version(),
            auto_mode: false,
            service_cidr: service_cidr(),
            ip_family: IpFamily::default(),
            authentication_mode: AuthenticationMode::default(),
            network_policy_enforced: is_enforced(),
            addons: addons(),
            crds: vec![],
            oidc_provider: is_known(),
            identity_providers: vec![],
            trust_policy_size: None,
            policies_per_role: None,
            caller: None,
        }
    }

    pub fn role_quotas(&self) -> RoleQuotas {
        let RoleQuotas { trust, attached } = RoleQuotas::default();
        RoleQuotas {
            trust: self.trust_policy_size.unwrap_or(trust),
            attached: self.policies_per_role.unwrap_or(attached),
        }
    }
}

fn version() -> String {
    ordinary::VERSION.to_owned()
}
fn service_cidr() -> String {
    ordinary::SERVICE_CIDR.to_owned()
}
fn is_enforced() -> bool {
    true
}
fn is_known() -> bool {
    true
}
fn addons() -> Vec<String> {
    ordinary::ADDONS.map(str::to_owned).into()
}
