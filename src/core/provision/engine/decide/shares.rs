//! Whether the slots of an environment fit into its total.
//!
//! Pure. In the middle of a run some slots are still as recorded and others as planned, so a plan refuses only what can
//! never fit: one share that alone exceeds the total, or the sum of each planned slot's smaller of recorded and planned.
//! Anything else is a warning, and apply waits for the decreases.

use crate::{
    domain::{EnvironmentId, Id, Problem, Quantity},
    provision::engine::{
        connection::{Amounts, ShareClaim},
        gather::Lowered,
    },
};
use std::collections::BTreeMap;

/// What the plan of one slot says. `claims` holds every slot of the environment, this one included, by name.
pub fn judge(
    slot: &str,
    claims: &BTreeMap<String, ShareClaim>,
    total: &BTreeMap<String, String>,
    environment: &str,
) -> Vec<Problem> {
    let own = claims.get(slot).and_then(|claim| claim.planned.as_ref());
    let mut problems = vec![];
    for (resource, mine) in own.into_iter().flatten() {
        let Some(total) = total.get(*resource).and_then(|text| text.parse::<Quantity>().ok()) else {
            continue;
        };
        if *mine > total {
            // Alone too large: rendering has refused it, with the field and the way out.
            continue;
        }
        let at_least = sum(claims.values().filter_map(|claim| certain(claim, resource)));
        let at_most = sum(claims.values().filter_map(|claim| latest(claim, resource)));
        match (at_least, at_most) {
            (Some(least), _) if least > total => problems.push(never_fits(resource, &least, &total, environment)),
            (_, Some(at_most)) if at_most > total => {
                problems.push(over_for_now(resource, &at_most, &total, environment));
            }
            _ => {}
        }
    }
    problems
}

/// What an apply of `slot` still waits for: the resource that is over, if one is. Only what is recorded counts, since that
/// is what holds.
pub fn over(
    slot: &str,
    own: &Amounts,
    recorded: &BTreeMap<String, Amounts>,
    total: &BTreeMap<String, String>,
) -> Option<(&'static str, Quantity, Quantity)> {
    own.iter().find_map(|(resource, mine)| {
        let total: Quantity = total.get(*resource)?.parse().ok()?;
        let others = recorded.iter().filter(|(name, _)| *name != slot).filter_map(|(_, amounts)| amounts.get(resource));
        let sum = sum(others.chain([mine]))?;
        (sum > total).then_some((*resource, sum, total))
    })
}

/// A total that no longer covers what the slots of the environment hold, with their names.
pub fn below(id: &Id, Lowered { total, recorded }: &Lowered) -> Vec<Problem> {
    let problem = |(resource, total): (&String, &String)| {
        let total: Quantity = total.parse().ok()?;
        let held: Vec<(&str, &Quantity)> = recorded
            .iter()
            .filter_map(|(slot, amounts)| Some((slot.as_str(), amounts.get(resource.as_str())?)))
            .collect();
        let sum = sum(held.iter().map(|(_, amount)| *amount)).filter(|sum| *sum > total)?;
        let slots: Vec<String> = held.iter().map(|(slot, amount)| format!("{slot} {amount}")).collect();
        Some(
            Problem::error(
                "environment.total_below_shares",
                format!("{resource} of {total} is less than the shares of the slots of {id}: {sum}"),
                format!(
                    "They are: {}. Lower these shares in an apply of their own first, then the total.",
                    slots.join(", ")
                ),
            )
            .at(["quota", "total", resource.as_str()]),
        )
    };
    total.iter().filter_map(problem).collect()
}

/// What a slot holds at the least whatever the order of the run; nothing is certain of one that was not planned.
fn certain<'a>(claim: &'a ShareClaim, resource: &str) -> Option<&'a Quantity> {
    let (recorded, planned) = (claim.recorded.as_ref()?.get(resource)?, claim.planned.as_ref()?.get(resource)?);
    Some(recorded.min(planned))
}

fn latest<'a>(claim: &'a ShareClaim, resource: &str) -> Option<&'a Quantity> {
    claim.planned.as_ref().or(claim.recorded.as_ref())?.get(resource)
}

/// `None` when nothing adds up: no amount, or a sum beyond all bounds.
fn sum<'a>(amounts: impl IntoIterator<Item = &'a Quantity>) -> Option<Quantity> {
    let mut amounts = amounts.into_iter();
    let first = amounts.next()?.clone();
    amounts.try_fold(first, |sum, amount| sum.checked_add(amount))
}

fn field(resource: &str) -> [&'static str; 2] {
    ["share", if resource == "requests.cpu" { "cpu" } else { "memory" }]
}

fn never_fits(resource: &str, sum: &Quantity, total: &Quantity, environment: &str) -> Problem {
    Problem::error(
        "slot.shares_exceed_total",
        format!("The shares of {environment} add up to {resource}={sum}, more than its total of {total}"),
        format!("Lower the shares, or raise quota.total[\"{resource}\"] of the environment."),
    )
    .at(field(resource))
}

