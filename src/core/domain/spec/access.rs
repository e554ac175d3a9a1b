//! Who gets into an environment, by persona.

use crate::domain::{
    GROUP_PREFIX, Given, LateList, PersonaName, Problems, forms,
    oidc_subjects::{self, Pinned},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    pub viewer: Option<Persona>,
    pub developer: Option<Persona>,
    pub deployer: Option<Persona>,
    pub admin: Option<Persona>,
}

impl Access {
    pub fn personas(&self) -> impl Iterator<Item = (PersonaName, &Persona)> {
        PersonaName::ALL.into_iter().filter_map(|name| Some((name, self.get(name)?)))
    }

    pub fn get(&self, name: PersonaName) -> Option<&Persona> {
        match name {
            PersonaName::Viewer => self.viewer.as_ref(),
            PersonaName::Developer => self.developer.as_ref(),
            PersonaName::Deployer => self.deployer.as_ref(),
            PersonaName::Admin => self.admin.as_ref(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Persona {
    /// IAM Identity Center permission sets by name; each must match exactly one role of the account.
    pub permission_sets: Given<Vec<String>>,
    /// ARNs of IAM roles or users; each decides the key of an access entry.
    pub principal_arns: Given<Vec<String>>,
    pub oidc_groups: Given<LateList>,
    /// `<namespace>/<name>`
    pub service_accounts: Given<LateList>,
    /// Make an IAM role for this persona.
    pub create_role: Given<bool>,
    /// Who may assume that role.
    pub trusted_principal_arns: Given<LateList>,
    /// Whose tokens may assume it, by an OIDC provider of the account: pipelines.
    pub trusted_oidc: Given<Vec<TrustedOidc>>,
    /// Short names of EKS access policies, `AmazonEKSViewPolicy`; opt in.
    pub access_policies: Given<Vec<String>>,
}

/// Access policies of EKS that reach beyond a namespace.
pub const CLUSTER_WIDE_POLICIES: [&str; 3] =
    ["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAdminPolicy"];

/// The audience of tokens that are meant for AWS alone.
pub const STS_AUDIENCE: &str = "sts.amazonaws.com";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedOidc {
    /// Without `https://`, as IAM names it.
    pub provider: String,
    /// Absent: [`STS_AUDIENCE`].
    #[serde(default)]
    pub audience: Option<String>,
    /// Patterns of IAM's StringLike.
    pub subjects: Vec<String>,
}

// === impl Persona ===

impl Persona {
    /// What names principals, and what one of them is called in a sentence.
    pub const PRINCIPALS: [(&'static str, &'static str); 6] = [
        ("permission_sets", "permission set"),
        ("principal_arns", "principal"),
        ("oidc_groups", "OIDC group"),
        ("service_accounts", "ServiceAccount"),
        ("trusted_principal_arns", "by its role, principal"),
        ("trusted_oidc", "by its role, tokens of"),
    ];

    /// What can be wrong with it by itself.
    pub fn check(&self, name: PersonaName, problems: &mut Problems) {
        let Self {
            permission_sets,
            principal_arns,
            oidc_groups,
            service_accounts,
            create_role,
            trusted_principal_arns,
            trusted_oidc,
            access_policies,
        } = self;
        let at = |field| ["access", name.as_str(), field];
        for set in permission_sets {
            // SSO CreatePermissionSet, Name: [\w+=,.@-]+, 1 to 32.
            let good = (1..=32).contains(&set.len())
                && set.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
            if !good {
                problems.error(
                    "access.permission_set_form",
                    &at("permission_sets"),
                    format!("{set:?} is not the name of a permission set"),
                    "Write the name as IAM Identity Center shows it, without an ARN.",
                );
            }
        }
        for arn in principal_arns {
            check_principal(arn, &at("principal_arns"), problems);
        }
        for arn in trusted_principal_arns.known_items() {
            check_principal(arn, &at("trusted_principal_arns"), problems);
        }
        for trusted in trusted_oidc {
            trusted.check(&at("trusted_oidc"), problems);
        }
        for group in oidc_groups.known_items() {
            if group.is_empty()
                || group.contains('*')
                || ["system:", GROUP_PREFIX].iter().any(|prefix| group.starts_with(prefix))
            {
                problems.error(
                    "access.oidc_group",
                    &at("oidc_groups"),
                                    format!("{group:?} may not come from an identity provider: name a group of the provider"),
                    "Groups of Kubernetes itself (system:) and of access entries (gp:) are not an identity provider's to grant, and wildcards match nothing. Name a group of your identity provider.",
                );
            }
        }
        for account in service_accounts.known_items() {
            let good = account
                .split_once('/')
                .is_some_and(|(namespace, name)| forms::is_dns_label(namespace) && forms::is_dns_subdomain(name));
            if !good {
                problems.error(
                    "access.service_account_form",
                    &at("service_accounts"),
                    format!("{account:?} is not a service account"),
                    "Write <namespace>/<name>.",
                );
            }
        }
        if **create_role && trusted_principal_arns.is_empty_list() && trusted_oidc.is_empty() {
            problems.error(
                "access.role_without_trust",
                &at("trusted_principal_arns"),
                format!(
                    "Nobody can assume the role that is created for {name}: list who may, or leave `create_role` out"
                ),
                "List who may assume it in `trusted_principal_arns` or `trusted_oidc`, or leave `create_role` out.",
            );
        }
        if !**create_role && !trusted_oidc.is_empty() {
            problems.error(
                "access.trust_without_role",
                &at("trusted_oidc"),
                "`trusted_oidc` has no role to assume: set `create_role = true`",
                "Set `create_role = true`.",
            );
        }
        if !**create_role && !trusted_principal_arns.is_empty_list() {
            problems.error(
                "access.trust_without_role",
                &at("trusted_principal_arns"),
                "`trusted_principal_arns` has no role to assume: set `create_role = true`",
                "Set `create_role = true`, or list them in `principal_arns`.",
            );
        }
        for policy in access_policies {
            let good = policy.starts_with("AmazonEKS")
                && policy.ends_with("Policy")
                && policy.bytes().all(|b| b.is_ascii_alphanumeric());
            if !good {
                problems.error(
                    "access.access_policy_form",
                    &at("access_policies"),
                    format!("{policy:?} is not an EKS access policy"),
                    "Write its short name, such as AmazonEKSViewPolicy.",
                );
            } else if CLUSTER_WIDE_POLICIES.contains(&policy.as_str()) {
                problems.error(
                    "access.access_policy_power",
                    &at("access_policies"),
                                    format!("{policy} grants more than an environment may: use AmazonEKSViewPolicy"),
                    "Rely on the persona's own permissions, or use AmazonEKSViewPolicy to show workloads in the console.",
                );
            }
        }
        let nobody = permission_sets.is_empty()
            && principal_arns.is_empty()
            && oidc_groups.is_empty_list()
            && service_accounts.is_empty_list()
            && !**create_role;
        if nobody {
            problems.warning(
                "access.nobody",
                &["access", name.as_str()],
                format!("`access.{name}` names nobody"),
                "Name somebody in `permission_sets`, `principal_arns`, `oidc_groups` or `service_accounts`, set `create_role`, or leave \
                 it out.",
            );
        }
        if !access_policies.is_empty() && permission_sets.is_empty() && principal_arns.is_empty() && !**create_role {
            problems.error(
                "access.access_policy_without_principal",
                &at("access_policies"),
                "An access policy needs an IAM principal: add `permission_sets` or `principal_arns`",
                "OIDC groups and service accounts have no access entry. Add `permission_sets` or `principal_arns`.",
            );
        }
    }
}

// === impl TrustedOidc ===

impl TrustedOidc {
    pub fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or(STS_AUDIENCE)
    }

    /// IAM's trust of a federated principal: without a subject any token of the provider would do.
    fn check(&self, at: &[&str], problems: &mut Problems) {
        let Self { provider, audience: _, subjects } = self;
        let (host, path) = provider.split_once('/').unwrap_or((provider, ""));
        let is_path = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-/".contains(&b));
        if !forms::is_dns_subdomain(host) || !host.contains('.') || !is_path {
            problems.error(
                "access.oidc_provider",
                at,
                format!("{provider:?} is not an OIDC provider of IAM"),
                "Write its URL without https://, such as token.actions.githubusercontent.com.",
            );
        }
        if subjects.is_empty() {
            problems.error(
                "access.oidc_subject",
                at,
                format!(
                    "Anybody with a token of {provider} could assume the role: name whose tokens may in `subjects`"
                ),
                "Name in `subjects` whose tokens may, such as repo:acme/payments:ref:refs/heads/main.",
            );
        }
        for subject in subjects {
            if let Err(beginning) = oidc_subjects::check(provider, subject, Pinned::Repository) {
                problems.error(
                    "access.oidc_subject",
                    at,
                                    format!("{subject:?} in `subjects` matches tokens of others at {provider}: begin it with {beginning}"),
                    format!(
                        "Begin it with {beginning} and write wildcards only after that, or write it without any, such as \
                         repo:acme/payments:ref:refs/heads/main."
                    ),
                );
            }
        }
    }
}

/// Names by which EKS's own guides, eksctl, Terraform's EKS module and Karpenter make roles of nodes and clusters.
const NODE_ROLES: [&str; 7] = [
    "NodeInstanceRole",
    "AmazonEKSNodeRole",
    "AmazonEKSAutoNodeRole",
    "AmazonEKSAutoClusterRole",
    "AmazonEKSClusterRole",
    "KarpenterNodeRole",
    "eks-node-group",
];

/// EKS CreateAccessEntry: a role or user of IAM, no session, no service-linked role.
fn check_principal(arn: &str, at: &[&str], problems: &mut Problems) {
    let (reason, next) = match forms::iam_arn(arn) {
        _ if arn.contains(['*', '?']) => ("has a wildcard", "Name each role."),
        None if arn.contains(":sts:") => {
            ("is a session", "Name the role that was assumed: arn:<partition>:iam::<account>:role/<path and name>.")
        }
        None => ("is not the ARN of an IAM role or user", "Write arn:<partition>:iam::<account>:role/<path and name>."),
        Some((_, resource)) if resource.starts_with("role/aws-service-role/") => {
            ("is a service-linked role, which EKS refuses", "Name another role.")
        }
        Some((_, "root")) => ("is a whole account", "Name each role."),
        Some((_, resource)) if !resource.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b)) => {
            ("has characters that no role or user has", "Write it as IAM shows it: letters, digits and _+=,.@-/.")
        }
        Some((_, resource)) if resource.starts_with("role/service-role/") => {
            ("is a role of a service", "Name a role that people or pipelines assume.")
        }
        Some((_, resource)) if NODE_ROLES.iter().any(|name| resource.contains(name)) => (
            "is a role of nodes, so that every pod on them would get the access",
            "Name a role that people or pipelines assume.",
        ),
        Some((_, resource)) if resource.ends_with('/') => {
            ("has no name", "Write arn:<partition>:iam::<account>:role/<path and name>.")
        }
        Some((_, resource)) if resource.starts_with("role/") || resource.starts_with("user/") => return,
        Some(_) => ("is neither a role nor a user", "Write arn:<partition>:iam::<account>:role/<path and name>."),
    };
    problems.error("access.principal_form", at, format!("{arn:?} {reason}"), next);
}
