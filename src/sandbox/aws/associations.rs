//! Pod Identity associations: one for each ServiceAccount that has a role.

use super::{
    clusters,
    iam::{self, Principal},
    kind_rules::{KindRules, mismatch},
};
use crate::{
    error::{SandboxError, refusal, refusal_by_aws},
    options::ClusterOptions,
    store::{Row, Store, uuid},
};
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, PodIdentityAssociation},
    kinds::aws::{pod_identity_association, tags::merged_tags},
    ports::Readiness,
};
use serde_json::Value;

pub struct Associations;

impl KindRules for Associations {
    fn apply(
        &self,
        store: &mut Store,
        cluster: &ClusterOptions,
        (key, body): (&ObjectKey, &Body),
        found: Option<Row>,
    ) -> Result<Row, SandboxError> {
        match body {
            Body::PodIdentityAssociation(association) => apply(store, cluster, key, association, found),
            _ => Err(mismatch(key)),
        }
    }

    fn body(&self, document: Value) -> serde_json::Result<Body> {
        serde_json::from_value(document).map(Body::PodIdentityAssociation)
    }

    fn ids(&self, _: &ClusterArn, row: &Row) -> (Option<String>, Option<String>) {
        (row.generated_id(), row.external_id.clone())
    }

    fn besides(&self, _: &ClusterArn, row: &Row) -> Vec<(&'static str, Value)> {
        vec![("association_id", row.uid.as_str().into()), ("external_id", row.external_id.clone().into())]
    }
}

fn apply(
    store: &mut Store,
    cluster: &ClusterOptions,
    key: &ObjectKey,
    association: &PodIdentityAssociation,
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let call = if found.is_some() { "eks:UpdatePodIdentityAssociation" } else { "eks:CreatePodIdentityAssociation" };
    check(store, &cluster.arn, call, association)?;
    let mut body = serde_json::to_value(association)?;
    let mut row = match found {
        None => Row::new(store, &cluster.arn, key, body.clone())?,
        Some(row) if row.is_another(&body) => {
            return Err(refusal(
                Class::Conflict,
                "eks:CreatePodIdentityAssociation",
                format!("ResourceInUseException: Association already exists: {} (it is not marked as ours)", row.uid),
            ));
        }
        Some(row) => row,
    };
    let live: PodIdentityAssociation = serde_json::from_value(row.body.clone())?;
    body["tags"] = serde_json::to_value(merged_tags(&live.tags, &association.tags))?;
    let external_id = match (&association.target_role_arn, &row.external_id) {
        (None, _) => None,
        (Some(_), Some(external_id)) if live.target_role_arn == association.target_role_arn => {
            Some(external_id.clone())
        }
        (Some(_), _) => Some(uuid()?),
    };
    // It changes with the target role, which is in the body.
    row.external_id = external_id;
    row.save_body(store, body)?;
    Ok(row)
}

/// What the webhook of EKS would do to a pod that comes now: it hears of an association as late as others hear of a role.
pub fn probe(store: &Store, cluster: &ClusterArn, association: &ObjectKey) -> Result<Readiness, SandboxError> {
    clusters::get(store, cluster)?;
    let known = Row::load(store, cluster.as_str(), association)?;
    let has_arrived = known.is_some_and(|row| row.is_visible(store));
    Ok(if has_arrived { Readiness::Ready } else { Readiness::NotReady })
}

fn check(
    store: &Store,
    cluster: &ClusterArn,
    call: &str,
    association: &PodIdentityAssociation,
) -> Result<(), SandboxError> {
    pod_identity_association::check(cluster, association).map_err(|message| refusal(Class::Invalid, call, message))?;
    let role_arn = &association.role_arn;
    if !matches!(iam::principal(store, cluster, role_arn)?, Principal::Role { .. }) {
        return Err(refusal_by_aws(call, "InvalidParameterException", role_arn));
    }
    Ok(())
}
