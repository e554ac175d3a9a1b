//! What the golden path grants: a request may narrow its defaults and must stay inside its bounds. Knows the effective
//! request, the resolved one and the catalogue's bounds.

use super::{
    effective::{Effective, EffectiveNamespace},
    resolve::Resolved,
};
use crate::{
    domain::{
        Cidr, DefaultDeny, EnvironmentSpec, LateList, Limits, Namespace, Network, NetworkEngine, PodSecurity, Problems,
        TierClass, covered, listed,
    },
    golden::{
        catalogue::{GoldenPath, ParameterOf, SAME_ENVIRONMENT, SlotsPercent, Terms, Tier, filled, owned},
        checks::{check_granted_fqdns, check_reserved},
        defaults::{admission::granted_hosts, namespace::limits},
        forms::minor_version,
        namespace_checks::judge_keys,
        parameters,
        quota::{self, check_part},
    },
};

pub fn judge(resolved: &Resolved, problems: &mut Problems) {
    let effective = &resolved.effective;
    judge_effective(effective, problems);
    quota::headroom(&effective.own_quota, &effective.written_quotas(), effective.headroom_percent, problems);
    judge_pod_security_version(resolved, problems);
    judge_principals(resolved, problems);
    let Terms { path, .. } = &effective.terms;
    if let Some((what, list)) = path.applies_to.leaves_out(&resolved.parent.team, &resolved.roles.cluster) {
        problems.error(
            "catalogue.does_not_apply",
            &["golden_path"],
            format!("Golden path {} is not for this {what}", path.name),
            format!("It applies to: {}. Choose another golden path, or ask its owner.", listed(list)),
        );
    }
}

/// What no facts of the cluster are needed for.
pub fn judge_effective(effective: &Effective, problems: &mut Problems) {
    let Effective { spec, terms: Terms { path, tier }, namespaces, .. } = effective;
    let is_prod = tier.class == TierClass::Prod;
    parameters::judge(path, ParameterOf::Environment, spec.parameters.as_ref(), problems);
    if tier.requires_owner() && spec.owner.is_none() {
        problems.error(
            "environment.owner_required",
            &["owner"],
            format!("Tier {} needs an owner", spec.tier),
            "Somebody must be reachable in an incident. Set `owner = { contact = \"...\", cost_center = \"...\" }`.",
        );
    }
    for (key, namespace) in namespaces {
        let at = ["namespaces", key.as_str()];
        check_reserved(path, &namespace.name, problems);
        judge_pod_security(namespace.written.pod_security.as_ref(), tier, &at, problems);
        let Namespace { labels, annotations, .. } = &namespace.written;
        judge_keys(path, [labels, annotations], &at, problems);
        judge_memory(namespace, &at, problems);
    }
    judge_pod_security(spec.pod_security.as_ref(), tier, &[], problems);
    judge_quota(effective, problems);
    judge_default_limit(spec.limits.as_ref(), &[], problems);
    if effective.quota.contains_key("limits.memory")
        && limits(&tier.limits, &[spec.limits.as_ref()]).default_memory.is_none()
    {
        no_default_limit(&["quota", "total", "limits.memory"], problems);
    }
    if let Some(network) = &spec.network {
        judge_network(network, path, tier, is_prod, problems);
    }
    judge_admission(spec, tier, problems);
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        for policy in persona.access_policies.iter().filter(|policy| !tier.grants.access_policies.contains(policy)) {
            problems.error(
                "access.access_policy_not_granted",
                &["access", name.as_str(), "access_policies"],
                format!("Golden path {} does not grant the access policy {policy}", path.name),
                format!("Granted in this tier: {}.", tier.grants.access_policies.join(", ")),
            );
        }
    }
}

/// Kubernetes keeps the rules of old versions: an older one admits what the recorded one refuses.
fn judge_pod_security_version(resolved: &Resolved, problems: &mut Problems) {
    let recorded = &resolved.pod_security_version;
    let spec = &resolved.effective.spec;
    let own = spec.pod_security.iter().map(|asked| (vec!["pod_security".to_owned()], asked));
    let namespaces = resolved.effective.namespaces.iter().filter_map(|(key, namespace)| {
        let at = ["namespaces", key.as_str(), "pod_security"].map(str::to_owned);
        Some((at.into(), namespace.written.pod_security.as_ref()?))
    });
    for (mut at, asked) in own.chain(namespaces) {
        let Some(version) = &asked.version else { continue };
        if minor_version(version).zip(minor_version(recorded)).is_some_and(|(asked, recorded)| asked < recorded) {
            at.push("version".to_owned());
            problems.error(
                "environment.pod_security_older",
                &at,
                format!("Pod Security {version} is older than {recorded}, which this environment was made with"),
                "Rules of older versions admit more. Leave it out, or name a newer version.",
            );
        }
    }
}

