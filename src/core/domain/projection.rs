//! Bodies and live documents in one canonical form: [`Fields`].
//!
//! What we want and what a target holds meet only here, so that each difference that is none (`1000m` and `1`, another order
//! of a list, one string where a list of one was sent) is settled once. A target hands over its documents with a function
//! that tells who holds a field, and drops them afterwards.
//!
//! A leaf is a scalar, a list (`x-kubernetes-list-type: atomic`, as all lists of our kinds are), a selector or reference that
//! the API declares `x-kubernetes-map-type: atomic`, or an object without content. An empty list is an absent one: the API
//! server does not keep it (`omitempty`). Only where its content would let someone in ([`openings`]) is nothing a value too.

mod policy;
mod text;

pub use policy::canonical_policy;
pub use text::canonical_json;

use super::{Body, Fields, FieldsBuilder, Holder, PodIdentityAssociation, Role};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Of everything that we make: labels and annotations here, tags as `goldenpath:`.
/// Of every Kubernetes group that we put somebody into.
pub const GROUP_PREFIX: &str = "gp:";
pub const LABEL_PREFIX: &str = "goldenpath.internal/";
pub const TAG_PREFIX: &str = "goldenpath:";
pub const POD_SECURITY_PREFIX: &str = "pod-security.kubernetes.io/";
/// Where records live, out of the tenants' reach.
pub const SYSTEM_NAMESPACE: &str = "goldenpath-system";

/// Maps that change hands as a whole: a selector with one more label is another selector.
const ATOMIC_MAPS: [&str; 6] =
    ["podSelector", "selector", "namespaceSelector", "endpointSelector", "scopeSelector", "roleRef"];

/// Lists that let someone in. What others add elsewhere is no difference; here it grants power, so an absent list has the
/// value `[]`, which an addition changes, and which is declared so that an apply takes the addition away.
pub fn openings(kind: &str) -> &'static [&'static str] {
    match kind {
        "RoleBinding" => &["/subjects"],
        "NetworkPolicy" | "ApplicationNetworkPolicy" | "CiliumNetworkPolicy" => &["/spec/egress", "/spec/ingress"],
        _ => &[],
    }
}

/// The fields of a desired body, or of an AWS object read from the target: of those all fields count as ours, since we own
/// grants whole. Foreign tags are not among them.
pub fn of_body(body: &Body) -> Fields {
    match body {
        Body::Role(role) => of_role(role),
        Body::AccessEntry(entry) => {
            let mut fields = FieldsBuilder::default();
            fields.push("/kubernetesGroups", entry.group.as_str(), Holder::Us);
            push_tags(&mut fields, &entry.tags);
            fields.build()
        }
        // All of it is in the key; one field, so that what exists differs from what does not.
        Body::AccessPolicy(_) => {
            let mut fields = FieldsBuilder::default();
            fields.push("/accessScope/type", "namespace", Holder::Us);
            fields.build()
        }
        Body::PodIdentityAssociation(association) => of_association(association),
        Body::Kube(doc) => of_kube(doc, &|_| Some(Holder::Us)),
    }
}

pub fn of_role(role: &Role) -> Fields {
    let Role { path, trust, inline, attached, boundary, max_session_seconds, description, tags } = role;
    let mut fields = FieldsBuilder::default();
    fields.push("/path", path.as_str(), Holder::Us);
    fields.push("/trust", canonical_policy(trust), Holder::Us);
    for (name, policy) in inline {
        fields.push(format!("/inline/{}", escaped(name)), canonical_policy(policy), Holder::Us);
    }
    if !attached.is_empty() {
        let attached: Vec<Value> = attached.iter().map(|arn| Value::from(arn.as_str())).collect();
        fields.push("/attached", canonical_json(&Value::Array(attached)), Holder::Us);
    }
    fields.push("/boundary", boundary.as_str(), Holder::Us);
    fields.push("/maxSessionDuration", max_session_seconds.to_string(), Holder::Us);
    fields.push("/description", description.as_str(), Holder::Us);
    push_tags(&mut fields, tags);
    fields.build()
}

fn of_association(association: &PodIdentityAssociation) -> Fields {
    let PodIdentityAssociation { role_arn, target_role_arn, disable_session_tags, policy, tags } = association;
    let mut fields = FieldsBuilder::default();
    fields.push("/roleArn", role_arn.as_str(), Holder::Us);
    if let Some(target) = target_role_arn {
        fields.push("/targetRoleArn", target.as_str(), Holder::Us);
    }
    fields.push("/disableSessionTags", disable_session_tags.to_string(), Holder::Us);
    if let Some(policy) = policy {
        fields.push("/policy", canonical_policy(policy), Holder::Us);
    }
    push_tags(&mut fields, tags);
    fields.build()
}

