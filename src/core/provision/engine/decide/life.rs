//! What the clock has to say: the golden path may be deprecated or removed by now. Everything else of a plan would be the same on any day.

use super::inputs::Inputs;
use crate::{
    domain::{PathVersion, Problem},
    golden::{Catalogue, GoldenPath, Life},
    provision::{
        PathReport,
        engine::request::{ChangeRequest, date},
    },
};
use jiff::civil::Date;

/// Of the golden path by which the request is made. What lives in an environment moves with it, so that only an end is said there.
pub fn notice(inputs: &Inputs<'_>) -> Option<Problem> {
    let Inputs { change, blueprint, catalogue, now, .. } = inputs;
    blueprint.summary.tier.as_ref()?;
    let path = &blueprint.summary.path;
    match change.id.parent() {
        None => of_choice(change, catalogue, path, now),
        Some(_) => of(catalogue, path, now).filter(Problem::is_error).map(|found| found.at(["environment"])),
    }
}

/// Of the golden path that a request gets. What is new, or moves, was given one that was removed only because no other is left.
pub fn of_choice(change: &ChangeRequest<'_>, catalogue: &Catalogue, path: &PathVersion, now: &str) -> Option<Problem> {
    let found = of(catalogue, path, now)?;
    let is_held = change.path.is_some_and(|held| held.name == path.name && held.version == path.version);
    Some(match found.is_error() && !is_held {
        true => catalogue.removal_of_all(path, change.spec.common().golden_path_version, found),
        false => found,
    })
}

/// `now` as the clock gives it.
pub fn of(catalogue: &Catalogue, path: &PathVersion, now: &str) -> Option<Problem> {
    catalogue.notice(path, date(now)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::{
        fixtures::{environment, ground, rendered_by, slot},
        gather::Found,
    };
    use serde_json::json;

    const ENDING: &str =
        "status: deprecated\ndeprecation: { reason: It is old., removal: 2026-12-25, successor: 2.0.0 }\n";

    /// The built-in golden path in this version, and what is written of its life.
    fn text(version: &str, life: &str) -> String {
        let built_in = Catalogue::built_in_documents().find(|(_, text)| text.contains("\nname: team-standard\n"));
        let (_, text) = built_in.unwrap_or_else(|| panic!("it is built in"));
        format!("{}\n{life}", text.replace("\nversion: 1.0.0\n", &format!("\nversion: {version}\n")))
    }

    #[test]
    fn an_end_is_said_from_its_day_on() {
        let pay = environment("pay", json!({}));
        let ledger = slot("pay", "ledger", json!({}));
        let (deprecated, removed) = (("catalogue.deprecated", false), ("catalogue.removed", true));
        for (life, now, of_environment, of_slot, reason) in [
            ("", "2026-12-24T23:59:59Z", None, None, "it goes on"),
            (ENDING, "2026-12-24T23:59:59Z", Some(deprecated), None, "a slot has no say in it"),
            (ENDING, "2026-12-25T00:00:00Z", Some(removed), Some(removed), "nothing is changed by it any more"),
            (ENDING, "", None, None, "a clock that cannot be read says nothing"),
        ] {
            let text = text("1.0.0", life);
            let catalogue = Catalogue::of_documents([("x", text.as_str())]).unwrap_or_else(|e| panic!("{e}"));
            let ended = of(&catalogue, &catalogue.paths()[0].id(), now);
            assert_eq!(ended.map(|found| (found.code, found.is_error())), of_environment, "{reason}");
            for (spec, parent, expected, field) in
                [(&pay, None, of_environment, "golden_path_version"), (&ledger, Some(&pay), of_slot, "environment")]
            {
                let inputs = Inputs {
                    change: &ChangeRequest::of_spec(spec, None),
                    ground: &ground(),
                    blueprint: &rendered_by(&catalogue, spec, parent),
                    judged: &[],
                    found: &Found::unread(),
                    catalogue: &catalogue,
                    bounds: &[],
                    now,
                };
                let found = notice(&inputs);
                let said = found.as_ref().map(|found| (found.code, found.is_error()));
                assert_eq!(said, expected, "{reason}: {}", spec.id());
                assert!(found.is_none_or(|found| found.field == [field]), "{reason}: {}", spec.id());
            }
        }
    }

    #[test]
    fn what_is_new_hears_that_no_version_is_left() {
        let documents = [text("1.0.0", ENDING), text("1.1.0", ENDING)];
        let catalogue = Catalogue::of_documents(documents.iter().map(|text| ("x", text.as_str())));
        let catalogue = catalogue.unwrap_or_else(|e| panic!("{e}"));
        let (itself, now) = ("Golden path team-standard 1.1.0 was removed on 2026-12-25", "2026-12-25T00:00:00Z");
        for (wanted, is_held, words, reason) in [
            (
                None,
                false,
                "No version of golden path team-standard may still be used: name another path",
                "any version",
            ),
            (Some("~> 1.0"), false, "that satisfies \"~> 1.0\" may still be used: change", "of several"),
            (Some("1.1.0"), false, itself, "the one that it asks for"),
            (None, true, itself, "what exists was made by it"),
        ] {
            let spec = environment("pay", json!({ "golden_path_version": wanted }));
            let blueprint = rendered_by(&catalogue, &spec, None);
            let path = &blueprint.summary.path;
            let held = is_held.then_some(path);
            let change = ChangeRequest { path: held, ..ChangeRequest::of_spec(&spec, None) };
            let found = of_choice(&change, &catalogue, path, now).unwrap_or_else(|| panic!("{reason}"));
            assert_eq!((found.code, found.is_error()), ("catalogue.removed", true), "{reason}");
            assert!(found.summary.contains(words), "{reason}: {}", found.summary);
            assert!(found.detail.contains("It is old. "), "{reason}: {}", found.detail);
        }
    }

    #[test]
    fn a_report_has_the_versions_of_its_own_path() {
        let (old, new) = (text("1.0.0", ENDING), text("1.1.0", ""));
        let other =
            text("3.0.0", "").replace("name: team-standard", "name: data").replace("default: true", "default: false");
        let documents = [("old", old.as_str()), ("new", new.as_str()), ("other", other.as_str())];
        let catalogue = Catalogue::of_documents(documents).unwrap_or_else(|e| panic!("{e}"));
        let today = date("2026-12-15T02:00:00Z").unwrap_or_else(|| panic!("a day"));
        for (at, version, status, days_left, successor, versions) in [
            (0, "3.0.0", "supported", None, None, vec!["3.0.0"]),
            (1, "1.0.0", "deprecated", Some(10), Some("2.0.0"), vec!["1.0.0", "1.1.0"]),
            (2, "1.1.0", "supported", None, None, vec!["1.0.0", "1.1.0"]),
        ] {
            let found = report(&catalogue, &catalogue.paths()[at], today);
            let said = (found.version.as_str(), found.status.as_str(), found.days_left, found.successor.as_deref());
            assert_eq!(said, (version, status, days_left, successor));
            assert_eq!(found.versions, versions, "{version}");
            assert_eq!(found.tiers, ["dev", "prod", "staging"], "{version}");
        }
    }
}
