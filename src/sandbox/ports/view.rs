//! A row as the ports see it: whose it is, its fields with their holders, what it waits for.

use super::typed::parse_body;
use crate::{
    eks::access_entries,
    error::SandboxError,
    kubernetes::{
        managed::{Holders, Operation},
        namespaces,
    },
    store::{Row, Store, namespace_of},
};
use goldenpath_core::{
    domain::{Body, ClusterArn, Desired, Fields, Holder, ObjectKey, Observed, Ownership, SYSTEM_NAMESPACE},
    kinds::{self, kubernetes::resource_quota},
    ports::ownership::{self, foreign_owner},
};
use serde_json::Value;
use std::collections::BTreeMap;

pub fn ownership(cluster: &ClusterArn, row: &Row) -> Ownership {
    row.mark.ownership(cluster.as_str(), || foreign_owner(&row.body, Holders::of(&row.managers).first()))
}

/// Takes the row: its document is dropped once it is projected.
pub fn observation(store: &Store, cluster: &ClusterArn, row: Row) -> Result<Observed, SandboxError> {
    let ownership = ownership(cluster, &row);
    let deleting = match &row.deleted_at {
        Some(_) => Some(namespaces::why_deleting(store, &row)?),
        None => None,
    };
    let record = record_text(&row, &ownership).map(Into::into);
    let adoptable_by = adoptable_by(&row, &ownership).map(str::to_owned);
    let (id, external_id) = ids(cluster, &row);
    let Row { key, version, body, managers, .. } = row;
    let used = if key.kind() == "ResourceQuota" { resource_quota::usage(&body) } else { BTreeMap::new() };
    let fields = project(&key, body, &managers)?;
    Ok(Observed {
        deleting,
        id,
        external_id,
        record,
        adoptable_by,
        used,
        ..Observed::new(key, version.to_string(), ownership, fields)
    })
}

/// The ids that matter to others. An access entry's own is its ARN; that of the principal behind it stays inside.
fn ids(cluster: &ClusterArn, row: &Row) -> (Option<String>, Option<String>) {
    let uid = || (!row.uid.is_empty()).then(|| row.uid.clone());
    match &row.key {
        ObjectKey::Role { .. } => (uid(), None),
        ObjectKey::PodIdentityAssociation { .. } => (uid(), row.external_id.clone()),
        ObjectKey::AccessEntry { principal } => {
            (row.external_id.as_deref().map(|uuid| access_entries::arn(cluster, principal, uuid)), None)
        }
        ObjectKey::AccessPolicy { .. } | ObjectKey::Kube { .. } => (None, None),
    }
}

fn project(key: &ObjectKey, body: Value, managers: &str) -> Result<Fields, SandboxError> {
    Ok(match parse_body(key, body)? {
        Body::Kube(document) => {
            let holders = Holders::of(managers);
            kinds::fields_of_document(&document, &|path| holder(&holders, path))
        }
        aws => kinds::fields_of(&aws),
    })
}

/// Ours before anyone else's, one that applies before one that edits.
fn holder<'a>(holders: &Holders<'a>, path: &str) -> Option<Holder<'a>> {
    let mut found: Option<Holder<'a>> = None;
    for (operation, manager) in holders.of_field(path) {
        match operation {
            Operation::Apply if manager == Desired::MANAGER => return Some(Holder::Us),
            Operation::Apply if !matches!(found, Some(Holder::Applied(_))) => found = Some(Holder::Applied(manager)),
            Operation::Update if found.is_none() => found = Some(Holder::Edited(manager)),
            _ => {}
        }
    }
    found
}

fn record_text<'a>(row: &'a Row, ownership: &Ownership) -> Option<&'a str> {
    let is_record = row.key.kind() == "ConfigMap"
        && namespace_of(&row.key) == Some(SYSTEM_NAMESPACE)
        && !matches!(ownership, Ownership::Foreign { .. });
    if is_record { row.body.pointer("/data/record")?.as_str() } else { None }
}

fn adoptable_by<'a>(row: &'a Row, ownership: &Ownership) -> Option<&'a str> {
    if row.key.kind() != "Namespace" || !matches!(ownership, Ownership::Foreign { .. }) {
        return None;
    }
    ownership::adoptable_by(&row.body)
}
