//! Pod Identity associations: one for each ServiceAccount, found by it and not by the id that EKS gives.

use super::{Live, check, conflict, entries::retag, invalid, plain_document, wait};
use crate::{
    aws::{call::call, calls::Call, session::Session},
    rules,
};
use aws_sdk_eks::types::{PodIdentityAssociation as Found, PodIdentityAssociationSummary as Summary};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, PodIdentityAssociation, projection::canonical_policy, short_hash},
    ports::{Expect, PortError},
};
use std::collections::BTreeMap;

pub(super) async fn apply(
    session: &Session,
    cluster: &ClusterArn,
    (namespace, account): (&str, &str),
    association: &PodIdentityAssociation,
    expect: &Expect,
) -> Result<Live, PortError> {
    let call_name = Call::CreatePodIdentityAssociation.name();
    rules::check_association(cluster, association).map_err(|message| invalid(call_name, message))?;
    let key = key(namespace, account);
    let live = get(session, cluster, namespace, account).await?;
    check(call_name, &key, expect, live.as_ref())?;
    let Some(live) = live else {
        return create(session, cluster, (namespace, account), association).await;
    };
    if let Some(owner) = &live.defect {
        return Err(conflict(call_name, format!("{key} belongs to {owner}: remove it there")));
    }
    if live.is_another(cluster, &association.tags) {
        let id = live.id.unwrap_or_default();
        return Err(conflict(
            call_name,
            format!("ResourceInUseException: Association already exists: {id} (it is not marked as ours)"),
        ));
    }
    let wanted =
        PodIdentityAssociation { tags: rules::merged_tags(&live.tags, &association.tags), ..association.clone() };
    let Body::PodIdentityAssociation(before) = &live.body else {
        return Err(invalid(call_name, "not an association"));
    };
    let id = live.id.clone().unwrap_or_default();
    if loses_a_part(before, &wanted) {
        // UpdatePodIdentityAssociation leaves alone what it is not given.
        remove(session, cluster, &id).await?;
        return create(session, cluster, (namespace, account), &wanted).await;
    }
    change(session, cluster, &id, before, &wanted).await?;
    describe(session, cluster, &id)
        .await?
        .ok_or_else(|| PortError::new(Class::Unavailable, call_name, format!("{key} is not there after its change")))
}

fn loses_a_part(before: &PodIdentityAssociation, wanted: &PodIdentityAssociation) -> bool {
    (before.target_role_arn.is_some() && wanted.target_role_arn.is_none())
        || (before.policy.is_some() && wanted.policy.is_none())
}

pub(super) async fn create(
    session: &Session,
    cluster: &ClusterArn,
    (namespace, account): (&str, &str),
    association: &PodIdentityAssociation,
) -> Result<Live, PortError> {
    let what = format!("the association of {namespace}/{account}");
    let text = serde_json::to_string(association).unwrap_or_default();
    // The same request, sent again because its answer was lost, is one request to EKS; a later one of its kind is not.
    let second = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let token = short_hash([cluster.as_str(), namespace, account, &text, &second.to_string()], 32);
    let policy = association.policy.as_ref().map(ToString::to_string);
    let tags: Option<std::collections::HashMap<String, String>> = Some(association.tags.clone().into_iter().collect());
    let attempt = || {
        let asked = session
            .eks
            .create_pod_identity_association()
            .cluster_name(cluster.name())
            .namespace(namespace)
            .service_account(account)
            .role_arn(&association.role_arn)
            .set_target_role_arn(association.target_role_arn.clone())
            .disable_session_tags(association.disable_session_tags)
            .set_policy(policy.clone())
            .set_tags(tags.clone())
            .client_request_token(&token);
        async { call(session, Call::CreatePodIdentityAssociation, asked.send()).await }
    };
    let made = wait::propagated(session, &what, &[association.role_arn.as_str()], attempt).await?;
    let made = made.association.ok_or_else(|| invalid(Call::CreatePodIdentityAssociation.name(), "no association"))?;
    Ok(live(&made))
}

