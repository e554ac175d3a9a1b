//! Each kind in words.

use super::{Rest, network, policy};
use crate::domain::ObjectKey;
use serde_json::Value;

pub(super) fn of(key: &ObjectKey, rest: &mut Rest<'_>) -> Vec<String> {
    match key.kind() {
        "Role" if key.is_aws() => role(rest),
        "AccessEntry" => rest.take("/kubernetesGroups").map(|group| format!("group {group}")).into_iter().collect(),
        "AccessPolicy" => rest.take("/accessScope/type").map(|scope| format!("in this {scope}")).into_iter().collect(),
        "PodIdentityAssociation" => association(rest),
        "Namespace" => pod_security(rest),
        "ResourceQuota" => quota(rest),
        "LimitRange" => rest.take_as("/spec/limits", limits).into_iter().collect(),
        "NetworkPolicy" | "ApplicationNetworkPolicy" => network::of(rest),
        "RoleBinding" => binding(rest),
        "ClusterRole" => rest.take_as("/rules", rules).into_iter().collect(),
        "PodDisruptionBudget" => {
            rest.take_as("/spec/selector", network::selector).map(|s| format!("pods {s}")).into_iter().collect()
        }
        _ => vec![],
    }
}

/// Nothing of a role is left to the digest: it is power.
fn role(rest: &mut Rest<'_>) -> Vec<String> {
    let mut words = vec![];
    words.extend(rest.take_as("/trust", policy::document).map(|text| format!("trust: {text};")));
    let inline: Vec<String> =
        rest.0.iter().map(|(path, _)| (*path).to_owned()).filter(|path| path.starts_with("/inline/")).collect();
    for path in inline {
        let name = super::unescaped(&path["/inline/".len()..]);
        words.extend(rest.take_as(&path, policy::document).map(|text| format!("{name}: {text};")));
    }
    words.extend(rest.take_as("/attached", list).map(|arns| format!("attached {arns};")));
    words.extend(rest.take("/boundary").map(|arn| format!("boundary {arn}")));
    words.extend(rest.take("/path").map(|path| format!("path {path}")));
    words.extend(rest.take("/maxSessionDuration").map(|seconds| format!("session {seconds}s")));
    words.extend(rest.take("/description").map(|text| format!("({text})")));
    words
}

fn association(rest: &mut Rest<'_>) -> Vec<String> {
    let mut words = vec![];
    words.extend(rest.take("/roleArn").map(|arn| format!("role {arn}")));
    words.extend(rest.take("/targetRoleArn").map(|arn| format!("target {arn}")));
    words.extend(rest.take("/disableSessionTags").map(|off| match off {
        "false" => "with session tags".to_owned(),
        "true" => "without session tags".to_owned(),
        other => format!("disableSessionTags={other}"),
    }));
    words.extend(rest.take_as("/policy", policy::document).map(|text| format!("session policy {text};")));
    words
}

/// `pod-security=restricted@v1.36` where the three modes agree, else each by its name.
fn pod_security(rest: &mut Rest<'_>) -> Vec<String> {
    const PREFIX: &str = "/metadata/labels/pod-security.kubernetes.io~1";
    let mut modes: Vec<(&str, String)> = vec![];
    for mode in ["enforce", "audit", "warn"] {
        let path = format!("{PREFIX}{mode}");
        if let (Some(level), Some(version)) = (rest.get(&path), rest.get(&format!("{path}-version"))) {
            rest.take(&path);
            rest.take(&format!("{path}-version"));
            modes.push((mode, format!("{level}@{version}")));
        }
    }
    match modes.as_slice() {
        [(_, a), (_, b), (_, c)] if a == b && b == c => vec![format!("pod-security={a}")],
        _ => modes.into_iter().map(|(mode, text)| format!("{mode}={text}")).collect(),
    }
}

