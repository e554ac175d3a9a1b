//! Who may be named as somebody.

use crate::{
    domain::{GROUP_PREFIX, Persona, PersonaName, Problems, TrustedOidc},
    golden::{
        forms,
        oidc_subjects::{self, Pinned},
    },
};

/// Access policies of EKS that reach beyond a namespace.
const CLUSTER_WIDE: [&str; 3] = ["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAdminPolicy"];

pub fn check(name: PersonaName, persona: &Persona, problems: &mut Problems) {
    let Persona {
        permission_sets,
        principal_arns,
        oidc_groups,
        service_accounts,
        create_role,
        trusted_principal_arns,
        trusted_oidc,
        access_policies,
    } = persona;
    let at = |field| ["access", name.as_str(), field];
    for set in permission_sets {
        // SSO CreatePermissionSet, Name: [\w+=,.@-]+, 1 to 32.
        let good =
            (1..=32).contains(&set.len()) && set.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
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
        check_oidc(trusted, &at("trusted_oidc"), problems);
    }
    for group in oidc_groups.known_items() {
        if group.is_empty()
            || group.contains('*')
            || ["system:", GROUP_PREFIX].iter().any(|prefix| group.starts_with(prefix))
        {
            problems.error(
                "access.oidc_group",
                &at("oidc_groups"),
                format!("{group:?} may not come from an identity provider"),
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
            format!("Nobody can assume the role that is created for {name}"),
            "List who may assume it in `trusted_principal_arns` or `trusted_oidc`, or leave `create_role` out.",
        );
    }
    if !**create_role && !trusted_oidc.is_empty() {
        problems.error(
            "access.trust_without_role",
            &at("trusted_oidc"),
            "`trusted_oidc` without `create_role` has no role to assume",
            "Set `create_role = true`.",
        );
    }
    if !**create_role && !trusted_principal_arns.is_empty_list() {
        problems.error(
            "access.trust_without_role",
            &at("trusted_principal_arns"),
            "`trusted_principal_arns` without `create_role` has no role to assume",
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
        } else if CLUSTER_WIDE.contains(&policy.as_str()) {
            problems.error(
                "access.access_policy_power",
                &at("access_policies"),
                format!("{policy} grants more than an environment may"),
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
            "An access policy needs an IAM principal",
            "OIDC groups and service accounts have no access entry. Add `permission_sets` or `principal_arns`.",
        );
    }
}

/// IAM's trust of a federated principal: without a subject any token of the provider would do.
fn check_oidc(TrustedOidc { provider, audience: _, subjects }: &TrustedOidc, at: &[&str], problems: &mut Problems) {
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
            format!("Anybody with a token of {provider} could assume the role"),
            "Name in `subjects` whose tokens may, such as repo:acme/payments:ref:refs/heads/main.",
        );
    }
    for subject in subjects {
        if let Err(beginning) = oidc_subjects::check(provider, subject, Pinned::Repository) {
            problems.error(
                "access.oidc_subject",
                at,
                format!("{subject:?} in `subjects` matches tokens of others at {provider}"),
                format!(
                    "Begin it with {beginning} and write wildcards only after that, or write it without any, such as \
                     repo:acme/payments:ref:refs/heads/main."
                ),
            );
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
