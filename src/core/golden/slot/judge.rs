//! A slot within its environment and the grants of its tier. Knows the effective request, the fields of
//! a share, what `check` says of long names, and the catalogue's maximums.

mod doors;
mod reach;

use super::{check::TOO_LONG, effective::Effective, share::field_of};
use crate::{
    domain::{Effect, IdentityMode, IdentityScope, Late, Problems, Statement, TierClass, is_covered, name_list},
    golden::{
        catalogue::{Grants, ParameterOf, fill_cluster, fill_owner},
        checks::{check_granted_fqdns, check_namespace_length, check_reserved, judge_keys},
        parameters,
        quota::QuotaPart,
    },
};

pub fn judge(effective: &Effective, problems: &mut Problems) {
    let Effective { spec, terms, parent, .. } = effective;
    if effective.is_isolated() {
        let name = effective.isolated_namespace();
        if spec.isolation.is_none() {
            check_namespace_length("slot.namespace_length", &name, &["name"], TOO_LONG, problems);
        }
        check_reserved(&terms.path, &name, problems);
        if spec.namespace.is_some() {
            problems.warning(
                "slot.namespace_unused",
                &["namespace"],
                "`namespace` has no effect on an isolated slot, which has a namespace of its own",
                "Leave it out, or set `isolation = \"shared\"`.",
            );
        }
    }
    parameters::judge(&terms.path, ParameterOf::Slot, spec.parameters.as_ref(), problems);
    judge_keys(&terms.path, spec.own_keys(), &[], problems);
    judge_quota(effective, problems);
    if effective.min_replicas > effective.share.max_replicas {
        problems.error(
            "slot.replicas_order",
            &["availability", "min_replicas"],
            format!(
                "`min_replicas` of {} is more than the {} replicas that the slot may have",
                effective.min_replicas, effective.share.max_replicas
            ),
            "Lower `min_replicas`, or raise `share.max_replicas`.",
        );
    }
    let deny = parent.network.default_deny;
    let egress = spec.egress.as_ref().is_some_and(|egress| !egress.to_slots.is_empty() || !egress.fqdns.is_empty());
    for (field, is_asked, is_closed) in
        [("ingress", spec.ingress.is_some(), deny.has_ingress()), ("egress", egress, deny.has_egress())]
    {
        if is_asked && !is_closed {
            problems.warning(
                "slot.network_open",
                &[field],
                format!("`{field}` has no effect, because the environment does not restrict {field}"),
                "Set `network.default_deny = \"both\"` on the environment, or leave it out.",
            );
        }
    }
    doors::judge(effective, problems);
    judge_statements(effective, problems);
    reach::judge(effective, problems);
    judge_policies(effective, problems);
    judge_roles(effective, problems);
    let fqdns = spec.egress.as_ref().map(|egress| egress.fqdns.as_slice()).unwrap_or_default();
    check_granted_fqdns(fqdns, &terms.tier.grants, &["egress", "fqdns"], problems);
    if effective.identity.mode == IdentityMode::Irsa && effective.oidc_issuer.is_none() {
        problems.error(
            "slot.no_oidc_issuer",
            &["identity", "mode"],
            "IRSA needs an OIDC issuer, and the cluster has none: use `pod_identity`",
            "Set `identity.mode = \"pod_identity\"`.",
        );
    }
    parent.network.engine.check_names(fqdns, &["egress", "fqdns"], problems);
    judge_share(effective, problems);
}

/// What only a namespace of its own has.
fn judge_quota(effective: &Effective, problems: &mut Problems) {
    let Effective { spec, terms, .. } = effective;
    for field in spec.fields_of_namespace().filter(|_| !effective.is_isolated()) {
        problems.error(
            "slot.not_isolated",
            &[field],
            format!(
                "`{field}` has no effect on a slot that shares the environment's namespace: set it on the environment"
            ),
            "Set it in `namespaces` of the environment, or `isolation = \"namespace\"` here.",
        );
    }
    for (resource, amount) in spec.quota.iter() {
        if let Some(most) = terms.tier.slot.max.get(resource).filter(|most| amount > most) {
            problems.error(
                "slot.quota_above_maximum",
                &["quota", resource],
                format!(
                    "{resource} of {} is above the maximum of a slot in this tier, {}",
                    amount.original(),
                    most.original()
                ),
                "Lower it, or ask the platform team for a path with more.",
            );
        }
    }
}

