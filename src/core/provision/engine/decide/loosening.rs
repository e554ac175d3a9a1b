//! A change to another tier, another golden path or another version of it that opens what was shut. Pure.

use super::{
    inputs::{Inputs, Past},
    losses::is_protected,
};
use crate::{
    domain::{Id, PathVersion, Problem, TierName},
    golden::{Resolved, Spec, opens},
    provision::engine::request::date,
};

/// What there was.
struct Before {
    tier: TierName,
    /// `None`: nobody knows any more.
    path: Option<PathVersion>,
    is_protected: bool,
}

// === impl Before ===

impl Before {
    /// Of an update by what state holds, of a create that goes on from something by its record. `None`: nothing has changed, or
    /// nothing was there.
    fn of(inputs: &Inputs<'_>, past: &Past) -> Option<Self> {
        let Inputs { change, blueprint, found, catalogue, .. } = inputs;
        if let Some(prior) = change.prior.filter(|_| past.is_changed) {
            let is_protected = is_protected(inputs, &prior.spec);
            return Self::read(&prior.spec, past.resolved.as_ref(), change.path.cloned(), is_protected);
        }
        let recorded = found.objects.value().and_then(|objects| objects.record.as_ref());
        let record = change.goes_on_from(recorded, &blueprint.summary.team)?;
        let spec = change.spec.resource().parse(&record.spec).ok()?;
        let held = catalogue.holding(record.path().as_ref());
        let mut by_record: Inputs<'_> = *inputs;
        by_record.catalogue = &held;
        let is_protected = record.holds_protection() && is_protected(&by_record, &spec);
        Self::read(&spec, by_record.resolve_again(&spec).as_ref(), record.path(), is_protected)
    }

    /// `path`: what it was made by, where it can be rendered no more.
    fn read(spec: &Spec, resolved: Option<&Resolved>, path: Option<PathVersion>, is_protected: bool) -> Option<Self> {
        let Some(before) = resolved.map(|resolved| resolved.summary()) else {
            // Of an environment. What lives in one has its tier.
            let tier = spec.to_document().ok()?.get("tier")?.as_str()?.parse().ok()?;
            return Some(Self { tier, path, is_protected });
        };
        Some(Self { tier: before.tier.clone()?, path: Some(before.path.clone()), is_protected })
    }
}

pub fn judge(inputs: &Inputs<'_>, past: &Past) -> Option<Problem> {
    let Inputs { change, blueprint, catalogue, now, .. } = inputs;
    let Before { tier: tier_before, path: from, is_protected } = &Before::of(inputs, past)?;
    let (tier_after, to) = (blueprint.summary.tier.as_ref()?, &blueprint.summary.path);
    let Some(from) = from else {
        let undecided = format!("Undecided: whether {} is loosened", change.id);
        let detail = "What it was made by is not known any more. Compare its tier with the one before.";
        return Some(Problem::warning("environment.not_compared", undecided, detail).at(["tier"]));
    };
    let is_another = (&from.name, tier_before) != (&to.name, tier_after);
    if !is_another && from.version == to.version {
        return None;
    }
    let (field, way) = if is_another {
        let field = if tier_before == tier_after { "golden_path" } else { "tier" };
        (field, format!("from tier {tier_before} of {} to tier {tier_after} of {}", from.name, to.name))
    } else {
        ("golden_path_version", format!("from version {} to version {} of {}", from.version, to.version, to.name))
    };
    // The platform team has published what is newer, for everybody to move to; an older one is the team's own choice.
    let may_be_refused = *is_protected && (is_another || to.version < from.version);
    let Some(closed) = catalogue.tier(from, tier_before) else {
        // Then the platform team has left no other way.
        let has_newer = catalogue.on(date(now)).newer(from).any(|path| path.tiers.contains_key(tier_before));
        return Some(no_comparison(&change.id, from, &way, may_be_refused && has_newer).at([field]));
    };
    let opened = opens(closed, catalogue.tier(to, tier_after)?);
    if opened.is_empty() {
        return None;
    }
    let detail = format!("What opens: {}.", opened.join("; "));
    Some(match may_be_refused {
        true => Problem::error(
            "environment.loosened",
            format!("{} would be loosened {way}: apply `deletion_protection = false` first", change.id),
            format!("{detail} Deletion protection is on, so this is refused. Apply `deletion_protection = false` by itself first."),
        ),
        false => Problem::warning("environment.loosened", format!("{} is loosened {way}", change.id), detail),
    }.at([field]))
}

