//! What a tier grants: whatever a team asks for beyond it is refused. Knows nothing of the rest of the document.

use crate::domain::{Cidr, ClusterArn, STS_AUDIENCE, is_covered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const OWNER_PLACEHOLDERS: [&str; 2] = ["{team}", "{environment}"];

pub const PLACEHOLDERS: [&str; 4] = ["{partition}", "{account}", "{region}", "{dns_suffix}"];

/// What a request may ask for. Texts hold the placeholders of [`filled`]; `*` and `?` match as in IAM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// The permissions boundary of every role that we make.
    pub boundary: String,
    pub iam_path: String,
    pub max_session_seconds: u32,
    /// Who may get access, and assume roles made for personas.
    pub principals: Vec<String>,
    /// Short names of EKS access policies.
    pub access_policies: Vec<String>,
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    /// Resources whose names can't say whose they are, under a condition on their tag [`Grants::team_tag`].
    #[serde(default)]
    pub tagged_resources: Vec<String>,
    #[serde(default = "team_tag")]
    pub team_tag: String,
    /// Roles, of other accounts too, that a workload's role may assume: what is done with them lies outside of our boundary.
    #[serde(default)]
    pub target_role_arns: Vec<String>,
    /// Groups of the cluster's identity provider that may get access.
    #[serde(default)]
    pub oidc_groups: Vec<String>,
    /// `<provider> <subject>`: whose tokens of an OIDC provider may assume the role of a persona, as in
    /// `token.actions.githubusercontent.com repo:acme/{team}-*`. The owner stands before every wildcard, and a request names each
    /// repository.
    #[serde(default)]
    pub trusted_oidc: Vec<String>,
    /// Audiences of those tokens: that of STS, unless it says otherwise. Tokens for another service are no tokens for AWS.
    // A document that says nothing of it keeps its digest.
    #[serde(default = "audiences", skip_serializing_if = "are_default")]
    pub oidc_audiences: Vec<String>,
    /// `<namespace>/<name>`: service accounts, besides the environment's own, that may get access.
    #[serde(default)]
    pub service_accounts: Vec<String>,
    /// ARNs of managed policies that workloads' roles may hold.
    #[serde(default)]
    pub policy_arns: Vec<String>,
    /// These actions may name the resource `*`.
    pub any_resource_actions: Vec<String>,
    pub ingress_cidrs: Vec<String>,
    /// Of ingress controllers and gateways, whose pods may connect where a request says so. Reserved names.
    #[serde(default)]
    pub ingress_namespaces: Vec<String>,
    pub egress_cidrs: Vec<String>,
    pub egress_fqdns: Vec<String>,
    #[serde(default)]
    pub admission: Admission,
}

/// What guards admit in the tier's namespaces; a list that is absent admits everything, but for load balancer groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Admission {
    /// `shop.example.com`, `*.example.com`; with the placeholders of [`OWNER_PLACEHOLDERS`].
    pub ingress_hosts: Option<Vec<String>>,
    /// Of the AWS Load Balancer Controller, besides the environment's own name.
    pub load_balancer_groups: Vec<String>,
    pub ingress_classes: Option<Vec<String>>,
    pub storage_classes: Option<Vec<String>>,
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
