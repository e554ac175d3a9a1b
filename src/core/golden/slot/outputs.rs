//! The computed attributes: what rendering knows of them, and what the target says.

use super::resolve::Resolved;
use crate::{
    domain::{Body, Computed, Desired, IdentityMode, Outputs},
    golden::outputs::{Before, Proof, Seen},
};

/// Those of the role and the association are null where `identity.mode` makes none. `external_id` is for the trust policy of
/// `identity.target_role_arn`. `identity_ready` says whether the last apply that had to prove it saw pods get credentials; it is
/// null where that could not be determined.
pub const NAMES: &[&str] =
    &["namespace_name", "service_account", "role_arn", ROLE_ID, ASSOCIATION_ID, EXTERNAL_ID, IDENTITY_READY];
const ROLE_ID: &str = "role_unique_id";
const ASSOCIATION_ID: &str = "association_id";
const EXTERNAL_ID: &str = "external_id";
const IDENTITY_READY: &str = "identity_ready";

pub fn outputs(resolved: &Resolved) -> Outputs {
    let Resolved { effective, namespace, role, .. } = resolved;
    let identity = &effective.identity;
    let is_associated = identity.mode == IdentityMode::PodIdentity;
    let mut outputs = Outputs::default()
        .with("namespace_name", namespace.clone())
        .with("service_account", effective.name())
        .with("role_arn", role.as_ref().map(|role| role.arn.clone()));
    for (name, exists) in [
        (ROLE_ID, role.is_some()),
        (ASSOCIATION_ID, is_associated),
        (EXTERNAL_ID, is_associated && identity.target_role_arn.is_some()),
        (IDENTITY_READY, is_associated),
    ] {
        // Only the target knows it; null where there is nothing of which it could be.
        if !exists {
            outputs.set(name, Computed::Null);
        }
    }
    outputs
}

pub fn plan(outputs: &mut Outputs, objects: &[Desired], before: &Before<'_>) {
    let is_new = |kind| of_kind(objects, kind).is_some_and(|desired| before.is_new(&desired.key));
    for (name, kind) in [(ROLE_ID, "Role"), (ASSOCIATION_ID, ASSOCIATION), (EXTERNAL_ID, ASSOCIATION)] {
        if outputs.get(name).is_none() && is_new(kind) {
            outputs.set(name, Computed::Later);
        }
    }
    if outputs.get(IDENTITY_READY).is_none() && before.objects.is_some() {
        let ready = Computed::from(before.identity_ready);
        outputs.set(IDENTITY_READY, if before.proves_identity { Computed::Later } else { ready });
    }
}

pub fn settle(outputs: &mut Outputs, objects: &[Desired], seen: &Seen<'_>) {
    let live = |desired: Option<&Desired>| seen.objects.get(&desired?.key);
    // Without such an object the value is null; with one that is not made yet it is not known.
    let mut settle = |name, desired: Option<&Desired>, value: Option<String>| {
        if desired.is_none() || value.is_some() {
            outputs.set(name, value);
        }
    };
    let (role, association) = (of_kind(objects, "Role"), of_kind(objects, ASSOCIATION));
    settle(ROLE_ID, role, live(role).and_then(|role| role.id.clone()));
    settle(ASSOCIATION_ID, association, live(association).and_then(|association| association.id.clone()));
    match live(association) {
        Some(live) => {
            outputs.set(EXTERNAL_ID, live.external_id.clone().filter(|_| association.is_some_and(chains)));
        }
        None => settle(EXTERNAL_ID, association, None),
    }
    match (association, seen.proof) {
        (None, _) | (Some(_), Some(Proof::Unknown)) => outputs.set(IDENTITY_READY, Computed::Null),
        (Some(_), Some(proof)) => outputs.set(IDENTITY_READY, proof == Proof::Reached),
        (Some(_), None) => {}
    }
}

const ASSOCIATION: &str = "PodIdentityAssociation";

fn of_kind<'a>(objects: &'a [Desired], kind: &str) -> Option<&'a Desired> {
    objects.iter().find(|desired| desired.key.kind() == kind)
}

/// Only an association with a target role has an external id.
fn chains(association: &Desired) -> bool {
    matches!(&association.body,
        Some(Body::PodIdentityAssociation(association)) if association.target_role_arn.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{FieldsBuilder, Observed, Ownership},
        golden::{Slot, Spec, fixtures::*},
    };
    use serde_json::json;

    /// EKS generates one for every association, and only the trust policy of a target role needs it.
    #[test]
    fn an_external_id_is_computed_where_there_is_a_target_role() {
        let parent = parent(&environment(json!({})), &facts());
        for (identity, expected, reason) in [
            (json!({"target_role_arn": "arn:aws:iam::444455556666:role/data"}), Computed::from("x1"), "a target role"),
            (json!({}), Computed::Null, "none"),
        ] {
            let blueprint = rendered(Spec::of::<Slot>(slot(json!({ "identity": identity }))), &facts(), Some(&parent));
            let association = blueprint.objects.iter().find(|object| object.key.kind() == "PodIdentityAssociation");
            let key = &association.expect("an association").key;
            let live = Observed::new(key.clone(), "1", Ownership::Cluster, FieldsBuilder::default().build());
            let objects = [(key.clone(), Observed { external_id: Some("x1".to_owned()), ..live })].into();
            let mut outputs = Outputs::default();
            let seen = Seen { objects: &objects, record: None, proof: None };
            blueprint.output_rules.settle_outputs(&mut outputs, &blueprint.objects, &seen);
            assert_eq!(outputs.get("external_id"), Some(&expected), "{reason}");
        }
    }
}
