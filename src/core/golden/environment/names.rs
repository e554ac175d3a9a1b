//! Names that only the request decides.

use crate::domain::{DnsLabel, EnvironmentSpec, Namespace};
use std::collections::BTreeMap;

/// The final name of a namespace: the key `default` is the one that has the environment's name.
pub fn namespace_name(environment: &DnsLabel, key: &DnsLabel) -> String {
    if key.as_str() == "default" { environment.to_string() } else { format!("{environment}-{key}") }
}

/// Keys with what was written for each; absent: one namespace, `default`.
pub fn namespaces(spec: &EnvironmentSpec) -> BTreeMap<DnsLabel, Namespace> {
    match &spec.namespaces {
        Some(namespaces) => namespaces.clone(),
        None => "default".parse().map(|key| BTreeMap::from([(key, Namespace::default())])).unwrap_or_default(),
    }
}

/// The name of a quota object for a PriorityClass: a class of ours has the prefix already.
pub fn priority_quota_name(class: &str) -> String {
    if class.starts_with("gp-") { class.to_owned() } else { format!("gp-{class}") }
}
