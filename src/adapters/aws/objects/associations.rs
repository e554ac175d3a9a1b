//! Pod Identity associations: one for each ServiceAccount, found by it and not by the id that EKS gives.

use super::{
    live::{Live, check, check_deletion, plain_document},
    propagation, tags,
};
use crate::{
    aws::{
        call::{EksCluster, list},
        calls::Call,
    },
    errors::{conflict, invalid, not_found_as_none},
};
use aws_sdk_eks::types::{PodIdentityAssociation as Found, PodIdentityAssociationSummary as Summary};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, PodIdentityAssociation, quotas::policy_text, short_hash},
    kinds::canonical_policy,
    ports::{Expect, PortError, rules},
};
use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

pub(super) async fn apply(
    cluster: EksCluster<'_>,
    (namespace, account): (&str, &str),
    association: &PodIdentityAssociation,
    expect: &Expect,
) -> Result<Live, PortError> {
    let call_name = Call::CreatePodIdentityAssociation.name();
    rules::check_association(cluster.arn, association).map_err(|message| invalid(call_name, message))?;
    let key = key(namespace, account);
    // EKS itself refuses a second one.
    if *expect == Expect::Absent {
        return create(cluster, (namespace, account), association).await;
    }
    let live = get(cluster, namespace, account).await?;
    check(call_name, &key, expect, live.as_ref())?;
    let Some(live) = live else {
        return create(cluster, (namespace, account), association).await;
    };
    if let Some(owner) = &live.defect {
        return Err(conflict(call_name, format!("{key} belongs to {owner}: remove it through its add-on")));
    }
    if live.is_another(cluster.arn, &association.tags) {
        let id = live.id.unwrap_or_default();
        return Err(conflict(
            call_name,
            format!("ResourceInUseException: Association already exists: {id}, and it does not carry our tags"),
        ));
    }
    let wanted =
        PodIdentityAssociation { tags: rules::merged_tags(&live.tags, &association.tags), ..association.clone() };
    let Body::PodIdentityAssociation(before) = &live.body else {
        return Err(invalid(call_name, format!("{key} is not an association")));
    };
    let id = live.id.clone().unwrap_or_default();
    if loses_a_part(before, &wanted) {
        // UpdatePodIdentityAssociation keeps what the request leaves out.
        remove(cluster, &id).await?;
        return create(cluster, (namespace, account), &wanted).await;
    }
    change(cluster, &id, before, &wanted).await?;
    describe(cluster, &id).await?.ok_or_else(|| {
        PortError::new(Class::Unavailable, call_name, format!("{key} is missing right after its change: try again"))
    })
}

fn loses_a_part(before: &PodIdentityAssociation, wanted: &PodIdentityAssociation) -> bool {
    (before.target_role_arn.is_some() && wanted.target_role_arn.is_none())
        || (before.policy.is_some() && wanted.policy.is_none())
}

pub(super) async fn create(
    cluster: EksCluster<'_>,
    (namespace, account): (&str, &str),
    association: &PodIdentityAssociation,
) -> Result<Live, PortError> {
    let what = format!("the association of {namespace}/{account}");
    let text = serde_json::to_string(association).unwrap_or_default();
    // The same request, sent again because its response was lost, is one request to EKS; a later one of its kind is not.
    let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let token = short_hash([cluster.arn.as_str(), namespace, account, &text, &second.to_string()], 32);
    let policy = association.policy.as_ref().map(policy_text);
    let tags: HashMap<String, String> = association.tags.clone().into_iter().collect();
    let attempt = || {
        let request = cluster
            .eks()
            .create_pod_identity_association()
            .cluster_name(cluster.name())
            .namespace(namespace)
            .service_account(account)
            .role_arn(&association.role_arn)
            .set_target_role_arn(association.target_role_arn.clone())
            .disable_session_tags(association.disable_session_tags)
            .set_policy(policy.clone())
            .set_tags(Some(tags.clone()))
            .client_request_token(&token);
        cluster.call(Call::CreatePodIdentityAssociation, request.send())
    };
    let made = propagation::retry(cluster.clients, &what, &[association.role_arn.as_str()], attempt).await?;
    let made = made.association;
    let made =
        made.ok_or_else(|| invalid(Call::CreatePodIdentityAssociation.name(), "the response holds no association"))?;
    Ok(live(&made))
}

