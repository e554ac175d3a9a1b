//! What the request and the tier make together.

use crate::{
    domain::{Isolation, Quantity, SlotSpec, Spread},
    golden::Tier,
};

pub(in crate::golden) struct Effective {
    pub isolation: Isolation,
    pub cpu: Quantity,
    pub memory: Quantity,
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub max_unavailable: Option<String>,
    pub spread: Spread,
}

pub(in crate::golden) fn effective(spec: &SlotSpec, tier: &Tier) -> Effective {
    let availability = spec.availability.clone().unwrap_or_default();
    let share = spec.share.as_ref();
    let asked_min = availability.min_replicas;
    let max_replicas = share
        .and_then(|share| share.max_replicas)
        .unwrap_or_else(|| tier.slot.max_replicas.max(asked_min.unwrap_or(0)));
    Effective {
        isolation: spec.isolation.unwrap_or(tier.slot.isolation),
        cpu: share.map_or_else(|| tier.slot.share.cpu.clone(), |share| share.cpu.clone()),
        memory: share.map_or_else(|| tier.slot.share.memory.clone(), |share| share.memory.clone()),
        min_replicas: asked_min.unwrap_or_else(|| tier.slot.min_replicas.min(max_replicas)),
        max_replicas,
        max_unavailable: availability.max_unavailable.or_else(|| tier.slot.max_unavailable.clone()),
        spread: availability.spread.unwrap_or(tier.slot.spread),
    }
}
