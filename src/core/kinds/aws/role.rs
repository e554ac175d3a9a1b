//! An IAM role: nothing of it is left to the digest, since all of it is power.

use super::{policy_document, tags};
use crate::{
    domain::{
        Body, ClusterArn, Fields, FieldsBuilder, Holder, ObjectKey, Role, RoleQuotas,
        pointer::unescape,
        quotas::{self, check_tag_case, check_tags, policy_size},
    },
    kinds::{
        canonical::{canonical_json, escape, policy::canonical_policy},
        kind::{GeneratedId, Kind, RemovalRank},
        words::{Rest, Row, policy, values},
    },
};
use serde_json::Value;

pub const KIND: Kind = Kind {
    words,
    title: "IAM Role",
    short: |key| match key {
        ObjectKey::Role { name } => Some(name.clone()),
        _ => None,
    },
    of_short: |rest| Some(ObjectKey::role(rest)),
    fields: |body| match body {
        Body::Role(role) => Some(fields(role)),
        _ => None,
    },
    refusal: |_, key, body, quotas| match body {
        Body::Role(role) => {
            check(key.name(), role, quotas)?;
            policy_document::check_trust(&role.trust).map(|_| ())
        }
        _ => Ok(()),
    },
    is_seen_late: true,
    id: GeneratedId::Letters { prefix: "AROA", of: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" },
    ..Kind::aws("iam", "Role", RemovalRank::Role)
};

const INLINE: &str = "/inline/";

fn fields(role: &Role) -> Fields {
    let Role { path, trust, inline, attached, boundary, max_session_seconds, description, tags } = role;
    let mut fields = FieldsBuilder::default();
    fields.push("/path", path.as_str(), Holder::Us);
    fields.push("/trust", canonical_policy(trust), Holder::Us);
    for (name, policy) in inline {
        fields.push(format!("{INLINE}{}", escape(name)), canonical_policy(policy), Holder::Us);
    }
    if !attached.is_empty() {
        let attached: Vec<Value> = attached.iter().map(|arn| Value::from(arn.as_str())).collect();
        fields.push("/attached", canonical_json(&Value::Array(attached)), Holder::Us);
    }
    fields.push("/boundary", boundary.as_str(), Holder::Us);
    fields.push("/maxSessionDuration", max_session_seconds.to_string(), Holder::Us);
    fields.push("/description", description.as_str(), Holder::Us);
    tags::push(&mut fields, tags);
    fields.build()
}

fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = rest.take_as("/trust", |document| policy::rows("trust", document)).unwrap_or_default();
    for path in rest.paths_under(INLINE) {
        let name = format!("inline.{}", unescape(&path[INLINE.len()..]));
        rows.extend(rest.take_as(path, |document| policy::rows(&name, document)).unwrap_or_default());
    }
    rows.extend(rest.take_as("/attached", values).map(|arns| Row::new("attached", arns)));
    for (path, name) in [
        ("/boundary", "boundary"),
        ("/path", "path"),
        ("/maxSessionDuration", "maxSessionDuration"),
        ("/description", "description"),
    ] {
        rows.extend(rest.take_row(path, name));
    }
    rows
}

// === what IAM says of it ===