fn judge_pod_security(asked: Option<&PodSecurity>, tier: &Tier, at: &[&str], problems: &mut Problems) {
    if asked.and_then(|asked| asked.enforce).is_some_and(|level| level < tier.pod_security.enforce) {
        problems.error(
            "environment.pod_security_weaker",
            &[at, &["pod_security", "enforce"]].concat(),
            "Pod Security can only be stricter than the tier's level",
            "Only the golden path grants exemptions. Leave it out for the tier's level.",
        );
    }
}

fn judge_quota(effective: &Effective, problems: &mut Problems) {
    let Effective { spec, terms, quota: total, own_quota, .. } = effective;
    let SlotsPercent { min, max, default: _ } = terms.tier.quota.slots_percent;
    let asked = spec.quota.as_ref().and_then(|quota| quota.slots_percent);
    if let Some(asked) = asked.filter(|asked| !(min..=max).contains(asked)) {
        problems.error(
            "environment.slots_percent_bound",
            &["quota", "slots_percent"],
            format!("`slots_percent` of {asked} is outside of the bounds of tier {}", spec.tier),
            format!("Set {min} to {max}, or ask the platform team for a tier or a path with other bounds."),
        );
    }
    let written_quotas = effective.written_quotas();
    for (resource, whole) in
        spec.quota.iter().flat_map(|quota| quota.total.keys()).filter_map(|name| own_quota.get_key_value(name))
    {
        if let Some(rest) = quota::rest(resource, whole, &written_quotas).filter(|rest| !rest.takers.is_empty()) {
            check_part(resource, &rest.left, &rest.part, rest.takers.len(), &["quota", "total", resource], problems);
        }
    }
    let written = |resource: &str| spec.quota.as_ref().is_some_and(|quota| quota.total.contains_key(resource));
    for (resource, asked) in spec.quota.iter().flat_map(|quota| &quota.total) {
        if let Some(bound) = terms.tier.quota.bound(resource).filter(|bound| asked > bound) {
            problems.error(
                "environment.quota_above_bound",
                &["quota", "total", resource],
                format!("{resource} of {} is above the bound of tier {}", asked.written(), spec.tier),
                format!("The bound is {bound}. Lower it, or ask the platform team for a tier or a path with more."),
            );
        }
    }
    if let (Some(request), Some(limit)) = (total.get("requests.memory"), total.get("limits.memory"))
        && request > limit
        && !written("requests.memory")
    {
        problems.error(
            "environment.quota_request_above_limit",
            &["quota", "total", "limits.memory"],
            format!("limits.memory of {limit} is less than the tier's requests.memory of {request}"),
            "Set requests.memory as well, or leave limits.memory out to have it move with the request.",
        );
    }
    for (class, resources) in spec.quota.iter().flat_map(|quota| &quota.by_priority) {
        for (resource, asked) in resources {
            if !written(resource) && total.get(resource).is_some_and(|total| asked > total) {
                problems.error(
                    "environment.priority_exceeds_total",
                    &["quota", "by_priority", class, resource],
                    format!("{resource} of {} is more than the tier's total", asked.written()),
                    "Lower it, or raise `quota.total`.",
                );
            }
        }
    }
    quota::shares(total, &effective.written_quotas(), problems);
}

/// A container that sets nothing must fit into the quota that its namespace was given, and one that asks for much must not meet a
/// default below it.
fn judge_memory(namespace: &EffectiveNamespace, at: &[&str], problems: &mut Problems) {
    let quota = namespace.written.quota.as_ref().and_then(|quota| quota.get("limits.memory"));
    let field = [at, &["quota", "limits.memory"]].concat();
    match (quota.filter(|quota| !quota.is_zero()), &namespace.limits.default_memory) {
        (Some(_), None) => no_default_limit(&field, problems),
        (Some(quota), Some(default)) if default > quota => problems.error(
            "environment.default_exceeds_quota",
            &field,
            format!("The default memory limit of a container is {default}, more than this quota"),
            "Raise the quota, or lower `limits.container.default_memory`.",
        ),
        _ => {}
    }
    judge_default_limit(namespace.written.limits.as_ref(), at, problems);
}

