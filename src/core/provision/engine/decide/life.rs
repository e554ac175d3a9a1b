//! What the clock has to say: the golden path may be deprecated or removed by now. Everything else of a plan would be the same on any day.

use super::inputs::Inputs;
use crate::{
    domain::{PathVersion, Problem},
    golden::Catalogue,
};
use jiff::civil::Date;

/// Of the golden path by which the request is made. What lives in an environment moves with it, so that only an end is said there.
pub fn notice(inputs: &Inputs<'_>) -> Option<Problem> {
    let Inputs { change, blueprint, catalogue, now, .. } = inputs;
    blueprint.summary.tier.as_ref()?;
    let found = of(catalogue, &blueprint.summary.path, now)?;
    match change.id.parent() {
        None => Some(found),
        Some(_) if found.is_error() => Some(found.at(["environment"])),
        Some(_) => None,
    }
}

/// `now` as the clock gives it.
pub fn of(catalogue: &Catalogue, path: &PathVersion, now: &str) -> Option<Problem> {
    let today: Date = now.get(..10)?.parse().ok()?;
    catalogue.notice(path, today)
}
