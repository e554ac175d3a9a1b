//! The baseline's guards: each is there, and bound. Pure.

use super::{
    bounds,
    recorded::Baseline,
    rows::{self, Fulfilment, Said},
};
use crate::cli::doctor::finding::{Answer, Finding};
use goldenpath_core::{
    domain::{Desired, ObjectKey, Observed},
    golden::{self, Catalogue},
    kinds::kubernetes::validating_admission_policy,
};

const POLICY: &str = validating_admission_policy::KIND.name;

pub fn judge(baseline: Option<&Baseline>, observed: &[Observed]) -> Vec<Finding> {
    let guards = golden::baseline_names(&Catalogue::built_in()).into_iter().filter(|(kind, _)| *kind == POLICY);
    let mut names: Vec<String> = guards.flat_map(|(_, names)| names).collect();
    // Policies of golden paths, which stand beside the guards.
    for object in baseline.into_iter().flat_map(|baseline| &baseline.objects) {
        if let ObjectKey::Kube { kind, name, .. } = &object.key
            && kind == POLICY
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    let of = |name: String| {
        let (answer, verdict) = verdict(baseline, &name, observed);
        rows::finding(name, &[], vec![Said { by: "in force".to_owned(), answer, verdict }])
    };
    names.into_iter().map(of).collect()
}

fn verdict(baseline: Option<&Baseline>, name: &str, observed: &[Observed]) -> (Answer, Fulfilment) {
    let broken = |found: String, remedy: &str| (Answer::No, Fulfilment::Broken(found, remedy.to_owned()));
    let Some(Baseline { objects, is_exact }) = baseline else {
        return broken("the cluster has no baseline".to_owned(), "Create its `goldenpath_cluster_baseline`.");
    };
    let of_guard = |object: &&Desired| matches!(&object.key, ObjectKey::Kube { name: of, .. } if of == name);
    let mut objects = objects.iter().filter(of_guard).peekable();
    if objects.peek().is_none() {
        let remedy =
            "Remove it from `guards` of the baseline. A cluster that is older than Kubernetes 1.30 can't have any.";
        return (Answer::No, Fulfilment::Warned("the baseline makes none".to_owned(), remedy.to_owned()));
    }
    // Another default path reserves other names.
    let is_compared = |object: &&Desired| *is_exact || object.key.kind() != POLICY;
    let is_there = |object: &Desired| observed.iter().any(|seen| seen.key == object.key);
    let wrong: Vec<String> = objects
        .filter(|object| is_compared(object) || !is_there(object))
        .filter_map(|object| bounds::wrong(object, observed))
        .collect();
    if wrong.is_empty() {
        return (Answer::Yes, Fulfilment::AsPromised);
    }
    broken(wrong.join(", "), "Plan the baseline: it shows the difference, and an apply puts it back.")
}
