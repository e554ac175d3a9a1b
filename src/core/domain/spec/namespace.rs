//! What a request says of a namespace: an environment's own, and an isolated slot's.

use super::{
    Quantities,
    quantities::{check_bytes, check_quantities},
};
use crate::domain::{Given, LABEL_PREFIX, POD_SECURITY_PREFIX, Problems, Quantity, choices::choices, forms};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Labels or annotations.
pub type Texts = BTreeMap<String, String>;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Namespace {
    /// This namespace's share of the total. Namespaces without one share what is left equally.
    pub quota: Option<Quantities>,
    pub limits: Option<Limits>,
    pub labels: Given<Texts>,
    pub annotations: Given<Texts>,
    pub pod_security: Option<PodSecurity>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub container: Option<LimitsContainer>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsContainer {
    pub default_memory: Option<Quantity>,
    pub default_request_cpu: Option<Quantity>,
    pub default_request_memory: Option<Quantity>,
    pub max_memory: Option<Quantity>,
}

choices! {
    /// From the weakest on.
    #[derive(PartialOrd, Ord)]
    pub enum PodSecurityLevel {
        Privileged = "privileged",
        Baseline = "baseline",
        Restricted = "restricted",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PodSecurity {
    pub enforce: Option<PodSecurityLevel>,
    /// `1.36`
    pub version: Option<String>,
}

// === impl Namespace ===

impl Namespace {
    /// The team's own keys, by the field that they are written in.
    pub fn own_keys(&self) -> [(&'static str, &Texts); 2] {
        [("labels", &self.labels), ("annotations", &self.annotations)]
    }

    /// What can be wrong with it by itself, and beside what holds for the whole environment.
    pub fn check(&self, of_environment: Option<&PodSecurity>, at: &[&str], problems: &mut Problems) {
        check_keys(self.own_keys(), at, problems);
        if let Some(limits) = &self.limits {
            limits.check(at, problems);
        }
        if let Some(pod_security) = &self.pod_security {
            pod_security.check(at, problems);
            pod_security.check_within(of_environment, at, problems);
        }
        if let Some(quota) = &self.quota {
            check_quantities(quota, &[at, &["quota"]].concat(), problems);
        }
    }
}

// === impl Limits ===

impl Limits {
    /// What can be wrong with them by themselves.
    pub fn check(&self, at: &[&str], problems: &mut Problems) {
        let Some(container) = &self.container else { return };
        let at = |field| [at, &["limits", "container", field]].concat();
        for (field, value) in [
            ("default_memory", &container.default_memory),
            ("default_request_cpu", &container.default_request_cpu),
            ("default_request_memory", &container.default_request_memory),
            ("max_memory", &container.max_memory),
        ] {
            if value.as_ref().is_some_and(|value| value.is_negative() || value.is_zero()) {
                problems.error(
                    "environment.limit_not_positive",
                    &at(field),
                    format!("`limits.container.{field}` must be more than 0"),
                    "Raise it, or leave it out for the tier's default.",
                );
            } else if let Some(value) = value.as_ref().filter(|_| field.ends_with("memory")) {
                check_bytes(field, value, &at(field), problems);
            }
        }
        container.check_order(|lower, _| Some(at(lower)), problems);
    }
}

// === impl LimitsContainer ===

impl LimitsContainer {
    /// By its field.
    pub fn memory(&self, field: &str) -> Option<&Quantity> {
        match field {
            "default_memory" => self.default_memory.as_ref(),
            "default_request_memory" => self.default_request_memory.as_ref(),
            "max_memory" => self.max_memory.as_ref(),
            _ => None,
        }
    }

    /// `at`: where it is said of two of them that the first is above the second. `None`: elsewhere.
    pub fn check_order<'a>(
        &self,
        at: impl Fn(&'static str, &'static str) -> Option<Vec<&'a str>>,
        problems: &mut Problems,
    ) {
        for (lower, upper) in [
            ("default_request_memory", "default_memory"),
            ("default_memory", "max_memory"),
            ("default_request_memory", "max_memory"),
        ] {
            if let (Some(low), Some(high)) = (self.memory(lower), self.memory(upper))
                && low > high
                && let Some(field) = at(lower, upper)
            {
                problems.error(
                    "environment.limits_order",
                    &field,
                    format!("{lower} of {} is more than {upper} of {}", low.original(), high.original()),
                    "Kubernetes refuses such a LimitRange. Lower the first or raise the second.",
                );
            }
        }
    }
}

// === impl PodSecurity ===

impl PodSecurity {
    /// What can be wrong with it by itself.
    pub fn check(&self, at: &[&str], problems: &mut Problems) {
        if let Some(version) = self.version.as_deref()
            && !forms::is_minor_version(version)
        {
            problems.error(
                "environment.pod_security_version",
                &[at, &["pod_security", "version"]].concat(),
                format!("{version:?} is not a version of Pod Security"),
                "`latest` would change under running workloads. Write a minor version of Kubernetes, such as 1.36.",
            );
        }
    }

    /// A namespace's beside its environment's.
    fn check_within(&self, outer: Option<&Self>, at: &[&str], problems: &mut Problems) {
        if let (Some(outer), Some(inner)) = (outer.and_then(|outer| outer.enforce), self.enforce)
            && inner < outer
        {
            problems.error(
                "environment.pod_security_weaker",
                &[at, &["pod_security", "enforce"]].concat(),
                "A namespace's Pod Security level can only be stricter than the environment's",
                "Raise the level, or lower the environment's as far as the tier allows.",
            );
        }
    }
}

/// Of an environment's namespace, or of a slot's own.
pub(super) fn check_keys(keys: [(&'static str, &Texts); 2], at: &[&str], problems: &mut Problems) {
    for (field, key, value) in keys.into_iter().flat_map(|(field, map)| map.iter().map(move |(k, v)| (field, k, v))) {
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
                format!("{key} is set by the golden path or by Kubernetes: choose a key of your own"),
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
