//! A change to another tier or another golden path that opens what was shut. Pure.

use super::{
    inputs::{Inputs, Past},
    losses::is_protected,
};
use crate::{domain::Problem, golden::opens};

pub fn judge(inputs: &Inputs<'_>, past: &Past) -> Option<Problem> {
    let Inputs { change, blueprint, catalogue, .. } = inputs;
    let (prior, before, after) = (change.prior?, past.resolved.as_ref()?.summary(), &blueprint.summary);
    let (tier_before, tier_after) = (before.tier.as_ref()?, after.tier.as_ref()?);
    if (&before.path.name, tier_before) == (&after.path.name, tier_after) {
        return None;
    }
    let opened = opens(catalogue.tier(&before.path, tier_before)?, catalogue.tier(&after.path, tier_after)?);
    if opened.is_empty() {
        return None;
    }
    let field = if tier_before == tier_after { "golden_path" } else { "tier" };
    let summary = format!(
        "{} is loosened: from tier {tier_before} of {} to tier {tier_after} of {}",
        change.id, before.path.name, after.path.name
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
