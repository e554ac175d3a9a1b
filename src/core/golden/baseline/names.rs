//! What only baselines make, by its names: whoever may grant permissions asks for no more than these. Knows the catalogue.

use super::{guards, policies};
use crate::{
    domain::{Guard, PersonaName},
    golden::{catalogue::Catalogue, objects::cluster_roles},
    kinds::kubernetes::{cluster_role, validating_admission_policy, validating_admission_policy_binding},
};

/// Kinds of what only baselines make, each with the names that it may have.
pub fn baseline_names(catalogue: &Catalogue) -> [(&'static str, Vec<String>); 3] {
    let guards: Vec<String> = Guard::ALL.iter().map(|guard| guards::name(*guard)).collect();
    let (mut own, mut bindings) = (guards.clone(), guards);
    for policy in policies::of(catalogue.paths().iter().map(AsRef::as_ref)) {
        let [names, bound] = policy.names();
        own.extend(names);
        bindings.extend(bound);
    }
    [
        (cluster_role::KIND.name, PersonaName::ALL.map(cluster_roles::name).into()),
        (validating_admission_policy::KIND.name, own),
        (validating_admission_policy_binding::KIND.name, bindings),
    ]
}
