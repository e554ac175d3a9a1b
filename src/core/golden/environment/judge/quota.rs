//! The quota within the maximums of its tier, and limits of containers that fit into it.

use crate::{
    domain::{Limits, LimitsContainer, Problems, Quantity},
    golden::{
        catalogue::{SlotsPercent, Terms},
        environment::effective::{Effective, EffectiveNamespace},
        quota::{self, check_part},
    },
};

pub fn judge_quota(effective: &Effective, problems: &mut Problems) {
    let Effective { spec, terms, quota: total, own_quota, .. } = effective;
    let SlotsPercent { min, max, default: _ } = terms.tier.quota.slots_percent;
    let asked = spec.quota.as_ref().and_then(|quota| quota.slots_percent);
    if let Some(asked) = asked.filter(|asked| !(min..=max).contains(asked)) {
        problems.error(
            "environment.slots_percent_range",
            &["quota", "slots_percent"],
            format!("`slots_percent` of {asked} is outside of the range of tier {}: set {min} to {max}", spec.tier),
            format!("Set {min} to {max}, or ask the platform team for a tier or a path with another range."),
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
        if let Some(most) = terms.tier.quota.maximum(resource).filter(|most| asked > most) {
            problems.error(
                "environment.quota_above_maximum",
                &["quota", "total", resource],
                format!("{resource} of {} is above the maximum of tier {}, {most}", asked.original(), spec.tier),
                "Lower it, or ask the platform team for a tier or a path with more.",
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
            format!("limits.memory of {limit} is less than the tier's requests.memory of {request}: set requests.memory as well"),
            "Set requests.memory as well, or leave limits.memory out to have it move with the request.",
        );
    }
    for (class, resources) in spec.quota.iter().flat_map(|quota| &quota.by_priority) {
        for (resource, asked) in resources {
            if !written(resource) && total.get(resource).is_some_and(|total| asked > total) {
                problems.error(
                    "environment.priority_exceeds_total",
                    &["quota", "by_priority", class, resource],
                    format!("{resource} of {} is more than the tier's total", asked.original()),
                    "Lower it, or raise `quota.total`.",
                );
            }
        }
    }
    quota::shares(total, &effective.written_quotas(), problems);
}

/// Of the environment as a whole, and so of the namespaces of its isolated slots.
pub fn judge_own_limits(effective: &Effective, problems: &mut Problems) {
    let Effective { spec, terms: Terms { path, .. }, limits, .. } = effective;
    judge_order(limits, spec.limits.as_ref(), &[], problems);
    if effective.quota.contains_key("limits.memory") && limits.default_memory.is_none() {
        no_default_limit(&["quota", "total", "limits.memory"], problems);
    }
    if let Some(default) = trap(limits) {
        let of_path = (!writes_default(spec.limits.as_ref())).then_some(path.name.as_str());
        default_limit(default, &[], of_path, problems);
    }
}

/// A container that sets nothing must fit into the quota that its namespace was given, and one that asks for much must not meet a
/// default below it.
pub fn judge_memory(effective: &Effective, namespace: &EffectiveNamespace, at: &[&str], problems: &mut Problems) {
    let EffectiveNamespace { written, limits, .. } = namespace;
    judge_order(limits, written.limits.as_ref(), at, problems);
    let quota = written.quota.as_ref().and_then(|quota| quota.get("limits.memory"));
    let field = [at, &["quota", "limits.memory"]].concat();
    match (quota.filter(|quota| !quota.is_zero()), &limits.default_memory) {
        (Some(_), None) => no_default_limit(&field, problems),
        (Some(quota), Some(default)) if default > quota => problems.error(
            "environment.default_exceeds_quota",
            &field,
            format!(
                "The default memory limit of a container is {default}, more than the quota of {quota}: raise the quota"
            ),
            "Raise the quota, or lower `limits.container.default_memory`.",
        ),
        _ => {}
    }
    // What it has of the environment is said there.
    let is_own = writes_default(written.limits.as_ref()) || trap(&effective.limits).is_none();
    if let Some(default) = trap(limits).filter(|_| is_own) {
        default_limit(default, at, None, problems);
    }
}

/// Each layer may be in order by itself, and not together with those below it. What is written in one place is compared there.
fn judge_order(limits: &LimitsContainer, written: Option<&Limits>, at: &[&str], problems: &mut Problems) {
    let writes = |field: &str| written.and_then(|limits| limits.container.as_ref()?.memory(field)).is_some();
    let at_fault = |lower: &'static str, upper: &'static str| {
        let field = match (writes(lower), writes(upper)) {
            (true, false) => lower,
            (false, true) => upper,
            _ => return None,
        };
        Some([at, &["limits", "container", field]].concat())
    };
    limits.check_order(at_fault, problems);
}

/// A default that refuses what would be admitted without it. One at the maximum refuses nothing that the maximum does not.
fn trap(limits: &LimitsContainer) -> Option<&Quantity> {
    let LimitsContainer { default_memory, max_memory, .. } = limits;
    default_memory.as_ref().filter(|default| max_memory.as_ref().is_none_or(|most| *default < most))
}

fn writes_default(limits: Option<&Limits>) -> bool {
    limits.and_then(|limits| limits.container.as_ref()?.default_memory.as_ref()).is_some()
}

fn no_default_limit(field: &[&str], problems: &mut Problems) {
    problems.error(
        "environment.no_default_limit",
        field,
        "A quota of `limits.memory` refuses every pod that sets no limit: set `limits.container.default_memory` as well",
        "There is no default limit. Set `limits.container.default_memory` as well, or leave `limits.memory` out.",
    );
}

/// `of_path`: the golden path that it is of; `None`: it was written, or lies below a maximum that was.
fn default_limit(default: &Quantity, at: &[&str], of_path: Option<&str>, problems: &mut Problems) {
    let next = match of_path {
        None => {
            "Kubernetes fills in this limit before it compares. Leave it out, or make sure that workloads set limits."
                .to_owned()
        }
        Some(path) => format!(
            "It is the default limit of golden path {path}, which Kubernetes fills in before it compares. Make sure that workloads set \
             limits, or set a higher `limits.container.default_memory`."
        ),
    };
    problems.warning(
        "environment.default_limit",
        &[at, &["limits", "container", "default_memory"]].concat(),
        format!("A container that asks for more than {} of memory and sets no limit is refused", default.original()),
        next,
    );
}
