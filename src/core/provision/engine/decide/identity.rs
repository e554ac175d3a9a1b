//! Whether an apply has to prove that a new Pod Identity association has arrived. State alone decides it, so that the plan
//! says the same. Pure.

use crate::{
    domain::{Desired, ObjectKey},
    provision::Prior,
};

/// The association whose arrival an apply has to prove: one that state does not know yet, one of a change that was
/// interrupted, or one that had not arrived when the last apply ended.
pub fn to_prove<'a>(objects: &'a [Desired], prior: Option<&Prior>) -> Option<&'a ObjectKey> {
    let is_association = |key: &&ObjectKey| matches!(key, ObjectKey::PodIdentityAssociation { .. });
    let key = objects.iter().map(|desired| &desired.key).find(is_association)?;
    let is_open = prior.is_none_or(|prior| {
        prior.incomplete || prior.identity_ready == Some(false) || !prior.objects.contains_key(&key.to_string())
    });
    is_open.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::fixtures::{environment, rendered, slot};
    use serde_json::json;

    #[test]
    fn only_state_decides_what_is_probed() {
        let parent = environment("pay", json!({}));
        let spec = slot("pay", "ledger", json!({}));
        let associated = rendered(&spec, Some(&parent)).objects;
        let none = rendered(&slot("pay", "ledger", json!({ "identity": { "mode": "none" } })), Some(&parent)).objects;
        let prior = |has: bool, incomplete, identity_ready| Prior {
            spec: spec.clone(),
            uid: String::new(),
            target: None,
            objects: associated
                .iter()
                .filter(|desired| has || desired.key.kind() != "PodIdentityAssociation")
                .map(|desired| (desired.key.to_string(), String::new()))
                .collect(),
            incomplete,
            identity_ready,
        };
        for (objects, prior, expected, reason) in [
            (&associated, None, true, "a create"),
            (&none, None, false, "no identity"),
            (&associated, Some(prior(true, false, Some(true))), false, "an earlier apply has seen it arrive"),
            (&associated, Some(prior(true, false, None)), false, "imported, or it can never be known"),
            (&associated, Some(prior(true, false, Some(false))), true, "it had not arrived"),
            (&associated, Some(prior(false, false, Some(true))), true, "recreated"),
            (&associated, Some(prior(true, true, None)), true, "the change was interrupted"),
        ] {
            assert_eq!(to_prove(objects, prior.as_ref()).is_some(), expected, "{reason}");
        }
    }
}
