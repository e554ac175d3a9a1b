//! What one slot takes of its environment's total. Pure.

use crate::{
    domain::{Quantity, Record},
    golden::{Catalogue, Descriptor, Parent, Spec, TakenShare, recorded},
    provision::engine::connection::Amounts,
};
use std::collections::BTreeMap;

/// CPU and memory.
pub type UsualShare = (Quantity, Quantity);

/// The share of a slot that requests none, by the environment's tier.
pub(super) fn usual_share(catalogue: &Catalogue, parent: &Parent) -> Option<UsualShare> {
    let share = &catalogue.terms_of(parent).ok()?.tier.slot.share;
    Some((share.cpu.clone(), share.memory.clone()))
}

/// What a slot takes of the total: its own share, else its tier's.
pub fn amounts(spec: &Spec, usual: Option<&UsualShare>) -> Amounts {
    let taken = match spec.common().share {
        TakenShare::Nothing => None,
        TakenShare::Usual => usual.map(|(cpu, memory)| (cpu, memory)),
        TakenShare::Written(share) => Some((&share.cpu, &share.memory)),
    };
    match taken {
        Some((cpu, memory)) => Amounts::from([("requests.cpu", cpu.clone()), ("requests.memory", memory.clone())]),
        None => Amounts::new(),
    }
}

/// By the name of each that has a record and is of this kind.
pub fn recorded_shares(
    resource: &'static dyn Descriptor,
    records: &[Record],
    usual: Option<&UsualShare>,
) -> BTreeMap<String, Amounts> {
    let specs = records.iter().filter_map(|record| recorded(&[resource], record));
    specs.filter_map(|spec| Some((spec.id().part()?, amounts(&spec, usual)))).collect()
}
