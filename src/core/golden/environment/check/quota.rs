//! Quotas by themselves: names, signs, and sums of what is written.

use crate::{
    domain::{BASE_QUOTA, EnvironmentSpec, Problems, Quantities, Quantity},
    golden::{
        environment::names::{namespaces, priority_quota_name},
        forms,
        namespace_checks::check_quantities,
        quota::{OF_PODS, check_part, part, resource_is_known},
    },
};
use std::collections::BTreeMap;

pub fn check(spec: &EnvironmentSpec, problems: &mut Problems) {
    let namespaces = namespaces(spec);
    for (key, namespace) in &namespaces {
        if let Some(quota) = &namespace.quota {
            check_quantities(quota, &["namespaces", key.as_str(), "quota"], problems);
        }
    }
    let Some(quota) = &spec.quota else { return };
    check_quantities(&quota.total, &["quota", "total"], problems);
    if quota.headroom_percent.is_some_and(|percent| percent >= 100) {
        problems.error(
            "environment.headroom",
            &["quota", "headroom_percent"],
            "`headroom_percent` must be below 100",
            "It is the part of the total that slots' shares leave free for rolling updates. Use 25 to cover a Deployment's default surge.",
        );
    }
    if let (Some(request), Some(limit)) = (quota.total.get("requests.memory"), quota.total.get("limits.memory"))
        && request > limit
    {
        problems.error(
            "environment.quota_request_above_limit",
            &["quota", "total", "limits.memory"],
            format!("limits.memory of {} is less than requests.memory of {}", limit.original(), request.original()),
            "The requests could never be used up. Raise the limit, or leave it out to have it move with the request.",
        );
    }
    check_priorities(&quota.by_priority, &quota.total, problems);
    for (class, resources) in &quota.by_priority {
        for (resource, whole) in resources {
            let (parts, at) = (namespaces.len(), ["quota", "by_priority", class.as_str(), resource.as_str()]);
            check_part(resource, whole, &part(resource, whole, parts), parts, &at, problems);
        }
    }
}

fn check_priorities(
    by_priority: &BTreeMap<String, Quantities>,
    total: &BTreeMap<String, Quantity>,
    problems: &mut Problems,
) {
    let mut names: BTreeMap<String, &str> =
        [(BASE_QUOTA.to_owned(), ""), ("gp-no-system-priority".to_owned(), "")].into();
    for (class, resources) in by_priority {
        let at = ["quota", "by_priority", class.as_str()];
        if !forms::is_dns_subdomain(class) || class.starts_with("system-") {
            problems.error(
                "environment.priority_class",
                &at,
                format!("{class:?} is not a PriorityClass for an environment"),
                "Those of the system evict the cluster's own add-ons. Name one of the platform's.",
            );
        }
        if names.insert(priority_quota_name(class), class).is_some() {
            problems.error(
                "environment.priority_class_twice",
                &at,
                format!("The quota of {class:?} would have the name {}, which is taken", priority_quota_name(class)),
                "Rename one of the PriorityClasses.",
            );
        }
        check_quantities(resources, &at, problems);
        for (resource, quantity) in resources {
            let at = [at[0], at[1], at[2], resource.as_str()];
            if resource_is_known(resource).is_ok() && !OF_PODS.contains(&resource.as_str()) {
                problems.error(
                    "environment.priority_resource",
                    &at,
                    format!("{resource} is not a resource of pods"),
                    format!("Use one of {}.", OF_PODS.join(", ")),
                );
            }
            if total.get(resource).is_some_and(|total| total < quantity) {
                problems.error(
                    "environment.priority_exceeds_total",
                    &at,
                    format!("{resource} of {} is more than the total", quantity.original()),
                    "Lower it, or raise `quota.total`.",
                );
            }
        }
    }
}