fn no_default_limit(field: &[&str], problems: &mut Problems) {
    problems.error(
        "environment.no_default_limit",
        field,
        "A quota of `limits.memory` refuses every pod that sets no limit, and there is no default",
        "Set `limits.container.default_memory` as well, or leave `limits.memory` out.",
    );
}

fn judge_default_limit(limits: Option<&Limits>, at: &[&str], problems: &mut Problems) {
    let container = limits.and_then(|limits| limits.container.as_ref());
    if let Some(default) = container.and_then(|container| container.default_memory.as_ref()) {
        problems.warning(
            "environment.default_limit",
            &[at, &["limits", "container", "default_memory"]].concat(),
            format!("A container that asks for more than {} of memory and sets no limit is refused", default.written()),
            "Kubernetes fills in this limit before it compares. Leave it out, or make sure that workloads set limits.",
        );
    }
}

fn judge_network(network: &Network, path: &GoldenPath, tier: &Tier, is_prod: bool, problems: &mut Problems) {
    let required = tier.network.default_deny;
    let narrower = |asked: DefaultDeny| {
        (!required.has_ingress() || asked.has_ingress()) && (!required.has_egress() || asked.has_egress())
    };
    if network.default_deny.is_some_and(|asked| !narrower(asked)) {
        problems.error(
            "network.default_deny_weaker",
            &["network", "default_deny"],
            "A default deny can only close more than the tier's",
            "Leave it out for the tier's, and open what the workload needs by `allow_from`, `ingress_cidrs`, `egress_presets` or `egress_cidrs`.",
        );
    }
    if is_prod && network.engine == Some(NetworkEngine::None) {
        problems.error(
            "network.engine_none",
            &["network", "engine"],
            "Production needs a network engine that enforces network rules",
            "The engine `none` enforces nothing. Leave `network.engine` out, or name what the cluster runs: vpc_cni, eks_auto, cilium or calico.",
        );
    }
    for preset in &network.egress_presets {
        if preset != SAME_ENVIRONMENT && !path.network.egress_presets.contains_key(preset) {
            let known: Vec<&str> = path.network.egress_presets.keys().map(String::as_str).collect();
            problems.error(
                "network.unknown_preset",
                &["network", "egress_presets"],
                format!("Golden path {} has no egress preset {preset:?}", path.name),
                format!("Its presets are: {SAME_ENVIRONMENT}, {}.", known.join(", ")),
            );
        }
    }
    let named: [(&str, &[String], &[String]); 2] = [
        ("ingress_namespaces", &network.ingress_namespaces, &tier.grants.ingress_namespaces),
        ("monitoring_namespaces", &network.monitoring_namespaces, &path.network.monitoring_namespaces),
    ];
    for (field, asked, granted) in named {
        for name in asked.iter().filter(|name| !granted.contains(name)) {
            problems.error(
                "network.namespace_not_granted",
                &["network", field],
                format!("The golden path does not let pods of namespace {name} in"),
                format!("Granted in this tier: {}. Ask the platform team to add it to the path.", listed(granted)),
            );
        }
    }
    judge_ranges(&network.ingress_cidrs, &tier.grants.ingress_cidrs, &["network", "ingress_cidrs"], problems);
    judge_ranges(&network.egress_cidrs, &tier.grants.egress_cidrs, &["network", "egress_cidrs"], problems);
    for (index, rule) in network.egress.iter().enumerate() {
        let at = ["network", "egress", &index.to_string(), "cidrs"];
        judge_ranges(&rule.cidrs, &tier.grants.egress_cidrs, &at, problems);
    }
    check_granted_fqdns(&network.egress_fqdns, &tier.grants, &["network", "egress_fqdns"], problems);
}

/// What guards would refuse whatever the request says.
fn judge_admission(spec: &EnvironmentSpec, tier: &Tier, problems: &mut Problems) {
    let admission = &tier.grants.admission;
    let hosts = granted_hosts(spec, admission);
    for host in spec.network.iter().flat_map(|network| &network.ingress_hosts) {
        if let Some(granted) = hosts.as_ref().filter(|granted| !covered(granted, host)) {
            problems.error(
                "network.host_not_granted",
                &["network", "ingress_hosts"],
                format!("The golden path does not grant the host {host}"),
                format!("Granted to this environment: {}.", granted.join(", ")),
            );
        }
    }
    for class in spec.quota.iter().flat_map(|quota| quota.by_priority.keys()) {
        if let Some(granted) = admission.priority_classes.as_ref().filter(|granted| !granted.contains(class)) {
            problems.error(
                "quota.priority_class_not_granted",
                &["quota", "by_priority", class],
                format!("The golden path does not grant the PriorityClass {class}"),
                format!("Granted in this tier: {}.", granted.join(", ")),
            );
        }
    }
}

