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
        let catalogue = Catalogue::with_documents([("open", open.as_str())]).unwrap_or_else(|e| panic!("{e}"));
        let of = |tier: &str, path: &str, protected: bool| {
            let request = json!({"tier": tier, "golden_path": path, "deletion_protection": protected});
            environment("pay", request)
        };
        let (tier, path) = (Some("tier"), Some("golden_path"));
        for (before, after, field, reason) in [
            (("staging", "team-standard"), ("dev", "team-standard"), tier, "a looser tier"),
            (("dev", "team-standard"), ("staging", "team-standard"), None, "a stricter tier"),
            (("staging", "team-standard"), ("staging", "open"), path, "the same tier of a looser path"),
            (("staging", "open"), ("staging", "team-standard"), None, "the same tier of a stricter path"),
            (("staging", "team-standard"), ("dev", "open"), tier, "both"),
        ] {
            for is_protected in [true, false] {
                // What the new request says of protection does not count.
                let (old, new) = (of(before.0, before.1, is_protected), of(after.0, after.1, false));
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
                assert_eq!(said, field.map(|field| (field, is_protected)), "{reason}");
            }
        }
    }
}
