//! Whether the slots of an environment fit into its total, part by part.
//!
//! Pure. A plan refuses what can never fit: the sum of what this run has planned. Slots that are only recorded may still become
//! smaller in this run, so with them it is a warning, and apply waits for the decreases.

use super::inputs::Inputs;
use crate::{
    domain::{EnvironmentId, Id, Phase, Problem, Quantity, Record},
    golden::{Amounts, Parent, QuotaPart, Spec, field_of_share},
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

/// Shares that fit, and whose largest update does not: its new pods are refused while all of the old ones are there.
struct Tight<'a> {
    slot: &'a str,
    resource: &'a str,
    need: &'a Quantity,
    left: Quantity,
    total: &'a Quantity,
}

// === impl Tight ===

impl<'a> Tight<'a> {
    fn of(
        (part, resource): &'a (QuotaPart, String),
        slots: impl Iterator<Item = (&'a str, &'a Amounts)>,
        total: &'a Quantity,
    ) -> Option<Self> {
        let slots: Vec<(&str, &Amounts)> = slots.filter(|_| *part == QuotaPart::Own).collect();
        let of = |part: QuotaPart| {
            let key = (part, resource.clone());
            slots.iter().filter_map(move |(slot, amounts)| Some((*slot, amounts.get(&key)?)))
        };
        let left = total.checked_sub(&sum(of(QuotaPart::Own).map(|(_, amount)| amount))?)?;
        let (slot, need) = of(QuotaPart::Surge).max_by(|(_, one), (_, other)| one.cmp(other))?;
        (*need > left).then_some(Self { slot, resource, need, left, total })
    }

    fn summary(&self, environment: &str) -> String {
        let Self { slot, resource, need, left, total } = self;
        format!(
            "A rolling update of {slot} takes {need} more of {resource}, and the shares of {environment} leave {left} of {total}"
        )
    }

    fn detail(&self) -> String {
        format!(
            "With every slot at its most, the new pods of the update are refused. A Deployment of fewer than four replicas stops none of \
             its old ones before, so that the update hangs. Lower a share, {}, or set `maxSurge: 0` and `maxUnavailable: 1` in the \
             Deployment.",
            more(QuotaPart::Own, self.resource)
        )
    }
}

/// What the plan of one slot says. `claims` holds every slot of the environment, this one included, by name.
pub fn judge(slot: &str, claims: &BTreeMap<String, ShareClaim>, parts: &Amounts, environment: &str) -> Vec<Problem> {
    let own = claims.get(slot).and_then(|claim| claim.planned.as_ref());
    let latest = claims
        .iter()
        .filter_map(|(slot, claim)| Some((slot.as_str(), claim.planned.as_ref().or(claim.recorded.as_ref())?)));
    let latest: Vec<(&str, &Amounts)> = latest.collect();
    let mut problems = vec![];
    for (key, mine) in own.into_iter().flatten() {
        // Alone too large: rendering has refused it, with the field and the way out.
        let Some(total) = parts.get(key).filter(|total| mine <= *total) else { continue };
        let held = claims.get(slot).and_then(|claim| claim.recorded.as_ref()?.get(key));
        let planned = claims.values().filter_map(|claim| claim.planned.as_ref()?.get(key));
        if let Some(over) = Over::of(key, planned, total) {
            problems.push(never_fits(&over, environment));
        } else if let Some(over) = Over::of(key, latest.iter().filter_map(|(_, amounts)| amounts.get(key)), total) {
            // What does not grow waits for nobody.
            if held.is_none_or(|held| mine > held) {
                problems.push(over_for_now(&over, environment));
            }
        } else if let Some(tight) = Tight::of(key, latest.iter().copied(), total) {
            let found = Problem::warning("slot.no_room_for_update", tight.summary(environment), tight.detail());
            problems.push(found.at(field_of_share(&key.1).iter().copied()));
        }
    }
    problems
}

