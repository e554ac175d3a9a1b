//! The RBAC that we need and no more, from the kinds that core knows: what a pipeline writes of each stands there.
//!
//! RBAC lets nobody make a role or a binding of more than he holds. So who makes the baseline's ClusterRoles must hold all that
//! they grant (`held`); who makes environments binds them and needs the verb `bind` on these four by name, nothing of what they
//! grant. Neither has `escalate`, `impersonate` or any permission on Secrets of its own.

use super::{kinds::CLUSTER_ROLE_BINDING, lease_lock::LEASE, probe, running};
use goldenpath_core::{
    domain::SYSTEM_NAMESPACE,
    kinds::{Kind, Writes, kubernetes::KINDS},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const KIND: &str = "rbac.authorization.k8s.io/v1";
const CLUSTER_ROLE: &str = "ClusterRole";
const WRITE: [&str; 5] = ["create", "delete", "get", "list", "patch"];
const READ: [&str; 2] = ["get", "list"];
/// Server-side apply needs `create` with the name, so that a rule can name what it is for.
const WRITE_NAMED: [&str; 3] = ["create", "delete", "patch"];

/// For the baseline alone. `rendered`: kinds of what it makes, each with names; `held`: all rules of its ClusterRoles.
pub fn for_baseline(rendered: &[(&str, Vec<String>)], held: Vec<Value>) -> Vec<Value> {
    let mut rules = reads_and_writes(|kind| kind.baseline, rendered);
    rules.extend(held);
    vec![role(CLUSTER_ROLE, None, "goldenpath-baseline", rules)]
}

/// For environments and slots, on a cluster with a baseline. `names`: its ClusterRoles.
pub fn for_environments(names: &[String]) -> Vec<Value> {
    let mut rules = reads_and_writes(|kind| kind.environments, &[]);
    rules.push(
        json!({"apiGroups": ["rbac.authorization.k8s.io"], "resources": [CLUSTER_ROLE_BINDING.plural], "verbs": READ}),
    );
    rules.push(
        json!({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "resourceNames": names,
        "verbs": ["bind"]}),
    );
    let mut records = rules_by_group(|kind| kind.environments == Writes::Within(SYSTEM_NAMESPACE), &WRITE);
    records.push(json!({"apiGroups": ["coordination.k8s.io"], "resources": [LEASE.plural],
        "verbs": ["create", "delete", "get", "patch"]}));
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

/// For a daemon: what it has listed, it keeps as it changes. A role of its own, for whoever has no daemon. Without it each plan lists.
pub fn for_watches() -> Value {
    role(CLUSTER_ROLE, None, "goldenpath-watches", rules_by_group(|_| true, &["watch"]))
}

/// For facts of the cluster that EKS does not know: a role of its own, for whoever may not grant it. Without it these facts are not
/// known, and nothing else is missing.
pub fn for_facts() -> Value {
    let rules = vec![
        json!({"apiGroups": ["apps"], "resources": [running::DAEMON_SETS.plural], "resourceNames": running::NAMES,
            "verbs": ["get"]}),
    ];
    role(CLUSTER_ROLE, None, "goldenpath-cluster-facts", rules)
}

/// Bindings of these roles to a group.
pub fn bindings(items: &[Value], group: &str) -> Vec<Value> {
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

/// All kinds are read, and of each is written what its pipeline writes.
fn reads_and_writes(writes: impl Fn(&Kind) -> Writes, rendered: &[(&str, Vec<String>)]) -> Vec<Value> {
    let mut rules = rules_by_group(|kind| writes(kind) == Writes::All, &WRITE);
    rules.extend(rules_by_group(|kind| writes(kind) != Writes::All, &READ));
    rules.extend(KINDS.iter().filter_map(|kind| {
        let names = match writes(kind) {
            Writes::Named(names) => json!(names),
            Writes::Rendered => json!(rendered.iter().find(|(name, _)| *name == kind.name)?.1),
            // Whole kinds are above; what is within one namespace needs a Role there.
            Writes::Nothing | Writes::All | Writes::Within(_) => return None,
        };
        Some(json!({"apiGroups": [kind.group()], "resources": [kind.plural], "resourceNames": names, "verbs": WRITE_NAMED}))
    }));
    rules
}

/// One rule for each API group.
fn rules_by_group(which: impl Fn(&Kind) -> bool, verbs: &[&str]) -> Vec<Value> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in KINDS.iter().filter(|kind| which(kind)) {
        groups.entry(kind.group()).or_default().push(kind.plural);
    }
    let rule = |(group, mut plurals): (&str, Vec<&str>)| {
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

    fn names() -> Vec<String> {
        vec!["gp-viewer".to_owned(), "gp-admin".to_owned()]
    }

    fn baseline_objects() -> Vec<(&'static str, Vec<String>)> {
        vec![(CLUSTER_ROLE, names()), ("ValidatingAdmissionPolicy", vec!["gp-guard-pods".to_owned()])]
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
        for kind in KINDS {
            let (group, plural) = (kind.group(), kind.plural);
            assert!(may(&rules, "list", group, plural), "a listing needs {}", kind.name);
            assert_eq!(may(&rules, "patch", group, plural), kind.environments == Writes::All, "{}", kind.name);
        }
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
    fn the_baseline_writes_its_own_objects_alone() {
        let rules = rules(&for_baseline(&baseline_objects(), vec![]), CLUSTER_ROLE);
        for kind in KINDS {
            assert!(may(&rules, "list", kind.group(), kind.plural), "a listing needs {}", kind.name);
            assert!(!may(&rules, "patch", kind.group(), kind.plural), "{} of others", kind.name);
        }
        let written: Vec<String> = rules
            .iter()
            .filter(|rule| rule["verbs"] == json!(WRITE_NAMED))
            .map(|rule| format!("{} {}", rule["resources"], rule["resourceNames"]))
            .collect();
        let expected = [
            r#"["namespaces"] ["goldenpath-system"]"#,
            r#"["configmaps"] ["gp-baseline"]"#,
            r#"["clusterroles"] ["gp-viewer","gp-admin"]"#,
            r#"["validatingadmissionpolicies"] ["gp-guard-pods"]"#,
        ];
        assert_eq!(written, expected);
    }

    #[test]
    fn each_role_is_bound_where_it_is() {
        let mut items = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})];
        items.extend(for_environments(&names()));
        let bindings = bindings(&items, "platform");
        let found: Vec<(&Value, &Value, &Value)> = bindings
            .iter()
            .map(|binding| (&binding["kind"], &binding["metadata"]["namespace"], &binding["subjects"][0]["name"]))
            .collect();
        let (none, home, group) = (Value::Null, SYSTEM_NAMESPACE.into(), "platform".into());
        let (everywhere, there) = ("ClusterRoleBinding".into(), "RoleBinding".into());
        assert_eq!(found, [(&everywhere, &none, &group), (&there, &home, &group)], "a Namespace is bound to nobody");
    }

    #[test]
    fn nobody_escalates() {
        for (list, reason) in
            [(for_baseline(&baseline_objects(), vec![]), "baseline"), (for_environments(&names()), "environments")]
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
