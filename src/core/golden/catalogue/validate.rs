//! What a golden path may not say. A platform team decides freely inside of these; outside of them lies power over the
//! account or the cluster, which no environment may hand out.

use super::{
    document::{
        GoldenPath, Grants, OWNER_PLACEHOLDERS, PLACEHOLDERS, Reserved, SAME_ENVIRONMENT, SlotsPercent, Tier, owned,
    },
    roles,
};
use crate::{
    domain::{Cidr, GROUP_PREFIX, Isolation, PersonaName, Role, TierClass, covers},
    golden::{forms::is_domain_pattern, quota},
};

/// Services whose every action is power over identities, clusters or the organisation.
const NEVER_WHOLE: [&str; 5] = ["iam", "eks", "sts", "organizations", "account"];

/// EKS access policies that reach beyond a namespace's workloads.
const NEVER_ACCESS: [&str; 3] = ["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy"];

pub(super) fn validate(path: &GoldenPath) -> Result<(), String> {
    ensure(!path.name.is_empty() && path.name.len() <= 63, || "name must have 1 to 63 characters".into())?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    ensure(path.name.bytes().all(plain), || format!("name {:?}: use a-z, 0-9 and '-', it becomes a label", path.name))?;
    ensure(!path.tiers.is_empty(), || "there is no tier".into())?;
    path.metadata.check()?;
    roles::are_sound(&path.roles)?;
    for preset in path.network.egress_presets.values() {
        each_cidr(&preset.cidrs)?;
        each_cidr(&preset.except)?;
        preset.fqdns.iter().try_for_each(|text| placeholders(text))?;
    }
    are_reserved(path, &path.network.monitoring_namespaces)
        .map_err(|reason| format!("network.monitoring_namespaces: {reason}"))?;
    for (name, tier) in &path.tiers {
        tier_is_sound(path, tier).map_err(|reason| format!("tier {name}: {reason}"))?;
    }
    Ok(())
}

fn tier_is_sound(path: &GoldenPath, tier: &Tier) -> Result<(), String> {
    let Tier { class, quota, limits, network, roles, slot, grants, .. } = tier;
    for persona in PersonaName::ALL {
        let role = roles.get(&persona).ok_or_else(|| format!("roles: {persona} is missing"))?;
        ensure(*role <= persona || persona == PersonaName::Admin, || {
            format!("roles: {persona} may not be raised to {role}")
        })?;
    }
    for (name, quantity) in &quota.total {
        quota::resource_is_known(name).map_err(|reason| format!("quota.total: {reason}"))?;
        ensure(!quantity.is_negative(), || format!("quota.total: {name} is negative"))?;
    }
    for name in ["requests.cpu", "requests.memory", "pods"] {
        ensure(quota.total.contains_key(name), || format!("quota.total: {name} is missing"))?;
    }
    for (name, bound) in &quota.bounds {
        let default = quota.total.get(name).ok_or_else(|| format!("quota.bounds: {name} is not in quota.total"))?;
        ensure(bound >= default, || format!("quota.bounds: {name} is less than its default"))?;
    }
    ensure(quota.bound_factor >= 1, || "quota.bound_factor must be at least 1".into())?;
    let SlotsPercent { default, min, max } = quota.slots_percent;
    ensure(min <= default && default <= max && max <= 100, || {
        "quota.slots_percent: default must lie between min and max, and max be at most 100".into()
    })?;
    ensure(quota.headroom_percent < 100, || "quota.headroom_percent must be below 100".into())?;
    let most = limits.default_memory.as_ref();
    ensure(most.is_none_or(|most| limits.default_request_memory <= *most), || "limits: request above limit".into())?;
    ensure(most.is_some() || !quota.total.contains_key("limits.memory"), || {
        "limits.default_memory is missing: with limits.memory in quota.total, a pod that sets no limit would be refused"
            .into()
    })?;
    for preset in &network.egress_presets {
        let known = preset == SAME_ENVIRONMENT || path.network.egress_presets.contains_key(preset);
        ensure(known, || format!("network.egress_presets: {preset} is not defined"))?;
    }
    let isolated = slot.isolation == Isolation::Namespace;
    ensure(isolated || *class != TierClass::Prod, || "slot.isolation must be namespace in class prod".into())?;
    ensure((1..=slot.max_replicas).contains(&slot.min_replicas), || {
        "slot: min_replicas is not within max_replicas".into()
    })?;
    are_reserved(path, &grants.ingress_namespaces).map_err(|reason| format!("grants.ingress_namespaces: {reason}"))?;
    grants_are_sound(grants).map_err(|reason| format!("grants.{reason}"))
}

/// A team whose environment had that name would be let in everywhere.
fn are_reserved(path: &GoldenPath, names: &[String]) -> Result<(), String> {
    let Reserved { prefixes, namespaces } = &path.reserved;
    let is_free =
        |name: &&String| !namespaces.contains(name) && !prefixes.iter().any(|prefix| name.starts_with(prefix));
    match names.iter().find(is_free) {
        Some(name) => Err(format!("{name} is not among `reserved`, so that an environment could have that name")),
        None => Ok(()),
    }
}

