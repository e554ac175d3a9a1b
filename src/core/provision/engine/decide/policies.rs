//! The policies of the golden path, over every object that a plan renders. An object is judged as if it was made now, so that a path's
//! policy says the same of what is there already.

use super::{
    drift::Promised,
    inputs::{Inputs, Past},
    life,
};
use crate::{
    domain::{Body, ClusterArn, Desired, Late, ObjectKey, Problem},
    golden::{Blueprint, Catalogue},
    kinds::{in_words, same_digest},
    policy::{Judged, document::Case},
};
use serde_json::{Value, json};

/// `lines`: what the plan promises of each object.
pub fn judge(inputs: &Inputs<'_>, past: &Past, lines: &Promised) -> Vec<Problem> {
    let Inputs { change, blueprint, catalogue, now, .. } = inputs;
    let policies = catalogue.policies(&blueprint.summary.path);
    let (false, Some(today)) = (policies.is_empty(), life::date(now)) else { return vec![] };
    let is_kept = |key: &str| {
        let before = change.prior.and_then(|prior| prior.objects.get(key));
        before.zip(lines.get(key).and_then(Late::now)).is_some_and(|(before, line)| same_digest(before, line))
    };
    let mut problems = vec![];
    each_case(blueprint, &inputs.ground.facts.cluster_arn, |key, case| {
        let is_changed = !is_kept(&key.to_string());
        let said = policies.iter().flat_map(|policy| policy.problems(case, today, &in_words(key), is_changed));
        // A warning was given when it was made so.
        problems.extend(said.filter(|problem| problem.is_error() || is_changed || past.is_changed));
    });
    problems
}

/// Of what is there already: what was exempt from a policy when it was made, and is no longer. `now` as the clock gives it.
pub fn lapsed(blueprint: &Blueprint, cluster: &ClusterArn, catalogue: &Catalogue, now: &str) -> Vec<Problem> {
    let Some(today) = life::date(now) else { return vec![] };
    let policies = catalogue.policies(&blueprint.summary.path).iter();
    let policies: Vec<_> = policies.filter(|policy| policy.has_lapsed(today)).collect();
    let mut problems = vec![];
    if !policies.is_empty() {
        each_case(blueprint, cluster, |key, case| {
            problems.extend(policies.iter().flat_map(|policy| policy.lapsed(case, today, &in_words(key))));
        });
    }
    problems
}

fn each_case(blueprint: &Blueprint, cluster: &ClusterArn, mut each: impl FnMut(&ObjectKey, &Case<'_>)) {
    for object in &blueprint.objects {
        let judged = Judged::of(object, cluster);
        let document = judged.document.as_deref();
        let home = judged.namespace.map(|namespace| home(namespace, document, &blueprint.objects));
        let case = Case::of_create(&judged, blueprint.summary.class);
        each(&object.key, &Case { namespace_object: home.as_ref(), ..case });
    }
}

/// The namespace as policies see it: its own object, or what its environment marks all objects in it with.
fn home(namespace: &str, inside: Option<&Value>, objects: &[Desired]) -> Value {
    let own = objects.iter().find(|object| object.key == ObjectKey::namespace_object(namespace));
    match own.and_then(|own| own.body.as_ref()) {
        Some(Body::Kube(document)) if document.pointer("/metadata/labels").is_some() => document.clone(),
        _ => {
            let labels = inside.and_then(|inside| inside.pointer("/metadata/labels")).cloned().unwrap_or_default();
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace, "labels": labels } })
        }
    }
}
