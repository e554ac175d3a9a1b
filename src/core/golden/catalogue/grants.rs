//! What a tier grants: whatever a team asks for beyond it is refused. Knows nothing of the rest of the document.

use crate::domain::{Cidr, ClusterArn, STS_AUDIENCE, is_covered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const OWNER_PLACEHOLDERS: [&str; 2] = ["{team}", "{environment}"];

pub const PLACEHOLDERS: [&str; 4] = ["{partition}", "{account}", "{region}", "{dns_suffix}"];

/// What environments and slots may ask for. Values can have the placeholders `{partition}`, `{account}`, `{region}` and `{dns_suffix}` of
/// the cluster, and most lists `{team}` and `{environment}`; `*` and `?` match as in IAM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// ARN of the permissions boundary of every role that is created.
    pub boundary: String,
    /// IAM path of these roles: begins with `/goldenpath/` and ends with `/`; the environment's name is added.
    pub iam_path: String,
    /// Maximum session duration of these roles, 3600 to 43200.
    pub max_session_seconds: u32,
    /// ARNs of the principals that may get access, and assume roles of personas.
    pub principals: Vec<String>,
    /// Short names of EKS access policies.
    pub access_policies: Vec<String>,
    /// IAM actions of workloads.
    pub actions: Vec<String>,
    /// Resources that these actions may name.
    pub resources: Vec<String>,
    /// Resources whose names do not show the team: a statement needs a condition that their tag `team_tag` is the team.
    #[serde(default)]
    pub tagged_resources: Vec<String>,
    /// Key of that tag.
    #[serde(default = "team_tag")]
    pub team_tag: String,
    /// Roles, also in other accounts, that Pod Identity may assume after a workload's role. The permissions boundary does not limit them.
    #[serde(default)]
    pub target_role_arns: Vec<String>,
    /// Groups of the cluster's identity provider that may get access.
    #[serde(default)]
    pub oidc_groups: Vec<String>,
    /// `<provider> <subject>` of tokens that may assume the role of a persona, such as
    /// `token.actions.githubusercontent.com repo:acme/{team}-*`. A wildcard must come after the owner, and in a request after the
    /// repository.
    #[serde(default)]
    pub trusted_oidc: Vec<String>,
    /// Audiences of those tokens. Absent: that of STS alone.
    // A document that says nothing of it keeps its digest.
    #[serde(default = "audiences", skip_serializing_if = "are_default")]
    pub oidc_audiences: Vec<String>,
    /// ServiceAccounts that may get access, in addition to the environment's own, as `<namespace>/<name>`.
    #[serde(default)]
    pub service_accounts: Vec<String>,
    /// ARNs of managed policies that may be attached to workloads' roles.
    #[serde(default)]
    pub policy_arns: Vec<String>,
    /// Actions of workloads that may name the resource `*`.
    pub any_resource_actions: Vec<String>,
    /// Ranges that environments may let in.
    pub ingress_cidrs: Vec<String>,
    /// Namespaces of ingress controllers and gateways that environments may let in. Each must be in `reserved`.
    #[serde(default)]
    pub ingress_namespaces: Vec<String>,
    /// Ranges that environments may open for egress.
    pub egress_cidrs: Vec<String>,
    /// Domain names that environments and slots may open for egress.
    pub egress_fqdns: Vec<String>,
    #[serde(default)]
    pub admission: Admission,
}

/// What guards admit in the tier's namespaces. An absent list admits everything but load balancer groups, an empty one nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Admission {
    /// Hosts of Ingresses and Gateway API routes: `shop.example.com` or `*.example.com`, with the placeholders `{team}` and
    /// `{environment}`.
    pub ingress_hosts: Option<Vec<String>>,
    /// Groups of the AWS Load Balancer Controller. The environment's name is always admitted, and it alone if this is absent.
    pub load_balancer_groups: Vec<String>,
    /// Names of IngressClasses.
    pub ingress_classes: Option<Vec<String>>,
    /// Names of StorageClasses.
    pub storage_classes: Option<Vec<String>>,
    /// Names of PriorityClasses.
    pub priority_classes: Option<Vec<String>>,
}

/// How what is asked for is held against a list of grants.
#[derive(Clone, Copy, Debug)]
pub enum GrantForm {
    /// IAM's.
    Pattern,
    /// Of addresses, by what lies inside of it.
    Range,
    Name,
}

