//! People's access: roles of personas, then entries, then the access policies of the namespaces.

use crate::{
    domain::{AccessEntry, Body, Desired, ObjectKey},
    golden::{
        environment::resolve::{Resolved, group},
        objects::{access, mark::cluster_tags},
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
            entries.entry(entry.key.clone()).or_insert(entry);
        }
        objects.extend(role.map(|(_, object)| object));
    }
    let policies = access::policies(&resolved.parent.access_policies, resolved.parent.namespace_names());
    // Those of an entry go with it.
    let hanging = policies.into_iter().map(|(principal, mut policy)| {
        policy.needs.insert(0, ObjectKey::access_entry(principal));
        policy
    });
    entries.extend(hanging.map(|policy| (policy.key.clone(), policy)));
    objects.extend(entries.into_values());
    objects
}

fn entry(principal: &str, resolved: &Resolved) -> Desired {
    let body = AccessEntry::new(group(principal), cluster_tags(&resolved.roles.cluster));
    let key = ObjectKey::access_entry(principal);
    Desired { shared: true, ..Desired::new(key, Some(Body::AccessEntry(body))) }
}
