//! Tables of what an environment promises, each between two marks of a text.

use goldenpath_core::{
    domain::{PersonaName, TierClass},
    golden::{
        Catalogue, Tier,
        promises::{self, ACCESS, AccessPromise},
    },
};

/// The text with its tables as they are now.
pub fn fill(text: &str) -> String {
    let catalogue = Catalogue::built_in();
    let tiers: Vec<&Tier> = [TierClass::Dev, TierClass::Prod]
        .into_iter()
        .filter_map(|class| {
            let default = catalogue.newest(None).ok()?;
            default.tiers.values().map(AsRef::as_ref).find(|tier: &&Tier| tier.class == class)
        })
        .collect();
    let tables = [
        ("who may do what", in_short(&tiers)),
        ("promises of access", access(&tiers)),
        ("promises of admission", admission(&tiers)),
    ];
    tables.into_iter().fold(text.to_owned(), |text, (name, table)| between(&text, name, &table))
}

fn between(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: scripts/generate -->\n"), format!("<!-- end of {name} -->"));
    let parts = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    parts.map_or_else(|| text.to_owned(), |(before, after)| format!("{before}{begin}{table}{end}{after}"))
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    format!("| {} |\n", cells.into_iter().collect::<Vec<_>>().join(" | "))
}

/// `yes / –`: in each of the tiers.
fn cells(promise: &AccessPromise, tiers: &[&Tier]) -> impl Iterator<Item = String> {
    PersonaName::ALL.into_iter().map(move |persona| {
        let may = tiers.iter().map(|tier| if promise.may(tier.role(persona)) { "yes" } else { "–" });
        may.collect::<Vec<_>>().join(" / ")
    })
}

fn head<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(str::to_owned).collect();
    format!("{}|{}\n", row(cells.clone()), "---|".repeat(cells.len()))
}

/// What nobody may is one row.
fn in_short(tiers: &[&Tier]) -> String {
    let mut table = head([""].into_iter().chain(PersonaName::ALL.map(PersonaName::as_str)));
    let (nobody, somebody): (Vec<&AccessPromise>, Vec<&AccessPromise>) =
        ACCESS.iter().partition(|promise| promise.roles.is_empty());
    for promise in somebody {
        table += &row([promise.name.to_owned()].into_iter().chain(cells(promise, tiers)));
    }
    let names: Vec<&str> = nobody.iter().map(|promise| promise.name).collect();
    table + &row([names.join(", ")].into_iter().chain(PersonaName::ALL.map(|_| "–".to_owned())))
}

fn access(tiers: &[&Tier]) -> String {
    let personas = PersonaName::ALL.map(PersonaName::as_str);
    let mut table = head(["may"].into_iter().chain(personas).chain(["because", "benchmark"]));
    for promise in ACCESS {
        let last = [promise.reason.to_owned(), promise.benchmark.join(", ")];
        table += &row([promise.name.to_owned()].into_iter().chain(cells(promise, tiers)).chain(last));
    }
    table
}

fn admission(tiers: &[&Tier]) -> String {
    let mut table = head(["what", "dev / prod", "because", "benchmark"]);
    for promise in promises::admission() {
        let refused = tiers.iter().map(|tier| promise.refusal(tier.pod_security.enforce).is_some());
        let words: Vec<&str> = refused.map(|refused| if refused { "refused" } else { "admitted" }).collect();
        let benchmark = promise.benchmark.join(", ");
        table += &row([promise.name.to_owned(), words.join(" / "), promise.reason.to_owned(), benchmark]);
    }
    for promise in promises::BOUNDS {
        table += &row([
            promise.name.to_owned(),
            "as rendered".to_owned(),
            promise.reason.to_owned(),
            promise.benchmark.join(", "),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_written() {
        let text = "a\n<!-- t: scripts/generate -->\nold\n<!-- end of t -->\nb\n";
        assert_eq!(between(text, "t", "new\n"), text.replace("old", "new"));
        assert_eq!(between("a\n", "t", "new\n"), "a\n", "a text without marks");
    }
}
