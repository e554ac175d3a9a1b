//! Who is let in, by persona: one access entry per principal and cluster with one immutable group, named by RoleBindings.
//!
//! So there is no read-modify-write of groups and no lost update between environments.

use crate::{
    domain::{
        EnvironmentSpec, GROUP_PREFIX, Late, Persona, PersonaName, Problems, StableFacts, name_list, role_name,
        short_hash,
    },
    golden::objects::iam::{PersonaRole, RoleTerms},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const RBAC: &str = "rbac.authorization.k8s.io";

pub struct ResolvedPersona {
    pub name: PersonaName,
    /// Everybody whom it names by an ARN, the role made for it included.
    pub principals: BTreeSet<String>,
    /// The roles among them that are behind its permission sets.
    pub set_roles: Vec<String>,
    pub role: Option<PersonaRole>,
    /// Short names of EKS access policies.
    pub access_policies: Vec<String>,
    /// Of its RoleBindings; `None` while one waits for another resource of the run.
    pub subjects: Option<Vec<Value>>,
    /// The groups among them.
    pub groups: Late<Vec<String>>,
}

pub fn personas(
    spec: &EnvironmentSpec,
    facts: &StableFacts,
    roles: &RoleTerms,
    problems: &mut Problems,
) -> Vec<ResolvedPersona> {
    let personas = spec.access.iter().flat_map(|access| access.personas());
    personas
        .map(|(name, persona)| {
            let role = persona.create_role.then(|| {
                let role = role_name(&facts.cluster_arn, spec.name.as_str(), None, Some(name));
                PersonaRole::of(persona, role, roles)
            });
            let mut principals: BTreeSet<String> = persona.principal_arns.iter().cloned().collect();
            principals.extend(role.iter().map(|role| role.arn.clone()));
            let mut set_roles = vec![];
            for set in &persona.permission_sets {
                match facts.permission_sets.get(set) {
                    Some(arn) => set_roles.push(arn.clone()),
                    None => refuse(name, set, facts, problems),
                }
            }
            principals.extend(set_roles.iter().cloned());
            ResolvedPersona {
                name,
                subjects: subjects(&principals, persona),
                groups: groups(&principals, persona),
                principals,
                set_roles,
                role,
                access_policies: persona.access_policies.to_vec(),
            }
        })
        .collect()
}

/// What its namespaces and those of its isolated slots are opened for, by principal.
pub fn access_policies(personas: &[ResolvedPersona]) -> BTreeMap<String, BTreeSet<String>> {
    let mut policies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for persona in personas.iter().filter(|persona| !persona.access_policies.is_empty()) {
        for principal in &persona.principals {
            policies.entry(principal.clone()).or_default().extend(persona.access_policies.iter().cloned());
        }
    }
    policies
}

fn refuse(persona: PersonaName, set: &str, facts: &StableFacts, problems: &mut Problems) {
    let known: Vec<&str> = facts.permission_sets.keys().map(String::as_str).collect();
    problems.error(
        "access.unknown_permission_set",
        &["access", persona.as_str(), "permission_sets"],
        format!("No role of account {} belongs to the permission set {set:?}: assign the set to the account", facts.account()),
        format!(
            "IAM Identity Center makes the role when the permission set is assigned to the account. Assigned here: {}. Correct \
             the name, or have the set assigned.",
            name_list(&known)
        ),
    );
}

/// The group of a principal's access entry, over its full ARN with its path.
pub fn group(principal: &str) -> String {
    format!("{GROUP_PREFIX}p:{}", short_hash([principal], 16))
}

fn subjects(principals: &BTreeSet<String>, persona: &Persona) -> Option<Vec<Value>> {
    let group_subject = |name: &str| json!({"kind": "Group", "apiGroup": RBAC, "name": name});
    let mut subjects: Vec<Value> = principals.iter().map(|arn| group_subject(&group(arn))).collect();
    subjects.extend(persona.oidc_groups.all()?.into_iter().map(group_subject));
    for account in persona.service_accounts.all()? {
        let (namespace, name) = account.split_once('/').unwrap_or(("", account));
        subjects.push(json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}));
    }
    Some(subjects)
}

fn groups(principals: &BTreeSet<String>, persona: &Persona) -> Late<Vec<String>> {
    let Some(groups) = persona.oidc_groups.all() else { return Late::Later };
    Late::Now(principals.iter().map(|arn| group(arn)).chain(groups.into_iter().map(str::to_owned)).collect())
}