/// What a slot takes more than it holds: the rest has its room. A change that was interrupted holds nothing yet.
pub fn growth(inputs: &Inputs<'_>, record: Option<&Record>, parent: &Parent) -> Amounts {
    let Inputs { change, catalogue, .. } = inputs;
    let demand = |spec: &Spec| spec.demand(parent, catalogue);
    let ready = record.filter(|record| record.phase == Phase::Ready);
    let held = ready.and_then(|record| change.spec.resource().parse(&record.spec).ok());
    let held = held.as_ref().map(demand).unwrap_or_default();
    let mut taken = demand(change.spec);
    taken.retain(|key, amount| held.get(key).is_none_or(|held| *amount > *held));
    taken
}

/// What an apply of `slot` still waits for, if it does. Only what is recorded counts, since that is what holds.
pub fn over(slot: &str, own: &Amounts, recorded: &BTreeMap<String, Amounts>, parts: &Amounts) -> Option<Over> {
    own.iter().find_map(|(key, mine)| {
        let total = parts.get(key)?;
        let others = recorded.iter().filter(|(name, _)| *name != slot).filter_map(|(_, amounts)| amounts.get(key));
        Over::of(key, others.chain([mine]), total)
    })
}

/// A total that no longer covers what the slots of the environment hold, with their names, or no longer an update of the largest.
pub fn below(id: &Id, Lowered { parts, recorded }: &Lowered) -> Vec<Problem> {
    let problem = |(key, total): (&(QuotaPart, String), &Quantity)| {
        let (part, resource) = key;
        let held: Vec<(&str, &Quantity)> =
            recorded.iter().filter_map(|(slot, amounts)| Some((slot.as_str(), amounts.get(key)?))).collect();
        let Some(sum) = sum(held.iter().map(|(_, amount)| *amount)).filter(|sum| sum > total) else {
            let slots = recorded.iter().map(|(slot, amounts)| (slot.as_str(), amounts));
            let tight = Tight::of(key, slots, total)?;
            let summary = tight.summary(&id.to_string());
            let found = Problem::warning("environment.no_room_for_update", summary, tight.detail());
            return Some(found.at(["quota", "total", resource.as_str()]));
        };
        let slots: Vec<String> = held.iter().map(|(slot, amount)| format!("{slot} {amount}")).collect();
        Some(
            Problem::error(
                "environment.total_below_shares",
                format!(
                    "{} of {resource}, {total}, is less than what the slots of {id} hold: {sum}; lower their shares first",
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
        QuotaPart::Own | QuotaPart::Surge => format!("raise quota.total[\"{resource}\"] of the environment"),
        QuotaPart::Slots => format!("raise quota.total[\"{resource}\"] or quota.slots_percent of the environment"),
    }
}

fn never_fits(over: &Over, environment: &str) -> Problem {
    let more = more(over.part, &over.resource);
    let summary = format!("{}: lower them, or raise the total", summary(over, environment));
    let next = format!("Lower the shares, or {more}.");
    Problem::error("slot.shares_exceed_total", summary, next).at(field_of_share(&over.resource).iter().copied())
}

fn over_for_now(over: &Over, environment: &str) -> Problem {
    Problem::warning(
        "slot.shares_over_total",
        summary(over, environment),
        "The apply waits for other slots of this run to shrink, and is refused if they do not. Lower the shares unless \
         they do.",
    )
    .at(field_of_share(&over.resource).iter().copied())
}

/// Of an apply that has waited in vain.
pub fn still_over(environment: &EnvironmentId, over: &Over) -> Problem {
    let more = more(over.part, &over.resource);
    Problem::error(
        "slot.shares_exceed_total",
        format!("{}: lower this share, or raise the total", summary(over, &environment.to_string())),
        format!("Waited for other slots to become smaller, and none did. Lower this share, or {more}."),
    )
    .at(field_of_share(&over.resource).iter().copied())
}

#[cfg(test)]
mod tests;
