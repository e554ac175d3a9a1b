//! People's access: roles of personas, then entries, then the access policies of the namespaces.

use crate::{
    domain::{AccessEntry, AccessPolicy, Body, Desired, ObjectKey},
    golden::{
        environment::resolve::{Resolved, group},
        objects::mark::cluster_tags,
    },
};
use std::collections::BTreeMap;

pub fn render(resolved: &Resolved) -> Vec<Desired> {
    let mut objects = vec![];
    let mut entries: BTreeMap<ObjectKey, Desired> = BTreeMap::new();
    for persona in &resolved.personas {
        let role = persona.role.as_ref().map(|role| (role, resolved.roles.persona(persona.name, role)));
        for principal in &persona.principals {
            let mut entry = entry(principal, resolved);
            if let Some((role, object)) = &role
                && role.arn == *principal
            {
                entry.needs.push(object.key.clone());
            }
            for policy in &persona.access_policies {
                for namespace in resolved.parent.namespaces.values() {
                    let policy = access_policy(policy, namespace, principal, &entry.key);
                    entries.entry(policy.key.clone()).or_insert(policy);
                }
            }
            entries.entry(entry.key.clone()).or_insert(entry);
        }
        objects.extend(role.map(|(_, object)| object));
    }
    objects.extend(entries.into_values());
    objects
}

fn entry(principal: &str, resolved: &Resolved) -> Desired {
    let body = AccessEntry { group: group(principal), tags: cluster_tags(&resolved.roles.cluster) };
    let key = ObjectKey::AccessEntry { principal: principal.to_owned() };
    Desired { shared: true, ..Desired::new(key, Some(Body::AccessEntry(body))) }
}

fn access_policy(policy: &str, namespace: &str, principal: &str, entry: &ObjectKey) -> Desired {
    let key = ObjectKey::AccessPolicy {
        policy: policy.to_owned(),
        namespace: namespace.to_owned(),
        principal: principal.to_owned(),
    };
    let needs = vec![entry.clone(), ObjectKey::namespace_object(namespace)];
    Desired { needs, ..Desired::new(key, Some(Body::AccessPolicy(AccessPolicy {}))) }
}
