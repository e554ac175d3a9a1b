//! What every kind has in common: an order to apply, expectations, ids, and a row as the ports see it.

use super::{
    eks,
    error::{SandboxError, refused},
    iam, kubernetes,
    managed::{Holders, Operation},
    namespace, ownership,
    row::{self, Row},
    store::Store,
};
use goldenpath_core::{
    domain::{
        Body, Class, ClusterArn, Desired, Fields, Holder, ObjectKey, Observed, Ownership,
        projection::{self, SYSTEM_NAMESPACE},
    },
    ports::{Apply, Deleted, Expect},
};
use serde_json::Value;

/// [`Apply`] with its own memory, on its way to the thread of the file.
pub(super) struct Order {
    pub cluster: ClusterArn,
    pub key: ObjectKey,
    pub body: Body,
    pub manager: String,
    pub expect: Expect,
    pub take: Vec<String>,
}

impl Order {
    pub fn of(apply: Apply<'_>) -> Self {
        let Apply { cluster, key, body, manager, expect, take } = apply;
        Self {
            cluster: cluster.clone(),
            key: key.clone(),
            body: body.clone(),
            manager: manager.to_owned(),
            expect,
            take: take.to_vec(),
        }
    }
}

pub(super) fn apply(store: &mut Store, order: &Order) -> Result<Observed, SandboxError> {
    let cluster = store.known(&order.cluster)?;
    let found = Row::load(store, row::home(&order.cluster, &order.key), &order.key)?;
    check(&order.expect, found.as_ref(), &order.key)?;
    let row = match (&order.key, &order.body) {
        (ObjectKey::Role { name }, Body::Role(role)) => iam::apply_role(store, order, name, role, found)?,
        (ObjectKey::AccessEntry { principal }, Body::AccessEntry(entry)) => {
            eks::apply_entry(store, &cluster, order, principal, entry, found)?
        }
        (ObjectKey::AccessPolicy { policy, namespace: _, principal }, Body::AccessPolicy(_)) => {
            eks::apply_policy(store, &cluster, order, policy, principal, found)?
        }
        (ObjectKey::PodIdentityAssociation { .. }, Body::PodIdentityAssociation(association)) => {
            eks::apply_association(store, order, association, found)?
        }
        (ObjectKey::Kube { .. }, Body::Kube(document)) => kubernetes::apply(store, &cluster, order, document, found)?,
        (key, _) => {
            return Err(refused(Class::Invalid, &format!("apply {key}"), "the body is of another kind than the key"));
        }
    };
    observed(store, &order.cluster, row)
}

/// What is gone is gone, whatever was expected of it.
pub(super) fn delete(
    store: &mut Store,
    cluster: &ClusterArn,
    key: &ObjectKey,
    expect: &Expect,
) -> Result<Deleted, SandboxError> {
    store.known(cluster)?;
    let Some(found) = Row::load(store, row::home(cluster, key), key)? else {
        return Ok(Deleted::Gone);
    };
    check(expect, Some(&found), key)?;
    remove(store, cluster, found)
}

pub(super) fn remove(store: &mut Store, cluster: &ClusterArn, row: Row) -> Result<Deleted, SandboxError> {
    match &row.key {
        ObjectKey::Kube { .. } => return kubernetes::delete(store, cluster, row),
        ObjectKey::Role { .. } => iam::check_deletable(&row)?,
        ObjectKey::AccessEntry { principal } => eks::drop_policies(store, cluster, principal)?,
        ObjectKey::AccessPolicy { .. } | ObjectKey::PodIdentityAssociation { .. } => {}
    }
    row.remove(store)?;
    Ok(Deleted::Gone)
}

fn check(expect: &Expect, found: Option<&Row>, key: &ObjectKey) -> Result<(), SandboxError> {
    let message = match (expect, found) {
        (Expect::Any, _) | (Expect::Absent, None) => return Ok(()),
        (Expect::Absent, Some(_)) => format!("{key} already exists"),
        (Expect::Version(version), Some(row)) if *version == row.version.to_string() => return Ok(()),
        (Expect::Version(_), _) => format!(
            "Operation cannot be fulfilled on {key}: the object has been modified; please apply your changes to the \
             latest version and try again"
        ),
    };
    Err(refused(Class::Conflict, &format!("write {key}"), message))
}

// === A row as the ports see it ===

