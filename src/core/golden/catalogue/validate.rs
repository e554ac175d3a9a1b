//! What a golden path may not say. A platform team decides freely inside of these; outside of them lies power over the
//! account or the cluster, which no environment may grant.

use super::{
    document::{GoldenPath, Grants, OWNER_PLACEHOLDERS, PLACEHOLDERS, SlotsPercent, Tier, fill_owner},
    faults::DocumentFaults,
    life::{self, PathReference},
    manifests::{self, Each},
    mentions, parameters, roles,
    template::Template,
};
use crate::{
    domain::{
        CLUSTER_WIDE_POLICIES, Cidr, GROUP_PREFIX, Isolation, PersonaName, Role, SAME_ENVIRONMENT, TierClass, covers,
        forms::is_domain_pattern,
        oidc_subjects::{self, Pinned},
        resource_is_known,
    },
    policy::POWER,
};

pub(super) fn validate(path: &GoldenPath) -> DocumentFaults {
    let mut faults = DocumentFaults::default();
    faults.ensure("name", !path.name.is_empty() && path.name.len() <= 63, || "it must have 1 to 63 characters".into());
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    faults.ensure("name", path.name.bytes().all(plain), || {
        format!("{:?} becomes a label; use a-z, 0-9 and '-'", path.name)
    });
    let own = PathReference { name: Some(path.name.clone()), version: path.version };
    for (field, reason) in life::check(&own, path.status, path.deprecation.as_ref()) {
        faults.add(field, reason);
    }
    faults.ensure("tiers", !path.tiers.is_empty(), || "there is no tier".into());
    path.metadata.check().into_iter().for_each(|reason| faults.add("metadata", reason));
    faults.inside("parameters", parameters::check(&path.parameters));
    for (field, reason) in manifests::check(&path.manifests, &path.objects, &path.cluster_kinds) {
        faults.add(&field, reason);
    }
    mentions_are_known(path, &mut faults);
    if let Err(reason) = roles::are_sound(&path.roles) {
        faults.add("roles", reason);
    }
    for (name, preset) in &path.network.egress_presets {
        let mut inside = DocumentFaults::default();
        inside.each("cidrs", &preset.cidrs, is_range);
        inside.each("except", &preset.except, is_range);
        inside.each("fqdns", &preset.fqdns, placeholders);
        faults.inside(&format!("network.egress_presets.{name}"), inside);
    }
    are_reserved(path, "network.monitoring_namespaces", &path.network.monitoring_namespaces, &mut faults);
    for (name, tier) in &path.tiers {
        faults.inside(&format!("tiers.{name}"), of_tier(path, tier));
    }
    faults
}

/// What placeholders and conditions name is there.
fn mentions_are_known(path: &GoldenPath, faults: &mut DocumentFaults) {
    let is_known = |root: &str, name: &str| match root {
        "parameters" => path.parameters.contains_key(name),
        "tier" => ["name", "class"].contains(&name),
        _ => ["name", "team"].contains(&name),
    };
    let sound = |at: &str, expression: &str, faults: &mut DocumentFaults| {
        for root in ["parameters", "tier", "environment"] {
            if let Some(name) = mentions::unknown_member(expression, root, |name| is_known(root, name)) {
                faults.add(at, format!("`{}`: there is no {root}.{name}", expression.trim()));
            }
        }
    };
    let of_slots = |at: &str, expression: &str, faults: &mut DocumentFaults| {
        if let Some(name) = mentions::parameter_of_slots(expression, &path.parameters) {
            let expression = expression.trim();
            faults
                .add(at, format!("`{expression}`: only a manifest with `each: slot` has {name}, a parameter of slots"));
        }
    };
    for (at, manifest) in path.manifests.iter().enumerate() {
        let filled = manifest.manifest.expressions().into_iter().map(|expression| ("manifest", expression));
        let conditions = manifest.when.iter().map(|when| ("when", when.text()));
        for (field, expression) in filled.chain(conditions) {
            let at = format!("manifests.{at}.{field}");
            sound(&at, expression, faults);
            if manifest.each != Each::Slot {
                of_slots(&at, expression, faults);
            }
        }
    }
    for (at, tuning) in path.objects.iter().enumerate() {
        let expressions = tuning.set.iter().flat_map(Template::expressions);
        expressions.for_each(|expression| sound(&format!("objects.{at}.set"), expression, faults));
    }
}

