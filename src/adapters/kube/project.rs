//! A live document as the ports see it: owned fields with their holders, whose it is, what its deletion waits for. The document is
//! dropped.
//!
//! A version is `<resourceVersion>/<uid>`: an apply at a resourceVersion alone would recreate what is gone.

use super::{kinds::Resource, managed::Holders, terminating};
use goldenpath_core::{
    domain::{ClusterArn, Observed, Ownership, SYSTEM_NAMESPACE},
    kinds::{self, kubernetes::resource_quota},
    ports::ownership::{adoptable_by, foreign_owner, mark},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// `None`: a document without a name or a version, which no API server sends.
pub(super) fn observation(cluster: &ClusterArn, resource: &Resource, document: Value) -> Option<Observed> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let namespace = text("/metadata/namespace").filter(|_| resource.is_namespaced);
    let key = resource.key(namespace, text("/metadata/name")?);
    let holders = Holders::of(&document);
    let ownership = mark(&key, cluster.as_str(), &document)
        .ownership(cluster.as_str(), || foreign_owner(&document, holders.first()));
    let is_foreign = matches!(ownership, Ownership::Foreign { .. });
    let is_record = resource.kind == "ConfigMap" && namespace == Some(SYSTEM_NAMESPACE) && !is_foreign;
    let record = text("/data/record").filter(|_| is_record);
    let fields = kinds::fields_of_document(&document, &|pointer| holders.holder(pointer));
    Some(Observed {
        used: if resource.kind == "ResourceQuota" { resource_quota::usage(&document) } else { BTreeMap::new() },
        deleting: terminating::reason(&document),
        record: record.map(Into::into),
        adoptable_by: adoptable_by(&document).filter(|_| is_foreign && resource.kind == "Namespace").map(str::to_owned),
        ..Observed::new(key, version_of(&document)?, ownership, fields)
    })
}

fn version_of(document: &Value) -> Option<String> {
    let text = |name: &str| document.get("metadata")?.get(name)?.as_str();
    Some(format!("{}/{}", text("resourceVersion")?, text("uid")?))
}

/// (resourceVersion, uid) of a version; `None`: another target's.
pub(super) fn parts_of(version: &str) -> Option<(&str, &str)> {
    version.split_once('/')
}
