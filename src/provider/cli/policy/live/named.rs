//! What the records of a cluster name. Our mark alone says nothing: whoever may write an object may set its labels. Pure.

use crate::cli::doctor::OwnRecord;
use goldenpath_core::domain::{Id, LABEL_PREFIX, ObjectKey, SYSTEM_NAMESPACE};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where records are.
pub const RECORDS: (&str, &str) = ("v1", "ConfigMap");

#[derive(Default)]
pub struct Named {
    objects: BTreeSet<NamedObject>,
    /// Whose records can't be read: what is marked as theirs may be named there.
    unread: BTreeSet<Owner>,
    /// No record could be read.
    is_unknown: bool,
    pub problems: Vec<String>,
}

/// Whatever the version in which it is served.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct NamedObject {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

/// (environment, slot), as labels have them.
type Owner = (Option<String>, Option<String>);

// === impl Named ===

impl Named {
    /// A ConfigMap of the records' namespace, which no tenant writes.
    pub fn add(&mut self, document: &Value) {
        let text = |path: &str| document.pointer(path).and_then(Value::as_str);
        let Some(name) = text("/metadata/name").filter(|name| Id::is_record_name(name)) else { return };
        match OwnRecord::read(text("/data/record")) {
            Ok(record) => self.objects.extend(record.inventory.iter().filter_map(|key| NamedObject::read(key))),
            Err(why) => {
                self.unread.insert(owner(document));
                let problem = format!(
                    "record {SYSTEM_NAMESPACE}/{name} can't be read: {why}; what carries its mark counts as ours; use the release that \
                     wrote it"
                );
                self.problems.push(problem);
            }
        }
    }

    /// Nothing is known of any of them.
    pub fn fail(&mut self, why: &str) {
        self.is_unknown = true;
        self.problems.push(format!(
            "the records in {SYSTEM_NAMESPACE} can't be listed: {why}; what carries our mark counts as ours"
        ));
    }

    /// Whether it is ours.
    pub fn has(&self, api: &str, kind: &str, document: &Value) -> bool {
        let text = |path: &str| document.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let is_marked = label(document, "managed") == Some("true");
        let name = text("/metadata/name").unwrap_or_default();
        let object = NamedObject {
            group: group(api).to_owned(),
            kind: kind.to_owned(),
            namespace: text("/metadata/namespace"),
            name,
        };
        is_marked && (self.is_unknown || self.objects.contains(&object) || self.unread.contains(&owner(document)))
    }
}

// === impl NamedObject ===

impl NamedObject {
    /// `None`: of AWS, or of a release that has other keys.
    fn read(key: &str) -> Option<Self> {
        match key.parse::<ObjectKey>().ok()? {
            ObjectKey::Kube { api_version, kind, namespace, name } => {
                Some(Self { group: group(&api_version).to_owned(), kind, namespace, name })
            }
            _ => None,
        }
    }
}

/// `apps` of `apps/v1`, nothing of `v1`.
pub fn group(api: &str) -> &str {
    api.rsplit_once('/').map_or("", |(group, _)| group)
}

fn owner(document: &Value) -> Owner {
    let label = |name: &str| label(document, name).map(str::to_owned);
    (label("environment"), label("slot"))
}

fn label<'d>(document: &'d Value, name: &str) -> Option<&'d str> {
    document.pointer("/metadata/labels")?.get(format!("{LABEL_PREFIX}{name}"))?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn binding(name: &str, labels: Value) -> Value {
        json!({"metadata": {"name": name, "namespace": "pay", "labels": labels}})
    }

    #[test]
    fn a_mark_is_verified_by_a_record() {
        let facts = json!({"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
            "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36"});
        let record = json!({"id": "demo/pay", "uid": "u", "kind": "environment", "team": "pay",
            "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "golden_path": "team-standard",
            "golden_path_version": "1.0.0", "golden_path_digest": "", "spec": {}, "phase": "ready", "tool_version": "0.1.0",
            "facts": facts, "inventory": ["aws/iam/Role/a", "k8s/rbac.authorization.k8s.io/v1/RoleBinding/pay/gp-viewer"]});
        let (ours, shop) =
            (json!({"goldenpath.internal/managed": "true", "goldenpath.internal/environment": "pay"}), "shop");
        let theirs = json!({"goldenpath.internal/managed": "true", "goldenpath.internal/environment": shop});
        let config_map = |name: &str, labels: &Value, record: &str| json!({"metadata": {"name": name, "labels": labels}, "data": {"record": record}});
        let mut named = Named::default();
        named.add(&config_map("environment.pay", &ours, &record.to_string()));
        named.add(&config_map("kube-root-ca.crt", &json!({}), ""));
        assert!(named.problems.is_empty(), "{:?}", named.problems);
        let has = |named: &Named, name: &str, labels: &Value| {
            named.has("rbac.authorization.k8s.io/v1beta1", "RoleBinding", &binding(name, labels.clone()))
        };
        assert!(has(&named, "gp-viewer", &ours), "named, and marked");
        assert!(!has(&named, "gp-viewer", &json!({})), "it has lost its mark: somebody has recreated it");
        assert!(!has(&named, "mine", &ours), "marked by a tenant");
        named.add(&config_map("environment.shop", &theirs, "{}"));
        assert!(has(&named, "any", &theirs) && !has(&named, "mine", &ours), "a record that can't be read may name it");
        assert!(named.problems.len() == 1 && named.problems[0].contains("environment.shop"), "{:?}", named.problems);
        named.fail("403");
        assert!(has(&named, "mine", &ours) && named.problems.len() == 2, "nobody can tell, and that is said");
    }
}
