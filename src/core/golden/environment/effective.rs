//! The request over its tier's defaults, as far as no cluster is needed: what `judge` holds against the maximums and `resolve`
//! builds on. Knows the catalogue, the defaults and the names.

use super::names::{namespace_name, namespaces};
use crate::{
    domain::{DnsLabel, EnvironmentSpec, LimitsContainer, Namespace, Problem, Problems, Quantities, Quantity},
    golden::{
        catalogue::{Catalogue, Terms, Tier},
        defaults::{admission::granted_hosts, namespace::limits},
        quota::{self, NODE_PORTS, Written, split},
    },
};
use std::collections::BTreeMap;

pub struct Effective {
    pub spec: EnvironmentSpec,
    pub terms: Terms,
    pub namespaces: BTreeMap<DnsLabel, EffectiveNamespace>,
    /// Over all namespaces, isolated slots' included.
    pub quota: Quantities,
    /// What its own namespaces have of it.
    pub own_quota: Quantities,
    pub slots_percent: u32,
    pub headroom_percent: u32,
    /// Of containers in a namespace that says nothing of its own.
    pub limits: LimitsContainer,
    /// `None`: the golden path allows every host.
    pub granted_hosts: Option<Vec<String>>,
}

pub struct EffectiveNamespace {
    /// The final one.
    pub name: String,
    pub written: Namespace,
    pub limits: LimitsContainer,
}

// === impl Effective ===

impl Effective {
    pub fn of(spec: &EnvironmentSpec, catalogue: &Catalogue) -> Result<Self, Problem> {
        let terms = catalogue.terms(spec.golden_path.as_deref(), spec.golden_path_version.as_ref(), &spec.tier)?;
        let namespace = |key: &DnsLabel, written: Namespace| EffectiveNamespace {
            name: namespace_name(&spec.name, key),
            limits: limits(&terms.tier.limits, &[spec.limits.as_ref(), written.limits.as_ref()]),
            written,
        };
        let quota = spec.quota.as_ref();
        let total = total(spec, &terms.tier);
        let of_tier = &terms.tier.quota;
        let slots_percent = quota.and_then(|quota| quota.slots_percent).unwrap_or(of_tier.slots_percent.default);
        Ok(Self {
            namespaces: namespaces(spec)
                .into_iter()
                .map(|(key, written)| {
                    let namespace = namespace(&key, written);
                    (key, namespace)
                })
                .collect(),
            own_quota: split(&total, slots_percent).0,
            slots_percent,
            quota: total,
            limits: limits(&terms.tier.limits, &[spec.limits.as_ref()]),
            granted_hosts: granted_hosts(spec, &terms.tier.grants.admission),
            headroom_percent: quota.and_then(|quota| quota.headroom_percent).unwrap_or(of_tier.headroom_percent),
            spec: spec.clone(),
            terms,
        })
    }

    pub fn written_quotas(&self) -> Written<'_> {
        self.namespaces.iter().map(|(key, namespace)| (key, namespace.written.quota.as_ref())).collect()
    }

    /// Key of a namespace -> its part.
    pub fn quotas(&self, problems: &mut Problems) -> BTreeMap<DnsLabel, Quantities> {
        let mut quotas = quota::shares(&self.own_quota, &self.written_quotas(), problems);
        self.follow_load_balancers(&mut quotas);
        quotas
    }

    /// Each namespace has the node ports that its own load balancers need, unless somebody wrote another number. An equal part of all of
    /// them would be too few for the one that has the load balancer.
    fn follow_load_balancers(&self, quotas: &mut BTreeMap<DnsLabel, Quantities>) {
        let of_tier = self.terms.tier.quota.total.get(NODE_PORTS);
        let of_total = self.spec.quota.as_ref().and_then(|quota| quota.total.get(NODE_PORTS));
        if of_total.is_some() || !of_tier.is_some_and(Quantity::is_zero) {
            return;
        }
        for (key, quota) in quotas {
            let written = self.namespaces.get(key).and_then(|namespace| namespace.written.quota.as_ref());
            if !written.is_some_and(|written| written.contains_key(NODE_PORTS)) {
                quota.insert(NODE_PORTS.to_owned(), Quantity::whole(0));
                quota::add_node_ports(quota);
            }
        }
    }
}

/// The tier's defaults under what was written. A memory limit that was not written moves with the memory request, by the
/// tier's own ratio: else a larger request would meet the default limit. Node ports follow the load balancers.
fn total(spec: &EnvironmentSpec, tier: &Tier) -> Quantities {
    let mut total = tier.quota.total.clone();
    let written = spec.quota.iter().flat_map(|quota| quota.total.iter());
    total.extend(written.map(|(name, quantity)| (name.clone(), quantity.clone())));
    let is_written = |name: &str| spec.quota.as_ref().is_some_and(|quota| quota.total.contains_key(name));
    if !is_written("limits.memory")
        && let Some(limit) = total.get("requests.memory").and_then(|request| tier.memory_limit(request))
    {
        total.insert("limits.memory".to_owned(), limit);
    }
    if !is_written(NODE_PORTS) {
        quota::add_node_ports(&mut total);
    }
    total
}
