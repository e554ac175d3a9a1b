//! What can be wrong with a request as a whole. Each rule names the field and the next step; all faults are collected.
//!
//! `check_spec` needs nothing but the request and runs at `validate`. `check_with` needs the golden path. What also needs an
//! environment or the cluster's facts is judged while rendering, and never keeps something that exists from being planned.

mod access;
mod environment;
mod forms;
mod grants;
mod identity;
mod network;
mod quota;
mod slot;

pub(super) use grants::{check_principals, check_slot};

use super::Catalogue;
use crate::domain::{ClusterRef, Drift, Facts, Problem, Spec};

/// Rules that need nothing but the request itself.
pub fn check_spec(spec: &Spec) -> Vec<Problem> {
    let mut faults = Faults::default();
    match spec {
        Spec::Baseline(_) => {}
        Spec::Environment(spec) => environment::check(spec, &mut faults),
        Spec::Slot(spec) => slot::check(spec, &mut faults),
    }
    faults.problems
}

/// Rules that need the golden path: its tiers, defaults, bounds and grants.
pub fn check_with(spec: &Spec, catalogue: &Catalogue) -> Vec<Problem> {
    let Spec::Environment(spec) = spec else { return vec![] };
    match catalogue.tier(spec.golden_path.as_deref(), &spec.tier) {
        Ok((path, tier)) => {
            let mut faults = Faults::default();
            grants::check(spec, path, tier, &mut faults);
            faults.problems
        }
        Err(problem) => vec![problem],
    }
}

/// Collects what is wrong.
#[derive(Default)]
struct Faults {
    problems: Vec<Problem>,
}

// === impl Faults ===

impl Faults {
    fn error<S: AsRef<str>>(
        &mut self,
        code: &'static str,
        field: &[S],
        summary: impl Into<String>,
        next: impl Into<String>,
    ) {
        self.problems.push(Problem::error(code, summary, next).at(field.iter().map(|part| part.as_ref())));
    }

    fn warning<S: AsRef<str>>(
        &mut self,
        code: &'static str,
        field: &[S],
        summary: impl Into<String>,
        next: impl Into<String>,
    ) {
        self.problems.push(Problem::warning(code, summary, next).at(field.iter().map(|part| part.as_ref())));
    }
}

/// Rules that environments and slots share.
fn check_common(cluster: Option<&ClusterRef>, drift: Option<&Drift>, facts: Option<&Facts>, faults: &mut Faults) {
    for pattern in drift.iter().flat_map(|drift| &drift.ignore) {
        if !["aws/", "k8s/", "*"].iter().any(|start| pattern.starts_with(start)) {
            faults.error(
                "drift.pattern",
                &["drift", "ignore"],
                format!("{pattern:?} matches no object"),
                "A pattern is over the keys of `objects`, such as k8s/v1/ResourceQuota/* or aws/iam/Role/*.",
            );
        }
    }
    if let (Some(cluster), Some(facts)) = (cluster, facts) {
        let arn = &facts.stable.cluster_arn;
        let other = cluster.arn().map_or(cluster.name() != arn.name(), |cluster| cluster != *arn);
        if other {
            faults.error(
                "facts.other_cluster",
                &["facts"],
                format!("these are the facts of {arn}, and the cluster is {cluster}"),
                "Take facts from the data source goldenpath_cluster of the same cluster, or leave them out.",
            );
        }
    }
}

#[cfg(test)]
mod tests;
