//! What the golden path grants: a request may narrow its defaults and must stay below its maximums. Knows the effective
//! request, the resolved one and the catalogue's maximums.

mod network;
mod quota;

use super::{effective::Effective, resolve::Resolved};
use crate::{
    domain::{PodSecurity, Problems, TierClass, forms::minor_version, is_covered, name_list},
    golden::{
        catalogue::{ParameterOf, Terms, Tier, fill_cluster, fill_owner},
        checks::{check_reserved, judge_keys},
        parameters,
        quota::headroom,
    },
};
use network::judge_network;
use quota::{judge_memory, judge_own_limits, judge_quota};

pub fn judge(resolved: &Resolved, problems: &mut Problems) {
    let effective = &resolved.effective;
    judge_effective(effective, problems);
    headroom(&effective.own_quota, &effective.written_quotas(), effective.headroom_percent, problems);
    judge_pod_security_version(resolved, problems);
    judge_principals(resolved, problems);
    let Terms { path, .. } = &effective.terms;
    if let Some((what, list)) = path.applies_to.leaves_out(&resolved.parent.team, &resolved.roles.cluster) {
        problems.error(
            "catalogue.does_not_apply",
            &["golden_path"],
            format!("Golden path {} is not for this {what}: choose another golden path", path.name),
            format!("It applies to: {}. Choose another golden path, or ask its owner.", name_list(list)),
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
            format!("Tier {} needs an owner: set `owner`", spec.tier),
            "Somebody must be reachable in an incident. Set `owner = { contact = \"...\", cost_center = \"...\" }`.",
        );
    }
    for (key, namespace) in namespaces {
        let at = ["namespaces", key.as_str()];
        check_reserved(path, &namespace.name, problems);
        judge_pod_security(namespace.written.pod_security.as_ref(), tier, &at, problems);
        judge_keys(path, namespace.written.own_keys(), &at, problems);
        judge_memory(effective, namespace, &at, problems);
    }
    judge_pod_security(spec.pod_security.as_ref(), tier, &[], problems);
    judge_quota(effective, problems);
    judge_own_limits(effective, problems);
    if let Some(network) = &spec.network {
        judge_network(network, path, tier, is_prod, problems);
    }
    judge_admission(effective, problems);
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        for policy in persona.access_policies.iter().filter(|policy| !tier.grants.access_policies.contains(policy)) {
            problems.error(
                "access.access_policy_not_granted",
                &["access", name.as_str(), "access_policies"],
                format!(
                    "Golden path {} does not grant the access policy {policy}: ask the platform team to add it",
                    path.name
                ),
                format!(
                    "Granted in this tier: {}. Ask the platform team to add it to `grants.access_policies`.",
                    name_list(&tier.grants.access_policies)
                ),
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
                format!("Pod Security {version} is older than {recorded}, which this environment was made with: name a newer version"),
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

/// What guards would refuse whatever the request says.
fn judge_admission(effective: &Effective, problems: &mut Problems) {
    let Effective { spec, terms, granted_hosts: hosts, .. } = effective;
    let admission = &terms.tier.grants.admission;
    for host in spec.network.iter().flat_map(|network| &network.ingress_hosts) {
        if let Some(granted) = hosts.as_ref().filter(|granted| !is_covered(granted, host)) {
            problems.error(
                "network.host_not_granted",
                &["network", "ingress_hosts"],
                format!("The golden path does not grant the host {host}: ask the platform team to add it"),
                format!(
                    "Granted to this environment: {}. Ask the platform team to add it to `grants.admission`.",
                    name_list(granted)
                ),
            );
        }
    }
    for class in spec.quota.iter().flat_map(|quota| quota.by_priority.keys()) {
        if let Some(granted) = admission.priority_classes.as_ref().filter(|granted| !granted.contains(class)) {
            problems.error(
                "quota.priority_class_not_granted",
                &["quota", "by_priority", class],
                format!("The golden path does not grant the PriorityClass {class}: ask the platform team to add it"),
                format!(
                    "Granted in this tier: {}. Ask the platform team to add it to `grants.admission`.",
                    name_list(granted)
                ),
            );
        }
    }
}

/// Principals within the tier's grants, whose account is known only with the cluster.
fn judge_principals(resolved: &Resolved, problems: &mut Problems) {
    let Effective { spec, terms, .. } = &resolved.effective;
    let own = |pattern: &String| fill_owner(pattern, spec.team.as_str(), spec.name.as_str());
    let grants = &terms.tier.grants;
    let granted: Vec<String> =
        grants.principals.iter().map(|pattern| fill_cluster(&own(pattern), &resolved.roles.cluster)).collect();
    let groups: Vec<String> = grants.oidc_groups.iter().map(own).collect();
    let tokens_granted: Vec<String> = grants.trusted_oidc.iter().map(own).collect();
    let accounts: Vec<String> = grants.service_accounts.iter().map(own).collect();
    let is_own = |account: &str| {
        let namespace = account.split_once('/').map_or("", |(namespace, _)| namespace);
        resolved.parent.namespace_names().any(|name| name == namespace)
    };
    let personas = spec.access.iter().flat_map(|access| access.personas());
    for ((name, persona), found) in personas.zip(&resolved.personas) {
        let named = persona.principal_arns.iter().map(|arn| ("principal_arns", arn.as_str()));
        let trusted = persona.trusted_principal_arns.known_items().map(|arn| ("trusted_principal_arns", arn));
        // The role behind a permission set, wherever its name came from.
        let sets = found.set_roles.iter().map(|arn| ("permission_sets", arn.as_str()));
        for (field, arn) in named.chain(trusted).chain(sets) {
            if !is_covered(&granted, arn) {
                problems.error(
                    "access.principal_not_granted",
                    &["access", name.as_str(), field],
                    format!("The golden path does not grant access to {arn}: ask the platform team to add it"),
                    format!(
                        "Granted in this tier: {}. Ask the platform team to add it to `grants.principals`.",
                        name_list(&granted)
                    ),
                );
            }
        }
        let tokens = persona
            .trusted_oidc
            .iter()
            .flat_map(|trusted| trusted.subjects.iter().map(|subject| format!("{} {subject}", trusted.provider)));
        for token in tokens.filter(|token| !is_covered(&tokens_granted, token)) {
            problems.error(
                "access.oidc_not_granted",
                &["access", name.as_str(), "trusted_oidc"],
                format!("The golden path does not grant access to tokens of {token}: ask the platform team to add it"),
                format!(
                    "Granted in this tier: {}. Ask the platform team to add it to `grants.trusted_oidc`.",
                    name_list(&tokens_granted)
                ),
            );
        }
        let audiences = persona.trusted_oidc.iter().map(|trusted| (trusted.audience(), &trusted.provider));
        for (audience, provider) in
            audiences.filter(|(audience, _)| !grants.oidc_audiences.iter().any(|one| one == audience))
        {
            problems.error(
                "access.oidc_audience_not_granted",
                &["access", name.as_str(), "trusted_oidc"],
                format!(
                    "The golden path does not grant access to tokens of {provider} for the audience {audience}: ask the platform team \
                     to add it"
                ),
                format!(
                    "Granted in this tier: {}. Ask the platform team to add it to `grants.oidc_audiences`.",
                    name_list(&grants.oidc_audiences)
                ),
            );
        }
        for group in persona.oidc_groups.known_items().filter(|group| !is_covered(&groups, group)) {
            problems.error(
                "access.oidc_group_not_granted",
                &["access", name.as_str(), "oidc_groups"],
                format!("The golden path does not grant access to the group {group}: ask the platform team to add it"),
                format!(
                    "Granted in this tier: {}. Ask the platform team to add it to `grants.oidc_groups`.",
                    name_list(&groups)
                ),
            );
        }
        for account in persona.service_accounts.known_items() {
            if !is_own(account) && !is_covered(&accounts, account) {
                problems.error(
                    "access.service_account_not_granted",
                    &["access", name.as_str(), "service_accounts"],
                    format!(
                        "The golden path does not grant access to the service account {account}: ask the platform team to add it"
                    ),
                    format!(
                        "Granted in this tier: those of the environment itself, and {}. Ask the platform team to add it to \
                         `grants.service_accounts`.",
                        name_list(&accounts)
                    ),
                );
            }
        }
    }
}