/// `wanted` holds all tags that shall be there.
pub(super) async fn change(
    session: &Session,
    cluster: &ClusterArn,
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
        let text = wanted.policy.as_ref().map(ToString::to_string);
        let attempt = || {
            let asked = session
                .eks
                .update_pod_identity_association()
                .cluster_name(cluster.name())
                .association_id(id)
                .role_arn(&wanted.role_arn)
                .set_target_role_arn(wanted.target_role_arn.clone())
                .disable_session_tags(wanted.disable_session_tags)
                .set_policy(text.clone());
            async { call(session, Call::UpdatePodIdentityAssociation, asked.send()).await }
        };
        wait::propagated(session, &format!("association {id}"), &[wanted.role_arn.as_str()], attempt).await?;
    }
    retag(session, &arn(cluster, id), &before.tags, &wanted.tags).await
}

fn arn(cluster: &ClusterArn, id: &str) -> String {
    let (partition, region, account, name) = (cluster.partition(), cluster.region(), cluster.account(), cluster.name());
    format!("arn:{partition}:eks:{region}:{account}:podidentityassociation/{name}/{id}")
}

pub(super) async fn delete(session: &Session, cluster: &ClusterArn, live: &Live) -> Result<(), PortError> {
    if let Some(owner) = &live.defect {
        let message = format!("{} belongs to {owner}: remove it there", live.key);
        return Err(conflict(Call::DeletePodIdentityAssociation.name(), message));
    }
    remove(session, cluster, live.id.as_deref().unwrap_or_default()).await
}

async fn remove(session: &Session, cluster: &ClusterArn, id: &str) -> Result<(), PortError> {
    let asked = session.eks.delete_pod_identity_association().cluster_name(cluster.name()).association_id(id).send();
    match call(session, Call::DeletePodIdentityAssociation, asked).await {
        Err(error) if error.class == Class::NotFound => Ok(()),
        other => other.map(|_| ()),
    }
}

// === Looking ===

fn key(namespace: &str, service_account: &str) -> ObjectKey {
    ObjectKey::PodIdentityAssociation { namespace: namespace.to_owned(), service_account: service_account.to_owned() }
}

/// Of one namespace and account, or of all: names and ids, no more.
pub(super) async fn summaries(
    session: &Session,
    cluster: &ClusterArn,
    only: Option<(&str, &str)>,
) -> Result<Vec<Summary>, PortError> {
    let (mut found, mut token) = (vec![], None);
    loop {
        let asked = session
            .eks
            .list_pod_identity_associations()
            .cluster_name(cluster.name())
            .set_namespace(only.map(|(namespace, _)| namespace.to_owned()))
            .set_service_account(only.map(|(_, account)| account.to_owned()))
            .set_next_token(token)
            .send();
        let answer = call(session, Call::ListPodIdentityAssociations, asked).await?;
        found.extend(answer.associations.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

pub(super) async fn get(
    session: &Session,
    cluster: &ClusterArn,
    namespace: &str,
    account: &str,
) -> Result<Option<Live>, PortError> {
    let found = summaries(session, cluster, Some((namespace, account))).await?;
    match found.first().and_then(Summary::association_id) {
        Some(id) => describe(session, cluster, id).await,
        None => Ok(None),
    }
}

pub(super) async fn describe(session: &Session, cluster: &ClusterArn, id: &str) -> Result<Option<Live>, PortError> {
    let asked = session.eks.describe_pod_identity_association().cluster_name(cluster.name()).association_id(id).send();
    match call(session, Call::DescribePodIdentityAssociation, asked).await {
        Ok(answer) => Ok(answer.association.as_ref().map(live)),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn live(found: &Found) -> Live {
    let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    let tags: BTreeMap<String, String> =
        found.tags().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
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
