//! Bodies and live documents in one canonical form: [`Fields`].
//!
//! What we want and what a target holds meet only here, so that each difference that is none (`1000m` and `1`, another order
//! of a list, one string where a list of one was sent) is settled once. A target passes its documents with a function
//! that returns who holds a field, and drops them afterwards.
//!
//! A leaf is a scalar, a list (`x-kubernetes-list-type: atomic`, as all lists of our kinds are), a selector or reference that
//! the API declares `x-kubernetes-map-type: atomic`, or an object without content. An empty list is an absent one: the API
//! server does not keep it (`omitempty`). Only where its content would let someone in ([`Kind::openings`]) is nothing a value
//! too.

use super::{
    aws::KINDS,
    canonical::{canonical_json, escape},
    kind::Kind,
    registry::of_document,
};
use crate::domain::{Body, Fields, FieldsBuilder, Holder};
use serde_json::{Map, Value};

/// Label selectors, which are atomic in every kind: a selector with one more label is another selector.
const SELECTORS: [&str; 3] = ["namespaceSelector", "podSelector", "selector"];

/// The fields of a desired body, or of an AWS object read from the target: of those all fields count as ours, since we own
/// grants whole. Foreign tags are not among them.
pub fn fields_of(body: &Body) -> Fields {
    match body {
        Body::Kube(document) => fields_of_document(document, &|_| Some(Holder::Us)),
        aws => KINDS.iter().find_map(|kind| (kind.fields)(aws)).unwrap_or_default(),
    }
}

/// The fields of a Kubernetes document that a renderer may own. `holder` returns who holds the field at a JSON pointer; for a
/// leaf that is a list or an atomic map this is the pointer of the whole. A field that nobody holds (the API server's own
/// defaults) counts as edited by a manager without a name.
pub fn fields_of_document<'a>(document: &Value, holder: &dyn Fn(&str) -> Option<Holder<'a>>) -> Fields {
    let kind = of_document(document);
    let mut fields = FieldsBuilder::default();
    let mut is_ours = false;
    leaves(document, kind, &mut |path, value| {
        if kind.is_some_and(|kind| (kind.is_uncompared)(document, path)) {
            return;
        }
        let held = holder(path);
        is_ours |= held == Some(Holder::Us);
        if path.starts_with("/metadata/") && !is_our_name(path) && held != Some(Holder::Us) {
            return;
        }
        let text = kind.and_then(|kind| (kind.canonical)(path, value)).unwrap_or_else(|| text(value));
        fields.push(path, text, held.unwrap_or(Holder::Edited("")));
    });
    // What is not there has no manager: it is ours where anything is.
    let absent = if is_ours { Holder::Us } else { Holder::Edited("") };
    for path in openings(kind).iter().filter(|path| is_closed(document, path)) {
        fields.push(*path, "[]", absent);
    }
    fields.build()
}

/// The pointers of the leaves that a declared document sets: what its manager holds after an apply. A record's data is
/// among them, though never among the fields.
pub fn managed_paths(document: &Value) -> Vec<String> {
    let kind = of_document(document);
    let mut paths = vec![];
    leaves(document, kind, &mut |path, _| paths.push(path.to_owned()));
    let declared = openings(kind).iter().filter(|path| document.pointer(path).is_some() && is_closed(document, path));
    paths.extend(declared.map(|path| (*path).to_owned()));
    paths
}

fn openings(kind: Option<&Kind>) -> &'static [&'static str] {
    kind.map_or(&[], |kind| kind.openings)
}

fn is_closed(document: &Value, path: &str) -> bool {
    document.pointer(path).is_none_or(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => canonical_json(other),
    }
}

// === leaves ===

struct Leaves<'a> {
    path: String,
    atomic: &'static [&'static str],
    found: &'a mut dyn FnMut(&str, &Value),
}

fn leaves(document: &Value, kind: Option<&Kind>, found: &mut dyn FnMut(&str, &Value)) {
    let Some(roots) = document.as_object() else { return };
    let mut leaves = Leaves { path: String::with_capacity(128), atomic: kind.map_or(&[], |kind| kind.atomic), found };
    for (root, value) in roots {
        match root.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                for part in ["labels", "annotations"] {
                    if let Some(Value::Object(map)) = value.get(part) {
                        leaves.path.push_str("/metadata/");
                        leaves.path.push_str(part);
                        leaves.walk_map(map);
                        leaves.path.clear();
                    }
                }
            }
            _ => leaves.walk(root, value),
        }
    }
}

impl Leaves<'_> {
    fn walk(&mut self, name: &str, value: &Value) {
        let before = self.path.len();
        self.path.push('/');
        if name.contains(['~', '/']) {
            self.path.push_str(&escape(name))
        } else {
            self.path.push_str(name)
        }
        let is_atomic = SELECTORS.contains(&name) || self.atomic.contains(&name);
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Object(map) if !map.is_empty() && !is_atomic => self.walk_map(map),
            leaf => (self.found)(&self.path, leaf),
        }
        self.path.truncate(before);
    }

    fn walk_map(&mut self, map: &Map<String, Value>) {
        for (name, value) in map {
            self.walk(name, value);
        }
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
