//! A slot by itself: what can be wrong with a request as a whole. What concerns one part of the request stands with its type.

mod identity;

use crate::{
    domain::{Isolation, Problems, SlotSpec},
    golden::checks::{check_drift, check_namespace_length},
};

/// What helps against the name of an isolated namespace that is too long.
pub const TOO_LONG: &str = "Shorten the slot's name, or set `isolation = \"shared\"`.";

pub fn check(spec: &SlotSpec, problems: &mut Problems) {
    check_drift(spec.drift.as_ref(), problems);
    if spec.name.as_str() == "default" {
        problems.error(
            "slot.name_reserved",
            &["name"],
            "The slot name `default` is reserved: choose another name",
            "Kubernetes creates a ServiceAccount of that name in every namespace. Choose another name.",
        );
    }
    if spec.isolation == Some(Isolation::Namespace) {
        let name = format!("{}-{}", spec.environment.environment, spec.name);
        check_namespace_length("slot.namespace_length", &name, &["name"], TOO_LONG, problems);
    }
    if let Some(identity) = &spec.identity {
        identity.check(problems);
        identity::lint(identity, problems);
    }
    if let Some(share) = &spec.share {
        share.check(problems);
    }
    spec.check_namespace(problems);
    if let Some(availability) = &spec.availability {
        availability.check(spec.share.as_ref().and_then(|share| share.max_replicas), problems);
    }
    spec.check_traffic(problems);
}
