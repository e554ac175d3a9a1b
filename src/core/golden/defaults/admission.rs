//! What guards read of an environment: annotations of its Namespaces, which no tenant writes. An absent list bounds nothing.

use crate::{
    domain::{EnvironmentSpec, LABEL_PREFIX, NAMESPACES_ANNOTATION},
    golden::catalogue::{Admission, fill_owner},
};
use std::collections::BTreeMap;

/// Of all its namespaces.
pub fn annotations(spec: &EnvironmentSpec, granted: &Admission) -> BTreeMap<String, String> {
    let Admission { load_balancer_groups, ingress_classes, storage_classes, priority_classes, .. } = granted;
    let groups = Some(load_balancer_groups).filter(|groups| !groups.is_empty());
    [
        ("ingress-hosts", ingress_hosts(spec, granted)),
        ("load-balancer-groups", groups.cloned()),
        ("ingress-classes", ingress_classes.clone()),
        ("storage-classes", storage_classes.clone()),
        ("priority-classes", priority_classes.clone()),
    ]
    .into_iter()
    .filter_map(|(name, list)| Some((format!("{LABEL_PREFIX}{name}"), list?.join(","))))
    .collect()
}

/// Those that the request lists, else all that the golden path grants.
fn ingress_hosts(spec: &EnvironmentSpec, granted: &Admission) -> Option<Vec<String>> {
    let written = spec.network.as_ref().map(|network| network.ingress_hosts.to_vec());
    written.filter(|hosts| !hosts.is_empty()).or_else(|| granted_hosts(spec, granted))
}

/// `None`: the golden path bounds no host.
pub fn granted_hosts(spec: &EnvironmentSpec, granted: &Admission) -> Option<Vec<String>> {
    let filled = |host: &String| fill_owner(host, spec.team.as_str(), spec.name.as_str());
    Some(granted.ingress_hosts.as_ref()?.iter().map(filled).collect())
}

/// Of one namespace: the others of its environment.
pub fn others<'a>(name: &str, all: impl Iterator<Item = &'a String>) -> Option<(String, String)> {
    let others: Vec<&str> = all.map(String::as_str).filter(|other| *other != name).collect();
    (!others.is_empty()).then(|| (NAMESPACES_ANNOTATION.to_owned(), others.join(",")))
}