fn judge_ranges(asked: &LateList, granted: &[String], at: &[&str], problems: &mut Problems) {
    let ranges: Vec<Cidr> = granted.iter().filter_map(|text| text.parse().ok()).collect();
    for text in asked.known() {
        let Ok(range) = text.parse::<Cidr>() else { continue };
        if !ranges.iter().any(|granted| granted.contains(&range)) {
            problems.error(
                "network.range_not_granted",
                at,
                format!("The golden path does not grant {text} in this tier"),
                format!(
                    "Granted: {}. Open hosts beyond them by name (`egress_fqdns`), or ask the platform team.",
                    granted.join(", ")
                ),
            );
        }
    }
}

/// Principals within the tier's grants, whose account is known only with the cluster.
fn judge_principals(resolved: &Resolved, problems: &mut Problems) {
    let Effective { spec, terms, .. } = &resolved.effective;
    let own = |pattern: &String| owned(pattern, spec.team.as_str(), spec.name.as_str());
    let grants = &terms.tier.grants;
    let granted: Vec<String> =
        grants.principals.iter().map(|pattern| filled(&own(pattern), &resolved.roles.cluster)).collect();
    let groups: Vec<String> = grants.oidc_groups.iter().map(own).collect();
    let tokens_granted: Vec<String> = grants.trusted_oidc.iter().map(own).collect();
    let accounts: Vec<String> = grants.service_accounts.iter().map(own).collect();
    let is_own = |account: &str| {
        let namespace = account.split_once('/').map_or("", |(namespace, _)| namespace);
        resolved.parent.namespaces.values().any(|name| name == namespace)
    };
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        let named = persona.principal_arns.iter().map(|arn| ("principal_arns", arn.as_str()));
        let trusted = persona.trusted_principal_arns.known().map(|arn| ("trusted_principal_arns", arn));
        // The role behind a permission set, wherever its name came from.
        let sets = persona.permission_sets.iter().filter_map(|set| resolved.permission_sets.get(set));
        let sets = sets.map(|arn| ("permission_sets", arn.as_str()));
        for (field, arn) in named.chain(trusted).chain(sets) {
            if !covered(&granted, arn) {
                problems.error(
                    "access.principal_not_granted",
                    &["access", name.as_str(), field],
                    format!("The golden path does not grant access to {arn}"),
                    format!("Granted in this tier: {}.", granted.join(", ")),
                );
            }
        }
        let tokens = persona
            .trusted_oidc
            .iter()
            .flat_map(|trusted| trusted.subjects.iter().map(|subject| format!("{} {subject}", trusted.provider)));
        for token in tokens.filter(|token| !covered(&tokens_granted, token)) {
            problems.error(
                "access.oidc_not_granted",
                &["access", name.as_str(), "trusted_oidc"],
                format!("The golden path does not grant access to tokens of {token}"),
                format!(
                    "Granted in this tier: {}. Ask the platform team to add it to `grants.trusted_oidc`.",
                    listed(&tokens_granted)
                ),
            );
        }
        for group in persona.oidc_groups.known().filter(|group| !covered(&groups, group)) {
            problems.error(
                "access.oidc_group_not_granted",
                &["access", name.as_str(), "oidc_groups"],
                format!("The golden path does not grant access to the group {group}"),
                format!(
                    "Granted in this tier: {}. Ask the platform team to add it to `grants.oidc_groups`.",
                    listed(&groups)
                ),
            );
        }
        for account in persona.service_accounts.known() {
            if !is_own(account) && !covered(&accounts, account) {
                problems.error(
                    "access.service_account_not_granted",
                    &["access", name.as_str(), "service_accounts"],
                    format!("The golden path does not grant access to the service account {account}"),
                    format!(
                        "Granted in this tier: those of the environment itself, and {}. Ask the platform team to add it to \
                         `grants.service_accounts`.",
                        listed(&accounts)
                    ),
                );
            }
        }
    }
}
