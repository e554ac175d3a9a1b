//! Computed attributes, as far as the target has reported them. Pure.
//!
//! Rendering leaves out what stays as it is and what only the target knows; here the generated ids of what was made take their
//! places.

use super::{
    drift::{Lines, Promised},
    identity,
};
use crate::{
    domain::{Computed, Outputs, Record},
    golden::{Before, Blueprint, Seen},
    provision::Prior,
};
use std::collections::BTreeSet;

/// The outputs of a plan.
pub fn of_plan(
    blueprint: &Blueprint,
    promised: &Promised,
    drifted: &BTreeSet<String>,
    known: Option<&Prior>,
    target: Option<&str>,
) -> Outputs {
    let mut outputs = blueprint.outputs.clone();
    let before = Before {
        objects: known.map(|known| &known.objects),
        identity_ready: known.and_then(|known| known.identity_ready),
        proves_identity: identity::to_prove(&blueprint.objects, known).is_some(),
    };
    blueprint.output_rules.plan_outputs(&mut outputs, &blueprint.objects, &before);
    if known.is_none() {
        outputs.set("uid", Computed::Later);
    }
    if let Some(target) = target {
        outputs.set("target", target);
    }
    outputs.with("objects", promised.clone()).with("drifted", key_list(drifted))
}

/// The outputs of a refresh. What state knows already is left out but for what the target generates, since a new catalogue changes
/// what rendering says and nothing that exists; an import gets everything. The version is that which made it.
pub fn of_refresh(
    mut blueprint: Blueprint,
    is_import: bool,
    uid: &str,
    target: &str,
    lines: Lines,
    drifted: &BTreeSet<String>,
    seen: &Seen<'_>,
) -> Outputs {
    const VERSION: &str = "resolved_version";
    let has_version = blueprint.outputs.get(VERSION).is_some();
    if !is_import {
        blueprint.outputs = Outputs::default();
    }
    if let Some(Record { golden_path_version, .. }) = seen.record.filter(|_| has_version) {
        blueprint.outputs.set(VERSION, golden_path_version.clone());
    }
    existing(&blueprint, uid, target, lines, drifted, seen)
}

/// The outputs of what exists.
pub fn existing(
    blueprint: &Blueprint,
    uid: &str,
    target: &str,
    lines: Lines,
    drifted: &BTreeSet<String>,
    seen: &Seen<'_>,
) -> Outputs {
    let mut outputs = blueprint.outputs.clone();
    blueprint.output_rules.settle_outputs(&mut outputs, &blueprint.objects, seen);
    outputs.with("uid", uid).with("target", target).with("objects", lines).with("drifted", key_list(drifted))
}

/// Null where there is none: a plan says nothing of it then.
fn key_list(keys: &BTreeSet<String>) -> Option<Vec<String>> {
    (!keys.is_empty()).then(|| keys.iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Phase,
        golden::ObservedByKey,
        provision::engine::fixtures::{environment, record, rendered},
    };
    use serde_json::json;

    #[test]
    fn a_refresh_says_what_exists_and_an_import_all() {
        let spec = environment("pay", json!({}));
        let made_by = Record { golden_path_version: "0.9.0".into(), ..record("payments", Phase::Ready, &spec) };
        let objects = ObservedByKey::new();
        let seen = Seen { objects: &objects, record: Some(&made_by), proof: None };
        let text = |text: &str| Some(Computed::Text(text.to_owned()));
        let two = ["k8s/v1/Namespace/pay", "k8s/v1/ResourceQuota/pay/gp-base"].map(str::to_owned);
        for (is_import, drifted, shown, reason) in [
            (true, &two[..0], Computed::Null, "as it should be"),
            (false, &two[..0], Computed::Null, "as it should be, and state knows it"),
            (false, &two[1..], Computed::from(two[1..].to_vec()), "one has drifted"),
            (true, &two[..], Computed::from(two.to_vec()), "both have"),
        ] {
            let lines = Lines::from([(two[0].clone(), "x #1:1".to_owned())]);
            let drifted = drifted.iter().cloned().collect();
            let blueprint = rendered(&spec, None);
            let found = of_refresh(blueprint, is_import, "uid-1", "demo-1", lines, &drifted, &seen);
            assert_eq!(found.get("drifted"), Some(&shown), "{reason}");
            assert_eq!(found.get("namespace_names").is_some(), is_import, "{reason}: no target generates it");
            assert_eq!(found.get("resolved_version").cloned(), text("0.9.0"), "{reason}: by what it was made");
            assert_eq!((found.get("uid").cloned(), found.get("target").cloned()), (text("uid-1"), text("demo-1")));
        }
    }
}
