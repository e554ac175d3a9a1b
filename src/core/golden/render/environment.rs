//! What one team gets in one tier on one cluster.

use super::{access, iam::RoleRequest, namespace, namespace::NamespaceRequest, network, ownership::*, record};
use crate::{
    domain::{
        DnsLabel, EnvironmentOutputs, EnvironmentSpec, Id, Late, Limits, Network, Outputs, PersonaName, Problem,
        Quantities, Quantity, StableFacts,
    },
    golden::{
        Blueprint, GoldenPath, Parent, ParentNetwork, Resolved, Tier, check,
        quota::{self, Shares},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// A request with the golden path's answers beside it.
pub(super) struct Environment<'a> {
    pub spec: &'a EnvironmentSpec,
    pub facts: &'a StableFacts,
    pub path: &'a GoldenPath,
    pub tier: &'a Tier,
}

/// The final name of a namespace: the key `default` is the one called like the environment.
pub(in crate::golden) fn namespace_name(environment: &DnsLabel, key: &DnsLabel) -> String {
    if key.as_str() == "default" { environment.to_string() } else { format!("{environment}-{key}") }
}

/// Keys with what was asked for; absent: one namespace, `default`.
pub(in crate::golden) fn namespaces(spec: &EnvironmentSpec) -> BTreeMap<DnsLabel, crate::domain::Namespace> {
    match &spec.namespaces {
        Some(namespaces) => namespaces.clone(),
        None => "default".parse().map(|key| BTreeMap::from([(key, Default::default())])).unwrap_or_default(),
    }
}

/// The name of a quota object for a PriorityClass: a class of ours has the prefix already.
pub(in crate::golden) fn priority_quota_name(class: &str) -> String {
    if class.starts_with("gp-") { class.to_owned() } else { format!("gp-{class}") }
}

// === impl Environment ===

impl Environment<'_> {
    fn mark(&self) -> Mark<'_> {
        Mark {
            environment: self.spec.name.as_str(),
            slot: None,
            team: self.spec.team.as_str(),
            tier: self.spec.tier.as_str(),
            path: &self.path.name,
        }
    }

    /// Who is let in, by persona, and what slots need to know.
    pub(super) fn parent(&self, principals: &BTreeMap<PersonaName, BTreeSet<String>>) -> Parent {
        let spec = self.spec;
        let personas = spec.access.iter().flat_map(|access| access.personas());
        let no_one = BTreeSet::new();
        Parent {
            id: spec.id().to_string(),
            team: spec.team.to_string(),
            tier: spec.tier.to_string(),
            golden_path: self.path.name.clone(),
            namespaces: namespaces(spec).keys().map(|key| (key.to_string(), namespace_name(&spec.name, key))).collect(),
            quota_total: quota::total(self.tier, spec.quota.as_ref())
                .into_iter()
                .map(|(k, v)| (k, v.to_string()))
                .collect(),
            headroom_percent: quota::headroom_percent(self.tier, spec.quota.as_ref()),
            subjects: personas
                .map(|(name, persona)| (name, access::subjects(principals.get(&name).unwrap_or(&no_one), persona)))
                .collect(),
            network: self.network(),
            owner_annotations: owner_annotations(spec.owner.as_ref()),
            pod_security_labels: namespace::pod_security(self.tier, self.facts, &[spec.pod_security.as_ref()]),
            limits: spec.limits.clone().unwrap_or_default(),
        }
    }

    fn network(&self) -> ParentNetwork {
        let asked = self.spec.network.clone().unwrap_or_default();
        let Network { default_deny, allow_from, ingress_cidrs, egress_presets, egress_cidrs, egress_fqdns, engine } =
            asked;
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        let presets: BTreeSet<String> =
            self.tier.network.egress_presets.iter().cloned().chain(egress_presets).collect();
        ParentNetwork {
            engine: network::engine(engine, self.facts),
            default_deny: default_deny.unwrap_or(self.tier.network.default_deny),
            allow_from,
            ingress_cidrs: ingress_cidrs.all().map(owned),
            egress_presets: presets.into_iter().collect(),
            egress_cidrs: egress_cidrs.all().map(owned),
            egress_fqdns,
        }
    }

    /// All that only the cluster's facts can refuse.
    pub(super) fn principals(
        &self,
        iam: &RoleRequest<'_>,
    ) -> Result<BTreeMap<PersonaName, BTreeSet<String>>, Vec<Problem>> {
        let mut problems = vec![];
        let mut all = BTreeMap::new();
        for (name, persona) in self.spec.access.iter().flat_map(|access| access.personas()) {
            match access::principals(self.spec.name.as_str(), name, persona, iam) {
                Ok(principals) => {
                    all.insert(name, principals);
                }
                Err(unknown) => problems.extend(unknown),
            }
        }
        if let Some(asked) = &self.spec.network {
            let engine = network::engine(asked.engine, self.facts);
            problems.extend(network::check_names(engine, &asked.egress_fqdns, ["network", "egress_fqdns"]));
        }
        if problems.is_empty() { Ok(all) } else { Err(problems) }
    }

    pub(super) fn iam<'b>(&'b self, owner: &'b BTreeMap<String, String>) -> RoleRequest<'b> {
        RoleRequest { facts: self.facts, tier: self.tier, mark: self.mark(), owner }
    }

    pub(super) fn render(&self) -> Result<Blueprint, Vec<Problem>> {
        let spec = self.spec;
        let owner = owner_annotations(spec.owner.as_ref());
        let iam = self.iam(&owner);
        let principals = self.principals(&iam)?;
        let parent = self.parent(&principals);
        let asked = namespaces(spec);
        let total = quota::total(self.tier, spec.quota.as_ref());
        let quotas = asked.iter().map(|(key, namespace)| (key, namespace.quota.as_ref())).collect();
        let Shares { parts: quotas, warnings: mut problems } = quota::shares(&total, &quotas, parent.headroom_percent)?;
        problems.extend(check::check_principals(spec, self.tier, self.facts));
        let priorities = self.priorities(asked.len());

        let mut objects = vec![];
        let access = spec.access.clone().unwrap_or_default();
        let names: Vec<&str> = parent.namespaces.values().map(String::as_str).collect();
        let no_limits = Limits::default();
        for (key, namespace) in &asked {
            let Some(quota) = quotas.get(key) else { continue };
            let layers = [spec.pod_security.as_ref(), namespace.pod_security.as_ref()];
            let pod_security_labels = namespace::pod_security(self.tier, self.facts, &layers);
            let mut annotations = namespace.annotations.clone();
            annotations.extend(owner.clone());
            objects.extend(namespace::render(&NamespaceRequest {
                name: &namespace_name(&spec.name, key),
                mark: self.mark(),
                facts: self.facts,
                path: self.path,
                tier: self.tier,
                labels: namespace.labels.clone(),
                annotations,
                pod_security_labels: &pod_security_labels,
                limits: namespace::limits(
                    &self.tier.limits,
                    &[&parent.limits, namespace.limits.as_ref().unwrap_or(&no_limits)],
                ),
                quota,
                by_priority: priorities.clone(),
                network: &parent.network,
                subjects: &parent.subjects,
            }));
        }
        objects.extend(access::render(&access, &principals, &names, &iam));
        objects.push(record::desired(&Id::Environment(spec.id()), self.mark().labels()));

        let roles: BTreeMap<String, String> = access
            .personas()
            .filter(|(_, persona)| persona.create_role)
            .map(|(name, _)| {
                (
                    name.to_string(),
                    iam.arn(&super::iam::role_name(&self.facts.cluster_arn, spec.name.as_str(), None, Some(name))),
                )
            })
            .collect();
        let outputs = EnvironmentOutputs {
            id: Some(Late::Now(spec.id().to_string())),
            resolved_version: Some(Late::Now(self.path.version.to_string())),
            namespace_names: Some(Late::Now(parent.namespaces.clone())),
            rbac_groups: Some(Late::Now(
                access
                    .personas()
                    .filter_map(|(name, persona)| {
                        Some((name.to_string(), access::group_names(principals.get(&name)?, persona)))
                    })
                    .collect(),
            )),
            access_entry_arns: Some(Late::Now(
                principals.values().flatten().map(|arn| (arn.clone(), Late::Later)).collect(),
            )),
            role_arns: Some(Late::Now(roles.clone())),
            ..EnvironmentOutputs::default()
        };
        Ok(Blueprint {
            objects,
            resolved: Resolved {
                team: spec.team.to_string(),
                golden_path: self.path.name.clone(),
                golden_path_version: self.path.version.to_string(),
                golden_path_digest: self.path.digest.clone(),
                class: Some(self.tier.class),
                deletion_protection: spec.deletion_protection.unwrap_or(self.tier.deletion_protection),
                namespaces: parent.namespaces.into_values().collect(),
                boundaries: if roles.is_empty() { vec![] } else { vec![iam.boundary()] },
            },
            outputs: Outputs::Environment(outputs),
            problems,
        })
    }

    /// Each namespace's equal part of the quotas by PriorityClass.
    fn priorities(&self, namespaces: usize) -> Vec<(String, &str, Quantities)> {
        let parts = u32::try_from(namespaces).unwrap_or(u32::MAX);
        let part = |(name, whole): (&String, &Quantity)| (name.clone(), whole.share(parts, &quota::step(name)));
        self.spec
            .quota
            .iter()
            .flat_map(|quota| &quota.by_priority)
            .map(|(class, resources)| {
                (priority_quota_name(class), class.as_str(), resources.iter().map(part).collect())
            })
            .collect()
    }
}
