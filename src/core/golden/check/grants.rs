//! What the golden path grants: a request may narrow its defaults and must stay inside its bounds.

mod slot;

pub(in crate::golden) use slot::check_slot;

use super::{Faults, forms::covers};
use crate::{
    domain::{
        Cidr, DefaultDeny, EnvironmentSpec, LateList, Namespace, Network, NetworkEngine, PodSecurity, Problem,
        Quantity, StableFacts, TierClass,
    },
    golden::{
        GoldenPath, Tier,
        catalogue::filled,
        quota,
        render::{SAME_ENVIRONMENT, namespace_name, namespaces},
    },
};

pub(super) fn check(spec: &EnvironmentSpec, path: &GoldenPath, tier: &Tier, faults: &mut Faults) {
    let prod = tier.class == TierClass::Prod;
    if prod && spec.owner.is_none() {
        faults.error(
            "environment.owner_required",
            &["owner"],
            format!("tier {} needs an owner", spec.tier),
            "Set owner = { contact = \"...\", cost_center = \"...\" }: somebody is called when it burns.",
        );
    }
    for (key, namespace) in &namespaces(spec) {
        check_reserved(path, &namespace_name(&spec.name, key), &["name"], faults);
        let at = ["namespaces", key.as_str()];
        check_pod_security(namespace.pod_security.as_ref(), tier, &at, faults);
        check_memory_fits(namespace, tier, spec, &at, faults);
    }
    check_pod_security(spec.pod_security.as_ref(), tier, &[], faults);
    check_quota(spec, tier, faults);
    if let Some(network) = &spec.network {
        check_network(network, path, tier, prod, faults);
    }
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        for policy in persona.access_policies.iter().filter(|policy| !tier.grants.access_policies.contains(policy)) {
            faults.error(
                "access.access_policy_not_granted",
                &["access", name.as_str(), "access_policies"],
                format!("{} does not grant the access policy {policy}", path.name),
                format!("Granted in this tier: {}.", tier.grants.access_policies.join(", ")),
            );
        }
    }
}

fn check_reserved(path: &GoldenPath, name: &str, at: &[&str], faults: &mut Faults) {
    let prefix = path.reserved.prefixes.iter().find(|prefix| name.starts_with(prefix.as_str()));
    if prefix.is_some() || path.reserved.namespaces.iter().any(|reserved| reserved == name) {
        faults.error(
            "names.reserved",
            at,
            format!("the namespace {name} is reserved"),
            match prefix {
                Some(prefix) => format!("Names that begin with {prefix} belong to the platform; choose another."),
                None => "It belongs to an add-on of the platform; choose another name.".to_owned(),
            },
        );
    }
}

fn check_pod_security(asked: Option<&PodSecurity>, tier: &Tier, at: &[&str], faults: &mut Faults) {
    if asked.and_then(|asked| asked.enforce).is_some_and(|level| level < tier.pod_security.enforce) {
        faults.error(
            "environment.pod_security_weaker",
            &[at, &["pod_security", "enforce"]].concat(),
            "Pod Security can only be stricter than the tier's",
            "Leave it out for the tier's level; exemptions are the golden path's to give.",
        );
    }
}

fn check_quota(spec: &EnvironmentSpec, tier: &Tier, faults: &mut Faults) {
    let total = quota::total(tier, spec.quota.as_ref());
    for (resource, asked) in spec.quota.iter().flat_map(|quota| &quota.total) {
        let bound = tier.quota.total.get(resource).and_then(|default| default.percent(100 * tier.quota.bound_factor));
        if bound.as_ref().is_some_and(|bound| asked > bound) {
            faults.error(
                "environment.quota_above_bound",
                &["quota", "total", resource],
                format!("{resource} of {} is above the bound of tier {}", asked.written(), spec.tier),
                format!(
                    "The bound is {}; ask the platform team for a tier or a path with more.",
                    bound.map(|b| b.to_string()).unwrap_or_default()
                ),
            );
        }
    }
    if let (Some(request), Some(limit)) = (total.get("requests.memory"), total.get("limits.memory"))
        && request > limit
        && spec.quota.as_ref().is_some_and(|quota| !quota.total.contains_key("requests.memory"))
    {
        faults.error(
            "environment.quota_request_above_limit",
            &["quota", "total", "limits.memory"],
            format!("limits.memory of {limit} is less than the tier's requests.memory of {request}"),
            "Set requests.memory as well, or leave limits.memory out and it moves with the request.",
        );
    }
    for (class, resources) in spec.quota.iter().flat_map(|quota| &quota.by_priority) {
        for (resource, asked) in resources {
            let written = spec.quota.as_ref().is_some_and(|quota| quota.total.contains_key(resource));
            if !written && total.get(resource).is_some_and(|total| asked > total) {
                faults.error(
                    "environment.priority_exceeds_total",
                    &["quota", "by_priority", class, resource],
                    format!("{resource} of {} is more than the tier's total", asked.written()),
                    "Lower it, or raise quota.total.",
                );
            }
        }
    }
    let asked = namespaces(spec);
    let asked = asked.iter().map(|(key, namespace)| (key, namespace.quota.as_ref())).collect();
    if let Err(problems) = quota::shares(&total, &asked, quota::headroom_percent(tier, spec.quota.as_ref())) {
        faults.problems.extend(problems);
    }
}

