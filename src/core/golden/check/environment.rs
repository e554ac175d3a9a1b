//! An environment by itself.

use super::{Faults, access, check_common, forms, network, quota};
use crate::{
    domain::{
        AdoptMode, Contact, EnvironmentSpec, Limits, PodSecurity,
        projection::{LABEL_PREFIX, POD_SECURITY_PREFIX},
    },
    golden::render::{namespace_name, namespaces},
};
use std::collections::BTreeMap;

/// A plan that nobody can read is no plan; Kubernetes itself bounds neither.
const MOST_NAMESPACES: usize = 20;

pub(super) fn check(spec: &EnvironmentSpec, faults: &mut Faults) {
    check_common(Some(&spec.cluster), spec.drift.as_ref(), spec.facts.as_ref(), faults);
    if let Some(owner) = &spec.owner {
        check_owner(owner, faults);
    }
    check_namespaces(spec, faults);
    quota::check(spec, faults);
    check_limits(spec.limits.as_ref(), &[], faults);
    check_pod_security(spec.pod_security.as_ref(), &[], faults);
    if let Some(network) = &spec.network {
        network::check(spec.name.as_str(), network, faults);
    }
    for (name, persona) in spec.access.iter().flat_map(|access| access.personas()) {
        access::check(name, persona, faults);
    }
    if let Some(adopt) = &spec.adopt {
        if adopt.mode == AdoptMode::Fail && !adopt.take_fields.is_empty() {
            faults.error(
                "environment.adopt_fields_unused",
                &["adopt", "take_fields"],
                "fields can only be taken while adopting",
                "Set adopt.mode = \"if_marked\", or leave take_fields out.",
            );
        }
        for pointer in adopt.take_fields.iter().filter(|pointer| !pointer.starts_with('/')) {
            faults.error(
                "environment.adopt_field_form",
                &["adopt", "take_fields"],
                format!("{pointer:?} is not a JSON pointer"),
                "Write it as /spec/hard/pods (RFC 6901).",
            );
        }
    }
}

fn check_owner(owner: &Contact, faults: &mut Faults) {
    let Contact { contact, cost_center, slack, oncall, data_class, docs } = owner;
    // These become tags of AWS objects as well.
    for (field, value) in
        [("contact", Some(contact)), ("cost_center", Some(cost_center)), ("data_class", data_class.as_ref())]
    {
        if value.is_some_and(|value| !forms::is_tag_value(value)) {
            faults.error(
                "environment.owner_form",
                &["owner", field],
                format!("owner.{field} can't be a tag of AWS objects"),
                "Use 1 to 256 letters, digits, spaces and _ . : / = + - @ (IAM, Tag).",
            );
        }
    }
    for (field, value) in [("slack", slack), ("oncall", oncall), ("docs", docs)] {
        if value.as_ref().is_some_and(|value| value.is_empty() || value.chars().any(char::is_control)) {
            faults.error(
                "environment.owner_form",
                &["owner", field],
                format!("owner.{field} is empty or has control characters"),
                "Leave it out, or write one line.",
            );
        }
    }
}

fn check_namespaces(spec: &EnvironmentSpec, faults: &mut Faults) {
    let all = namespaces(spec);
    if all.is_empty() || all.len() > MOST_NAMESPACES {
        faults.error(
            "environment.namespace_count",
            &["namespaces"],
            format!("an environment has 1 to {MOST_NAMESPACES} namespaces, and this one {}", all.len()),
            "Leave the attribute out for one namespace, or split the environment.",
        );
    }
    for (key, namespace) in &all {
        let at = ["namespaces", key.as_str()];
        let name = namespace_name(&spec.name, key);
        if name.len() > 63 {
            faults.error(
                "environment.namespace_length",
                &at,
                format!("the namespace {name} has {} characters, and Kubernetes allows 63", name.len()),
                "Shorten the environment's name or the key.",
            );
        }
        check_keys(&namespace.labels, &[at[0], at[1], "labels"], true, faults);
        check_keys(&namespace.annotations, &[at[0], at[1], "annotations"], false, faults);
        check_limits(namespace.limits.as_ref(), &at, faults);
        check_pod_security(namespace.pod_security.as_ref(), &at, faults);
        let (outer, inner) = (spec.pod_security.as_ref(), namespace.pod_security.as_ref());
        if let (Some(outer), Some(inner)) = (outer.and_then(|p| p.enforce), inner.and_then(|p| p.enforce))
            && inner < outer
        {
            faults.error(
                "environment.pod_security_weaker",
                &[at[0], at[1], "pod_security", "enforce"],
                "a namespace's Pod Security level can only be stricter than the environment's",
                "Raise it, or lower the environment's as far as the tier allows.",
            );
        }
    }
}

