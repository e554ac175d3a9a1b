//! The objects that restrict an environment, by kind: they are there, and as they were rendered.

pub struct ObjectPromise {
    pub name: &'static str,
    pub reason: &'static str,
    pub kinds: &'static [&'static str],
    pub benchmark: &'static [&'static str],
}

pub const OBJECTS: &[ObjectPromise] = &[
    ObjectPromise {
        name: "labels and annotations of namespaces",
        reason: "Pod Security, guards and network rules read them",
        kinds: &["Namespace"],
        benchmark: &[],
    },
    ObjectPromise {
        name: "quotas and limits",
        reason: "nobody takes the capacity of others: CPU, memory, storage, and numbers of objects",
        kinds: &["ResourceQuota", "LimitRange"],
        benchmark: &["MTB-PL1-CC-FNS-1", "MTB-PL1-CC-FNS-2"],
    },
    ObjectPromise {
        name: "network rules",
        reason: "the default deny of the tier, and what opens it",
        kinds: &["NetworkPolicy", "CiliumNetworkPolicy", "ApplicationNetworkPolicy"],
        benchmark: &["MTB-PL1-BC-NI-1"],
    },
    ObjectPromise {
        name: "role bindings",
        reason: "they and no other let people in",
        kinds: &["RoleBinding"],
        benchmark: &[],
    },
];