/// `wanted` holds all tags that the association is to have.
pub(super) async fn change(
    cluster: EksCluster<'_>,
    id: &str,
    before: &PodIdentityAssociation,
    wanted: &PodIdentityAssociation,
) -> Result<(), PortError> {
    let policy = |association: &PodIdentityAssociation| association.policy.as_ref().map(canonical_policy);
    let is_same = before.role_arn == wanted.role_arn
        && before.target_role_arn == wanted.target_role_arn
        && before.disable_session_tags == wanted.disable_session_tags
        && policy(before) == policy(wanted);
    if !is_same {
        let text = wanted.policy.as_ref().map(policy_text);
        let attempt = || {
            let request = cluster
                .eks()
                .update_pod_identity_association()
                .cluster_name(cluster.name())
                .association_id(id)
                .role_arn(&wanted.role_arn)
                .set_target_role_arn(wanted.target_role_arn.clone())
                .disable_session_tags(wanted.disable_session_tags)
                .set_policy(text.clone());
            cluster.call(Call::UpdatePodIdentityAssociation, request.send())
        };
        propagation::retry(cluster.clients, &format!("association {id}"), &[wanted.role_arn.as_str()], attempt).await?;
    }
    tags::change(cluster, &arn(cluster.arn, id), &before.tags, &wanted.tags).await
}

fn arn(cluster: &ClusterArn, id: &str) -> String {
    let (partition, region, account, name) = (cluster.partition(), cluster.region(), cluster.account(), cluster.name());
    format!("arn:{partition}:eks:{region}:{account}:podidentityassociation/{name}/{id}")
}

pub(super) async fn delete(
    cluster: EksCluster<'_>,
    (namespace, account): (&str, &str),
    expect: &Expect,
) -> Result<(), PortError> {
    let found = propagation::look(expect, || get(cluster, namespace, account)).await?;
    let Some(live) = found else { return Ok(()) };
    check_deletion(cluster.arn, &live.key, expect, &live)?;
    if let Some(owner) = &live.defect {
        let message = format!("{} belongs to {owner}: remove it through its add-on", live.key);
        return Err(conflict(Call::DeletePodIdentityAssociation.name(), message));
    }
    remove(cluster, live.id.as_deref().unwrap_or_default()).await
}

async fn remove(cluster: EksCluster<'_>, id: &str) -> Result<(), PortError> {
    let request = cluster.eks().delete_pod_identity_association().cluster_name(cluster.name()).association_id(id);
    not_found_as_none(cluster.call(Call::DeletePodIdentityAssociation, request.send()).await).map(|_| ())
}

// === Reading ===

fn key(namespace: &str, service_account: &str) -> ObjectKey {
    ObjectKey::PodIdentityAssociation { namespace: namespace.to_owned(), service_account: service_account.to_owned() }
}

/// Of one namespace and account, or of all: names and ids, no more.
pub(super) async fn summaries(cluster: EksCluster<'_>, only: Option<(&str, &str)>) -> Result<Vec<Summary>, PortError> {
    let pages = cluster
        .eks()
        .list_pod_identity_associations()
        .cluster_name(cluster.name())
        .set_namespace(only.map(|(namespace, _)| namespace.to_owned()))
        .set_service_account(only.map(|(_, account)| account.to_owned()))
        .into_paginator()
        .send();
    list(cluster.clients, Call::ListPodIdentityAssociations, pages, |page| {
        (page.associations.unwrap_or_default(), page.next_token)
    })
    .await
}

pub(super) async fn get(cluster: EksCluster<'_>, namespace: &str, account: &str) -> Result<Option<Live>, PortError> {
    let found = summaries(cluster, Some((namespace, account))).await?;
    match found.first().and_then(Summary::association_id) {
        Some(id) => describe(cluster, id).await,
        None => Ok(None),
    }
}

pub(super) async fn describe(cluster: EksCluster<'_>, id: &str) -> Result<Option<Live>, PortError> {
    let request = cluster.eks().describe_pod_identity_association().cluster_name(cluster.name()).association_id(id);
    let response = not_found_as_none(cluster.call(Call::DescribePodIdentityAssociation, request.send()).await)?;
    Ok(response.and_then(|response| response.association).map(|found| live(&found)))
}

fn live(found: &Found) -> Live {
    let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    let tags = tags::of(found.tags());
    let body = PodIdentityAssociation {
        role_arn: found.role_arn().unwrap_or_default().to_owned(),
        target_role_arn: text(found.target_role_arn()),
        disable_session_tags: found.disable_session_tags().unwrap_or(false),
        policy: text(found.policy()).map(|policy| plain_document(&policy)),
        tags: tags.clone(),
    };
    let has_target = body.target_role_arn.is_some();
    let key = key(found.namespace().unwrap_or_default(), found.service_account().unwrap_or_default());
    Live {
        id: text(found.association_id()),
        external_id: text(found.external_id()).filter(|_| has_target),
        defect: text(found.owner_arn()).map(|owner| format!("the add-on {owner}")),
        ..Live::new(key, Body::PodIdentityAssociation(body), tags)
    }
}
