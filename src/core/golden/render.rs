//! The request and the golden path become objects.
//!
//! Keys never depend on a value that may be unknown; a body that needs one is `None`, and everything else is as it will be.

mod access;
mod baseline;
mod cluster_roles;
mod environment;
mod iam;
mod manifests;
mod namespace;
mod network;
mod ownership;
mod record;
mod slot;

pub(super) use environment::{namespace_name, namespaces, priority_quota_name};
pub(super) use iam::policy;
pub(super) use network::{SAME_ENVIRONMENT, knows_names};
pub(super) use slot::effective;

use super::{Blueprint, Catalogue, Parent, check};
use crate::domain::{EnvironmentSpec, Problem, Spec, StableFacts, TierName};
use environment::Environment;
use slot::Slot;

/// All the objects of one request. Every rule that needs no world is judged on the way: the errors are all of them.
pub fn render(
    spec: &Spec,
    facts: &StableFacts,
    parent: Option<&Parent>,
    catalogue: &Catalogue,
) -> Result<Blueprint, Vec<Problem>> {
    let mut problems = check::check_spec(spec);
    problems.extend(match (spec, parent) {
        (Spec::Slot(slot), Some(parent)) => check::check_slot(slot, facts, parent, catalogue),
        _ => check::check_with(spec, catalogue),
    });
    if problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    let rendered = match spec {
        Spec::Baseline(spec) => {
            let path = catalogue.path(None).map_err(|problem| vec![problem])?;
            Ok(baseline::render(spec, facts, path))
        }
        Spec::Environment(spec) => {
            let (path, tier) = catalogue
                .tier(spec.golden_path.as_deref(), &spec.tier)
                .map_err(|problem| vec![problem])?;
            Environment {
                spec,
                facts,
                path,
                tier,
            }
            .render()
        }
        Spec::Slot(spec) => {
            let parent = parent.ok_or_else(|| vec![environment_unknown(&spec.environment.to_string())])?;
            let tier = tier_of(parent).map_err(|problem| vec![problem])?;
            let (path, tier) = catalogue
                .tier(Some(&parent.golden_path), &tier)
                .map_err(|problem| vec![problem])?;
            Slot {
                spec,
                facts,
                path,
                tier,
                parent,
            }
            .render()
        }
    };
    match rendered {
        Ok(mut blueprint) => {
            problems.append(&mut blueprint.problems);
            Ok(Blueprint { problems, ..blueprint })
        }
        Err(mut errors) => {
            errors.append(&mut problems);
            Err(errors)
        }
    }
}

/// What slots need to know of an environment.
pub fn parent_of(spec: &EnvironmentSpec, facts: &StableFacts, catalogue: &Catalogue) -> Result<Parent, Vec<Problem>> {
    let (path, tier) = catalogue
        .tier(spec.golden_path.as_deref(), &spec.tier)
        .map_err(|problem| vec![problem])?;
    let environment = Environment {
        spec,
        facts,
        path,
        tier,
    };
    let owner = std::collections::BTreeMap::new();
    let principals = environment.principals(&environment.iam(&owner))?;
    Ok(environment.parent(&principals))
}

pub(super) fn tier_of(parent: &Parent) -> Result<TierName, Problem> {
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
