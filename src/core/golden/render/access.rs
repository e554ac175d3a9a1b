//! People's access: one access entry per principal and cluster with one immutable group, named by RoleBindings.
//!
//! So there is no read-modify-write of groups and no lost update between environments.

use super::{
    iam::{RoleRequest, role_name},
    ownership::cluster_tags,
};
use crate::domain::{
    Access, AccessEntry, AccessPolicy, Body, Desired, Late, ObjectKey, Persona, PersonaName, Problem, StableFacts,
    projection::GROUP_PREFIX, short_hash,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const RBAC: &str = "rbac.authorization.k8s.io";

/// The group of a principal's access entry, over its full ARN with its path.
pub(super) fn group(principal: &str) -> String {
    format!("{GROUP_PREFIX}p:{}", short_hash([principal], 16))
}

/// Everybody whom one persona names by an ARN, the role made for it included.
pub(super) fn principals(
    environment: &str,
    name: PersonaName,
    persona: &Persona,
    iam: &RoleRequest<'_>,
) -> Result<BTreeSet<String>, Vec<Problem>> {
    let mut all: BTreeSet<String> = persona.principal_arns.iter().cloned().collect();
    let mut unknown = vec![];
    for set in &persona.permission_sets {
        match iam.facts.permission_sets.get(set) {
            Some(arn) => {
                all.insert(arn.clone());
            }
            None => unknown.push(unknown_set(name, set, iam.facts)),
        }
    }
    if persona.create_role {
        all.insert(iam.arn(&role_name(&iam.facts.cluster_arn, environment, None, Some(name))));
    }
    if unknown.is_empty() { Ok(all) } else { Err(unknown) }
}

fn unknown_set(persona: PersonaName, set: &str, facts: &StableFacts) -> Problem {
    let known: Vec<&str> = facts.permission_sets.keys().map(String::as_str).collect();
    Problem::error(
        "access.unknown_permission_set",
        format!("no role of account {} belongs to the permission set {set:?}", facts.account()),
        format!(
            "IAM Identity Center makes the role when the set is assigned to the account. Assigned here: {}.",
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        ),
    )
    .at(["access", persona.as_str(), "permission_sets"])
}

/// The subjects of a persona's RoleBindings; `None` while one waits for another resource of the run.
pub(super) fn subjects(principals: &BTreeSet<String>, persona: &Persona) -> Option<Vec<Value>> {
    let group_subject = |name: &str| json!({"kind": "Group", "apiGroup": RBAC, "name": name});
    let mut subjects: Vec<Value> = principals.iter().map(|arn| group_subject(&group(arn))).collect();
    subjects.extend(persona.oidc_groups.all()?.into_iter().map(group_subject));
    for account in persona.service_accounts.all()? {
        let (namespace, name) = account.split_once('/').unwrap_or(("", account));
        subjects.push(json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}));
    }
    Some(subjects)
}

/// The names of groups that a persona's RoleBindings let in.
pub(super) fn group_names(principals: &BTreeSet<String>, persona: &Persona) -> Late<Vec<String>> {
    let mut names: Vec<String> = principals.iter().map(|arn| group(arn)).collect();
    match persona.oidc_groups.all() {
        Some(groups) => {
            names.extend(groups.into_iter().map(str::to_owned));
            Late::Now(names)
        }
        None => Late::Later,
    }
}

/// Roles of personas, then entries, then the access policies of the namespaces.
pub(super) fn render(
    access: &Access,
    principals: &BTreeMap<PersonaName, BTreeSet<String>>,
    namespaces: &[&str],
    iam: &RoleRequest<'_>,
) -> Vec<Desired> {
    let mut objects = vec![];
    let mut entries: BTreeMap<ObjectKey, Desired> = BTreeMap::new();
    for (name, persona) in access.personas() {
        let created = persona.create_role.then(|| iam.persona(name, persona.trusted_principal_arns.all()));
        let created_key = created.as_ref().map(|role| role.key.clone());
        let created_arn = created_key
            .as_ref()
            .map(|_| iam.arn(&role_name(&iam.facts.cluster_arn, iam.mark.environment, None, Some(name))));
        objects.extend(created);
        for principal in principals.get(&name).into_iter().flatten() {
            let mut entry = entry(principal, iam.facts);
            if created_arn.as_ref() == Some(principal) {
                entry.needs.extend(created_key.clone());
            }
            for policy in &persona.access_policies {
                for namespace in namespaces {
                    let policy = access_policy(policy, namespace, principal, &entry.key);
                    entries.entry(policy.key.clone()).or_insert(policy);
                }
            }
            entries.entry(entry.key.clone()).or_insert(entry);
        }
    }
    objects.extend(entries.into_values());
    objects
}

fn entry(principal: &str, facts: &StableFacts) -> Desired {
    let body = AccessEntry { group: group(principal), tags: cluster_tags(&facts.cluster_arn) };
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
