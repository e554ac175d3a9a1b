//! Rules about what a request says of a namespace: an environment's own, and an isolated slot's.

use super::{
    catalogue::GoldenPath,
    checks::check_bytes,
    forms,
    quota::{is_bytes, is_count, resource_is_known},
};
use crate::domain::{LABEL_PREFIX, POD_SECURITY_PREFIX, Problems, Quantities};
use std::collections::BTreeMap;

type Texts = BTreeMap<String, String>;

/// The fields that hold keys of the team's own.
pub const KEYS: [&str; 2] = ["labels", "annotations"];

pub fn check_keys(maps: [&Texts; 2], at: &[&str], problems: &mut Problems) {
    for (field, key, value) in
        KEYS.into_iter().zip(maps).flat_map(|(field, map)| map.iter().map(move |(k, v)| (field, k, v)))
    {
        let at = [at, &[field, key.as_str()]].concat();
        let ours = key.starts_with(LABEL_PREFIX)
            || matches!(key.as_str(), "app.kubernetes.io/managed-by" | "app.kubernetes.io/part-of");
        let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix);
        let kubernetes =
            ["kubernetes.io", "k8s.io"].iter().any(|own| prefix == *own || prefix.ends_with(&format!(".{own}")));
        if ours || key.starts_with(POD_SECURITY_PREFIX) || kubernetes {
            problems.error(
                "environment.reserved_key",
                &at,
                format!("{key} is set by the golden path or by Kubernetes, not by an environment"),
                "Choose a key under a domain of your own. Set Pod Security by `pod_security`.",
            );
        } else if !forms::is_qualified_name(key) {
            problems.error(
                "environment.key_form",
                &at,
                format!("{key:?} is not a valid key of a label or annotation"),
                "Write [<domain>/]<name>, with a name of at most 63 characters.",
            );
        } else if field == "labels" && !forms::is_label_value(value) {
            problems.error(
                "environment.label_value",
                &at,
                format!("{value:?} is not a valid value of a label"),
                "Use at most 63 letters, digits, '-', '_' and '.', or use an annotation.",
            );
        }
    }
}

/// Within the golden path's list.
pub fn judge_keys(path: &GoldenPath, maps: [&Texts; 2], at: &[&str], problems: &mut Problems) {
    for (field, keys) in KEYS.into_iter().zip(maps) {
        for (key, value) in keys {
            if let Some(why) = path.metadata.refuses(key, value) {
                problems.error(
                    "environment.key_not_granted",
                    &[at, &[field, key]].concat(),
                    format!("{key} may not be set on a namespace: {why}"),
                    "Use a key without a domain, or ask the platform team to list the domain or the key in the golden path's `metadata`.",
                );
            }
        }
    }
}

pub fn check_quantities(quantities: &Quantities, at: &[&str], problems: &mut Problems) {
    for (resource, quantity) in quantities {
        let at = [at, &[resource.as_str()]].concat();
        if let Err(reason) = resource_is_known(resource) {
            problems.error(
                "environment.quota_resource",
                &at,
                format!("{resource} cannot be in a quota"),
                format!("{reason}."),
            );
        } else if quantity.is_negative() {
            problems.error(
                "environment.quota_negative",
                &at,
                format!("{resource} of {} is negative", quantity.original()),
                "Write 0 or more.",
            );
        } else if is_count(resource) && !quantity.is_whole() {
            problems.error(
                "environment.quota_fraction",
                &at,
                format!("{resource} of {} is not a whole number", quantity.original()),
                "It counts objects. Write a whole number.",
            );
        } else if is_bytes(resource) {
            check_bytes(resource, quantity, &at, problems);
        }
    }
}