fn of_tier(path: &GoldenPath, tier: &Tier) -> DocumentFaults {
    let mut faults = DocumentFaults::default();
    let Tier { class, quota, limits, network, roles, slot, grants, .. } = tier;
    for persona in PersonaName::ALL {
        match roles.get(&persona) {
            None => faults.add("roles", format!("{persona} is missing")),
            Some(role) => {
                let is_sound = *role <= persona || persona == PersonaName::Admin;
                faults
                    .ensure(&format!("roles.{persona}"), is_sound, || format!("{persona} may not be raised to {role}"));
            }
        }
    }
    for (name, quantity) in &quota.total {
        match resource_is_known(name) {
            Err(reason) => faults.add("quota.total", reason),
            Ok(()) => faults.ensure("quota.total", !quantity.is_negative(), || format!("{name} is negative")),
        }
    }
    for name in ["requests.cpu", "requests.memory", "pods"] {
        faults.ensure("quota.total", quota.total.contains_key(name), || format!("{name} is missing"));
    }
    for (name, maximum) in &quota.max {
        match quota.total.get(name) {
            None => faults.add("quota.max", format!("{name} is not in quota.total")),
            Some(default) => {
                faults.ensure("quota.max", maximum >= default, || format!("{name} is less than its default"));
            }
        }
    }
    faults.ensure("quota.max_factor", quota.max_factor >= 1, || "it must be at least 1".into());
    let SlotsPercent { default, min, max } = quota.slots_percent;
    faults.ensure("quota.slots_percent", min <= default && default <= max && max <= 100, || {
        "default must lie between min and max, and max be at most 100".into()
    });
    faults.ensure("quota.headroom_percent", quota.headroom_percent < 100, || "it must be below 100".into());
    let most = limits.default_memory.as_ref();
    let is_below = most.is_none_or(|most| limits.default_request_memory <= *most);
    faults.ensure("limits.default_request_memory", is_below, || {
        "the request is above limit, `limits.default_memory`".into()
    });
    faults.ensure("limits", most.is_some() || !quota.total.contains_key("limits.memory"), || {
        "default_memory is missing: with limits.memory in quota.total, a pod that sets no limit would be refused".into()
    });
    for preset in &network.egress_presets {
        let known = preset == SAME_ENVIRONMENT || path.network.egress_presets.contains_key(preset);
        faults.ensure("network.egress_presets", known, || format!("{preset} is not defined"));
    }
    let isolated = slot.isolation == Isolation::Namespace;
    faults.ensure("slot.isolation", isolated || *class != TierClass::Prod, || {
        "it must be namespace in class prod".into()
    });
    faults.ensure("slot.min_replicas", (1..=slot.max_replicas).contains(&slot.min_replicas), || {
        "it is not within max_replicas".into()
    });
    are_reserved(path, "grants.ingress_namespaces", &grants.ingress_namespaces, &mut faults);
    faults.inside("grants", of_grants(grants));
    faults
}

/// A team whose environment had that name would be let in everywhere.
fn are_reserved(path: &GoldenPath, at: &str, names: &[String], faults: &mut DocumentFaults) {
    for name in names.iter().filter(|name| !path.reserved.has(name)) {
        faults.add(at, format!("{name} is not among `reserved`, so that an environment could have that name"));
    }
}

