//! The RBAC that we need and no more, from the table of kinds that the adapter lists by.
//!
//! RBAC lets nobody make a role or a binding of more than he holds. So who makes the baseline's ClusterRoles must hold all that
//! they grant (`held`); who makes environments binds them and needs the verb `bind` on these four by name, nothing of what they
//! grant. Neither has `escalate`, `impersonate` or any right on Secrets of its own.

use super::{
    kinds::{CLUSTER_ROLE_BINDING, CONFIG_MAP, LISTED, NAMESPACE, Resource},
    probe,
    turn::LEASE,
};
use goldenpath_core::domain::projection::SYSTEM_NAMESPACE;
use serde_json::{Value, json};
use std::{borrow::Cow, collections::BTreeMap};

const KIND: &str = "rbac.authorization.k8s.io/v1";
const CLUSTER_ROLE: &str = "ClusterRole";
const WRITE: [&str; 5] = ["create", "delete", "get", "list", "patch"];
const READ: [&str; 2] = ["get", "list"];

/// For the baseline alone. `names`: the ClusterRoles that it makes; `held`: all their rules.
pub fn for_baseline(names: &[String], held: Vec<Value>) -> Vec<Value> {
    let mut rules = vec![
        json!({"apiGroups": [""], "resources": [NAMESPACE.plural], "verbs": READ}),
        json!({"apiGroups": [""], "resources": [NAMESPACE.plural], "resourceNames": [SYSTEM_NAMESPACE],
            "verbs": ["create", "delete", "patch"]}),
        json!({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": READ}),
        json!({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "resourceNames": names,
            "verbs": ["create", "delete", "patch"]}),
        json!({"apiGroups": [""], "resources": [CONFIG_MAP.plural], "verbs": READ}),
        // Server-side apply asks for `create` with the name, so that it can be named here.
        json!({"apiGroups": [""], "resources": [CONFIG_MAP.plural], "resourceNames": ["gp-baseline"],
            "verbs": ["create", "delete", "patch"]}),
    ];
    // What else a listing of ours looks at.
    rules.extend(reads(|resource| resource.kind != CLUSTER_ROLE && *resource != NAMESPACE && *resource != CONFIG_MAP));
    rules.extend(held);
    vec![role(CLUSTER_ROLE, None, "goldenpath-baseline", rules)]
}

/// For environments and slots, on a cluster with a baseline.
pub fn for_environments(names: &[String]) -> Vec<Value> {
    let is_written = |resource: &Resource| resource.kind != CLUSTER_ROLE && *resource != CONFIG_MAP;
    let mut rules = grouped(is_written, &WRITE);
    rules.extend(reads(|resource| !is_written(resource)));
    rules.push(
        json!({"apiGroups": ["rbac.authorization.k8s.io"], "resources": [CLUSTER_ROLE_BINDING.plural], "verbs": READ}),
    );
    rules.push(
        json!({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "resourceNames": names,
        "verbs": ["bind"]}),
    );
    let records = vec![
        json!({"apiGroups": [""], "resources": [CONFIG_MAP.plural], "verbs": WRITE}),
        json!({"apiGroups": ["coordination.k8s.io"], "resources": [LEASE.plural],
            "verbs": ["create", "delete", "get", "patch"]}),
    ];
    vec![
        role(CLUSTER_ROLE, None, "goldenpath-environments", rules),
        role("Role", Some(SYSTEM_NAMESPACE), "goldenpath-environments", records),
    ]
}

/// For the look at a slot's identity: a role of its own, since RBAC cannot tell a dry run from a pod. Without it the slot's
/// `identity_ready` is null, and nothing else is missing.
pub fn for_probe() -> Value {
    let webhooks = probe::WEBHOOKS.plural;
    let rules = vec![
        json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}),
        json!({"apiGroups": ["admissionregistration.k8s.io"], "resources": [webhooks], "resourceNames": [probe::WEBHOOK],
            "verbs": ["get"]}),
    ];
    role(CLUSTER_ROLE, None, "goldenpath-identity-probe", rules)
}

/// Bindings of these roles to a group.
pub fn bound(items: &[Value], group: &str) -> Vec<Value> {
    let binding = |role: &Value| {
        let kind = role["kind"].as_str().filter(|kind| kind.ends_with("Role"))?;
        let mut metadata = json!({"name": role["metadata"]["name"]});
        if let Some(namespace) = role["metadata"].get("namespace") {
            metadata["namespace"] = namespace.clone();
        }
        Some(json!({"apiVersion": KIND, "kind": format!("{kind}Binding"), "metadata": metadata,
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role["metadata"]["name"]}}))
    };
    items.iter().filter_map(binding).collect()
}

