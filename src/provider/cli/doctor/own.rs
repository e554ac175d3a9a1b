//! What is ours on a cluster, and what the records among it say. Pure.

use super::reading::Reading;
use goldenpath_core::domain::{
    Id, ObjectKey, Observed, Ownership, PathVersion, Record, ResourceKind, SYSTEM_NAMESPACE,
};

#[derive(Clone, Debug)]
pub struct OwnObject {
    pub key: ObjectKey,
    /// `environment[/slot]`; `None` for what the cluster shares.
    pub owner: Option<String>,
    /// What it says, if it is a record.
    pub record: Option<Reading<OwnRecord>>,
}

/// As much of a record as is judged.
#[derive(Clone, Debug)]
pub struct OwnRecord {
    pub inventory: Vec<String>,
    /// What an environment was made by, if it is its record.
    pub path: Option<PathVersion>,
}

// === impl OwnObject ===

impl OwnObject {
    /// What others own in our namespaces (a ServiceAccount that Kubernetes made, a RoleBinding of somebody) is none of it.
    pub fn of(observed: Observed) -> Option<Self> {
        let record = is_record(&observed).then(|| OwnRecord::read(observed.record.as_deref()));
        let owner = match observed.ownership {
            Ownership::Ours(owner) => Some(match owner.slot {
                Some(slot) => format!("{}/{slot}", owner.environment),
                None => owner.environment,
            }),
            Ownership::Cluster => None,
            Ownership::Foreign { .. } => return None,
        };
        Some(Self { key: observed.key, owner, record })
    }

    /// What an environment was made by, if it is the record of one.
    pub fn path(&self) -> Option<&PathVersion> {
        self.record.as_ref()?.as_ref().ok()?.path.as_ref()
    }
}

// === impl OwnRecord ===

impl OwnRecord {
    /// `None`: nothing is in it.
    pub fn read(text: Option<&str>) -> Reading<Self> {
        let text = text.ok_or("it is empty")?;
        let record: Record = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let path = Some(&record).filter(|record| record.kind == ResourceKind::ENVIRONMENT).and_then(Record::path);
        Ok(Self { inventory: record.inventory, path })
    }
}

/// By its name too: one that was emptied still stands for what it named.
fn is_record(observed: &Observed) -> bool {
    let is_named = matches!(&observed.key, ObjectKey::Kube { kind, namespace: Some(namespace), name, .. }
        if kind == "ConfigMap" && namespace == SYSTEM_NAMESPACE && Id::is_record_name(name));
    observed.record.is_some() || is_named
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::{Fields, Owner};
    use serde_json::json;

    #[test]
    fn a_record_that_can_not_be_read_is_still_a_record() {
        let whole = json!({"id": "demo/pay", "uid": "u", "kind": "environment",
            "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "team": "pay", "golden_path": "team-standard",
            "golden_path_version": "1.0.0", "golden_path_digest": "", "spec": {}, "phase": "ready", "tool_version": "0.1.0",
            "facts": {"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
                "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36"},
            "inventory": ["k8s/v1/Namespace/pay"]})
        .to_string();
        for (name, text, expected, reason) in [
            ("environment.pay", Some(whole.as_str()), Some(true), "as this release writes it"),
            ("environment.pay", Some("{\"id\": \"demo/pay\"}"), Some(false), "of another release"),
            ("environment.pay", Some("{"), Some(false), "cut off"),
            ("environment.pay", None, Some(false), "emptied"),
            ("settings", None, None, "something else"),
        ] {
            let key = ObjectKey::kube("v1", "ConfigMap", Some(SYSTEM_NAMESPACE), name);
            let ours = Ownership::Ours(Owner { environment: "pay".to_owned(), slot: None });
            let seen = Observed { record: text.map(Into::into), ..Observed::new(key, "1", ours, Fields::default()) };
            let own = OwnObject::of(seen).expect(reason);
            assert_eq!(own.owner.as_deref(), Some("pay"), "{reason}");
            assert_eq!(own.record.as_ref().map(Result::is_ok), expected, "{reason}: {:?}", own.record);
        }
    }
}
