//! Who may be named as somebody.

use super::{Faults, forms};
use crate::domain::{Persona, PersonaName, projection::GROUP_PREFIX};

/// Access policies of EKS whose power does not end at a namespace.
const CLUSTER_WIDE: [&str; 3] = ["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAdminPolicy"];

pub(super) fn check(name: PersonaName, persona: &Persona, faults: &mut Faults) {
    let Persona {
        permission_sets,
        principal_arns,
        oidc_groups,
        service_accounts,
        create_role,
        trusted_principal_arns,
        access_policies,
    } = persona;
    let at = |field| ["access", name.as_str(), field];
    for set in permission_sets {
        // SSO CreatePermissionSet, Name: [\w+=,.@-]+, 1 to 32.
        let good =
            (1..=32).contains(&set.len()) && set.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
        if !good {
            faults.error(
                "access.permission_set_form",
                &at("permission_sets"),
                format!("{set:?} is not the name of a permission set"),
                "Write the name as IAM Identity Center shows it, without an ARN.",
            );
        }
    }
    for arn in principal_arns {
        check_principal(arn, &at("principal_arns"), faults);
    }
    for arn in trusted_principal_arns.known() {
        check_principal(arn, &at("trusted_principal_arns"), faults);
    }
    for group in oidc_groups.known() {
        if group.is_empty()
            || group.contains('*')
            || ["system:", GROUP_PREFIX].iter().any(|prefix| group.starts_with(prefix))
        {
            faults.error(
                "access.oidc_group",
                &at("oidc_groups"),
                format!("{group:?} may not be a group of outsiders"),
                "Groups of Kubernetes itself (system:) and of access entries (gp:) are not an identity provider's to give; wildcards are no groups.",
            );
        }
    }
    for account in service_accounts.known() {
        let good = account
            .split_once('/')
            .is_some_and(|(namespace, name)| forms::is_dns_label(namespace) && forms::is_dns_subdomain(name));
        if !good {
            faults.error(
                "access.service_account_form",
                &at("service_accounts"),
                format!("{account:?} is not a service account"),
                "Write <namespace>/<name>.",
            );
        }
    }
    if *create_role && trusted_principal_arns.is_empty_list() {
        faults.error(
            "access.role_without_trust",
            &at("trusted_principal_arns"),
            format!("nobody could assume the role made for {name}"),
            "List who may in trusted_principal_arns, or leave create_role out.",
        );
    }
    if !*create_role && !trusted_principal_arns.is_empty_list() {
        faults.error(
            "access.trust_without_role",
            &at("trusted_principal_arns"),
            "trusted_principal_arns says who may assume a role that is not made",
            "Set create_role = true, or list them in principal_arns.",
        );
    }
    for policy in access_policies {
        let good = policy.starts_with("AmazonEKS")
            && policy.ends_with("Policy")
            && policy.bytes().all(|b| b.is_ascii_alphanumeric());
        if !good {
            faults.error(
                "access.access_policy_form",
                &at("access_policies"),
                format!("{policy:?} is not an EKS access policy"),
                "Write its short name, such as AmazonEKSViewPolicy.",
            );
        } else if CLUSTER_WIDE.contains(&policy.as_str()) {
            faults.error(
                "access.access_policy_power",
                &at("access_policies"),
                format!("{policy} is more than an environment may give"),
                "Use the persona's own rights; AmazonEKSViewPolicy shows workloads in the console.",
            );
        }
    }
    let nobody = permission_sets.is_empty()
        && principal_arns.is_empty()
        && oidc_groups.is_empty_list()
        && service_accounts.is_empty_list()
        && !create_role;
    if nobody {
        faults.warning(
            "access.nobody",
            &["access", name.as_str()],
            format!("access.{name} names nobody"),
            "Name somebody, or leave it out.",
        );
    }
    if !access_policies.is_empty() && permission_sets.is_empty() && principal_arns.is_empty() && !create_role {
        faults.error(
            "access.access_policy_without_principal",
            &at("access_policies"),
            "an access policy is given to an IAM principal, and there is none",
            "Add permission_sets or principal_arns; OIDC groups and service accounts have no access entry.",
        );
    }
}

/// EKS CreateAccessEntry: a role or user of IAM, no session, no service-linked role.
fn check_principal(arn: &str, at: &[&str], faults: &mut Faults) {
    let fault = match forms::iam_arn(arn) {
        _ if arn.contains(['*', '?']) => "has a wildcard: name each role",
        None if arn.contains(":sts:") => {
            "is a session: name the role that was assumed, arn:<partition>:iam::<account>:role/<path and name>"
        }
        None => "is not the ARN of an IAM role or user: arn:<partition>:iam::<account>:role/<path and name>",
        Some((_, resource)) if resource.starts_with("role/aws-service-role/") => {
            "is a service-linked role, which EKS refuses"
        }
        Some((_, "root")) => "is the whole account: name each role",
        Some((_, resource))
            if resource.len() > 5 && (resource.starts_with("role/") || resource.starts_with("user/")) =>
        {
            return;
        }
        Some(_) => "is neither a role nor a user",
    };
    faults.error("access.principal_form", at, format!("{arn:?} can't get access"), format!("It {fault}."));
}