fn of_grants(grants: &Grants) -> DocumentFaults {
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
    let mut faults = DocumentFaults::default();
    faults.ensure("boundary", boundary.starts_with("arn:") && boundary.contains(":policy/"), || {
        "every role has a permissions boundary; give the ARN of a managed policy as its boundary".into()
    });
    faults.ensure("iam_path", iam_path.starts_with("/goldenpath/") && iam_path.ends_with('/'), || {
        "it must begin with /goldenpath/ and end with '/'".into()
    });
    // `permissions` writes both into a policy, where a wildcard would admit others.
    for (at, text) in [("boundary", boundary), ("iam_path", iam_path)] {
        faults.ensure(at, !text.contains(['*', '?']), || "name one, without wildcards".into());
    }
    // IAM CreateRole, MaxSessionDuration.
    let is_allowed = (3600..=43200).contains(max_session_seconds);
    faults.ensure("max_session_seconds", is_allowed, || "it must be 3600 to 43200".into());
    faults.each("actions", actions, is_narrow);
    faults.each("any_resource_actions", any_resource_actions, is_narrow);
    faults.each("access_policies", access_policies, |policy| match CLUSTER_WIDE_POLICIES.contains(&policy) {
        true => Err(format!("{policy} is more than an environment")),
        false => Ok(()),
    });
    faults.each("policy_arns", policy_arns, is_harmless_policy);
    faults.each("principals", principals, |principal| {
        let begins = "arn:{partition}:iam::";
        if principal.starts_with(begins) { Ok(()) } else { Err(format!("{principal} must begin with {begins}")) }
    });
    faults.each("admission.ingress_hosts", admission.ingress_hosts.as_deref().unwrap_or_default(), is_host);
    faults.each("ingress_cidrs", ingress_cidrs, is_range);
    faults.each("egress_cidrs", egress_cidrs, is_range);
    faults.ensure("team_tag", !team_tag.is_empty(), || "it is empty".into());
    faults.each("target_role_arns", target_role_arns, |role| {
        // Two that have nothing in common: whatever covers both is every role.
        let is_some_of_all = |name: &str| !["x", "very/long/path/Q9"].into_iter().all(|role| covers(name, role));
        let is_narrow = role.starts_with("arn:{partition}:iam::")
            && role.split_once(":role/").is_some_and(|(_, name)| is_some_of_all(name));
        match is_narrow {
            true => Ok(()),
            false => Err(format!("{role} must begin with arn:{{partition}}:iam::<account>:role/ and name some roles")),
        }
    });
    faults.each("oidc_groups", oidc_groups, |group| {
        let reaches = [GROUP_PREFIX, "system:masters"].into_iter().any(|reserved| covers(group, reserved));
        if reaches && group != "*" { Err(format!("{group} covers groups of Kubernetes itself")) } else { Ok(()) }
    });
    faults.each("trusted_oidc", trusted_oidc, |text| {
        let (provider, subject) = text.split_once(' ').unwrap_or((text, ""));
        oidc_subjects::check(provider, subject, Pinned::Owner).map_err(|beginning| {
            format!(
                "{text:?} is not <provider> <subject>, with a subject that says whose tokens they are: {beginning}..."
            )
        })
    });
    faults.each("oidc_audiences", oidc_audiences, |audience| {
        // IAM compares it letter by letter.
        let is_one = !audience.is_empty() && !audience.contains(['*', '?']);
        if is_one { Ok(()) } else { Err(format!("{audience:?} is not an audience: write it as tokens have it")) }
    });
    if let Err(reason) = placeholders(boundary) {
        faults.add("boundary", reason);
    }
    faults.each("policy_arns", policy_arns, placeholders);
    faults.each("egress_fqdns", egress_fqdns, placeholders);
    for (at, texts) in [
        ("principals", principals),
        ("resources", resources),
        ("tagged_resources", tagged_resources),
        ("target_role_arns", target_role_arns),
        ("oidc_groups", oidc_groups),
        ("trusted_oidc", trusted_oidc),
        ("service_accounts", service_accounts),
    ] {
        faults.each(at, texts, |text| placeholders(&fill_owner(text, "", "")));
    }
    faults
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

fn is_range(text: &str) -> Result<(), String> {
    text.parse::<Cidr>().map(|_| ()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
