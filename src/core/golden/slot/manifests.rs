//! Files for the application's own repository: a start that passes the environment's guardrails. We never apply them.
//!
//! Values in them are parsed names and quantities, so that nothing here needs quoting.

use super::effective::Effective;
use crate::domain::{Quantity, Spread};
use std::collections::BTreeMap;

pub fn render(effective: &Effective, namespace: &str) -> BTreeMap<String, String> {
    let has_autoscaler =
        effective.spec.availability.as_ref().is_some_and(|written| written.target_cpu_percent.is_some());
    let mut files = vec![
        ("deployment.yaml", include_str!("manifests/deployment.yaml")),
        ("score.yaml", include_str!("manifests/score.yaml")),
    ];
    if !has_autoscaler {
        // A file and not an object: without a Deployment it would report FailedGetScale for ever.
        files.push(("hpa.yaml", include_str!("manifests/hpa.yaml")));
    }
    let values = values(effective, namespace);
    let filled = |text: &str| values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    files.into_iter().map(|(name, text)| (name.to_owned(), filled(text))).collect()
}

/// Placeholders and what stands in their place, in this order: the constraints hold placeholders, too.
fn values(effective: &Effective, namespace: &str) -> [(&'static str, String); 8] {
    let constraints = include_str!("manifests/topology.yaml");
    let spread = match effective.spread {
        Spread::None => String::new(),
        Spread::ZonePreferred => constraints.replace("{when}", "ScheduleAnyway"),
        Spread::ZoneRequired => constraints.replace("{when}", "DoNotSchedule"),
    };
    // What one replica may request when all of them run, and no more than one container may have.
    let step = |text: &str| text.parse().unwrap_or_else(|_| Quantity::whole(1));
    let cpu = effective.share.cpu.share(effective.share.max_replicas, &step("1m"));
    let memory = effective.share.memory.share(effective.share.max_replicas, &step("1Mi"));
    let memory = effective.max_memory().map_or(&memory, |most| most.min(&memory));
    let port = effective.spec.ingress.as_ref().and_then(|ingress| ingress.ports.first().copied()).unwrap_or(8080);
    [
        ("{spread}\n", spread),
        ("{name}", effective.name().to_owned()),
        ("{namespace}", namespace.to_owned()),
        ("{cpu}", cpu.to_string()),
        ("{memory}", memory.to_string()),
        ("{min}", effective.min_replicas.to_string()),
        ("{max}", effective.share.max_replicas.to_string()),
        ("{port}", port.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Body, Desired, Quantity},
        golden::{Environment, Slot, Spec, fixtures::*},
    };
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn quantity(value: &Value) -> Quantity {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().expect("a quantity")
    }

    /// The file's documents by their names, as a reader of YAML has them.
    fn read(files: &BTreeMap<String, String>) -> BTreeMap<&str, Value> {
        let read = |text: &String| serde_saphyr::from_str(text).expect("a document");
        files.iter().map(|(name, text)| (name.as_str(), read(text))).collect()
    }

    fn spec<'a>(objects: &'a [Desired], path: &str) -> &'a Value {
        let found = objects.iter().find(|object| object.key.to_string().ends_with(path));
        match found.and_then(|object| object.body.as_ref()) {
            Some(Body::Kube(document)) => &document["spec"],
            other => panic!("no {path}: {other:?}"),
        }
    }

    /// A start that the API server refuses is none: each file is held against the quota and the limits of its namespace.
    #[test]
    fn files_fit_the_namespace_that_they_are_for() {
        let shared = |key: &str| json!({"isolation": "shared", "namespace": key});
        let own = || json!({"isolation": "namespace"});
        let share = |mut slot: Value, cpu: &str, memory: &str, max_replicas: u32| {
            slot["share"] = json!({"cpu": cpu, "memory": memory, "max_replicas": max_replicas});
            slot
        };
        let largest = |memory: &str| json!({"container": {"max_memory": memory}});
        for (limits, asked, expected, reason) in [
            (json!({}), shared("api"), "682Mi", "the tier's share"),
            (json!({}), own(), "682Mi", "in a namespace of its own"),
            (json!({}), share(shared("api"), "1", "3Gi", 3), "1Gi", "a share of its own"),
            (largest("1Gi"), share(shared("api"), "2", "4Gi", 3), "1Gi", "no more than a container may have"),
            (largest("1Gi"), share(own(), "1", "3500Mi", 3), "1Gi", "likewise in a namespace of its own"),
            (largest("2Gi"), share(shared("api"), "2", "4Gi", 4), "1Gi", "less than a container may have"),
            (largest("2Gi"), share(shared("jobs"), "1", "1Gi", 1), "512Mi", "the namespace's own limit"),
        ] {
            let namespaces = json!({"api": {}, "jobs": {"limits": largest("512Mi")}});
            let quota = json!({"total": {"requests.cpu": "16", "requests.memory": "32Gi"}, "slots_percent": 50});
            let environment = environment(json!({"namespaces": namespaces, "limits": limits, "quota": quota}));
            let (facts, parent) = (facts(), parent(&environment, &facts()));
            let slot = Spec::of::<Slot>(slot(asked));
            let errors = judged(&slot, &facts, Some(&parent)).into_iter().filter(|problem| problem.is_error());
            assert_eq!(errors.collect::<Vec<_>>(), [], "{reason}");
            let made = rendered(slot, &facts, Some(&parent));
            let of_environment = rendered(Spec::of::<Environment>(environment), &facts, None).objects;
            let objects: Vec<Desired> = made.objects.into_iter().chain(of_environment).collect();

            let files = read(&made.files);
            let (deployment, scaler) = (&files["deployment.yaml"], &files["hpa.yaml"]["spec"]);
            assert!(deployment["spec"]["replicas"].is_null(), "{reason}: the autoscaler decides how many there are");
            let container = &deployment["spec"]["template"]["spec"]["containers"][0]["resources"];
            assert_eq!(
                *container, files["score.yaml"]["containers"]["main"]["resources"],
                "{reason}: both ask for the same"
            );
            assert_eq!(container["limits"]["memory"], expected, "{reason}");

            let namespace = deployment["metadata"]["namespace"].as_str().expect("a namespace");
            let hard = &spec(&objects, &format!("/ResourceQuota/{namespace}/gp-base"))["hard"];
            let most = Quantity::whole(scaler["maxReplicas"].as_u64().expect("a number"));
            for resource in ["cpu", "memory"] {
                let all = quantity(&container["requests"][resource]).scale(&most, &Quantity::whole(1)).expect("a sum");
                assert!(all <= quantity(&hard[format!("requests.{resource}")]), "{reason}: {resource} of all replicas");
            }
            assert!(most <= quantity(&hard["pods"]), "{reason}: their number");
            assert!(scaler["minReplicas"].as_u64() <= scaler["maxReplicas"].as_u64(), "{reason}");
            let bounds = &spec(&objects, &format!("/LimitRange/{namespace}/gp-defaults"))["limits"][0]["max"]["memory"];
            let limit = quantity(&container["limits"]["memory"]);
            assert!(bounds.is_null() || limit <= quantity(bounds), "{reason}: {limit} in a namespace with {bounds}");
            assert!(quantity(&container["requests"]["memory"]) <= limit, "{reason}: a request within its limit");
        }
    }
}
