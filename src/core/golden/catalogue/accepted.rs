//! The paths that a cluster accepts. What its baseline makes holds for all of them.

use super::{
    Catalogue,
    document::{GoldenPath, Reserved},
};
use crate::domain::AcceptedPath;
use std::{collections::BTreeMap, sync::Arc};

// === impl Catalogue ===

impl Catalogue {
    /// With those of its paths that environments of a cluster may be made by; `None`: with all of them.
    pub fn accepting(&self, accepted: Option<&BTreeMap<String, AcceptedPath>>) -> Self {
        let is_accepted = |path: &&Arc<GoldenPath>| {
            let admits = |one: &AcceptedPath| one.admits(&path.id());
            accepted.is_none_or(|accepted| accepted.get(&path.name).is_some_and(admits))
        };
        Self { paths: self.paths.iter().filter(is_accepted).cloned().collect(), ..self.clone() }
    }

    /// Every name that one of its paths reserves: an environment that had it would be let in where another path lets in what the cluster
    /// itself runs.
    pub fn reserved_names(&self) -> Reserved {
        let mut all = Reserved::default();
        for Reserved { prefixes, namespaces } in self.paths.iter().map(|path| &path.reserved) {
            for (list, names) in [(&mut all.prefixes, prefixes), (&mut all.namespaces, namespaces)] {
                for name in names {
                    if !list.contains(name) {
                        list.push(name.clone());
                    }
                }
            }
        }
        all
    }

    /// One of its paths that reserves the name of a namespace.
    pub fn reserving(&self, namespace: &str) -> Option<&Arc<GoldenPath>> {
        self.paths.iter().rev().find(|path| path.reserved.has(namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn names_are_reserved_by_all_paths_that_are_accepted() {
        let path = |name: &str, version: &str, namespaces: &str| {
            format!(
                "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\nname: {name}\nversion: {version}\n\
                 reserved: {{ prefixes: [kube-, {name}-], namespaces: {namespaces} }}\nnetwork: {{ monitoring_namespaces: [] }}\n\
                 tiers: {{ dev: {{ grants: {{ ingress_namespaces: [] }} }}, staging: {{ grants: {{ ingress_namespaces: [] }} }}, \
                 prod: {{ grants: {{ ingress_namespaces: [] }} }} }}\n"
            )
        };
        let texts =
            [path("one", "1.0.0", "[shared, old]"), path("one", "2.0.0", "[shared]"), path("two", "1.0.0", "[new]")];
        let catalogue = Catalogue::with_documents(texts.iter().map(|text| ("x", text.as_str()))).expect("a catalogue");
        for (accepted, expected, monitoring, reason) in [
            (json!({"one": {}}), json!([["kube-", "one-"], ["shared", "old"]]), None, "all versions, each name once"),
            (json!({"one": {"version": ">= 2.0"}}), json!([["kube-", "one-"], ["shared"]]), None, "one version"),
            (
                json!({"one": {"version": "1.0.0"}, "two": {}}),
                json!([["kube-", "one-", "two-"], ["shared", "old", "new"]]),
                None,
                "two paths",
            ),
            (json!({}), json!([[], []]), None, "none is accepted"),
            (Value::Null, Value::Null, Some("team-standard 1.0.0"), "any path, that of the release too"),
        ] {
            let accepted: Option<BTreeMap<String, AcceptedPath>> = serde_json::from_value(accepted).expect(reason);
            let others = catalogue.accepting(accepted.as_ref());
            let Reserved { prefixes, namespaces } = others.reserved_names();
            if !expected.is_null() {
                assert_eq!(json!([prefixes, namespaces]), expected, "{reason}");
            }
            let found = others.reserving("monitoring").map(|path| format!("{} {}", path.name, path.version));
            assert_eq!(found.as_deref(), monitoring, "{reason}");
        }
    }
}
