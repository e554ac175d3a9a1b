//! What a slot takes of its environment's total: the quota of a namespace of its own, or, where it shares one, an amount
//! that plans add up. Knows the catalogue and the parent.

use crate::{
    domain::{Isolation, Quantities, Quantity, SlotSpec},
    golden::{
        catalogue::{Tier, TierSlot},
        parent::Parent,
        quota::{Amounts, QuotaPart, split, whole_steps},
    },
};

/// The request over its tier's defaults.
pub struct EffectiveShare {
    pub isolation: Isolation,
    pub cpu: Quantity,
    pub memory: Quantity,
    pub max_replicas: u32,
}

// === impl EffectiveShare ===

impl EffectiveShare {
    pub fn of(spec: &SlotSpec, tier: &TierSlot) -> Self {
        let share = spec.share.as_ref();
        let asked_min = spec.availability.as_ref().and_then(|availability| availability.min_replicas);
        Self {
            isolation: spec.isolation.unwrap_or(tier.isolation),
            cpu: share.map_or(&tier.share.cpu, |share| &share.cpu).clone(),
            memory: share.map_or(&tier.share.memory, |share| &share.memory).clone(),
            max_replicas: share
                .and_then(|share| share.max_replicas)
                .unwrap_or_else(|| tier.max_replicas.max(asked_min.unwrap_or(0))),
        }
    }

    pub fn is_isolated(&self) -> bool {
        self.isolation == Isolation::Namespace
    }

    /// What shares are added up by. The rest of an isolated slot's quota is in proportion to these, so that it fits where
    /// they do.
    pub fn taken(&self, tier: &TierSlot) -> Amounts {
        let (part, pods) = match self.isolation {
            Isolation::Namespace => (QuotaPart::Slots, self.pods()),
            Isolation::Shared => (QuotaPart::Own, self.max_replicas),
        };
        let own = if self.is_isolated() { tier.quota.clone() } else { Quantities::new() };
        let shared = [
            ("requests.cpu", self.cpu.clone()),
            ("requests.memory", self.memory.clone()),
            ("pods", Quantity::whole(u64::from(pods))),
        ];
        let shared = shared.into_iter().map(|(resource, amount)| (resource.to_owned(), amount));
        own.into_iter().chain(shared).map(|(resource, amount)| ((part, resource), amount)).collect()
    }

    /// Of an isolated slot's namespace. Whatever the environment's total bounds is bounded here too.
    pub fn quota(&self, tier: &Tier, parent: &Parent) -> Quantities {
        let total = &parent.quota_total;
        let (_, slots) = split(total, parent.slots_percent);
        let mut quota: Quantities =
            self.taken(&tier.slot).into_iter().map(|((_, resource), amount)| (resource, amount)).collect();
        // A memory limit moves with the request, by the environment's own ratio.
        let limit = total.get("limits.memory").zip(total.get("requests.memory"));
        if let Some(limit) = limit.and_then(|(limit, request)| self.memory.scaled(limit, request)) {
            quota.insert("limits.memory".to_owned(), limit);
        }
        for (resource, whole) in &slots {
            let part = || whole.scaled(&self.cpu, slots.get("requests.cpu")?);
            if !quota.contains_key(resource) {
                let part = part().unwrap_or_else(|| Quantity::whole(0));
                quota.insert(resource.clone(), whole_steps(resource, &part));
            }
        }
        quota
    }

    /// All replicas, the surge of a rolling update (a quarter, as a Deployment's default), and one more for a Job or a person.
    fn pods(&self) -> u32 {
        self.max_replicas + self.max_replicas.div_ceil(4) + 1
    }
}

/// The attribute that decides how much of a resource a slot takes.
pub fn field_of(resource: &str) -> &'static [&'static str] {
    match resource {
        "requests.cpu" => &["share", "cpu"],
        "requests.memory" => &["share", "memory"],
        "pods" => &["share", "max_replicas"],
        _ => &["isolation"],
    }
}