fn reads(which: impl Fn(&Resource) -> bool) -> Vec<Value> {
    grouped(which, &READ)
}

/// One rule for each API group.
fn grouped(which: impl Fn(&Resource) -> bool, verbs: &[&str]) -> Vec<Value> {
    let mut groups: BTreeMap<String, Vec<Cow<'static, str>>> = BTreeMap::new();
    for resource in LISTED.into_iter().filter(|resource| which(resource)) {
        let group = resource.api_version.split_once('/').map_or("", |(group, _)| group);
        groups.entry(group.to_owned()).or_default().push(resource.plural);
    }
    let rule = |(group, mut plurals): (String, Vec<Cow<'static, str>>)| {
        plurals.sort_unstable();
        json!({"apiGroups": [group], "resources": plurals, "verbs": verbs})
    };
    groups.into_iter().map(rule).collect()
}

fn role(kind: &str, namespace: Option<&str>, name: &str, rules: Vec<Value>) -> Value {
    let mut metadata = json!({"name": name});
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    json!({"apiVersion": KIND, "kind": kind, "metadata": metadata, "rules": rules})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::kinds::ROLE_BINDING;

    fn names() -> Vec<String> {
        vec!["gp-viewer".to_owned(), "gp-admin".to_owned()]
    }

    fn rules(items: &[Value], kind: &str) -> Vec<Value> {
        let of_kind = items.iter().filter(|item| item["kind"] == kind);
        of_kind.flat_map(|item| item["rules"].as_array().expect("rules").clone()).collect()
    }

    fn may(rules: &[Value], verb: &str, group: &str, plural: &str) -> bool {
        let has = |rule: &Value, field: &str, what: &str| {
            rule[field].as_array().is_some_and(|all| all.contains(&what.into()))
        };
        rules.iter().any(|rule| {
            rule.get("resourceNames").is_none()
                && has(rule, "verbs", verb)
                && has(rule, "apiGroups", group)
                && has(rule, "resources", plural)
        })
    }

    #[test]
    fn environments_write_what_a_golden_path_renders() {
        let rules = rules(&for_environments(&names()), CLUSTER_ROLE);
        for resource in LISTED {
            let group = resource.api_version.split_once('/').map_or("", |(group, _)| group);
            assert!(may(&rules, "list", group, &resource.plural), "a listing asks for {}", resource.kind);
        }
        assert!(may(
            &rules,
            "patch",
            ROLE_BINDING.api_version.split('/').next().unwrap_or_default(),
            &ROLE_BINDING.plural
        ));
        for (verb, group, plural, reason) in [
            ("patch", "", "configmaps", "the records alone, in their namespace: aws-auth is a ConfigMap"),
            ("patch", "rbac.authorization.k8s.io", "clusterroles", "only the baseline makes them"),
            ("get", "", "secrets", "nobody's Secrets"),
            ("create", "", "pods", "no workload"),
        ] {
            assert!(!may(&rules, verb, group, plural), "{verb} {plural}: {reason}");
        }
    }

    #[test]
    fn each_role_is_bound_where_it_is() {
        let mut items = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})];
        items.extend(for_environments(&names()));
        let bindings = bound(&items, "platform");
        let told: Vec<(&Value, &Value, &Value)> = bindings
            .iter()
            .map(|binding| (&binding["kind"], &binding["metadata"]["namespace"], &binding["subjects"][0]["name"]))
            .collect();
        let (none, home, group) = (Value::Null, SYSTEM_NAMESPACE.into(), "platform".into());
        let (everywhere, there) = ("ClusterRoleBinding".into(), "RoleBinding".into());
        assert_eq!(told, [(&everywhere, &none, &group), (&there, &home, &group)], "a Namespace is bound to nobody");
    }

    #[test]
    fn nobody_escalates() {
        for (list, reason) in
            [(for_baseline(&names(), vec![]), "baseline"), (for_environments(&names()), "environments")]
        {
            let text = Value::from(list).to_string();
            for word in ["escalate", "impersonate", "cluster-admin", "\"*\""] {
                assert!(!text.contains(word), "{reason}: {word}");
            }
        }
        let rules = rules(&for_environments(&names()), CLUSTER_ROLE);
        let bind = rules.iter().find(|rule| rule["verbs"] == json!(["bind"])).expect("bind");
        assert_eq!(bind["resourceNames"], json!(names()), "the four and no other");
    }
}
