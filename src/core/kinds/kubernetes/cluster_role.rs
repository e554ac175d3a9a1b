//! What a persona may do. The baseline alone makes them; environments bind them.

use crate::kinds::{
    kind::{Kind, NameRule, Writes},
    words::{only, strings},
};
use serde_json::Value;

pub const KIND: Kind = Kind {
    baseline: Writes::BaselineRoles,
    environments: Writes::Nothing,
    words: |rest| rest.take_as("/rules", rules).into_iter().collect(),
    roots: &["aggregationRule", "rules"],
    names: NameRule::PathSegment,
    ..Kind::cluster_wide("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles")
};

/// `apps: deployments, replicasets [get list watch]`
fn rules(rules: &Value) -> Option<String> {
    let texts: Option<Vec<String>> = rules.as_array()?.iter().map(rule).collect();
    Some(texts?.join("; "))
}

fn rule(rule: &Value) -> Option<String> {
    let rule = only(rule, &["apiGroups", "resources", "resourceNames", "verbs"])?;
    let joined = |name: &str, separator: &str| match rule.get(name) {
        None => Some(String::new()),
        Some(values) => Some(strings(values)?.join(separator)),
    };
    let names = joined("resourceNames", ",")?;
    let names = if names.is_empty() { names } else { format!(" named {names}") };
    // The group of pods and services is the empty text.
    let groups = strings(rule.get("apiGroups")?)?;
    let groups: Vec<&str> = groups.into_iter().map(|group| if group.is_empty() { "core" } else { group }).collect();
    let groups = groups.join(",");
    Some(format!("{groups}: {}{names} [{}]", joined("resources", ", ")?, joined("verbs", " ")?))
}
