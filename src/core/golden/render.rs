//! The request and the golden path become objects.
//!
//! Keys never depend on a value that may be unknown; a body that needs one is `None`, and everything else is as it will be.

mod access;
mod baseline;
pub mod cluster_roles;
mod environment;
mod iam;
mod manifests;
mod namespace;
mod network;
mod ownership;
mod record;
mod slot;

pub use baseline::home;
pub(super) use environment::{namespace_name, namespaces, priority_quota_name};
pub(super) use iam::policy;
pub(super) use network::{SAME_ENVIRONMENT, knows_names};
pub(super) use slot::effective;

use super::{Blueprint, Catalogue, Parent};
use crate::domain::{EnvironmentSpec, Problem, Spec, StableFacts, TierName};
use environment::Environment;
use slot::Slot;

/// All the objects of one request that passed `check_spec` and `check_with`. What only the environment or the cluster's facts
/// can refuse is among the blueprint's problems; the error arm is for what leaves nothing to render.
pub fn render(
    spec: &Spec,
    facts: &StableFacts,
    parent: Option<&Parent>,
    catalogue: &Catalogue,
) -> Result<Blueprint, Vec<Problem>> {
    match spec {
        Spec::Baseline(spec) => {
            Ok(baseline::render(spec, facts, catalogue.path(None).map_err(|problem| vec![problem])?))
        }
        Spec::Environment(spec) => {
            let (path, tier) =
                catalogue.tier(spec.golden_path.as_deref(), &spec.tier).map_err(|problem| vec![problem])?;
            Environment { spec, facts, path, tier }.render()
        }
        Spec::Slot(spec) => {
            let parent = parent.ok_or_else(|| vec![environment_unknown(&spec.environment.to_string())])?;
            let tier = tier_of(parent).map_err(|problem| vec![problem])?;
            let (path, tier) = catalogue.tier(Some(&parent.golden_path), &tier).map_err(|problem| vec![problem])?;
            Slot { spec, facts, path, tier, parent }.render()
        }
    }
}

/// What slots need to know of an environment.
pub fn parent_of(spec: &EnvironmentSpec, facts: &StableFacts, catalogue: &Catalogue) -> Result<Parent, Vec<Problem>> {
    let (path, tier) = catalogue.tier(spec.golden_path.as_deref(), &spec.tier).map_err(|problem| vec![problem])?;
    let environment = Environment { spec, facts, path, tier };
    let owner = std::collections::BTreeMap::new();
    let principals = environment.principals(&environment.iam(&owner))?;
    Ok(environment.parent(&principals))
}

fn tier_of(parent: &Parent) -> Result<TierName, Problem> {
    parent.tier.parse().map_err(|error: crate::domain::NameError| {
        Problem::error(
            "slot.environment_unreadable",
            error.to_string(),
            "The environment's record is not one of this version.",
        )
    })
}

fn environment_unknown(id: &str) -> Problem {
    Problem::error(
        "slot.environment_unknown",
        format!("nothing is known of the environment {id}"),
        "Reference the id of a goldenpath_team_environment, so that it is made first.",
    )
    .at(["environment"])
}

#[cfg(test)]
mod tests;