/// All but the trust policy, which names others ([`policy_document::check_trust`]). `quotas`: the account's own.
pub fn check(name: &str, role: &Role, quotas: &RoleQuotas) -> Result<(), String> {
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

/// Whether a role of the cluster's account may have this managed policy at all, as its boundary or attached: there are those of the
/// account and those of AWS itself, and IAM shares none between accounts (IAM User Guide, Managed policies and inline policies).
pub fn may_have_policy(cluster: &ClusterArn, policy_arn: &str) -> bool {
    [cluster.account(), "aws"].into_iter().any(|owner| {
        let begins = format!("arn:{}:iam::{owner}:policy/", cluster.partition());
        policy_arn.starts_with(&begins)
    })
}

/// IAM's words for any other.
pub fn no_such_policy(policy_arn: &str) -> String {
    format!(
        "NoSuchEntity: Policy {policy_arn} does not exist or is not attachable. (it is not of the cluster's account)"
    )
}

/// Roles of IAM Identity Center and of AWS's own services belong to them.
pub fn is_protected(path: &str) -> bool {
    path.starts_with("/aws-reserved/") || path.starts_with("/aws-service-role/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::{BTreeMap, BTreeSet};

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn role() -> Role {
        Role {
            path: "/".to_owned(),
            trust: json!({}),
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            boundary: String::new(),
            max_session_seconds: 3600,
            description: String::new(),
            tags: BTreeMap::new(),
        }
    }

    fn of(change: impl FnOnce(&mut Role)) -> Role {
        let mut changed = role();
        change(&mut changed);
        changed
    }

    #[test]
    fn what_a_role_may_hold_is_known_before_it_is_made() {
        let described = |description: &str| of(|role| role.description = description.to_owned());
        let tagged = |tags: &[(&str, &str)]| of(|role| role.tags = map(tags));
        let at = |path: &str| of(|role| role.path = path.to_owned());
        let lasting = |seconds: u32| of(|role| role.max_session_seconds = seconds);
        let policy =
            |resource: &str| json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": resource}]});
        let with = |policies: &[Value]| {
            let named = policies.iter().enumerate().map(|(n, document)| (n.to_string(), document.clone()));
            of(|role| role.inline = named.collect())
        };
        let of_size = |size: usize| policy(&"x".repeat(size - policy_size(&policy(""))));
        let long = |length: usize| format!("/{}/", "x".repeat(length - 2));
        for (role, expected, reason) in [
            (described("workload caf\u{e9}"), None, "Latin-1"),
            (described("workload \u{4e2d}"), Some("Latin-1"), "IAM takes no other script in a description"),
            (described("\u{7f}"), Some("Latin-1"), "nor what nobody sees"),
            (described(&"\u{e9}".repeat(1000)), None, "characters are counted"),
            (described(&"x".repeat(1001)), Some("longer than 1000"), "too long"),
            (at("/goldenpath/pay/"), None, "as ours are"),
            (at(&long(512)), None, "the longest"),
            (at(&long(513)), Some("is not a path"), "too long"),
            (at("goldenpath/"), Some("is not a path"), "it begins with a slash"),
            (at("/goldenpath"), Some("is not a path"), "and ends with one"),
            (at("/golden path/"), Some("is not a path"), "a space"),
            (lasting(3599), Some("is not in 3600..43200"), "less than an hour"),
            (lasting(43_200), None, "twelve hours"),
            (lasting(43_201), Some("is not in 3600..43200"), "more than twelve"),
            (with(&[of_size(5000), of_size(5240)]), None, "all that fits"),
            (with(&[of_size(5000), of_size(5241)]), Some("10240 bytes"), "together they are too large"),
            (with(&[json!({})]), Some("(inline policy 0)"), "no policy"),
            (of(|role| role.attached = (0..11).map(|n| n.to_string()).collect()), Some("10"), "too many policies"),
            (tagged(&[("Team", "a"), ("cost", "b")]), None, "two keys"),
            (tagged(&[("Team", "a"), ("team", "b")]), Some("case insensitive"), "one key for IAM"),
            (tagged(&[("a;b", "")]), Some("is not allowed"), "a character that no tag may have"),
        ] {
            let said = check("a", &role, &RoleQuotas::default()).err();
            assert_eq!(said.is_some(), expected.is_some(), "{reason}: {said:?}");
            assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))), "{reason}");
        }
        let both = map(&[("Team", "a"), ("team", "b")]);
        assert_eq!(check_tags(&both), Ok(()), "EKS tells them apart");
    }

    #[test]
    fn a_role_has_a_name_that_iam_takes() {
        let (longest, longer) = ("x".repeat(64), "x".repeat(65));
        for (name, is_good, reason) in [
            ("gp-pay_api+=,.@1", true, "all that may be in it"),
            (longest.as_str(), true, "the longest"),
            (longer.as_str(), false, "too long"),
            ("", false, "no name"),
            ("a/b", false, "a path is no part of it"),
            ("caf\u{e9}", false, "ASCII alone"),
        ] {
            let said = check(name, &role(), &RoleQuotas::default()).err();
            assert_eq!(said.is_none(), is_good, "{reason}: {said:?}");
            assert!(said.is_none_or(|said| said.contains("is not a role name")), "{reason}");
        }
    }

    /// A plan says all that IAM would, so that nothing is refused halfway.
    #[test]
    fn a_malformed_trust_is_refused_as_well() {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let refusal = |role: Role| {
            (KIND.refusal)(&cluster, &ObjectKey::role("a"), &Body::Role(role), &RoleQuotas::default()).err()
        };
        let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}});
        for (role, expected, reason) in [
            (of(|role| role.trust = trust.clone()), None, "anybody, in one statement"),
            (role(), Some("Syntax errors"), "no policy"),
            (of(|role| (role.trust, role.max_session_seconds) = (trust.clone(), 60)), Some("3600"), "a minute"),
        ] {
            let said = refusal(role);
            assert_eq!(said.is_some(), expected.is_some(), "{reason}: {said:?}");
            assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))), "{reason}");
        }
    }

    #[test]
    fn a_role_has_policies_of_its_account_and_of_aws() {
        let cluster = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/demo".parse().expect("an ARN");
        for (arn, expected, reason) in [
            ("arn:aws-cn:iam::111122223333:policy/goldenpath/boundary", true, "of the account"),
            ("arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess", true, "of AWS itself"),
            ("arn:aws-cn:iam::999900001111:policy/goldenpath/boundary", false, "of another account"),
            ("arn:aws:iam::111122223333:policy/goldenpath/boundary", false, "of another partition"),
            ("arn:aws:iam::aws:policy/ReadOnlyAccess", false, "AWS's own for another partition"),
            ("arn:aws-cn:iam::111122223333:role/boundary", false, "no policy"),
        ] {
            assert_eq!(may_have_policy(&cluster, arn), expected, "{reason}");
        }
    }

    #[test]
    fn roles_of_aws_itself_are_protected() {
        for (path, expected, reason) in [
            ("/aws-reserved/sso.amazonaws.com/", true, "of IAM Identity Center"),
            ("/aws-service-role/eks.amazonaws.com/", true, "of a service"),
            ("/goldenpath/pay/", false, "ours"),
            ("/aws-reserved-not/", false, "it only begins alike"),
        ] {
            assert_eq!(is_protected(path), expected, "{reason}");
        }
    }
}
