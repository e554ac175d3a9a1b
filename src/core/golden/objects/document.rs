//! Kubernetes documents with only what we declare.

use crate::{
    domain::{Body, Desired, ObjectKey},
    kinds::openings,
};
use serde_json::{Map, Value};

/// `content` holds the roots besides `metadata`.
pub fn document(
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    labels: Map<String, Value>,
    content: Value,
) -> Value {
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), Value::from(name));
    if let Some(namespace) = namespace {
        metadata.insert("namespace".to_owned(), Value::from(namespace));
    }
    if !labels.is_empty() {
        metadata.insert("labels".to_owned(), Value::Object(labels));
    }
    let mut doc = Map::new();
    doc.insert("apiVersion".to_owned(), Value::from(api_version));
    doc.insert("kind".to_owned(), Value::from(kind));
    doc.insert("metadata".to_owned(), Value::Object(metadata));
    if let Value::Object(content) = content {
        doc.extend(content);
    }
    let mut doc = Value::Object(doc);
    for path in openings(api_version, kind) {
        close(&mut doc, path);
    }
    doc
}

/// Declares a list of who is let in even when it lets in nobody: an apply then takes away what others put there.
fn close(doc: &mut Value, path: &str) {
    if let Some((parent, name)) = path.rsplit_once('/')
        && let Some(Value::Object(map)) = doc.pointer_mut(parent)
    {
        map.entry(name).or_insert_with(|| Value::Array(vec![]));
    }
}

pub fn texts<'a>(map: impl IntoIterator<Item = (&'a String, &'a String)>) -> Map<String, Value> {
    map.into_iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect()
}

/// Makes objects inside of one namespace.
pub struct Inside<'a> {
    namespace: &'a str,
    labels: Map<String, Value>,
    /// Whether the namespace is of the same blueprint.
    is_own: bool,
}

// === impl Inside ===

impl<'a> Inside<'a> {
    pub fn own(namespace: &'a str, labels: Map<String, Value>) -> Self {
        Self { namespace, labels, is_own: true }
    }

    /// The namespace is the environment's: it is there, or the slot could not be planned.
    pub fn of_the_environment(namespace: &'a str, labels: Map<String, Value>) -> Self {
        Self { namespace, labels, is_own: false }
    }

    pub fn object(&self, api_version: &str, kind: &str, name: &str, content: Value) -> Desired {
        self.maybe_object(api_version, kind, name, Some(content))
    }

    /// `None`: known by its key, its content waits.
    pub fn maybe_object(&self, api_version: &str, kind: &str, name: &str, content: Option<Value>) -> Desired {
        let body = content.map(|content| {
            Body::Kube(document(api_version, kind, Some(self.namespace), name, self.labels.clone(), content))
        });
        let key = ObjectKey::kube(api_version, kind, Some(self.namespace), name);
        let container = ObjectKey::namespace_object(self.namespace);
        let needs = if self.is_own { vec![container.clone()] } else { vec![] };
        Desired { needs, inside: Some(container), ..Desired::new(key, body) }
    }
}