/// Tags of others (cost allocation, organisation policies) are theirs.
fn push_tags(fields: &mut FieldsBuilder, tags: &BTreeMap<String, String>) {
    for (key, value) in tags.iter().filter(|(key, _)| key.starts_with(TAG_PREFIX)) {
        fields.push(format!("/tags/{}", escaped(key)), value.as_str(), Holder::Us);
    }
}

/// The fields of a Kubernetes document that a renderer may own. `holder` tells who holds the field at a JSON pointer; for a
/// leaf that is a list or an atomic map this is the pointer of the whole. A field that nobody holds (the API server's own
/// defaults) counts as edited by a manager without a name.
pub fn of_kube<'a>(doc: &Value, holder: &dyn Fn(&str) -> Option<Holder<'a>>) -> Fields {
    let kind = doc.get("kind").and_then(Value::as_str).unwrap_or_default();
    let is_record = kind == "ConfigMap" && doc.pointer("/metadata/namespace").is_some_and(|n| n == SYSTEM_NAMESPACE);
    let mut fields = FieldsBuilder::default();
    leaves(doc, &mut |path, value| {
        if is_record && path.starts_with("/data/") {
            return;
        }
        let held = holder(path);
        if path.starts_with("/metadata/") && !is_our_name(path) && held != Some(Holder::Us) {
            return;
        }
        fields.push(path, text::field_text(kind, path, value), held.unwrap_or(Holder::Edited("")));
    });
    for path in openings(kind).iter().filter(|path| is_closed(doc, path)) {
        fields.push(*path, "[]", Holder::Us);
    }
    fields.build()
}

/// The pointers of the leaves that a declared document sets: what its manager holds after an apply. A record's data is
/// among them, though never among the fields.
pub fn managed_paths(doc: &Value) -> Vec<String> {
    let mut paths = vec![];
    leaves(doc, &mut |path, _| paths.push(path.to_owned()));
    let kind = doc.get("kind").and_then(Value::as_str).unwrap_or_default();
    let declared = openings(kind).iter().filter(|path| doc.pointer(path).is_some() && is_closed(doc, path));
    paths.extend(declared.map(|path| (*path).to_owned()));
    paths
}

fn is_closed(doc: &Value, path: &str) -> bool {
    doc.pointer(path).is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}

/// A pointer's last part: one label, tag, quota or policy.
pub fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn leaves(doc: &Value, found: &mut dyn FnMut(&str, &Value)) {
    let Some(roots) = doc.as_object() else { return };
    let mut path = String::with_capacity(128);
    for (root, value) in roots {
        match root.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                for part in ["labels", "annotations"] {
                    if let Some(Value::Object(map)) = value.get(part) {
                        path.push_str("/metadata/");
                        path.push_str(part);
                        walk_map(&mut path, map, found);
                        path.clear();
                    }
                }
            }
            _ => walk(&mut path, root, value, found),
        }
    }
}

fn walk(path: &mut String, name: &str, value: &Value, found: &mut dyn FnMut(&str, &Value)) {
    let before = path.len();
    path.push('/');
    if name.contains(['~', '/']) {
        path.push_str(&escaped(name))
    } else {
        path.push_str(name)
    }
    match value {
        Value::Null => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Object(map) if !map.is_empty() && !ATOMIC_MAPS.contains(&name) => walk_map(path, map, found),
        leaf => found(path, leaf),
    }
    path.truncate(before);
}

fn walk_map(path: &mut String, map: &Map<String, Value>, found: &mut dyn FnMut(&str, &Value)) {
    for (name, value) in map {
        walk(path, name, value, found);
    }
}

/// Labels and annotations that are ours by their name, whoever set them.
fn is_our_name(path: &str) -> bool {
    let Some(name) = path.strip_prefix("/metadata/labels/").or_else(|| path.strip_prefix("/metadata/annotations/"))
    else {
        return false;
    };
    name.strip_prefix("goldenpath.internal~1").is_some()
        || name.starts_with("pod-security.kubernetes.io~1")
        || matches!(name, "app.kubernetes.io~1managed-by" | "app.kubernetes.io~1part-of")
}

#[cfg(test)]
mod tests;
