//! The policies of the golden path, over every object that a plan renders. An object is judged as if it was made now, so that a path's
//! policy says the same of what is there already.

use super::{
    drift::Promised,
    inputs::{Inputs, Past},
};
use crate::{
    domain::{Body, ClusterArn, Desired, Late, ObjectKey, Problem},
    golden::{Blueprint, Catalogue},
    kinds::{in_words, same_digest},
    policy::{Judged, document::Case},
    provision::engine::request::date,
};
use serde_json::{Value, json};

/// `lines`: what the plan promises of each object.
pub fn judge(inputs: &Inputs<'_>, past: &Past, lines: &Promised) -> Vec<Problem> {
    let Inputs { change, blueprint, catalogue, now, .. } = inputs;
    let policies = catalogue.policies(&blueprint.summary.path);
    let (false, Some(today)) = (policies.is_empty(), date(now)) else { return vec![] };
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
pub fn lapses(blueprint: &Blueprint, cluster: &ClusterArn, catalogue: &Catalogue, now: &str) -> Vec<Problem> {
    let Some(today) = date(now) else { return vec![] };
    let policies = catalogue.policies(&blueprint.summary.path).iter();
    let policies: Vec<_> = policies.filter(|policy| policy.has_lapsed(today)).collect();
    let mut problems = vec![];
    if !policies.is_empty() {
        each_case(blueprint, cluster, |key, case| {
            problems.extend(policies.iter().flat_map(|policy| policy.lapses(case, today, &in_words(key))));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::{
        decide::promise::lines_of,
        fixtures::{environment, ground, prior, rendered_by},
        gather::Found,
        request::ChangeRequest,
    };
    use std::collections::BTreeMap;

    const QUOTA: &str = "k8s/v1/ResourceQuota/pay/gp-base";

    /// The built-in golden path with one policy over quotas, which finds what `passes` is false of.
    fn catalogue(passes: &str) -> Catalogue {
        let policy = format!(
            "apiVersion: goldenpath.internal/v1\nkind: Policy\nname: own\nversion: 1.0.0\ndescription: x\n\
             severity: {{ dev: warn, staging: deny }}\n\
             match: [{{ groups: [\"\"], versions: [v1], resources: [resourcequotas] }}]\n\
             validations: [{{ expression: \"{passes}\", remedy: Rename it. }}]\n"
        );
        let (_, path) = Catalogue::built_in_documents().next().unwrap_or_else(|| panic!("one is built in"));
        let path = path.replace("default: true", "default: true\npolicies: [{ policy: own 1.0.0 }]");
        let documents = [("path", path.as_str()), ("policy", policy.as_str())];
        Catalogue::of_documents(documents).unwrap_or_else(|e| panic!("{e}"))
    }

    fn said(catalogue: &Catalogue, tier: &str, before: Option<(bool, bool)>) -> Vec<(&'static str, bool)> {
        let request = |pods: &str| {
            let total = json!({ "requests.cpu": pods });
            environment("pay", json!({ "tier": tier, "quota": { "total": total } }))
        };
        let spec = request("2");
        let blueprint = rendered_by(catalogue, &spec, None);
        let lines = lines_of(&blueprint.objects);
        let prior = before.map(|(is_edited, has_drifted)| {
            let mut objects: BTreeMap<String, String> =
                lines.iter().filter_map(|(key, line)| Some((key.clone(), line.now()?.clone()))).collect();
            if has_drifted {
                objects.insert(QUOTA.to_owned(), "drifted #1:0".to_owned());
            }
            prior(&if is_edited { request("3") } else { spec.clone() }, objects)
        });
        let inputs = Inputs {
            change: &ChangeRequest::of_spec(&spec, prior.as_ref()),
            ground: &ground(),
            blueprint: &blueprint,
            judged: &[],
            found: &Found::unread(),
            catalogue,
            bounds: &[],
            now: "2026-11-25T02:00:00Z",
        };
        let found = judge(&inputs, &inputs.past(), &lines);
        found.iter().map(|problem| (problem.code, problem.is_error())).collect()
    }

    #[test]
    fn an_error_is_said_always_and_a_warning_of_what_changes() {
        let catalogue = catalogue("object.metadata.name != 'gp-base'");
        let (warning, error) = (vec![("policy.violated", false)], vec![("policy.violated", true)]);
        // Before: whether the request was another one, and whether the object has drifted.
        for (tier, before, expected, reason) in [
            ("dev", None, &warning, "a create"),
            ("dev", Some((false, false)), &vec![], "nothing changes"),
            ("dev", Some((false, true)), &warning, "the object is healed"),
            ("dev", Some((true, false)), &warning, "the request changes, and the object does not"),
            ("staging", None, &error, "a create"),
            ("staging", Some((false, false)), &error, "nothing changes"),
        ] {
            assert_eq!(&said(&catalogue, tier, before), expected, "{tier}: {reason}");
        }
    }

    #[test]
    fn a_policy_sees_the_namespace_of_an_object() {
        let team = |team: &str| {
            let label = "namespaceObject.metadata.labels['goldenpath.internal/team']";
            format!("object.metadata.name != 'gp-base' || {label} == '{team}'")
        };
        for (passes, expected) in [(team("payments"), vec![]), (team("shop"), vec![("policy.violated", false)])] {
            assert_eq!(said(&catalogue(&passes), "dev", None), expected, "{passes}");
        }
    }

    #[test]
    fn a_namespace_is_its_own_object_or_what_is_marked_in_it() {
        let namespace = |name: &str, metadata: Value| {
            let document = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
            Desired::new(ObjectKey::namespace_object(name), Some(Body::Kube(document)))
        };
        let labels = |team: &str| json!({ "name": "pay", "labels": { "team": team } });
        let of = |metadata: Value| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
        let inside = json!({ "metadata": { "labels": { "team": "inside" } } });
        let annotated = json!({ "name": "pay", "annotations": { "slot": "api" } });
        for (objects, inside, expected, reason) in [
            (vec![namespace("pay", labels("own"))], Some(&inside), of(labels("own")), "its own object"),
            (vec![namespace("pay", annotated)], Some(&inside), of(labels("inside")), "a slot only annotates it"),
            (vec![namespace("shop", labels("other"))], Some(&inside), of(labels("inside")), "another namespace"),
            (vec![], Some(&inside), of(labels("inside")), "it is somebody else's"),
            (vec![], None, of(json!({ "name": "pay", "labels": null })), "nothing is known of it"),
        ] {
            assert_eq!(home("pay", inside, &objects), expected, "{reason}");
        }
    }
}
