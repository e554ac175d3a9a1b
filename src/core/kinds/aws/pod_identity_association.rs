//! The IAM role of a ServiceAccount.

use super::tags;
use crate::{
    domain::{Body, Fields, FieldsBuilder, Holder, ObjectKey, PodIdentityAssociation},
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