// === impl GrantForm ===

impl GrantForm {
    /// Whether whatever `one` reaches is granted already.
    pub fn has(self, granted: &[String], one: &str) -> bool {
        match self {
            Self::Pattern => is_covered(granted, one),
            Self::Range => one.parse().is_ok_and(|one: Cidr| {
                granted.iter().filter_map(|range| range.parse::<Cidr>().ok()).any(|range| range.contains(&one))
            }),
            Self::Name => granted.iter().any(|name| name == one),
        }
    }
}

// === impl Grants ===

impl Grants {
    /// Every list by what it lets in, so that none is left out where two tiers are compared. `None` lets in everything.
    pub fn lists(&self) -> [(&'static str, GrantForm, Option<&[String]>); 21] {
        use GrantForm::{Name, Pattern, Range};
        let Self {
            boundary: _,
            iam_path: _,
            max_session_seconds: _,
            team_tag: _,
            principals,
            access_policies,
            actions,
            resources,
            tagged_resources,
            target_role_arns,
            oidc_groups,
            trusted_oidc,
            oidc_audiences,
            service_accounts,
            policy_arns,
            any_resource_actions,
            ingress_cidrs,
            ingress_namespaces,
            egress_cidrs,
            egress_fqdns,
            admission,
        } = self;
        let Admission { ingress_hosts, load_balancer_groups, ingress_classes, storage_classes, priority_classes } =
            admission;
        [
            ("principals", Pattern, Some(principals)),
            ("access policies", Name, Some(access_policies)),
            ("IAM actions", Pattern, Some(actions)),
            ("IAM resources", Pattern, Some(resources)),
            ("IAM resources with the team's tag", Pattern, Some(tagged_resources)),
            ("target roles", Pattern, Some(target_role_arns)),
            ("groups of the identity provider", Pattern, Some(oidc_groups)),
            ("tokens of OIDC providers", Name, Some(trusted_oidc)),
            ("audiences of tokens", Name, Some(oidc_audiences)),
            ("service accounts", Pattern, Some(service_accounts)),
            ("managed policies", Pattern, Some(policy_arns)),
            ("IAM actions on any resource", Pattern, Some(any_resource_actions)),
            ("ingress from", Range, Some(ingress_cidrs)),
            ("ingress from namespaces", Name, Some(ingress_namespaces)),
            ("egress to", Range, Some(egress_cidrs)),
            ("egress to names", Pattern, Some(egress_fqdns)),
            ("hosts of Ingresses", Name, ingress_hosts.as_ref()),
            ("groups of load balancers", Name, Some(load_balancer_groups)),
            ("ingress classes", Name, ingress_classes.as_ref()),
            ("storage classes", Name, storage_classes.as_ref()),
            ("priority classes", Name, priority_classes.as_ref()),
        ]
        .map(|(what, form, list)| (what, form, list.map(Vec::as_slice)))
    }
}

fn audiences() -> Vec<String> {
    vec![STS_AUDIENCE.to_owned()]
}

fn are_default(audiences: &[String]) -> bool {
    audiences == [STS_AUDIENCE]
}

fn team_tag() -> String {
    "team".to_owned()
}

/// A text of the document with an environment's own names in place of the placeholders.
pub fn fill_owner(text: &str, team: &str, environment: &str) -> String {
    OWNER_PLACEHOLDERS
        .iter()
        .zip([team, environment])
        .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// A text of the document with the cluster's own partition, account, region and DNS suffix in place of the placeholders.
pub fn fill_cluster(text: &str, cluster: &ClusterArn) -> String {
    if !text.contains('{') {
        return text.to_owned();
    }
    let values = [cluster.partition(), cluster.account(), cluster.region(), cluster.dns_suffix()];
    PLACEHOLDERS.iter().zip(values).fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::Catalogue;

    #[test]
    fn resources_are_tagged_with_their_team_unless_a_tier_says_otherwise() {
        let catalogue = Catalogue::built_in();
        let tier = &catalogue.newest(None).expect("there is a default").tiers[&"dev".parse().expect("a name")];
        let mut grants = serde_json::to_value(&tier.grants).expect("a document");
        grants.as_object_mut().expect("an object").remove("team_tag");
        let grants: Grants = serde_json::from_value(grants).expect("it may be absent");
        assert_eq!(grants.team_tag, "team");
    }
}