/// A container that sets nothing must fit into the quota that its namespace was given.
fn check_memory_fits(namespace: &Namespace, tier: &Tier, spec: &EnvironmentSpec, at: &[&str], faults: &mut Faults) {
    let limits = |limits: Option<&crate::domain::Limits>| limits?.container.as_ref()?.default_memory.clone();
    let default = limits(namespace.limits.as_ref()).or_else(|| limits(spec.limits.as_ref()));
    let default = default.unwrap_or_else(|| tier.limits.default_memory.clone());
    let quota: Option<&Quantity> = namespace.quota.as_ref().and_then(|quota| quota.get("limits.memory"));
    if quota.is_some_and(|quota| default > *quota && !quota.is_zero()) {
        faults.error(
            "environment.default_exceeds_quota",
            &[at, &["quota", "limits.memory"]].concat(),
            format!("a container that sets no limit gets {default} of memory, more than this quota holds"),
            "Raise the quota, or lower limits.container.default_memory.",
        );
    }
}

fn check_network(network: &Network, path: &GoldenPath, tier: &Tier, prod: bool, faults: &mut Faults) {
    let required = tier.network.default_deny;
    let narrower =
        |asked: DefaultDeny| (!required.ingress() || asked.ingress()) && (!required.egress() || asked.egress());
    if network.default_deny.is_some_and(|asked| !narrower(asked)) {
        faults.error(
            "network.default_deny_weaker",
            &["network", "default_deny"],
            "a default deny can only close more than the tier's",
            "Leave it out for the tier's, and open what the workload needs by allow_from, ingress_cidrs, egress_presets or egress_cidrs.",
        );
    }
    if prod && network.engine == Some(NetworkEngine::None) {
        faults.error(
            "network.engine_none",
            &["network", "engine"],
            "in production something must enforce network rules",
            "Leave network.engine out, or name what the cluster runs: vpc_cni, eks_auto, cilium or calico.",
        );
    }
    for preset in &network.egress_presets {
        if preset != SAME_ENVIRONMENT && !path.network.egress_presets.contains_key(preset) {
            let known: Vec<&str> = path.network.egress_presets.keys().map(String::as_str).collect();
            faults.error(
                "network.unknown_preset",
                &["network", "egress_presets"],
                format!("{} knows no egress preset {preset:?}", path.name),
                format!("Its presets are: {SAME_ENVIRONMENT}, {}.", known.join(", ")),
            );
        }
    }
    check_ranges(&network.ingress_cidrs, &tier.grants.ingress_cidrs, "ingress_cidrs", faults);
    check_ranges(&network.egress_cidrs, &tier.grants.egress_cidrs, "egress_cidrs", faults);
    for name in &network.egress_fqdns {
        if !tier.grants.egress_fqdns.iter().any(|pattern| covers(pattern, name)) {
            faults.error(
                "network.fqdn_not_granted",
                &["network", "egress_fqdns"],
                format!("the golden path does not grant egress to {name}"),
                format!("Granted in this tier: {}.", tier.grants.egress_fqdns.join(", ")),
            );
        }
    }
}

fn check_ranges(asked: &LateList, granted: &[String], field: &str, faults: &mut Faults) {
    let ranges: Vec<Cidr> = granted.iter().filter_map(|text| text.parse().ok()).collect();
    for text in asked.known() {
        let Ok(range) = text.parse::<Cidr>() else { continue };
        if !ranges.iter().any(|granted| granted.contains(&range)) {
            faults.error(
                "network.range_not_granted",
                &["network", field],
                format!("the golden path does not grant {text} in this tier"),
                format!(
                    "Granted: {}. Hosts beyond them are opened by name (egress_fqdns) or by the platform team.",
                    granted.join(", ")
                ),
            );
        }
    }
}

/// Principals within the tier's grants. The account is known only with the cluster's facts.
pub(in crate::golden) fn check_principals(spec: &EnvironmentSpec, tier: &Tier, facts: &StableFacts) -> Vec<Problem> {
    let mut faults = Faults::default();
    let granted: Vec<String> = tier.grants.principals.iter().map(|pattern| filled(pattern, facts)).collect();
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        let listed = persona.principal_arns.iter().map(|arn| ("principal_arns", arn.as_str()));
        let trusted = persona.trusted_principal_arns.known().map(|arn| ("trusted_principal_arns", arn));
        for (field, arn) in listed.chain(trusted) {
            if !granted.iter().any(|pattern| covers(pattern, arn)) {
                faults.error(
                    "access.principal_not_granted",
                    &["access", name.as_str(), field],
                    format!("the golden path does not let {arn} in"),
                    format!("Granted in this tier: {}.", granted.join(", ")),
                );
            }
        }
    }
    faults.problems
}
