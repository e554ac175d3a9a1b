//! What a slot takes of its environment's total: the quota of a namespace of its own, or, where it shares one, an amount
//! that plans add up. Knows the catalogue and the parent.

use crate::{
    domain::{Isolation, Quantities, Quantity, SlotSpec},
    golden::{
        catalogue::TierSlot,
        parent::Parent,
        quota::{self, Amounts, QuotaPart, add_node_ports, split, whole_steps},
    },
};

/// The request over its tier's defaults.
pub struct EffectiveShare {
    pub isolation: Isolation,
    pub cpu: Quantity,
    pub memory: Quantity,
    pub max_replicas: u32,
    /// Of an isolated slot's namespace, besides these.
    pub more: Quantities,
}

// === impl EffectiveShare ===

impl EffectiveShare {
    pub fn of(spec: &SlotSpec, tier: &TierSlot) -> Self {
        let share = spec.share.as_ref();
        let isolation = spec.isolation.unwrap_or(tier.isolation);
        let mut more = if isolation == Isolation::Namespace { tier.quota.clone() } else { Quantities::new() };
        more.extend(
            spec.quota
                .iter()
                .filter(|_| isolation == Isolation::Namespace)
                .map(|(name, amount)| (name.clone(), amount.clone())),
        );
        let asked_min = spec.availability.as_ref().and_then(|availability| availability.min_replicas);
        Self {
            isolation,
            more,
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

    /// As admission reads it.
    pub fn text(&self) -> String {
        format!("cpu={} memory={} max-replicas={}", self.cpu, self.memory, self.max_replicas)
    }

    /// What shares are added up by. An isolated slot has room for the surge of a rolling update of its own; those that share a
    /// namespace find it in the environment's headroom. The rest of an isolated slot's quota is in proportion to these, so that it
    /// fits where they do.
    pub fn demand(&self) -> Amounts {
        let (part, pods) = match self.isolation {
            Isolation::Namespace => (QuotaPart::Slots, self.pods()),
            Isolation::Shared => (QuotaPart::Own, self.max_replicas),
        };
        let room = |resource: &str, amount: &Quantity| {
            let most = Quantity::whole(u64::from(self.with_surge()));
            let with_surge = amount.scale(&most, &Quantity::whole(u64::from(self.max_replicas)));
            with_surge
                .filter(|_| self.is_isolated())
                .map_or_else(|| amount.clone(), |amount| whole_steps(resource, &amount))
        };
        let shared = [
            ("requests.cpu", room("requests.cpu", &self.cpu)),
            ("requests.memory", room("requests.memory", &self.memory)),
            ("pods", Quantity::whole(u64::from(pods))),
        ];
        let shared = shared.into_iter().map(|(resource, amount)| (resource.to_owned(), amount));
        let own = self.more.clone().into_iter().chain(shared).map(|(resource, amount)| ((part, resource), amount));
        own.chain(self.surge().map(|(resource, amount)| ((QuotaPart::Surge, resource.to_owned()), amount))).collect()
    }

    /// What the new pods of a rolling update take of the environment's part while the old ones are still there.
    fn surge(&self) -> impl Iterator<Item = (&'static str, Quantity)> {
        let pods = Quantity::whole(u64::from(self.with_surge() - self.max_replicas));
        let of = |resource: &str, share: &Quantity| {
            quota::part(resource, share, usize::try_from(self.max_replicas).ok()?).scale(&pods, &Quantity::whole(1))
        };
        let all = [
            ("requests.cpu", of("requests.cpu", &self.cpu)),
            ("requests.memory", of("requests.memory", &self.memory)),
            ("pods", Some(pods.clone())),
        ];
        let is_shared = !self.is_isolated();
        all.into_iter().filter_map(move |(resource, amount)| Some((resource, amount.filter(|_| is_shared)?)))
    }

    /// Of an isolated slot's namespace. Whatever the environment's total bounds is bounded here too.
    pub fn quota(&self, parent: &Parent) -> Quantities {
        let total = &parent.quota_total;
        let (_, slots) = split(total, parent.slots_percent);
        let mut quota: Quantities =
            self.demand().into_iter().map(|((_, resource), amount)| (resource, amount)).collect();
        // A memory limit moves with the request, by the environment's own ratio.
        let limit = total.get("limits.memory").zip(total.get("requests.memory"));
        let memory = quota.get("requests.memory").cloned();
        if let Some(limit) = limit.zip(memory).and_then(|((limit, request), memory)| memory.scale(limit, request)) {
            quota.insert("limits.memory".to_owned(), limit);
        }
        for (resource, whole) in &slots {
            let part = || whole.scale(quota.get("requests.cpu")?, slots.get("requests.cpu")?);
            if !quota.contains_key(resource) {
                let part = whole_steps(resource, &part().unwrap_or_else(|| Quantity::whole(0)));
                quota.insert(resource.clone(), part);
            }
        }
        add_node_ports(&mut quota);
        quota
    }

    /// All replicas and the surge of a rolling update: a quarter, as a Deployment's default.
    fn with_surge(&self) -> u32 {
        self.max_replicas.saturating_add(self.max_replicas.div_ceil(4))
    }

    /// One more for a Job or a person.
    fn pods(&self) -> u32 {
        self.with_surge().saturating_add(1)
    }
}

/// The attribute that decides how much of a resource a slot takes.
pub fn field_of(resource: &str) -> &'static [&'static str] {
    match resource {
        "requests.cpu" => &["share", "cpu"],
        "requests.memory" => &["share", "memory"],
        "pods" => &["share", "max_replicas"],
        _ => &["quota"],
    }
}
