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
    // What one replica may request, when all of them run.
    let step = |text: &str| text.parse().unwrap_or_else(|_| Quantity::whole(1));
    let cpu = effective.share.cpu.share(effective.share.max_replicas, &step("1m"));
    let memory = effective.share.memory.share(effective.share.max_replicas, &step("1Mi"));
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
