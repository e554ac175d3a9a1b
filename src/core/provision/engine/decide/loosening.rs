//! A change to another tier or another golden path that opens what was shut. Pure.

use super::{inputs::Inputs, losses::is_protected};
use crate::{
    domain::Problem,
    golden::{ResolveContext, opens},
};

pub fn judge(inputs: &Inputs<'_>) -> Option<Problem> {
    let Inputs { change, ground, blueprint, catalogue, .. } = inputs;
    let prior = change.prior.filter(|prior| prior.spec != *change.spec)?;
    let given = ResolveContext { facts: &ground.facts, parent: ground.parent.as_ref(), catalogue };
    let before = prior.spec.resolve(&given).ok()?;
    let (before, after) = (before.summary(), &blueprint.summary);
    if (&before.path.name, &before.tier) == (&after.path.name, &after.tier) {
        return None;
    }
    let opened =
        opens(catalogue.tier(&before.path, before.tier.as_ref()?)?, catalogue.tier(&after.path, after.tier.as_ref()?)?);
    if opened.is_empty() {
        return None;
    }
    let field = if before.tier == after.tier { "golden_path" } else { "tier" };
    let place = |path: &str, tier: &Option<_>| match tier {
        Some(tier) => format!("tier {tier} of {path}"),
        None => path.to_owned(),
    };
    let summary = format!(
        "{} is loosened: from {} to {}",
        change.id,
        place(&before.path.name, &before.tier.as_ref().map(ToString::to_string)),
        place(&after.path.name, &after.tier.as_ref().map(ToString::to_string))
    );
    let detail = format!("What opens: {}.", opened.join("; "));
    Some(match is_protected(inputs, &prior.spec) {
        true => Problem::error(
            "environment.loosened",
            summary,
            format!("{detail} Deletion protection is on, so this is refused. Apply `deletion_protection = false` by itself first."),
        ),
        false => Problem::warning("environment.loosened", summary, detail),
    }.at([field]))
}
