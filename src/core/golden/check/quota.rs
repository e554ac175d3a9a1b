//! Quotas by themselves: names, signs, and sums of what is written.

use super::{Faults, forms};
use crate::{
    domain::{EnvironmentSpec, Quantities, Quantity},
    golden::{
        quota::{OF_PODS, is_count, resource_is_known},
        render::{namespaces, priority_quota_name},
    },
};
use std::collections::BTreeMap;

pub(super) fn check(spec: &EnvironmentSpec, faults: &mut Faults) {
    for (key, namespace) in &namespaces(spec) {
        if let Some(quota) = &namespace.quota {
            check_quantities(quota, &["namespaces", key.as_str(), "quota"], faults);
        }
    }
    let Some(quota) = &spec.quota else { return };
    check_quantities(&quota.total, &["quota", "total"], faults);
    if quota.headroom_percent.is_some_and(|percent| percent >= 100) {
        faults.error(
            "environment.headroom",
            &["quota", "headroom_percent"],
            "headroom_percent must be below 100",
            "It is the part of the total that slots' shares leave free for rolling updates; 25 covers a Deployment's default surge.",
        );
    }
    if let (Some(request), Some(limit)) = (quota.total.get("requests.memory"), quota.total.get("limits.memory"))
        && request > limit
    {
        faults.error(
            "environment.quota_request_above_limit",
            &["quota", "total", "limits.memory"],
            format!("limits.memory of {} is less than requests.memory of {}", limit.written(), request.written()),
            "The requests could never be used up: raise the limit, or leave it out and it moves with the request.",
        );
    }
    check_priorities(&quota.by_priority, &quota.total, faults);
}

fn check_quantities(quantities: &Quantities, at: &[&str], faults: &mut Faults) {
    for (resource, quantity) in quantities {
        let at = [at, &[resource.as_str()]].concat();
        if let Err(reason) = resource_is_known(resource) {
            faults.error("environment.quota_resource", &at, format!("{resource} can't be in a quota"), reason);
        } else if quantity.is_negative() {
            faults.error(
                "environment.quota_negative",
                &at,
                format!("{resource} of {} is negative", quantity.written()),
                "A quota is 0 or more.",
            );
        } else if is_count(resource) && !quantity.is_whole() {
            faults.error(
                "environment.quota_fraction",
                &at,
                format!("{resource} of {} is not a whole number", quantity.written()),
                "It counts objects.",
            );
        }
    }
}

fn check_priorities(
    by_priority: &BTreeMap<String, Quantities>,
    total: &BTreeMap<String, Quantity>,
    faults: &mut Faults,
) {
    let mut names: BTreeMap<String, &str> =
        [("gp-base".to_owned(), ""), ("gp-no-system-priority".to_owned(), "")].into();
    for (class, resources) in by_priority {
        let at = ["quota", "by_priority", class.as_str()];
        if !forms::is_dns_subdomain(class) || class.starts_with("system-") {
            faults.error(
                "environment.priority_class",
                &at,
                format!("{class:?} is not a PriorityClass for an environment"),
                "Name one of the platform's; those of the system evict the cluster's own add-ons.",
            );
        }
        if names.insert(priority_quota_name(class), class).is_some() {
            faults.error(
                "environment.priority_class_twice",
                &at,
                format!("the quota of {class:?} would be called {}, as another one is", priority_quota_name(class)),
                "Rename one of the PriorityClasses.",
            );
        }
        check_quantities(resources, &at, faults);
        for (resource, quantity) in resources {
            let at = [at[0], at[1], at[2], resource.as_str()];
            if resource_is_known(resource).is_ok() && !OF_PODS.contains(&resource.as_str()) {
                faults.error(
                    "environment.priority_resource",
                    &at,
                    format!("{resource} is no resource of pods"),
                    format!("A quota by PriorityClass may hold {}.", OF_PODS.join(", ")),
                );
            }
            if total.get(resource).is_some_and(|total| total < quantity) {
                faults.error(
                    "environment.priority_exceeds_total",
                    &at,
                    format!("{resource} of {} is more than the total", quantity.written()),
                    "Lower it, or raise quota.total.",
                );
            }
        }
    }
}
