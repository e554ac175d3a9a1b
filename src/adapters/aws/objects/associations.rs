//! Pod Identity associations: one for each ServiceAccount, found by it and not by the id that EKS gives.

use super::{
    kind_calls::{KindCalls, Listed, mismatch},
    live::{Live, check, check_deletion, plain_document},
    propagation,
    selection::Selection,
    tags,
};
use crate::{
    aws::{
        call::{EksCluster, all, list},
        calls::Call,
    },
    errors::{conflict, invalid, not_found_as_none},
};
use async_trait::async_trait;
use aws_sdk_eks::types::{PodIdentityAssociation as Found, PodIdentityAssociationSummary as Summary};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, PodIdentityAssociation, quotas::policy_text, short_hash},
    kinds::{
        Kind,
        aws::{pod_identity_association, tags::merged_tags},
        canonical_policy,
    },
    ports::{Expect, PortError},
};
use std::{
    collections::{BTreeSet, HashMap},
    time::{SystemTime, UNIX_EPOCH},
};

/// Emulators cut the list of associations at a page and say nothing of the rest.
const PAGE: usize = 100;

pub(super) struct Associations;

#[async_trait]
impl KindCalls for Associations {
    fn kind(&self) -> &'static Kind {
        &pod_identity_association::KIND
    }

    async fn get(&self, cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
        get(cluster, account(key)).await
    }

    async fn list(&self, cluster: EksCluster<'_>, selection: &Selection<'_>) -> Result<Listed, PortError> {
        list_selection(cluster, selection).await
    }

    async fn apply(
        &self,
        cluster: EksCluster<'_>,
        key: &ObjectKey,
        body: &Body,
        expect: &Expect,
    ) -> Result<Live, PortError> {
        match body {
            Body::PodIdentityAssociation(association) => apply(cluster, account(key), association, expect).await,
            _ => Err(mismatch(key)),
        }
    }

    async fn delete(&self, cluster: EksCluster<'_>, key: &ObjectKey, expect: &Expect) -> Result<(), PortError> {
        delete(cluster, account(key), expect).await
    }

    async fn make(&self, cluster: EksCluster<'_>, key: &ObjectKey, body: &Body) -> Result<(), PortError> {
        match body {
            Body::PodIdentityAssociation(association) => create(cluster, account(key), association).await.map(|_| ()),
            _ => Err(mismatch(key)),
        }
    }

    async fn change(&self, cluster: EksCluster<'_>, live: &Live, edited: &Body) -> Result<(), PortError> {
        match (&live.body, edited) {
            (Body::PodIdentityAssociation(before), Body::PodIdentityAssociation(after)) => {
                change(cluster, live.id.as_deref().unwrap_or_default(), before, after).await
            }
            _ => Err(mismatch(&live.key)),
        }
    }
}

/// Namespace and ServiceAccount.
fn account(key: &ObjectKey) -> (&str, &str) {
    (key.namespace().unwrap_or_default(), key.name())
}

async fn apply(
    cluster: EksCluster<'_>,
    (namespace, account): (&str, &str),
    association: &PodIdentityAssociation,
    expect: &Expect,
) -> Result<Live, PortError> {
    let call_name = Call::CreatePodIdentityAssociation.name();
    pod_identity_association::check(cluster.arn, association).map_err(|message| invalid(call_name, message))?;
    let key = key(namespace, account);
    // EKS itself refuses a second one.
    if *expect == Expect::Absent {
        return create(cluster, (namespace, account), association).await;
    }
    let live = get(cluster, (namespace, account)).await?;
    check(call_name, &key, expect, live.as_ref())?;
    let Some(live) = live else {
        return create(cluster, (namespace, account), association).await;
    };
    if let Some(owner) = &live.owner {
        return Err(conflict(call_name, format!("{key} belongs to {owner}: remove it through its add-on")));
    }
    if live.is_another(cluster.arn, &association.tags) {
        let id = live.id.unwrap_or_default();
        return Err(conflict(
            call_name,
            format!("ResourceInUseException: Association already exists: {id}, and it does not carry our tags"),
        ));
    }
    let wanted = PodIdentityAssociation { tags: merged_tags(&live.tags, &association.tags), ..association.clone() };
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

async fn create(
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
async fn change(
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

async fn delete(cluster: EksCluster<'_>, (namespace, account): (&str, &str), expect: &Expect) -> Result<(), PortError> {
    let found = propagation::look(expect, || get(cluster, (namespace, account))).await?;
    let Some(live) = found else { return Ok(()) };
    check_deletion(cluster.arn, &live.key, expect, &live)?;
    if let Some(owner) = &live.owner {
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
async fn summaries(cluster: EksCluster<'_>, only: Option<(&str, &str)>) -> Result<Vec<Summary>, PortError> {
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

/// EKS's list holds names and ids alone, and it has no batch to describe them.
async fn list_selection(cluster: EksCluster<'_>, selection: &Selection<'_>) -> Result<Listed, PortError> {
    let summaries = summaries(cluster, None).await?;
    let is_whole = summaries.len() < PAGE;
    let mut wanted = vec![];
    for summary in summaries {
        let (namespace, account) = (summary.namespace.unwrap_or_default(), summary.service_account.unwrap_or_default());
        let key = key(&namespace, &account);
        let is_wanted = selection.is_named(&key) || selection.may_hold_namespace(&namespace);
        wanted.extend(summary.association_id.filter(|_| is_wanted).map(|id| (key, id)));
    }
    let describe = |(key, id): (ObjectKey, String)| async move {
        match describe(cluster, &id).await {
            // Another state's, perhaps; of our own it is said when it is asked for by itself.
            Err(error) if error.class == Class::Denied => Ok(Err(key)),
            described => described.map(Ok),
        }
    };
    let (mut live, mut unread) = (vec![], BTreeSet::new());
    for described in all(wanted.into_iter().map(describe).collect()).await? {
        match described {
            Ok(found) => live.extend(found),
            Err(key) => {
                unread.insert(key);
            }
        }
    }
    let is_said =
        |key: &ObjectKey| live.iter().any(|live: &Live| live.key == *key) || (is_whole && !unread.contains(key));
    let named = selection.keys.iter().filter(|key| matches!(key, ObjectKey::PodIdentityAssociation { .. }));
    let unsaid = named.filter(|key| !is_said(key)).map(|key| (*key).clone()).collect();
    live.retain(|live| selection.is_named(&live.key) || selection.is_in_scope(&live.tags));
    Ok(Listed { live, unsaid, ..Listed::default() })
}

async fn get(cluster: EksCluster<'_>, account: (&str, &str)) -> Result<Option<Live>, PortError> {
    let found = summaries(cluster, Some(account)).await?;
    match found.first().and_then(Summary::association_id) {
        Some(id) => describe(cluster, id).await,
        None => Ok(None),
    }
}

async fn describe(cluster: EksCluster<'_>, id: &str) -> Result<Option<Live>, PortError> {
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
        owner: text(found.owner_arn()).map(|owner| format!("the add-on {owner}")),
        ..Live::new(key, Body::PodIdentityAssociation(body), tags)
    }
}