/// Held against what there is for all slots together.
fn judge_share(effective: &Effective, problems: &mut Problems) {
    let Effective { parent, share, .. } = effective;
    if share.is_isolated() && parent.slots_percent == 0 {
        problems.error(
            "slot.no_part_for_isolated",
            &["isolation"],
            format!("Environment {} has no part of its quota for isolated slots: set `quota.slots_percent` there", parent.id),
            "Set `quota = { slots_percent = 50 }` on the environment, for example, or `isolation = \"shared\"` on the slot.",
        );
        return;
    }
    let parts = parent.parts();
    for (key, amount) in share.demand() {
        let (part, resource) = &key;
        let Some(total) = parts.get(&key) else { continue };
        let of_namespace =
            effective.shared_namespace().and_then(|shared| Some((&shared.name, shared.quota.get(resource)?)));
        let usable = total.percent(100 - parent.headroom_percent.min(100));
        if amount > *total {
            let next = match part {
                QuotaPart::Own => "Lower the share, or raise `quota.total` of the environment.",
                QuotaPart::Slots | QuotaPart::Surge => {
                    "Lower the share, raise `quota.total` or `quota.slots_percent` of the environment, or set `isolation = \"shared\"`."
                }
            };
            problems.error(
                "slot.share_exceeds_total",
                field_of(resource),
                format!("{resource} of {} is more than {}, {total}", amount.original(), part.words()),
                next,
            );
        } else if let Some((namespace, quota)) = of_namespace.filter(|(_, quota)| amount > **quota) {
            problems.error(
                "slot.share_exceeds_namespace",
                field_of(resource),
                format!("{resource} of {} is more than namespace {namespace} has, {quota}", amount.original()),
                "Lower the share, raise the namespace's `quota` in `namespaces` of the environment, or name another one in `namespace`.",
            );
        } else if *part == QuotaPart::Own && resource != "pods" && usable.is_some_and(|usable| amount > usable) {
            problems.warning(
                "slot.headroom_uncovered",
                field_of(resource),
                format!("{resource} of {} leaves less than {} % of {total} free", amount.original(), parent.headroom_percent),
                "A rolling update of this slot may find no room for its surge. Lower the share, or raise `quota.total` of the environment.",
            );
        }
    }
}

/// A Deny only narrows, so no grant is held against it.
fn judge_statements(effective: &Effective, problems: &mut Problems) {
    let grants = &effective.terms.tier.grants;
    let lower = |texts: &[String]| -> Vec<String> { texts.iter().map(|text| text.to_ascii_lowercase()).collect() };
    let (actions, anywhere) = (lower(&grants.actions), lower(&grants.any_resource_actions));
    let (resources, tagged) =
        (fill_patterns(&grants.resources, effective), fill_patterns(&grants.tagged_resources, effective));
    let allows = effective.identity.written_statements().filter(|(_, statement)| *statement.effect == Effect::Allow);
    for (place, statement) in allows {
        let asked: Vec<String> = statement.actions.known_items().map(str::to_ascii_lowercase).collect();
        for action in asked.iter().filter(|action| !is_covered(&actions, action)) {
            problems.error(
                "identity.action_not_granted",
                &place.field("actions"),
                format!("The golden path does not grant {action}: ask the platform team to add it"),
                "Workloads get the actions of the path's grants. Ask the platform team to add it.",
            );
        }
        for resource in statement.resources.known_items() {
            let is_whole = resource == "*" && asked.iter().all(|action| is_covered(&anywhere, action));
            if is_whole || is_covered(&resources, resource) {
                continue;
            }
            if is_covered(&tagged, resource) {
                if !is_tagged(statement, grants, &effective.parent.team) {
                    let (tag, team) = (&grants.team_tag, &effective.parent.team);
                    problems.error(
                        "identity.resource_needs_tag",
                        &place.field("conditions"),
                        format!("{resource} is granted by the team's tag only: add a condition on aws:ResourceTag/{tag}"),
                        format!(
                            "Its name does not say whose it is. Tag it with {tag} = {team}, and add to this statement: conditions = {{ \
                             StringEquals = {{ \"aws:ResourceTag/{tag}\" = [\"{team}\"] }} }}."
                        ),
                    );
                }
            } else {
                problems.error(
                    "identity.resource_not_granted",
                    &place.field("resources"),
                    format!("The golden path does not grant the resource {resource}: ask the platform team to add it"),
                    format!(
                        "Resources carry the team's name, and * is for actions that support no resource. Granted: {}. Name one of \
                         these, or ask the platform team to add it.",
                        of_service(&resources, resource)
                    ),
                );
            }
        }
    }
}