/// What it was made by is in the catalogue no more.
fn no_comparison(id: &Id, from: &PathVersion, way: &str, is_refused: bool) -> Problem {
    let PathVersion { name, version, .. } = from;
    match is_refused {
        true => Problem::error(
            "environment.not_compared",
            format!("Undecided whether {id} would be loosened {way}: move to a newer version of {name} first"),
            format!(
                "{name} {version}, which it was made by, is no longer in the catalogue, and deletion protection is on. Move to a newer version \
                 of {name} in the same tier by an apply of its own, or have the platform team put the document back."
            ),
        ),
        false => Problem::warning(
            "environment.not_compared",
            format!("Undecided: whether {id} is loosened {way}"),
            format!(
                "{name} {version}, which it was made by, is no longer in the catalogue, so that nothing can be compared with it. Ask the platform \
                 team what the change opens, or have it put the document back."
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Phase, Record},
        golden::Catalogue,
        provision::{
            Cancel, Replacing,
            engine::{
                fixtures::{environment, ground, prior, record, rendered_by},
                gather::{Found, Item, Objects},
                request::ChangeRequest,
                target::Moment,
                watch::Hold,
            },
        },
    };
    use serde_json::json;
    use std::{
        collections::{BTreeMap, BTreeSet},
        time::Duration,
    };

    /// At which field, and whether that is an error.
    fn said(inputs: &Inputs<'_>) -> Option<(String, bool)> {
        let found = judge(inputs, &inputs.past())?;
        Some((found.field.first()?.as_str().to_owned(), found.is_error()))
    }

    fn objects_with(record: Record) -> Item<Objects> {
        let (known, named) = (BTreeSet::new(), BTreeSet::new());
        let (observed, record) = (vec![], Some(record));
        let hold = Hold::Free;
        Item::Known(Objects { observed, record, hold, replaced: None, has_baseline: true, known, named })
    }

    #[test]
    fn what_opens_is_refused_under_protection() {
        let (_, built_in) = Catalogue::built_in_documents().next().unwrap_or_else(|| panic!("one is built in"));
        let open = built_in
            .replace("name: team-standard", "name: open")
            .replace("default: true", "default: false")
            .replace("enforce: restricted", "enforce: baseline");
        let tight =
            open.replace("version: 1.0.0", "version: 1.1.0").replace("enforce: baseline", "enforce: restricted");
        let again = open.replace("version: 1.0.0", "version: 1.2.0");
        let documents = [("open", open.as_str()), ("tight", tight.as_str()), ("again", again.as_str())];
        let catalogue = Catalogue::with_documents(documents).unwrap_or_else(|e| panic!("{e}"));
        let of = |(tier, path, version): (&str, &str, Option<&str>), protected: bool| {
            let request = json!({
                "tier": tier, "golden_path": path, "golden_path_version": version, "deletion_protection": protected
            });
            environment("pay", request)
        };
        let own = |tier| (tier, "team-standard", None);
        let open = |version| ("staging", "open", Some(version));
        let (tier, path, version) = (Some("tier"), Some("golden_path"), Some("golden_path_version"));
        for (before, after, field, is_refused, reason) in [
            (own("staging"), own("dev"), tier, true, "a looser tier"),
            (own("dev"), own("staging"), None, true, "a stricter tier"),
            (own("staging"), open("1.2.0"), path, true, "the same tier of a looser path"),
            (open("1.2.0"), own("staging"), None, true, "the same tier of a stricter path"),
            (own("staging"), ("dev", "open", None), tier, true, "both"),
            (open("1.1.0"), open("1.0.0"), version, true, "an older version that is looser"),
            (open("1.2.0"), open("1.1.0"), None, true, "an older version that is stricter"),
            (open("1.1.0"), open("1.2.0"), version, false, "a newer version that is looser"),
            (open("1.0.0"), open("1.1.0"), None, false, "a newer version that is stricter"),
        ] {
            for is_protected in [true, false] {
                // What the new request says of protection does not count.
                let (old, new) = (of(before, is_protected), of(after, false));
                let prior = prior(&old, BTreeMap::new());
                let inputs = Inputs {
                    change: &ChangeRequest::of_spec(&new, Some(&prior)),
                    ground: &ground(),
                    blueprint: &rendered_by(&catalogue, &new, None),
                    judged: &[],
                    found: &Found::unread(),
                    catalogue: &catalogue,
                    bounds: &[],
                    now: "",
                };
                let expected = field.map(|field| (field.to_owned(), is_protected && is_refused));
                assert_eq!(said(&inputs), expected, "{reason}");

                // The same by a create that takes over what is there, which only its record knows.
                let path = rendered_by(&catalogue, &old, None).summary.path;
                let replaced = Replacing { id: "demo/pay".into(), uid: "uid-1".into(), protected: false };
                let recorded = Record {
                    golden_path: path.name,
                    golden_path_version: path.version.to_string(),
                    ..record("payments", Phase::Ready, &old)
                };
                let (found, cancel) = (Found { objects: objects_with(recorded), ..Found::unread() }, Cancel::new());
                let change = ChangeRequest {
                    replacing: Some(&replaced),
                    moment: Moment::Apply { until: Duration::ZERO, cancel: &cancel },
                    ..ChangeRequest::of_spec(&new, None)
                };
                let inputs = Inputs { change: &change, found: &found, ..inputs };
                assert_eq!(said(&inputs), expected, "{reason}: create_before_destroy");
            }
        }
    }

    #[test]
    fn what_can_be_compared_no_more_is_said() {
        let (_, built_in) = Catalogue::built_in_documents().next().unwrap_or_else(|| panic!("one is built in"));
        let old = built_in.replace("name: team-standard", "name: open").replace("default: true", "default: false");
        let new = old.replace("version: 1.0.0", "version: 1.1.0");
        // From that day on nobody moves to it.
        let end = "version: 1.3.0\nstatus: deprecated\ndeprecation: { reason: It is old., removal: 2026-12-25 }";
        let (ended, now) = (old.replace("version: 1.0.0", end), "2026-12-25T00:00:00Z");
        let documents = [("old", old.as_str()), ("new", new.as_str()), ("ended", ended.as_str())];
        let catalogue = Catalogue::with_documents(documents).unwrap_or_else(|e| panic!("{e}"));
        let of = |tier: &str, path: &str, version: Option<&str>| {
            environment("pay", json!({ "tier": tier, "golden_path": path, "golden_path_version": version }))
        };
        for (gone, after, field, is_refused, reason) in [
            (
                "1.0.5",
                of("staging", "open", Some("1.1.0")),
                "golden_path_version",
                false,
                "what the platform team publishes",
            ),
            (
                "1.0.5",
                of("staging", "open", Some("1.0.0")),
                "golden_path_version",
                true,
                "an older one, by one's own choice",
            ),
            ("1.0.5", of("dev", "open", Some("1.1.0")), "tier", true, "another tier, and it could move first"),
            (
                "1.0.5",
                of("staging", "team-standard", None),
                "golden_path",
                true,
                "another path, and it could move first",
            ),
            (
                "1.2.0",
                of("staging", "open", Some("1.1.0")),
                "golden_path_version",
                false,
                "there is none but older ones, and one that was removed",
            ),
            ("1.2.0", of("staging", "team-standard", None), "golden_path", false, "nor another way"),
        ] {
            for is_protected in [true, false] {
                let request = json!({
                    "tier": "staging", "golden_path": "open", "golden_path_version": gone, "deletion_protection": is_protected
                });
                let prior = prior(&environment("pay", request), BTreeMap::new());
                let path = PathVersion {
                    name: "open".into(),
                    version: gone.parse().unwrap_or_else(|e| panic!("{e}")),
                    digest: String::new(),
                };
                let change = ChangeRequest { path: Some(&path), ..ChangeRequest::of_spec(&after, Some(&prior)) };
                let inputs = Inputs {
                    change: &change,
                    ground: &ground(),
                    blueprint: &rendered_by(&catalogue, &after, None),
                    judged: &[],
                    found: &Found::unread(),
                    catalogue: &catalogue,
                    bounds: &[],
                    now,
                };
                let expected = Some((field.to_owned(), is_protected && is_refused));
                assert_eq!(said(&inputs), expected, "{reason}");
            }
        }
    }
}
