//! What the clock has to say: the golden path may be deprecated or removed by now. Everything else of a plan would be the same on any day.

use super::inputs::Inputs;
use crate::{
    domain::{PathVersion, Problem},
    golden::{Catalogue, GoldenPath, Life},
    provision::PathReport,
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
    catalogue.notice(path, date(now)?)
}

pub fn date(now: &str) -> Option<Date> {
    now.get(..10)?.parse().ok()
}

pub fn report(catalogue: &Catalogue, path: &GoldenPath, today: Date) -> PathReport {
    let life = path.life(today);
    let ending = path.deprecation.as_ref();
    let versions = catalogue.paths().iter().filter(|other| other.name == path.name);
    PathReport {
        name: path.name.clone(),
        version: path.version.to_string(),
        digest: path.digest().to_owned(),
        description: path.description.clone(),
        owner: path.owner.clone(),
        status: life.as_str().to_owned(),
        reason: ending.map(|ending| ending.reason.clone()),
        removal: ending.and_then(|ending| ending.removal).map(|date| date.to_string()),
        days_left: match life {
            Life::Deprecated { days_left } => days_left,
            Life::Supported | Life::Removed => None,
        },
        successor: ending.and_then(|ending| ending.successor.as_ref()).map(ToString::to_string),
        changelog: path.changelog.clone(),
        tiers: path.tiers.keys().map(ToString::to_string).collect(),
        versions: versions.map(|other| other.version.to_string()).collect(),
    }
}