fn quota(rest: &mut Rest<'_>) -> Vec<String> {
    let mut words: Vec<String> =
        rest.take_under("/spec/hard/").into_iter().map(|(name, quantity)| format!("{name}={quantity}")).collect();
    words.extend(rest.take_as("/spec/scopeSelector", |selector| {
        let expressions = only(selector, &["matchExpressions"])?.get("matchExpressions")?.as_array()?;
        let texts: Option<Vec<String>> = expressions
            .iter()
            .map(|expression| {
                let expression = only(expression, &["scopeName", "operator", "values"])?;
                let text = |name: &str| expression.get(name)?.as_str();
                Some(format!("{} {} {}", text("scopeName")?, text("operator")?, list(expression.get("values")?)?))
            })
            .collect();
        Some(format!("where {}", texts?.join(" and ")))
    }));
    words
}

fn limits(items: &Value) -> Option<String> {
    let texts: Option<Vec<String>> = items
        .as_array()?
        .iter()
        .map(|item| {
            let mut text = item.get("type")?.as_str()?.to_owned();
            for (name, values) in item.as_object()?.iter().filter(|(name, _)| *name != "type") {
                for (resource, quantity) in values.as_object()? {
                    text.push_str(&format!(" {name}.{resource}={}", quantity.as_str()?));
                }
            }
            Some(text)
        })
        .collect();
    Some(texts?.join("; "))
}

fn binding(rest: &mut Rest<'_>) -> Vec<String> {
    let mut words = vec![];
    words.extend(rest.take_as("/roleRef", |role| {
        let role = only(role, &["apiGroup", "kind", "name"])?;
        (role.get("apiGroup")? == "rbac.authorization.k8s.io").then_some(())?;
        Some(format!("{}/{} to", role.get("kind")?.as_str()?, role.get("name")?.as_str()?))
    }));
    words.extend(rest.take_as("/subjects", |subjects| {
        let texts: Option<Vec<String>> = subjects.as_array()?.iter().map(subject).collect();
        let texts = texts?;
        Some(if texts.is_empty() { "nobody".to_owned() } else { texts.join(", ") })
    }));
    words
}

fn subject(subject: &Value) -> Option<String> {
    let subject = only(subject, &["apiGroup", "kind", "name", "namespace"])?;
    let text = |name: &str| subject.get(name).and_then(Value::as_str);
    match (text("kind")?, text("apiGroup"), text("namespace")) {
        ("ServiceAccount", None, Some(namespace)) => Some(format!("ServiceAccount {namespace}/{}", text("name")?)),
        (kind, Some("rbac.authorization.k8s.io"), None) => Some(format!("{kind} {}", text("name")?)),
        _ => None,
    }
}

/// `apps: deployments, replicasets [get list watch]`
fn rules(rules: &Value) -> Option<String> {
    let texts: Option<Vec<String>> = rules
        .as_array()?
        .iter()
        .map(|rule| {
            let rule = only(rule, &["apiGroups", "resources", "resourceNames", "verbs"])?;
            let joined = |name: &str, separator: &str| match rule.get(name) {
                None => Some(String::new()),
                Some(values) => Some(strings(values)?.join(separator)),
            };
            let names = joined("resourceNames", ",")?;
            let names = if names.is_empty() { names } else { format!(" named {names}") };
            // The group of pods and services is the empty text.
            let groups = strings(rule.get("apiGroups")?)?;
            let groups: Vec<&str> =
                groups.into_iter().map(|group| if group.is_empty() { "core" } else { group }).collect();
            let groups = groups.join(",");
            Some(format!("{groups}: {}{names} [{}]", joined("resources", ", ")?, joined("verbs", " ")?))
        })
        .collect();
    Some(texts?.join("; "))
}

// === small things of JSON ===

/// The object, if it has no member but these: words that leave one out would hide it.
pub(super) fn only<'a>(value: &'a Value, members: &[&str]) -> Option<&'a serde_json::Map<String, Value>> {
    value.as_object().filter(|map| map.keys().all(|name| members.contains(&name.as_str())))
}

pub(super) fn strings(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

pub(super) fn list(value: &Value) -> Option<String> {
    Some(format!("[{}]", strings(value)?.join(", ")))
}