fn grants_are_sound(grants: &Grants) -> Result<(), String> {
    let Grants {
        boundary,
        iam_path,
        max_session_seconds,
        principals,
        access_policies,
        actions,
        resources,
        tagged_resources,
        team_tag,
        target_role_arns,
        oidc_groups,
        trusted_oidc,
        service_accounts,
        policy_arns,
        any_resource_actions,
        ingress_cidrs,
        ingress_namespaces: _,
        egress_cidrs,
        egress_fqdns,
        admission,
    } = grants;
    ensure(boundary.starts_with("arn:") && boundary.contains(":policy/"), || {
        "boundary: every role has a permissions boundary; give the ARN of a managed policy".into()
    })?;
    ensure(iam_path.starts_with("/goldenpath/") && iam_path.ends_with('/'), || {
        "iam_path must begin with /goldenpath/ and end with '/'".into()
    })?;
    // IAM CreateRole, MaxSessionDuration.
    ensure((3600..=43200).contains(max_session_seconds), || "max_session_seconds must be 3600 to 43200".into())?;
    for action in actions.iter().chain(any_resource_actions) {
        let (service, operation) =
            action.split_once(':').ok_or_else(|| format!("actions: {action:?} is not <service>:<operation>"))?;
        let broad = service.contains(['*', '?']) || (NEVER_WHOLE.contains(&service) && operation.contains(['*', '?']));
        ensure(!broad, || format!("actions: {action} would hand out power over identities or the cluster"))?;
    }
    for policy in access_policies {
        ensure(!NEVER_ACCESS.contains(&policy.as_str()), || {
            format!("access_policies: {policy} is more than an environment")
        })?;
    }
    for policy in policy_arns {
        let path = policy.strip_prefix("arn:{partition}:iam::").and_then(|rest| rest.split_once(":policy/"));
        ensure(
            path.is_some_and(|(account, path)| ["aws", "{account}"].contains(&account) && !path.is_empty()),
            || {
                format!(
                    "policy_arns: {policy} must begin with arn:{{partition}}:iam::aws:policy/ or arn:{{partition}}:iam::{{account}}:policy/"
                )
            },
        )?;
        let power = Role::FOR_ADMINISTRATORS
            .into_iter()
            .find(|name| covers(policy, &format!("arn:{{partition}}:iam::aws:policy/{name}")));
        ensure(power.is_none(), || {
            format!("policy_arns: {policy} would hand out power over the account ({})", power.unwrap_or_default())
        })?;
    }
    for principal in principals {
        ensure(principal.starts_with("arn:{partition}:iam::"), || {
            format!("principals: {principal} must begin with arn:{{partition}}:iam::")
        })?;
    }
    for host in admission.ingress_hosts.iter().flatten() {
        let filled = OWNER_PLACEHOLDERS.iter().fold(host.clone(), |text, name| text.replace(name, "x"));
        ensure(is_domain_pattern(&filled), || {
            format!(
                "admission.ingress_hosts: {host:?} is neither a host nor *.<domain>; the placeholders are {}",
                OWNER_PLACEHOLDERS.join(", ")
            )
        })?;
    }
    each_cidr(ingress_cidrs).map_err(|reason| format!("ingress_cidrs: {reason}"))?;
    each_cidr(egress_cidrs).map_err(|reason| format!("egress_cidrs: {reason}"))?;
    ensure(!team_tag.is_empty(), || "team_tag is empty".into())?;
    for role in target_role_arns {
        ensure(
            role.starts_with("arn:{partition}:iam::") && role.contains(":role/") && !role.ends_with(":role/*"),
            || {
                format!(
                    "target_role_arns: {role} must begin with arn:{{partition}}:iam::<account>:role/ and name some roles"
                )
            },
        )?;
    }
    for group in oidc_groups {
        let reaches = [GROUP_PREFIX, "system:masters"].into_iter().find(|reserved| covers(group, reserved));
        ensure(reaches.is_none() || group == "*", || {
            format!("oidc_groups: {group} covers groups of Kubernetes itself")
        })?;
    }
    for text in trusted_oidc {
        let subject = text.split_once(' ').map_or("", |(_, subject)| subject);
        ensure(!subject.is_empty() && !subject.starts_with(['*', '?']), || {
            format!(
                "trusted_oidc: {text:?} is not <provider> <subject>, with a subject that says whose tokens they are"
            )
        })?;
    }
    let of_cluster = [boundary].into_iter().chain(policy_arns).chain(egress_fqdns);
    of_cluster.map(String::as_str).try_for_each(placeholders)?;
    let of_owner = principals.iter().chain(resources).chain(tagged_resources).chain(target_role_arns);
    of_owner
        .chain(oidc_groups)
        .chain(trusted_oidc)
        .chain(service_accounts)
        .map(|text| owned(text, "", ""))
        .try_for_each(|text| placeholders(&text))
}

fn each_cidr(cidrs: &[String]) -> Result<(), String> {
    cidrs.iter().try_for_each(|text| text.parse::<Cidr>().map(|_| ()).map_err(|error| error.to_string()))
}

fn placeholders(text: &str) -> Result<(), String> {
    let rest = PLACEHOLDERS.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    ensure(!rest.contains(['{', '}']), || format!("{text:?}: the placeholders are {}", PLACEHOLDERS.join(", ")))
}

fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(reason()) }
}
