//! Whether the slots of an environment fit into its total, part by part.
//!
//! Pure. A plan refuses what can never fit: the sum of what this run has planned. Slots that are only recorded may still become
//! smaller in this run, so with them it is a warning, and apply waits for the decreases.

use crate::{
    domain::{EnvironmentId, Id, Problem, Quantity},
    golden::{Amounts, QuotaPart, field_of_share},
    provision::engine::{connection::ShareClaim, gather::Lowered},
};
use std::{collections::BTreeMap, fmt};

/// A part of a total, and what the shares in it add up to.
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    part: QuotaPart,
    resource: String,
    sum: Quantity,
    total: Quantity,
}

// === impl Over ===

impl Over {
    fn of<'a>(
        (part, resource): &(QuotaPart, String),
        amounts: impl IntoIterator<Item = &'a Quantity>,
        total: &Quantity,
    ) -> Option<Self> {
        let sum = sum(amounts).filter(|sum| sum > total)?;
        Some(Self { part: *part, resource: resource.clone(), sum, total: total.clone() })
    }
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.resource, self.sum, self.total)
    }
}

/// What the plan of one slot says. `claims` holds every slot of the environment, this one included, by name.
pub fn judge(slot: &str, claims: &BTreeMap<String, ShareClaim>, parts: &Amounts, environment: &str) -> Vec<Problem> {
    let own = claims.get(slot).and_then(|claim| claim.planned.as_ref());
    let mut problems = vec![];
    for (key, mine) in own.into_iter().flatten() {
        // Alone too large: rendering has refused it, with the field and the way out.
        let Some(total) = parts.get(key).filter(|total| mine <= *total) else { continue };
        let planned = claims.values().filter_map(|claim| claim.planned.as_ref()?.get(key));
        let latest = claims.values().filter_map(|claim| claim.planned.as_ref().or(claim.recorded.as_ref())?.get(key));
        if let Some(over) = Over::of(key, planned, total) {
            problems.push(never_fits(&over, environment));
        } else if let Some(over) = Over::of(key, latest, total) {
            problems.push(over_for_now(&over, environment));
        }
    }
    problems
}

/// What an apply of `slot` still waits for, if it does. Only what is recorded counts, since that is what holds.
pub fn over(slot: &str, own: &Amounts, recorded: &BTreeMap<String, Amounts>, parts: &Amounts) -> Option<Over> {
    own.iter().find_map(|(key, mine)| {
        let total = parts.get(key)?;
        let others = recorded.iter().filter(|(name, _)| *name != slot).filter_map(|(_, amounts)| amounts.get(key));
        Over::of(key, others.chain([mine]), total)
    })
}

/// A total that no longer covers what the slots of the environment hold, with their names.
pub fn below(id: &Id, Lowered { parts, recorded }: &Lowered) -> Vec<Problem> {
    let problem = |(key, total): (&(QuotaPart, String), &Quantity)| {
        let held: Vec<(&str, &Quantity)> =
            recorded.iter().filter_map(|(slot, amounts)| Some((slot.as_str(), amounts.get(key)?))).collect();
        let sum = sum(held.iter().map(|(_, amount)| *amount)).filter(|sum| sum > total)?;
        let slots: Vec<String> = held.iter().map(|(slot, amount)| format!("{slot} {amount}")).collect();
        let (part, resource) = key;
        Some(
            Problem::error(
                "environment.total_below_shares",
                format!(
                    "{} of {resource}, {total}, is less than what the slots of {id} hold: {sum}",
                    start(part.words())
                ),
                format!(
                    "They are: {}. Lower these shares in an apply of their own first, then the total.",
                    slots.join(", ")
                ),
            )
            .at(["quota", "total", resource.as_str()]),
        )
    };
    parts.iter().filter_map(problem).collect()
}

fn start(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// `None` when nothing adds up: no amount, or a sum beyond all bounds.
fn sum<'a>(amounts: impl IntoIterator<Item = &'a Quantity>) -> Option<Quantity> {
    let mut amounts = amounts.into_iter();
    let first = amounts.next()?.clone();
    amounts.try_fold(first, |sum, amount| sum.checked_add(amount))
}

/// What there is too much of.
fn summary(Over { part, resource, sum, total }: &Over, environment: &str) -> String {
    format!("The shares of {environment} add up to {resource}={sum}, more than {}, {total}", part.words())
}

/// What makes room.
fn more(part: QuotaPart, resource: &str) -> String {
    match part {
        QuotaPart::Own => format!("raise quota.total[\"{resource}\"] of the environment"),
        QuotaPart::Slots => format!("raise quota.total[\"{resource}\"] or quota.slots_percent of the environment"),
    }
}

fn never_fits(over: &Over, environment: &str) -> Problem {
    let next = format!("Lower the shares, or {}.", more(over.part, &over.resource));
    Problem::error("slot.shares_exceed_total", summary(over, environment), next)
        .at(field_of_share(&over.resource).iter().copied())
}

fn over_for_now(over: &Over, environment: &str) -> Problem {
    Problem::warning(
        "slot.shares_over_total",
        summary(over, environment),
        "Unless other slots of this run become smaller, apply waits for them and is then refused.",
    )
    .at(field_of_share(&over.resource).iter().copied())
}

/// Of an apply that has waited in vain.
pub fn still_over(environment: &EnvironmentId, over: &Over) -> Problem {
    let more = more(over.part, &over.resource);
    Problem::error(
        "slot.shares_exceed_total",
        summary(over, &environment.to_string()),
        format!("Waited for other slots to become smaller, and none did. Lower this share, or {more}."),
    )
    .at(field_of_share(&over.resource).iter().copied())
}

#[cfg(test)]
mod tests;