fn check_keys(map: &BTreeMap<String, String>, at: &[&str], is_label: bool, faults: &mut Faults) {
    for (key, value) in map {
        let at = [at, &[key.as_str()]].concat();
        let ours = key.starts_with(LABEL_PREFIX)
            || matches!(key.as_str(), "app.kubernetes.io/managed-by" | "app.kubernetes.io/part-of");
        let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix);
        let kubernetes = prefix == "kubernetes.io" || prefix == "k8s.io" || prefix.ends_with(".k8s.io");
        if ours || key.starts_with(POD_SECURITY_PREFIX) || kubernetes {
            faults.error(
                "environment.reserved_key",
                &at,
                format!("{key} is set by the golden path or by Kubernetes, not by an environment"),
                "Choose a key under a domain of your own; Pod Security is set by pod_security.",
            );
        } else if !forms::is_qualified_name(key) {
            faults.error(
                "environment.key_form",
                &at,
                format!("{key:?} is no key of a label or annotation"),
                "Write [<domain>/]<name>, the name at most 63 characters.",
            );
        } else if is_label && !forms::is_label_value(value) {
            faults.error(
                "environment.label_value",
                &at,
                format!("{value:?} is no value of a label"),
                "Use at most 63 letters, digits, '-', '_' and '.', or an annotation.",
            );
        }
    }
}

fn check_limits(limits: Option<&Limits>, at: &[&str], faults: &mut Faults) {
    let Some(container) = limits.and_then(|limits| limits.container.as_ref()) else {
        return;
    };
    let at = |field| [at, &["limits", "container", field]].concat();
    for (field, value) in [
        ("default_memory", &container.default_memory),
        ("default_request_cpu", &container.default_request_cpu),
        ("default_request_memory", &container.default_request_memory),
        ("max_memory", &container.max_memory),
    ] {
        if value.as_ref().is_some_and(|value| value.is_negative() || value.is_zero()) {
            faults.error(
                "environment.limit_not_positive",
                &at(field),
                format!("limits.container.{field} must be more than 0"),
                "Leave it out for the tier's default.",
            );
        }
    }
    for (low, high, names) in [
        (&container.default_request_memory, &container.default_memory, ["default_request_memory", "default_memory"]),
        (&container.default_memory, &container.max_memory, ["default_memory", "max_memory"]),
        (&container.default_request_memory, &container.max_memory, ["default_request_memory", "max_memory"]),
    ] {
        if let (Some(low), Some(high)) = (low, high)
            && low > high
        {
            faults.error(
                "environment.limits_order",
                &at(names[0]),
                format!("{} of {} is more than {} of {}", names[0], low.written(), names[1], high.written()),
                "Kubernetes refuses such a LimitRange: lower the first or raise the second.",
            );
        }
    }
}

fn check_pod_security(pod_security: Option<&PodSecurity>, at: &[&str], faults: &mut Faults) {
    if let Some(version) = pod_security.and_then(|p| p.version.as_deref())
        && !forms::is_minor_version(version)
    {
        faults.error(
            "environment.pod_security_version",
            &[at, &["pod_security", "version"]].concat(),
            format!("{version:?} is not a version of Pod Security"),
            "Write a minor version of Kubernetes, such as 1.36; `latest` would change under running workloads.",
        );
    }
}
