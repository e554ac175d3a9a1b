//! Applying and deleting.

use super::{
    document,
    managed::{self, Force},
    namespaces,
};
use crate::{
    error::{SandboxError, refusal},
    options::ClusterOptions,
    store::{Row, Store, namespace_of},
};
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey, plural, pointer},
    ports::{Deleted, PortError},
};
use serde_json::Value;

/// Namespaces without which a cluster is none (NamespaceLifecycle admission).
const IMMORTAL: [&str; 3] = ["default", "kube-public", "kube-system"];

pub fn apply(
    store: &mut Store,
    cluster: &ClusterOptions,
    key: &ObjectKey,
    (document, manager, take): (&Value, &str, &[String]),
    found: Option<Row>,
) -> Result<Row, SandboxError> {
    let call = format!("PATCH {}", key.kind());
    admit(store, cluster, key, document, found.is_some(), &call)?;
    let mut row = match found {
        Some(row) => row,
        None => Row::new(store, &cluster.arn, key, document::skeleton(key))?,
    };
    let before = (row.body.clone(), row.managers.clone());
    managed::apply_to(&mut row, document, manager, Force::Fields(take)).map_err(|held| conflict(&call, held))?;
    finish(store, &cluster.arn, row, before, &call)
}

/// An out-of-band apply or update ends here, too.
pub fn finish(
    store: &mut Store,
    cluster: &ClusterArn,
    mut row: Row,
    (body, managers): (Value, String),
    call: &str,
) -> Result<Row, SandboxError> {
    let is_new = row.id.is_none();
    if !is_new {
        document::immutable(&row.key, &body, &row.body).map_err(|message| refusal(Class::Invalid, call, message))?;
    }
    // An apply that changes nothing keeps the resourceVersion.
    if is_new || row.body != body || row.managers != managers {
        row.save(store)?;
    }
    if let (true, ObjectKey::Kube { kind, name, .. }) = (is_new, &row.key)
        && kind == "Namespace"
    {
        namespaces::populate(store, cluster, name)?;
    }
    Ok(row)
}

/// What the API server asks of any write, before fields.
pub fn admit(
    store: &Store,
    cluster: &ClusterOptions,
    key: &ObjectKey,
    document: &Value,
    exists: bool,
    call: &str,
) -> Result<(), SandboxError> {
    let ObjectKey::Kube { api_version, kind, namespace, name } = key else {
        return Ok(());
    };
    if !document::is_served(cluster, api_version) {
        return Err(refusal(Class::NotFound, call, format!("no matches for kind {kind:?} in version {api_version:?}")));
    }
    document::check(key, document).map_err(|message| refusal(Class::Invalid, call, message))?;
    let Some(namespace) = namespace else { return Ok(()) };
    let home = ObjectKey::namespace_object(namespace);
    match Row::load(store, cluster.arn.as_str(), &home)? {
        None => Err(refusal(Class::NotFound, call, format!("namespaces {namespace:?} not found"))),
        Some(place) if place.deleted_at.is_some() && !exists => Err(refusal(
            Class::Conflict,
            call,
            format!(
                "{} {name:?} is forbidden: unable to create new content in namespace {namespace} because it is being \
                 terminated",
                plural(kind)
            ),
        )),
        Some(_) => Ok(()),
    }
}

pub fn conflict(call: &str, held: managed::Conflicts) -> SandboxError {
    let dotted = |path: &str| pointer::unescape(&path.replace('/', "."));
    let each: Vec<String> =
        held.iter().map(|(field, manager)| format!("conflict with {manager:?}: {}", dotted(field))).collect();
    let message = format!(
        "Apply failed with {} conflict{}: {}",
        held.len(),
        if held.len() == 1 { "" } else { "s" },
        each.join(", ")
    );
    PortError { held, ..PortError::new(Class::Conflict, call, message) }.into()
}

/// With finalisers, or as a namespace, it goes later.
pub fn delete(store: &mut Store, cluster: &ClusterArn, mut row: Row) -> Result<Deleted, SandboxError> {
    let ObjectKey::Kube { kind, name, .. } = &row.key else {
        return Ok(Deleted::Gone);
    };
    let is_namespace = kind == "Namespace";
    if is_namespace && IMMORTAL.contains(&name.as_str()) {
        return Err(refusal(
            Class::Denied,
            "DELETE Namespace",
            format!("namespaces {name:?} is forbidden: this namespace may not be deleted"),
        ));
    }
    if is_namespace || !row.finalizers().is_empty() {
        if row.deleted_at.is_none() {
            row.deleted_at = Some(store.now());
            row.save(store)?;
        }
        return Ok(Deleted::Terminating);
    }
    remove(store, cluster, row)?;
    Ok(Deleted::Gone)
}

/// The `default` ServiceAccount comes back as long as its namespace lives (serviceaccounts-controller).
pub fn remove(store: &mut Store, cluster: &ClusterArn, row: Row) -> Result<(), SandboxError> {
    let key = row.key.clone();
    row.remove(store)?;
    if let Some(namespace) = namespace_of(&key)
        && key == ObjectKey::default_account(namespace)
    {
        let home = Row::load(store, cluster.as_str(), &ObjectKey::namespace_object(namespace))?;
        if home.is_some_and(|home| home.deleted_at.is_none()) {
            namespaces::populate(store, cluster, namespace)?;
        }
    }
    Ok(())
}