/// Nothing but the team's own tag satisfies the statement.
fn is_tagged(statement: &Statement, grants: &Grants, team: &str) -> bool {
    let key = format!("aws:ResourceTag/{}", grants.team_tag);
    statement.conditions.get("StringEquals").and_then(|keys| keys.get(&key)).is_some_and(|values| *values == [team])
}

/// Those of the same service, which are what a reader looks for; all where there is none.
fn of_service(granted: &[String], resource: &str) -> String {
    let service = |arn: &str| arn.split(':').nth(2).unwrap_or_default().to_owned();
    let same: Vec<&str> = granted.iter().filter(|one| service(one) == service(resource)).map(String::as_str).collect();
    let all: Vec<&str> = granted.iter().map(String::as_str).collect();
    if same.is_empty() { all } else { same }.join(", ")
}

/// What a workload's role may become, and who may become it.
fn judge_roles(effective: &Effective, problems: &mut Problems) {
    let grants = &effective.terms.tier.grants;
    let patterns = fill_patterns(&grants.target_role_arns, effective);
    let target = effective.identity.target_role_arn.as_ref().and_then(Late::now);
    if let Some(target) = target.filter(|target| !is_covered(&patterns, target)) {
        let known = name_list(&patterns);
        problems.error(
            "identity.target_not_granted",
            &["identity", "target_role_arn"],
            format!("The golden path does not grant the target role {target}: ask the platform team to add it"),
            format!(
                "What is done with it lies outside of the permissions boundary. Granted in this tier: {known}. Ask the platform team to \
                 add it to `grants.target_role_arns`."
            ),
        );
    }
    let tier = &effective.terms.tier;
    if tier.class == TierClass::Prod
        && !effective.is_isolated()
        && !tier.slot.shared_role_only
        && effective.identity.scope == IdentityScope::RoleOnly
    {
        problems.error(
            "identity.shared_role_only",
            &["identity", "scope"],
            "A slot that shares its namespace in production needs an identity of its own: set `isolation = \"namespace\"`",
            "With `role_only`, any pod of the namespace can take the role. Set `isolation = \"namespace\"`, or leave `scope` out.",
        );
    }
}

fn judge_policies(effective: &Effective, problems: &mut Problems) {
    let patterns = fill_patterns(&effective.terms.tier.grants.policy_arns, effective);
    for arn in effective.identity.policy_arns.known_items().filter(|arn| !is_covered(&patterns, arn)) {
        let known = name_list(&patterns);
        problems.error(
            "identity.policy_not_granted",
            &["identity", "policy_arns"],
            format!("The golden path does not grant the managed policy {arn}: ask the platform team to add it"),
            format!("Granted in this tier: {known}. Write what the workload needs in `statements`, or ask the platform team to add the policy to `grants.policy_arns`."),
        );
    }
}

fn fill_patterns(patterns: &[String], effective: &Effective) -> Vec<String> {
    let own = |pattern: &String| fill_owner(pattern, &effective.parent.team, effective.environment());
    patterns.iter().map(|pattern| fill_cluster(&own(pattern), &effective.cluster)).collect()
}