/// Takes the row: its document is dropped once it is projected.
pub(super) fn observed(store: &Store, cluster: &ClusterArn, row: Row) -> Result<Observed, SandboxError> {
    let ownership = ownership::ownership(cluster.as_str(), &row);
    let deleting = match &row.deleted_at {
        Some(_) => Some(namespace::why_deleting(store, &row)?),
        None => None,
    };
    let record = record_text(&row, &ownership).map(str::to_owned);
    let adoptable_by = adoptable_by(&row, &ownership).map(str::to_owned);
    let (id, external_id) = generated(cluster, &row);
    let Row { key, version, body, managers, .. } = row;
    let fields = project(&key, body, &managers)?;
    Ok(Observed {
        deleting,
        id,
        external_id,
        record,
        adoptable_by,
        ..Observed::new(key, version.to_string(), ownership, fields)
    })
}

/// The ids that matter to others. An access entry's own is its ARN; that of the principal behind it stays inside.
fn generated(cluster: &ClusterArn, row: &Row) -> (Option<String>, Option<String>) {
    let uid = || (!row.uid.is_empty()).then(|| row.uid.clone());
    match &row.key {
        ObjectKey::Role { .. } => (uid(), None),
        ObjectKey::PodIdentityAssociation { .. } => (uid(), row.external_id.clone()),
        ObjectKey::AccessEntry { principal } => {
            (row.external_id.as_deref().map(|uuid| eks::access_entry_arn(cluster, principal, uuid)), None)
        }
        ObjectKey::AccessPolicy { .. } | ObjectKey::Kube { .. } => (None, None),
    }
}

fn project(key: &ObjectKey, body: Value, managers: &str) -> Result<Fields, SandboxError> {
    Ok(match typed(key, body)? {
        Body::Kube(document) => {
            let holders = Holders::of(managers);
            projection::of_kube(&document, &|path| holder(&holders, path))
        }
        aws => projection::of_body(&aws),
    })
}

/// The document in the shape of its kind; how what is edited by hand is checked, too.
pub(super) fn typed(key: &ObjectKey, body: Value) -> Result<Body, serde_json::Error> {
    Ok(match key {
        ObjectKey::Role { .. } => Body::Role(serde_json::from_value(body)?),
        ObjectKey::AccessEntry { .. } => Body::AccessEntry(serde_json::from_value(body)?),
        ObjectKey::AccessPolicy { .. } => Body::AccessPolicy(serde_json::from_value(body)?),
        ObjectKey::PodIdentityAssociation { .. } => Body::PodIdentityAssociation(serde_json::from_value(body)?),
        ObjectKey::Kube { .. } => Body::Kube(body),
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
        && row::namespace_of(&row.key) == Some(SYSTEM_NAMESPACE)
        && !matches!(ownership, Ownership::Foreign { .. });
    if is_record { row.body.pointer("/data/record")?.as_str() } else { None }
}

fn adoptable_by<'a>(row: &'a Row, ownership: &Ownership) -> Option<&'a str> {
    if row.key.kind() != "Namespace" || !matches!(ownership, Ownership::Foreign { .. }) {
        return None;
    }
    crate::ownership::adoptable_by(&row.body)
}

// === What the target makes up ===

pub(super) fn now() -> String {
    let now = jiff::Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

pub(super) fn uuid() -> Result<String, SandboxError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(SandboxError::Random)?;
    // RFC 9562, version 4.
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}

/// `AROA...` for a role, `a-...` for an association, a UUID for what lives in Kubernetes.
pub(super) fn generated_id(key: &ObjectKey) -> Result<String, SandboxError> {
    match key {
        ObjectKey::Role { .. } => Ok(format!("AROA{}", random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17)?)),
        ObjectKey::PodIdentityAssociation { .. } => {
            Ok(format!("a-{}", random(b"abcdefghijklmnopqrstuvwxyz0123456789", 17)?))
        }
        ObjectKey::AccessEntry { .. } | ObjectKey::AccessPolicy { .. } => Ok(String::new()),
        ObjectKey::Kube { .. } => uuid(),
    }
}

fn random(alphabet: &[u8], length: usize) -> Result<String, SandboxError> {
    let mut bytes = vec![0_u8; length];
    getrandom::fill(&mut bytes).map_err(SandboxError::Random)?;
    Ok(bytes.into_iter().map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()])).collect())
}
