//! What a golden path may not say. A platform team decides freely inside of these; outside of them lies power over the
//! account or the cluster, which no environment may grant.

use super::{
    document::{GoldenPath, Grants, OWNER_PLACEHOLDERS, PLACEHOLDERS, Reserved, SlotsPercent, Tier, fill_owner},
    life::{self, PathReference},
    manifests::{self, Each},
    mentions, parameters, roles,
    template::{Condition, Template},
};
use crate::{
    domain::{
        CLUSTER_WIDE_POLICIES, Cidr, GROUP_PREFIX, Isolation, PersonaName, Role, SAME_ENVIRONMENT, TierClass, covers,
        forms::is_domain_pattern,
        oidc_subjects::{self, Pinned},
    },
    golden::quota,
    policy::POWER,
};

/// What is wrong, and at which field of the document.
pub(super) struct DocumentFault {
    /// Names and indices from the document's root on, with dots.
    pub field: String,
    pub reason: String,
}

pub(super) fn validate(path: &GoldenPath) -> Result<(), DocumentFault> {
    ensure("name", !path.name.is_empty() && path.name.len() <= 63, || "it must have 1 to 63 characters".into())?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    ensure("name", path.name.bytes().all(plain), || format!("{:?} becomes a label; use a-z, 0-9 and '-'", path.name))?;
    let own = PathReference { name: Some(path.name.clone()), version: path.version };
    life::check(&own, path.status, path.deprecation.as_ref())
        .map_err(|(field, reason)| DocumentFault::new(field, reason))?;
    ensure("tiers", !path.tiers.is_empty(), || "there is no tier".into())?;
    path.metadata.check().map_err(|reason| DocumentFault::new("metadata", reason))?;
    parameters::check(&path.parameters)
        .map_err(|(field, reason)| DocumentFault::new(&format!("parameters.{field}"), reason))?;
    manifests::check(&path.manifests, &path.objects, &path.cluster_kinds)
        .map_err(|(field, reason)| DocumentFault::new(&field, reason))?;
    mentions_are_known(path)?;
    roles::are_sound(&path.roles).map_err(|reason| DocumentFault::new("roles", reason))?;
    for (name, preset) in &path.network.egress_presets {
        let at = format!("network.egress_presets.{name}");
        each_cidr("cidrs", &preset.cidrs).map_err(|fault| fault.inside(&at))?;
        each_cidr("except", &preset.except).map_err(|fault| fault.inside(&at))?;
        each(&preset.fqdns, "fqdns", placeholders).map_err(|fault| fault.inside(&at))?;
    }
    are_reserved(path, "network.monitoring_namespaces", &path.network.monitoring_namespaces)?;
    for (name, tier) in &path.tiers {
        tier_is_sound(path, tier).map_err(|fault| fault.inside(&format!("tiers.{name}")))?;
    }
    Ok(())
}

/// What placeholders and conditions name is there.
fn mentions_are_known(path: &GoldenPath) -> Result<(), DocumentFault> {
    let is_known = |root: &str, name: &str| match root {
        "parameters" => path.parameters.contains_key(name),
        "tier" => ["name", "class"].contains(&name),
        _ => ["name", "team"].contains(&name),
    };
    let sound = |at: &str, expression: &str| {
        let unknown = |root| Some((root, mentions::unknown_member(expression, root, |name| is_known(root, name))?));
        let unknown = ["parameters", "tier", "environment"].into_iter().find_map(unknown);
        match unknown {
            Some((root, name)) => {
                Err(DocumentFault::new(at, format!("`{}`: there is no {root}.{name}", expression.trim())))
            }
            None => Ok(()),
        }
    };
    let of_slots = |at: &str, expression: &str| match mentions::parameter_of_slots(expression, &path.parameters) {
        Some(name) => Err(DocumentFault::new(
            at,
            format!("`{}`: only a manifest with `each: slot` has {name}, a parameter of slots", expression.trim()),
        )),
        None => Ok(()),
    };
    for (at, manifest) in path.manifests.iter().enumerate() {
        let of = |expressions: Vec<&str>, field: &str| {
            let at = format!("manifests.{at}.{field}");
            expressions.into_iter().try_for_each(|expression| {
                sound(&at, expression)?;
                if manifest.each == Each::Slot { Ok(()) } else { of_slots(&at, expression) }
            })
        };
        of(manifest.manifest.expressions(), "manifest")?;
        of(manifest.when.iter().map(Condition::text).collect(), "when")?;
    }
    for (at, tuning) in path.objects.iter().enumerate() {
        let expressions = tuning.set.iter().flat_map(Template::expressions);
        for expression in expressions {
            sound(&format!("objects.{at}.set"), expression)?;
        }
    }
    Ok(())
}

