//! The IAM role of a ServiceAccount.

use super::{policy_document, tags};
use crate::{
    domain::{
        Body, ClusterArn, Fields, FieldsBuilder, Holder, ObjectKey, PodIdentityAssociation,
        quotas::{SESSION_POLICY, check_tags, policy_size},
    },
    kinds::{
        canonical::policy::canonical_policy,
        kind::{GeneratedId, Kind, Refresh, RemovalRank},
        words::{Rest, Row, policy, value},
    },
};

pub const KIND: Kind = Kind {
    words,
    short: |key| match key {
        ObjectKey::PodIdentityAssociation { namespace, service_account } => {
            Some(format!("{namespace}/{service_account}"))
        }
        _ => None,
    },
    of_short: |rest| {
        let (namespace, service_account) = rest.split_once('/')?;
        let [namespace, service_account] = [namespace, service_account].map(str::to_owned);
        Some(ObjectKey::PodIdentityAssociation { namespace, service_account })
    },
    fields: |body| match body {
        Body::PodIdentityAssociation(association) => Some(fields(association)),
        _ => None,
    },
    refusal: |cluster, _, body, _| match body {
        Body::PodIdentityAssociation(association) => check(cluster, association),
        _ => Ok(()),
    },
    refresh: Refresh::Named,
    is_seen_late: true,
    id: GeneratedId::Letters { prefix: "a-", of: b"abcdefghijklmnopqrstuvwxyz0123456789" },
    ..Kind::aws("eks", "PodIdentityAssociation", RemovalRank::PodIdentity)
};

fn fields(association: &PodIdentityAssociation) -> Fields {
    let PodIdentityAssociation { role_arn, target_role_arn, disable_session_tags, policy, tags } = association;
    let mut fields = FieldsBuilder::default();
    fields.push("/roleArn", role_arn.as_str(), Holder::Us);
    if let Some(target) = target_role_arn {
        fields.push("/targetRoleArn", target.as_str(), Holder::Us);
    }
    fields.push("/disableSessionTags", disable_session_tags.to_string(), Holder::Us);
    if let Some(policy) = policy {
        fields.push("/policy", canonical_policy(policy), Holder::Us);
    }
    tags::push(&mut fields, tags);
    fields.build()
}

fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = vec![];
    // EKS CreatePodIdentityAssociation: a role of the cluster's own account, so its path and name say which.
    match rest.get("/roleArn").and_then(|arn| arn.split_once(":role")) {
        Some((_, role)) => {
            rest.take("/roleArn");
            rows.push(Row::one("role", value(role)));
        }
        None => rows.extend(rest.take_row("/roleArn", "roleArn")),
    }
    rows.extend(rest.take_row("/targetRoleArn", "targetRoleArn"));
    // On unless they are switched off.
    match rest.get("/disableSessionTags") {
        Some("false") => drop(rest.take("/disableSessionTags")),
        Some(_) => rows.extend(rest.take_row("/disableSessionTags", "disableSessionTags")),
        None => rows.push(Row::one("disableSessionTags", "absent")),
    }
    rows.extend(rest.take_as("/policy", |document| policy::rows("policy", document)).unwrap_or_default());
    rows
}

// === what EKS says of it ===

pub fn check(cluster: &ClusterArn, association: &PodIdentityAssociation) -> Result<(), String> {
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
        let (size, most) = (policy_size(policy), SESSION_POLICY.most);
        if size > most {
            return Err(format!("InvalidParameterException: The policy has {size} characters, more than {most}"));
        }
    }
    check_tags(tags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    #[test]
    fn what_eks_refuses_is_said_in_its_words() {
        let cluster: ClusterArn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let good = PodIdentityAssociation {
            role_arn: "arn:aws:iam::111122223333:role/a".to_owned(),
            target_role_arn: None,
            disable_session_tags: false,
            policy: None,
            tags: BTreeMap::new(),
        };
        let target = |of: &str| Some(format!("arn:aws:iam::999900001111:{of}"));
        let policy =
            |resource: &str| json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": resource}]});
        let of_size = |size: usize| policy(&"x".repeat(size - policy_size(&policy(""))));
        let limited =
            |policy: Value| PodIdentityAssociation { disable_session_tags: true, policy: Some(policy), ..good.clone() };
        for (association, expected, reason) in [
            (good.clone(), None, "as usual"),
            (PodIdentityAssociation { target_role_arn: target("role/a"), ..good.clone() }, None, "a role to go on to"),
            (limited(of_size(2048)), None, "as large as EKS takes"),
            (
                PodIdentityAssociation { role_arn: "arn:aws:iam::999900001111:role/a".to_owned(), ..good.clone() },
                Some("Cross-account"),
                "EKS passes no role of another account",
            ),
            (
                PodIdentityAssociation { target_role_arn: target("user/a"), ..good.clone() },
                Some("not the ARN of a role"),
                "a target is a role",
            ),
            (
                PodIdentityAssociation { policy: Some(policy("*")), ..good.clone() },
                Some("disableSessionTags"),
                "tags and a session policy exclude each other",
            ),
            (limited(of_size(2049)), Some("more than 2048"), "larger than EKS takes"),
            (limited(json!({})), Some("Syntax errors"), "no policy"),
            (
                PodIdentityAssociation { tags: [("aws:x".to_owned(), "1".to_owned())].into(), ..good.clone() },
                Some("not beginning with aws:"),
                "a reserved tag",
            ),
        ] {
            let said = check(&cluster, &association).err();
            assert_eq!(said.is_some(), expected.is_some(), "{reason}: {said:?}");
            assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))), "{reason}");
        }
    }
}
