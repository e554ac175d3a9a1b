//! A change to another tier, another golden path or another version of it that opens what was shut. Pure.

use super::{
    inputs::{Inputs, Past},
    losses::is_protected,
};
use crate::{domain::Problem, golden::opens};

pub fn judge(inputs: &Inputs<'_>, past: &Past) -> Option<Problem> {
    let Inputs { change, blueprint, catalogue, .. } = inputs;
    let (prior, before, after) = (change.prior?, past.resolved.as_ref()?.summary(), &blueprint.summary);
    let (tier_before, tier_after) = (before.tier.as_ref()?, after.tier.as_ref()?);
    let (from, to) = (&before.path, &after.path);
    let is_another = (&from.name, tier_before) != (&to.name, tier_after);
    if !is_another && from.version == to.version {
        return None;
    }
    let opened = opens(catalogue.tier(from, tier_before)?, catalogue.tier(to, tier_after)?);
    if opened.is_empty() {
        return None;
    }
    let (field, way) = if is_another {
        let field = if tier_before == tier_after { "golden_path" } else { "tier" };
        (field, format!("from tier {tier_before} of {} to tier {tier_after} of {}", from.name, to.name))
    } else {
        ("golden_path_version", format!("from version {} to version {} of {}", from.version, to.version, to.name))
    };
    // The platform team has published what is newer, for everybody to move to; an older one is the team's own choice.
    let may_be_refused = is_another || to.version < from.version;
    let detail = format!("What opens: {}.", opened.join("; "));
    Some(match may_be_refused && is_protected(inputs, &prior.spec) {
        true => Problem::error(
            "environment.loosened",
            format!("{} would be loosened {way}: apply `deletion_protection = false` first", change.id),
            format!("{detail} Deletion protection is on, so this is refused. Apply `deletion_protection = false` by itself first."),
        ),
        false => Problem::warning("environment.loosened", format!("{} is loosened {way}", change.id), detail),
    }.at([field]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        golden::Catalogue,
        provision::engine::{
            fixtures::{environment, ground, prior, rendered_by},
            gather::Found,
            request::ChangeRequest,
        },
    };
    use serde_json::json;
    use std::collections::BTreeMap;

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
                let found = judge(&inputs, &inputs.past());
                let said = found.as_ref().and_then(|found| Some((found.field.first()?.as_str(), found.is_error())));
                assert_eq!(said, field.map(|field| (field, is_protected && is_refused)), "{reason}");
            }
        }
    }
}