fn tier_is_sound(path: &GoldenPath, tier: &Tier) -> Result<(), DocumentFault> {
    let Tier { class, quota, limits, network, roles, slot, grants, .. } = tier;
    for persona in PersonaName::ALL {
        let role = roles.get(&persona).ok_or_else(|| DocumentFault::new("roles", format!("{persona} is missing")))?;
        let at = format!("roles.{persona}");
        ensure(&at, *role <= persona || persona == PersonaName::Admin, || {
            format!("{persona} may not be raised to {role}")
        })?;
    }
    for (name, quantity) in &quota.total {
        quota::resource_is_known(name).map_err(|reason| DocumentFault::new("quota.total", reason))?;
        ensure("quota.total", !quantity.is_negative(), || format!("{name} is negative"))?;
    }
    for name in ["requests.cpu", "requests.memory", "pods"] {
        ensure("quota.total", quota.total.contains_key(name), || format!("{name} is missing"))?;
    }
    for (name, maximum) in &quota.max {
        let missing = || DocumentFault::new("quota.max", format!("{name} is not in quota.total"));
        let default = quota.total.get(name).ok_or_else(missing)?;
        ensure("quota.max", maximum >= default, || format!("{name} is less than its default"))?;
    }
    ensure("quota.max_factor", quota.max_factor >= 1, || "it must be at least 1".into())?;
    let SlotsPercent { default, min, max } = quota.slots_percent;
    ensure("quota.slots_percent", min <= default && default <= max && max <= 100, || {
        "default must lie between min and max, and max be at most 100".into()
    })?;
    ensure("quota.headroom_percent", quota.headroom_percent < 100, || "it must be below 100".into())?;
    let most = limits.default_memory.as_ref();
    ensure("limits.default_request_memory", most.is_none_or(|most| limits.default_request_memory <= *most), || {
        "the request is above limit, `limits.default_memory`".into()
    })?;
    ensure("limits", most.is_some() || !quota.total.contains_key("limits.memory"), || {
        "default_memory is missing: with limits.memory in quota.total, a pod that sets no limit would be refused".into()
    })?;
    for preset in &network.egress_presets {
        let known = preset == SAME_ENVIRONMENT || path.network.egress_presets.contains_key(preset);
        ensure("network.egress_presets", known, || format!("{preset} is not defined"))?;
    }
    let isolated = slot.isolation == Isolation::Namespace;
    ensure("slot.isolation", isolated || *class != TierClass::Prod, || "it must be namespace in class prod".into())?;
    ensure("slot.min_replicas", (1..=slot.max_replicas).contains(&slot.min_replicas), || {
        "it is not within max_replicas".into()
    })?;
    are_reserved(path, "grants.ingress_namespaces", &grants.ingress_namespaces)?;
    grants_are_sound(grants).map_err(|fault| fault.inside("grants"))
}

