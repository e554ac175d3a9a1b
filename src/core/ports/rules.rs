//! What IAM and EKS take and what they refuse, as far as it follows from the request alone. Pure.
//!
//! The sandbox refuses by these rules, and the real adapter asks them before its first call: a role takes several calls to
//! make, and one that is refused halfway would leave half of it behind.

pub mod codes;
pub mod policy_document;

use crate::domain::quotas::{self, RoleQuotas, check_tag_case, check_tags, policy_size};
use crate::domain::{
    AccessEntry, Body, ClusterArn, ObjectKey, PodIdentityAssociation, Role, SYSTEM_NAMESPACE, TAG_PREFIX,
};
use std::collections::{BTreeMap, BTreeSet};

/// EKS's policies for people; others exist for its own services and are not for access entries of type STANDARD.
pub const PEOPLES_POLICIES: [&str; 6] = [
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy",
    "AmazonEKSViewPolicy",
];

/// Of an object of any kind. `quotas`: the account's own.
pub fn check(cluster: &ClusterArn, key: &ObjectKey, body: &Body, quotas: &RoleQuotas) -> Result<(), String> {
    match body {
        Body::Role(role) => {
            check_role(key.name(), role, quotas)?;
            policy_document::check_trust(&role.trust).map(|_| ())
        }
        Body::AccessEntry(entry) => check_entry(entry),
        Body::PodIdentityAssociation(association) => check_association(cluster, association),
        // No golden path grants a policy that EKS does not have, and an API server judges by itself.
        Body::AccessPolicy(_) | Body::Kube(_) => Ok(()),
    }
}

// === IAM ===

/// `quotas`: the account's own.
pub fn check_role(name: &str, role: &Role, quotas: &RoleQuotas) -> Result<(), String> {
    let good_name = (1..=quotas::ROLE_NAME.most).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    if !good_name {
        return Err(format!("ValidationError: {name:?} is not a role name: 1 to 64 of [\\w+=,.@-]"));
    }
    let good_path = role.path.len() <= quotas::PATH.most
        && role.path.starts_with('/')
        && role.path.ends_with('/')
        && role.path.chars().all(|c| c.is_ascii_graphic());
    if !good_path {
        return Err(format!("ValidationError: {:?} is not a path: it begins and ends with / (at most 512)", role.path));
    }
    if !(3600..=43_200).contains(&role.max_session_seconds) {
        return Err(format!("ValidationError: maxSessionDuration {} is not in 3600..43200", role.max_session_seconds));
    }
    // [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*
    let in_descriptions = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if let Some(wrong) = role.description.chars().find(|c| !in_descriptions(*c)) {
        return Err(format!("ValidationError: the description holds {wrong:?}, and IAM takes Latin-1 alone"));
    }
    if role.description.chars().count() > quotas::DESCRIPTION.most {
        let most = quotas::DESCRIPTION.most;
        return Err(format!("ValidationError: the description is longer than {most} characters"));
    }
    quotas.check(role)?;
    let inline: usize = role.inline.values().map(policy_size).sum();
    if inline > quotas::INLINE.most {
        let most = quotas::INLINE.most;
        return Err(format!("LimitExceeded: Maximum policy size of {most} bytes exceeded for role {name}"));
    }
    for (policy, document) in &role.inline {
        policy_document::check_identity(document).map_err(|error| format!("{error} (inline policy {policy})"))?;
    }
    check_tags(&role.tags)?;
    check_tag_case(&role.tags)
}

