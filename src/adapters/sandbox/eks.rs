//! EKS: facts, access entries, access policies, Pod Identity associations.

use super::{
    bodies::{self, Order},
    error::{SandboxError, refused},
    iam::{self, Principal},
    options::ClusterOptions,
    ownership,
    row::Row,
    seed,
    store::Store,
};
use crate::{ownership::mark, rules};
use goldenpath_core::{
    domain::{
        AccessEntry, Class, ClusterArn, ClusterRef, Facts, ObjectKey, PodIdentityAssociation, StableFacts, short_hash,
    },
    ports::Readiness,
};
use rusqlite::params;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn describe_cluster(store: &Store, cluster: &ClusterRef) -> Result<Facts, SandboxError> {
    let options = store.cluster(cluster)?;
    let mut statement =
        store.connection().prepare_cached("SELECT name, arn FROM permission_set WHERE account = ?1 ORDER BY name")?;
    let rows = statement.query_map([options.arn.account()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let permission_sets: BTreeMap<String, String> = rows.collect::<Result<_, _>>()?;
    let caller = seed::caller(&options.arn);
    let issuer = short_hash([store.target()?.as_str(), options.arn.as_str()], 32).to_uppercase();
    let ClusterOptions {
        arn,
        version,
        auto_mode,
        service_cidr,
        ip_family,
        authentication_mode,
        network_policy_enforced,
        addons,
        crds,
    } = options;
    Ok(Facts {
        stable: StableFacts {
            oidc_issuer: Some(format!("https://oidc.eks.{}.amazonaws.com/id/{issuer}", arn.region())),
            cluster_arn: arn,
            auto_mode,
            service_cidr,
            ip_family,
            pod_security_version: version.clone(),
            permission_sets,
        },
        version,
        authentication_mode,
        network_policy_enforced,
        addons,
        crds,
        caller,
    })
}

// === Access entries ===

pub(super) fn apply_entry(
    store: &mut Store,
    cluster: &ClusterOptions,
    order: &Order,
    arn: &str,
    entry: &AccessEntry,
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let call = if found.is_some() { "eks:UpdateAccessEntry" } else { "eks:CreateAccessEntry" };
    let invalid = |message: String| refused(Class::Invalid, call, message);
    check_mode(cluster, call)?;
    rules::check_entry(entry).map_err(invalid)?;
    let mut body = serde_json::to_value(entry)?;
    if let Some(mut row) = found {
        if ownership::is_another(&row, &body) {
            return Err(refused(
                Class::Conflict,
                "eks:CreateAccessEntry",
                "ResourceInUseException: The specified access entry resource is already in use on this cluster. (it is \
                 not marked as ours)",
            ));
        }
        let live: AccessEntry = serde_json::from_value(row.body.clone())?;
        body["tags"] = serde_json::to_value(rules::merged_tags(&live.tags, &entry.tags))?;
        if row.body != body {
            row.body = body;
            row.save(store)?;
        }
        return Ok(row);
    }
    rules::check_principal(arn).map_err(invalid)?;
    let mut row = Row::new(store, &order.cluster, &order.key, body)?;
    // The last part of the entry's own ARN.
    row.external_id = Some(bodies::uuid()?);
    match iam::principal(store, &order.cluster, arn)? {
        // The entry matches the role behind the name: made anew under the same name, it is another one.
        Principal::Role { id } => row.uid = id,
        Principal::Other => {}
        Principal::Ghost => {
            return Err(refused(
                Class::NotFound,
                call,
                format!("InvalidParameterException: The specified principalArn is invalid: invalid principal. ({arn})"),
            ));
        }
    }
    row.save(store)?;
    Ok(row)
}

fn check_mode(cluster: &ClusterOptions, call: &str) -> Result<(), SandboxError> {
    if cluster.authentication_mode == "CONFIG_MAP" {
        return Err(refused(
            Class::Invalid,
            call,
            "InvalidRequestException: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to \
             perform this operation.",
        ));
    }
    Ok(())
}

// === Access policies ===

pub(super) fn apply_policy(
    store: &mut Store,
    cluster: &ClusterOptions,
    order: &Order,
    policy: &str,
    principal: &str,
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let call = "eks:AssociateAccessPolicy";
    check_mode(cluster, call)?;
    rules::check_access_policy(policy).map_err(|message| refused(Class::Invalid, call, message))?;
    let body = policy_body(store, &order.cluster, principal)?;
    if mark(&order.key, order.cluster.as_str(), &body).cluster.is_none() {
        return Err(refused(Class::Invalid, call, rules::not_our_entry(principal, policy)));
    }
    // One association holds all its namespaces; each is a row, so that none is lost when another comes or goes.
    let mut row = match found {
        Some(row) => row,
        None => Row::new(store, &order.cluster, &order.key, body.clone())?,
    };
    if row.id.is_none() || row.body != body {
        row.body = body;
        row.save(store)?;
    }
    Ok(row)
}

/// A policy carries no tags: it is whose its entry is, whoever added it.
pub(super) fn policy_body(store: &Store, cluster: &ClusterArn, principal: &str) -> Result<Value, SandboxError> {
    let entry = ObjectKey::AccessEntry { principal: principal.to_owned() };
    match Row::load(store, cluster.as_str(), &entry)? {
        Some(entry) => Ok(json!({"tags": entry.body["tags"]})),
        None => Err(refused(
            Class::NotFound,
            "eks:AssociateAccessPolicy",
            format!("ResourceNotFoundException: The specified principalArn could not be found. ({principal})"),
        )),
    }
}

/// DeleteAccessEntry drops the associated policies itself.
pub(super) fn drop_policies(store: &Store, cluster: &ClusterArn, principal: &str) -> Result<(), SandboxError> {
    let suffix = format!("/{principal}");
    store.connection().execute(
        "DELETE FROM object WHERE home = ?1 AND kind = 'AccessPolicy' AND substr(key, -length(?2)) = ?2",
        params![cluster.as_str(), suffix],
    )?;
    Ok(())
}

// === Pod Identity associations ===

pub(super) fn apply_association(
    store: &mut Store,
    order: &Order,
    association: &PodIdentityAssociation,
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let call = if found.is_some() { "eks:UpdatePodIdentityAssociation" } else { "eks:CreatePodIdentityAssociation" };
    check_association(store, order, call, association)?;
    let mut body = serde_json::to_value(association)?;
    let mut row = match found {
        None => Row::new(store, &order.cluster, &order.key, body.clone())?,
        Some(row) if ownership::is_another(&row, &body) => {
            return Err(refused(
                Class::Conflict,
                "eks:CreatePodIdentityAssociation",
                format!("ResourceInUseException: Association already exists: {} (it is not marked as ours)", row.uid),
            ));
        }
        Some(row) => row,
    };
    let live: PodIdentityAssociation = serde_json::from_value(row.body.clone())?;
    body["tags"] = serde_json::to_value(rules::merged_tags(&live.tags, &association.tags))?;
    let external_id = match (&association.target_role_arn, &row.external_id) {
        (None, _) => None,
        (Some(_), Some(external_id)) if live.target_role_arn == association.target_role_arn => {
            Some(external_id.clone())
        }
        (Some(_), _) => Some(bodies::uuid()?),
    };
    let changed = row.id.is_none() || row.body != body || row.external_id != external_id;
    row.external_id = external_id;
    if changed {
        row.body = body;
        row.save(store)?;
    }
    Ok(row)
}

/// What the webhook of EKS would do to a pod that comes now: it hears of an association as late as others hear of a role.
pub(super) fn probe(
    store: &mut Store,
    cluster: &ClusterArn,
    association: &ObjectKey,
) -> Result<Readiness, SandboxError> {
    store.known(cluster)?;
    let known = Row::load(store, cluster.as_str(), association)?;
    let has_arrived = known.is_some_and(|row| row.is_visible(store));
    Ok(if has_arrived { Readiness::Ready } else { Readiness::NotReady })
}

fn check_association(
    store: &Store,
    order: &Order,
    call: &str,
    association: &PodIdentityAssociation,
) -> Result<(), SandboxError> {
    rules::check_association(&order.cluster, association).map_err(|message| refused(Class::Invalid, call, message))?;
    let role_arn = &association.role_arn;
    if !matches!(iam::principal(store, &order.cluster, role_arn)?, Principal::Role { .. }) {
        return Err(refused(
            Class::NotFound,
            call,
            format!("InvalidParameterException: Role provided in the request does not exist. ({role_arn})"),
        ));
    }
    Ok(())
}

/// `arn:aws:eks:<region>:<account>:access-entry/<cluster>/<role or user>/<account>/<name>/<uuid>`
pub(super) fn access_entry_arn(cluster: &ClusterArn, principal: &str, uuid: &str) -> String {
    let mut parts = principal.splitn(6, ':').skip(4);
    let (account, resource) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (kind, path) = resource.split_once('/').unwrap_or((resource, ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    let (partition, region, owner) = (cluster.partition(), cluster.region(), cluster.account());
    format!("arn:{partition}:eks:{region}:{owner}:access-entry/{}/{kind}/{account}/{name}/{uuid}", cluster.name())
}