/// A team whose environment had that name would be let in everywhere.
fn are_reserved(path: &GoldenPath, at: &str, names: &[String]) -> Result<(), DocumentFault> {
    let Reserved { prefixes, namespaces } = &path.reserved;
    let is_free =
        |name: &&String| !namespaces.contains(name) && !prefixes.iter().any(|prefix| name.starts_with(prefix));
    match names.iter().find(is_free) {
        Some(name) => Err(DocumentFault::new(
            at,
            format!("{name} is not among `reserved`, so that an environment could have that name"),
        )),
        None => Ok(()),
    }
}

fn grants_are_sound(grants: &Grants) -> Result<(), DocumentFault> {
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
        oidc_audiences,
        service_accounts,
        policy_arns,
        any_resource_actions,
        ingress_cidrs,
        ingress_namespaces: _,
        egress_cidrs,
        egress_fqdns,
        admission,
    } = grants;
    ensure("boundary", boundary.starts_with("arn:") && boundary.contains(":policy/"), || {
        "every role has a permissions boundary; give the ARN of a managed policy as its boundary".into()
    })?;
    ensure("iam_path", iam_path.starts_with("/goldenpath/") && iam_path.ends_with('/'), || {
        "it must begin with /goldenpath/ and end with '/'".into()
    })?;
    // IAM CreateRole, MaxSessionDuration.
    ensure("max_session_seconds", (3600..=43200).contains(max_session_seconds), || "it must be 3600 to 43200".into())?;
    each(actions, "actions", is_narrow)?;
    each(any_resource_actions, "any_resource_actions", is_narrow)?;
    each(access_policies, "access_policies", |policy| match CLUSTER_WIDE_POLICIES.contains(&policy) {
        true => Err(format!("{policy} is more than an environment")),
        false => Ok(()),
    })?;
    each(policy_arns, "policy_arns", is_harmless_policy)?;
    each(principals, "principals", |principal| {
        let begins = "arn:{partition}:iam::";
        if principal.starts_with(begins) { Ok(()) } else { Err(format!("{principal} must begin with {begins}")) }
    })?;
    each(admission.ingress_hosts.as_deref().unwrap_or_default(), "admission.ingress_hosts", is_host)?;
    each_cidr("ingress_cidrs", ingress_cidrs)?;
    each_cidr("egress_cidrs", egress_cidrs)?;
    ensure("team_tag", !team_tag.is_empty(), || "it is empty".into())?;
    each(target_role_arns, "target_role_arns", |role| {
        // Two that have nothing in common: whatever covers both is every role.
        let is_some_of_all = |name: &str| !["x", "very/long/path/Q9"].into_iter().all(|role| covers(name, role));
        let is_narrow = role.starts_with("arn:{partition}:iam::")
            && role.split_once(":role/").is_some_and(|(_, name)| is_some_of_all(name));
        match is_narrow {
            true => Ok(()),
            false => Err(format!("{role} must begin with arn:{{partition}}:iam::<account>:role/ and name some roles")),
        }
    })?;
    each(oidc_groups, "oidc_groups", |group| {
        let reaches = [GROUP_PREFIX, "system:masters"].into_iter().any(|reserved| covers(group, reserved));
        if reaches && group != "*" { Err(format!("{group} covers groups of Kubernetes itself")) } else { Ok(()) }
    })?;
    each(trusted_oidc, "trusted_oidc", |text| {
        let (provider, subject) = text.split_once(' ').unwrap_or((text, ""));
        oidc_subjects::check(provider, subject, Pinned::Owner).map_err(|beginning| {
            format!(
                "{text:?} is not <provider> <subject>, with a subject that says whose tokens they are: {beginning}..."
            )
        })
    })?;
    each(oidc_audiences, "oidc_audiences", |audience| {
        // IAM compares it letter by letter.
        let is_one = !audience.is_empty() && !audience.contains(['*', '?']);
        if is_one { Ok(()) } else { Err(format!("{audience:?} is not an audience: write it as tokens have it")) }
    })?;
    placeholders(boundary).map_err(|reason| DocumentFault::new("boundary", reason))?;
    each(policy_arns, "policy_arns", placeholders)?;
    each(egress_fqdns, "egress_fqdns", placeholders)?;
    for (at, texts) in [
        ("principals", principals),
        ("resources", resources),
        ("tagged_resources", tagged_resources),
        ("target_role_arns", target_role_arns),
        ("oidc_groups", oidc_groups),
        ("trusted_oidc", trusted_oidc),
        ("service_accounts", service_accounts),
    ] {
        each(texts, at, |text| placeholders(&fill_owner(text, "", "")))?;
    }
    Ok(())
}