fn over_for_now(resource: &str, sum: &Quantity, total: &Quantity, environment: &str) -> Problem {
    Problem::warning(
        "slot.shares_over_total",
        format!("The shares of {environment} add up to {resource}={sum}, more than its total of {total}"),
        "Unless other slots of this run become smaller, apply waits for them and is then refused.",
    )
    .at(field(resource))
}

/// Of an apply that has waited in vain.
pub fn still_over(environment: &EnvironmentId, resource: &str, sum: &Quantity, total: &Quantity) -> Problem {
    Problem::error(
        "slot.shares_exceed_total",
        format!("The shares of {environment} add up to {resource}={sum}, more than its total of {total}"),
        "Waited for other slots to become smaller, and none did. Lower this share, or raise the environment's total.",
    )
    .at(["share"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_covers_what_is_recorded() {
        let cpu = |amount: &str| Amounts::from([("requests.cpu", amount.parse().expect("an amount"))]);
        let recorded = || BTreeMap::from([("api".to_owned(), cpu("2")), ("web".to_owned(), cpu("1500m"))]);
        let id = Id::from("demo/pay".parse::<EnvironmentId>().expect("an id"));
        for (total, expected, reason) in [
            ("4", None, "more than they hold"),
            ("3500m", None, "just what they hold"),
            ("3", Some("api 2, web 1500m"), "less, with the names"),
        ] {
            let lowered =
                Lowered { total: [("requests.cpu".to_owned(), total.to_owned())].into(), recorded: recorded() };
            let found = below(&id, &lowered);
            assert_eq!(found.first().is_some_and(|found| found.is_error()), expected.is_some(), "{reason}");
            assert!(
                found.iter().all(|found| found.detail.contains(expected.unwrap_or_default())),
                "{reason}: {found:?}"
            );
        }
    }

    fn cpu(amount: &str) -> Option<Amounts> {
        amount.parse().ok().map(|amount| Amounts::from([("requests.cpu", amount)]))
    }

    #[test]
    fn only_what_can_never_fit_is_refused() {
        type Row = (&'static str, Option<Amounts>, Option<Amounts>);
        let cases: [(&str, Vec<Row>, Option<&str>); 9] = [
            ("it fits", vec![("a", None, cpu("4")), ("b", cpu("6"), None)], None),
            ("alone too large: refused by rendering", vec![("a", None, cpu("10500m"))], None),
            (
                "another one may still shrink in this run",
                vec![("a", None, cpu("6")), ("b", cpu("6"), None)],
                Some("slot.shares_over_total"),
            ),
            ("the other one is planned to shrink", vec![("a", None, cpu("6")), ("b", cpu("6"), cpu("4"))], None),
            ("the other one goes", vec![("a", None, cpu("6")), ("b", cpu("6"), Some(Amounts::new()))], None),
            (
                "both stay, and the total was lowered",
                vec![("a", cpu("6"), cpu("6")), ("b", cpu("6"), cpu("7"))],
                Some("slot.shares_exceed_total"),
            ),
            (
                "certain is the smaller of recorded and planned: the other one grows only after this one shrank",
                vec![("a", cpu("6"), cpu("6")), ("b", cpu("3"), cpu("7"))],
                Some("slot.shares_over_total"),
            ),
            ("it shrinks in this run", vec![("a", cpu("6"), cpu("6")), ("b", cpu("7"), cpu("3"))], None),
            (
                "two new ones are too much together, but none is recorded yet",
                vec![("a", None, cpu("6")), ("b", None, cpu("6"))],
                Some("slot.shares_over_total"),
            ),
        ];
        let total = BTreeMap::from([("requests.cpu".to_owned(), "10".to_owned())]);
        for (reason, rows, expected) in cases {
            let claims = rows
                .into_iter()
                .map(|(slot, recorded, planned)| (slot.to_owned(), ShareClaim { recorded, planned }))
                .collect();
            let problems = judge("a", &claims, &total, "demo/pay");
            assert_eq!(problems.first().map(|p| p.code), expected, "{reason}");
        }
    }

    #[test]
    fn apply_waits_while_what_is_recorded_is_over() {
        let total = BTreeMap::from([("requests.cpu".to_owned(), "10".to_owned())]);
        for (own, other, waits, reason) in [("4", "6", false, "exactly full"), ("5", "6", true, "one too many")] {
            let recorded = BTreeMap::from([
                ("a".to_owned(), cpu("9").unwrap_or_default()),
                ("b".to_owned(), cpu(other).unwrap_or_default()),
            ]);
            let over = over("a", &cpu(own).unwrap_or_default(), &recorded, &total);
            assert_eq!(over.is_some(), waits, "{reason}: its own recorded share does not count");
        }
    }
}