/// Tags of others stay; of ours, those that are no longer declared go.
pub fn merged_tags(live: &BTreeMap<String, String>, declared: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let foreign = live.iter().filter(|(name, _)| !name.starts_with(TAG_PREFIX));
    foreign.chain(declared).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Roles of IAM Identity Center and of AWS's own services belong to them.
pub fn is_protected(path: &str) -> bool {
    path.starts_with("/aws-reserved/") || path.starts_with("/aws-service-role/")
}

// === EKS ===

pub fn check_entry(entry: &AccessEntry) -> Result<(), String> {
    if entry.group.starts_with("system:") || entry.group.is_empty() {
        return Err(format!(
            "InvalidParameterException: The kubernetes group name {} is invalid, it cannot start with system:",
            entry.group
        ));
    }
    check_tags(&entry.tags)
}

/// What is said of an entry whose role was deleted and made again: EKS knows the role by its unique id, so that nobody gets in by the
/// entry though it looks alive (aws/containers-roadmap#185).
pub const OF_ANOTHER_ROLE: &str = "of a role that was recreated since";

/// Of a principal that is about to be given an entry.
pub fn check_principal(arn: &str) -> Result<(), String> {
    if arn.contains(":sts:") || arn.contains(":role/aws-service-role/") {
        return Err(
            "InvalidParameterException: The principalArn parameter format is not valid: neither a session nor a \
             service-linked role can have an access entry"
                .to_owned(),
        );
    }
    Ok(())
}

/// The namespaces of each policy, by its short name, of one principal. `*`: the whole cluster.
pub type PolicyScopes = BTreeMap<String, BTreeSet<String>>;

/// What an entry of ours may never have: policies over the whole cluster, in a wildcard (EKS takes `kube-*`), or in a namespace
/// of the cluster's own.
pub fn scopes_elsewhere(scopes: &PolicyScopes) -> PolicyScopes {
    let elsewhere = |(policy, namespaces): (&String, &BTreeSet<String>)| {
        let found: BTreeSet<String> = namespaces.iter().filter(|namespace| is_elsewhere(namespace)).cloned().collect();
        (!found.is_empty()).then(|| (policy.clone(), found))
    };
    scopes.iter().filter_map(elsewhere).collect()
}

/// No namespace of an environment.
pub fn is_elsewhere(namespace: &str) -> bool {
    namespace.contains('*') || namespace.starts_with("kube-") || ["default", SYSTEM_NAMESPACE].contains(&namespace)
}

/// Each in words.
pub fn describe_scopes(scopes: &PolicyScopes) -> Vec<String> {
    let place = |namespace: &str| match namespace {
        "*" => "over the whole cluster".to_owned(),
        namespace => format!("in {namespace}"),
    };
    let words = |(policy, namespaces): (&String, &BTreeSet<String>)| {
        let places: Vec<String> = namespaces.iter().map(|namespace| place(namespace)).collect();
        format!("with {policy} {}", places.join(" and "))
    };
    scopes.iter().map(words).collect()
}

pub fn check_access_policy(policy: &str) -> Result<(), String> {
    if PEOPLES_POLICIES.contains(&policy) {
        return Ok(());
    }
    Err(format!("InvalidParameterException: The policyArn parameter format is not valid ({policy})"))
}

/// Somebody else's entry is never changed, and a policy is a part of its entry.
pub fn not_our_entry(principal: &str, policy: &str) -> String {
    format!(
        "the access entry of {principal} is not marked as ours and is never changed: its owner can associate {policy}"
    )
}

pub fn check_association(cluster: &ClusterArn, association: &PodIdentityAssociation) -> Result<(), String> {
    let PodIdentityAssociation { role_arn, target_role_arn, disable_session_tags, policy, tags } = association;
    if role_arn.split(':').nth(4) != Some(cluster.account()) {
        return Err(format!(
            "InvalidParameterException: Cross-account pass role is not allowed. ({role_arn}); name it as target role"
        ));
    }
    if let Some(target) = target_role_arn
        && !target.contains(":role/")
    {
        return Err(format!("InvalidParameterException: {target} is not the ARN of a role"));
    }
    if let Some(policy) = policy {
        if !disable_session_tags {
            return Err(
                "InvalidParameterException: A session policy requires disableSessionTags to be true.".to_owned()
            );
        }
        policy_document::check_identity(policy)?;
        let (size, most) = (policy_size(policy), quotas::SESSION_POLICY.most);
        if size > most {
            return Err(format!("InvalidParameterException: The policy has {size} characters, more than {most}"));
        }
    }
    check_tags(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn tags_of_others_stay_and_ours_follow_the_request() {
        for (live, declared, expected, reason) in [
            (&[][..], &[("goldenpath:a", "1")][..], &[("goldenpath:a", "1")][..], "made"),
            (
                &[("cost", "x"), ("goldenpath:b", "1")],
                &[("goldenpath:a", "1")],
                &[("cost", "x"), ("goldenpath:a", "1")],
                "theirs stays, ours that is no longer declared goes",
            ),
            (&[("cost", "x")], &[("cost", "y")], &[("cost", "y")], "what we declare counts"),
        ] {
            assert_eq!(merged_tags(&map(live), &map(declared)), map(expected), "{reason}");
        }
    }

    #[test]
    fn what_a_role_may_hold_is_known_before_it_is_made() {
        let role = |description: &str, tags: &[(&str, &str)]| Role {
            path: "/".to_owned(),
            trust: json!({}),
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            boundary: String::new(),
            max_session_seconds: 3600,
            description: description.to_owned(),
            tags: map(tags),
        };
        for (role, expected, reason) in [
            (role("workload caf\u{e9}", &[("Team", "a"), ("cost", "b")]), None, "Latin-1"),
            (role("workload \u{4e2d}", &[]), Some("Latin-1"), "IAM takes no other script in a description"),
            (role("", &[("Team", "a"), ("team", "b")]), Some("case insensitive"), "one key for IAM"),
            (role("", &[("a;b", "")]), Some("is not allowed"), "a character that no tag may have"),
        ] {
            let said = check_role("a", &role, &RoleQuotas::default()).err();
            assert_eq!(said.is_some(), expected.is_some(), "{reason}: {said:?}");
            assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))), "{reason}");
        }
        let both = map(&[("Team", "a"), ("team", "b")]);
        assert_eq!(check_tags(&both), Ok(()), "EKS tells them apart");
    }

    #[test]
    fn what_aws_refuses_is_said_in_its_words() {
        let cluster: ClusterArn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let good = PodIdentityAssociation {
            role_arn: "arn:aws:iam::111122223333:role/a".to_owned(),
            target_role_arn: None,
            disable_session_tags: false,
            policy: None,
            tags: BTreeMap::new(),
        };
        assert_eq!(check_association(&cluster, &good), Ok(()));
        for (association, expected, reason) in [
            (
                PodIdentityAssociation { role_arn: "arn:aws:iam::999900001111:role/a".to_owned(), ..good.clone() },
                "Cross-account",
                "EKS passes no role of another account",
            ),
            (
                PodIdentityAssociation {
                    target_role_arn: Some("arn:aws:iam::111122223333:user/a".to_owned()),
                    ..good.clone()
                },
                "not the ARN of a role",
                "a target is a role",
            ),
            (
                PodIdentityAssociation {
                    policy: Some(json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})),
                    ..good.clone()
                },
                "disableSessionTags",
                "tags and a session policy exclude each other",
            ),
            (
                PodIdentityAssociation { tags: map(&[("aws:x", "1")]), ..good.clone() },
                "not beginning with aws:",
                "a reserved tag",
            ),
        ] {
            let said = check_association(&cluster, &association).expect_err(reason);
            assert!(said.contains(expected), "{reason}: {said}");
        }
        for (arn, is_good, reason) in [
            ("arn:aws:iam::111122223333:role/a", true, "a role"),
            ("arn:aws:iam::111122223333:user/a", true, "a user"),
            ("arn:aws:sts::111122223333:assumed-role/a/b", false, "a session"),
            ("arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/a", false, "a service-linked role"),
        ] {
            assert_eq!(check_principal(arn).is_ok(), is_good, "{reason}");
        }
    }
}