fn is_narrow(action: &str) -> Result<(), String> {
    let (service, operation) =
        action.split_once(':').ok_or_else(|| format!("{action:?} is not <service>:<operation>"))?;
    // IAM knows no case in actions.
    let is_power = POWER.iter().chain(&["sts"]).any(|never| never.eq_ignore_ascii_case(service));
    let broad = service.contains(['*', '?']) || (is_power && operation.contains(['*', '?']));
    if broad { Err(format!("{action} would grant power over identities or the cluster")) } else { Ok(()) }
}

fn is_harmless_policy(policy: &str) -> Result<(), String> {
    let path = policy.strip_prefix("arn:{partition}:iam::").and_then(|rest| rest.split_once(":policy/"));
    if !path.is_some_and(|(account, path)| ["aws", "{account}"].contains(&account) && !path.is_empty()) {
        return Err(format!(
            "{policy} must begin with arn:{{partition}}:iam::aws:policy/ or arn:{{partition}}:iam::{{account}}:policy/"
        ));
    }
    // Either may be the pattern.
    let is_met = |name: &&str| {
        let power = format!("arn:{{partition}}:iam::aws:policy/{name}");
        covers(policy, &power) || covers(&power, policy)
    };
    match Role::FOR_ADMINISTRATORS.into_iter().find(is_met) {
        Some(power) => Err(format!("{policy} would grant power over the account ({power})")),
        None => Ok(()),
    }
}

fn is_host(host: &str) -> Result<(), String> {
    let filled = OWNER_PLACEHOLDERS.iter().fold(host.to_owned(), |text, name| text.replace(name, "x"));
    match is_domain_pattern(&filled) {
        true => Ok(()),
        false => Err(format!(
            "{host:?} is neither a host nor *.<domain>; the placeholders are {}",
            OWNER_PLACEHOLDERS.join(", ")
        )),
    }
}

fn placeholders(text: &str) -> Result<(), String> {
    const BRACES: [char; 2] = ['{', '}'];
    if !text.contains(BRACES) {
        return Ok(());
    }
    let rest = PLACEHOLDERS.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    match rest.contains(BRACES) {
        true => Err(format!("{text:?}: the placeholders are {}", PLACEHOLDERS.join(", "))),
        false => Ok(()),
    }
}

fn each_cidr(at: &str, cidrs: &[String]) -> Result<(), DocumentFault> {
    each(cidrs, at, |text| text.parse::<Cidr>().map(|_| ()).map_err(|error| error.to_string()))
}

fn each(texts: &[String], at: &str, check: impl Fn(&str) -> Result<(), String>) -> Result<(), DocumentFault> {
    for (index, text) in texts.iter().enumerate() {
        check(text).map_err(|reason| DocumentFault::new(&format!("{at}.{index}"), reason))?;
    }
    Ok(())
}

fn ensure(at: &str, holds: bool, reason: impl FnOnce() -> String) -> Result<(), DocumentFault> {
    if holds { Ok(()) } else { Err(DocumentFault::new(at, reason())) }
}

// === impl DocumentFault ===

impl DocumentFault {
    fn new(field: &str, reason: String) -> Self {
        Self { field: field.to_owned(), reason }
    }

    fn inside(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), ..self }
    }
}

#[cfg(test)]
mod tests;
