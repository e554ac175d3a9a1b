//! What one slot takes of its environment's total. Pure.

use crate::{
    domain::{Quantity, Record, Spec},
    golden::{Catalogue, Parent},
    provision::engine::connection::Amounts,
};
use std::collections::BTreeMap;

/// CPU and memory.
pub type UsualShare = (Quantity, Quantity);

/// The share of a slot that requests none, by the environment's tier.
pub(super) fn usual_share(catalogue: &Catalogue, parent: &Parent) -> Option<UsualShare> {
    let path = catalogue.path(Some(&parent.golden_path)).ok()?;
    let share = &path.tiers.get(&parent.tier.parse().ok()?)?.slot.share;
    Some((share.cpu.clone(), share.memory.clone()))
}

/// What a slot takes of the total: its own share, else its tier's.
pub fn amounts(spec: &Spec, usual: Option<&UsualShare>) -> Amounts {
    let written = spec.share().map(|share| (&share.cpu, &share.memory));
    match written.or(usual.map(|(cpu, memory)| (cpu, memory))) {
        Some((cpu, memory)) => Amounts::from([("requests.cpu", cpu.clone()), ("requests.memory", memory.clone())]),
        None => Amounts::new(),
    }
}

/// By the name of each slot that has a record.
pub fn recorded_shares(records: &[Record], usual: Option<&UsualShare>) -> BTreeMap<String, Amounts> {
    let slots = records.iter().filter_map(|record| record.request().ok());
    slots.filter_map(|spec| Some((spec.id().slot()?.to_owned(), amounts(&spec, usual)))).collect()
}
