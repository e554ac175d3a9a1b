//! The mark that everything we make carries: labels in Kubernetes, tags in AWS, the same keys in both.
//!
//! What changes with every edit (the spec's digest, the path's version) is in the record and not here, so that an edit
//! changes no object that it need not.

use crate::domain::{
    ClusterArn, Contact,
    projection::{LABEL_PREFIX, TAG_PREFIX, openings},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Whose objects they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'a> {
    pub environment: &'a str,
    pub slot: Option<&'a str>,
    pub team: &'a str,
    pub tier: &'a str,
    pub path: &'a str,
}

// === impl Mark ===

impl Mark<'_> {
    fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("managed", Some("true")),
            ("environment", Some(self.environment)),
            ("slot", self.slot),
            ("team", Some(self.team)),
            ("tier", Some(self.tier)),
            ("path", Some(self.path)),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }

    pub(super) fn labels(&self) -> Map<String, Value> {
        let mut labels = Map::new();
        labels.insert("app.kubernetes.io/managed-by".to_owned(), Value::from("goldenpath"));
        labels.insert("app.kubernetes.io/part-of".to_owned(), Value::from(self.environment));
        for (key, value) in self.parts() {
            labels.insert(format!("{LABEL_PREFIX}{key}"), Value::from(value));
        }
        labels
    }

    /// `owner` holds annotations as [`owner_annotations`] makes them.
    pub(super) fn tags(&self, cluster: &ClusterArn, owner: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut tags = cluster_tags(cluster);
        tags.extend(self.parts().map(|(key, value)| (format!("{TAG_PREFIX}{key}"), value.to_owned())));
        // What may hold characters that IAM refuses in a tag (`#payments`, a URL) is an annotation only.
        for key in ["contact", "cost-center", "data-class"] {
            if let Some(value) = owner.get(&format!("{LABEL_PREFIX}{key}")) {
                tags.insert(format!("{TAG_PREFIX}{key}"), value.clone());
            }
        }
        tags
    }
}

/// Of what a whole cluster shares: access entries, which several environments may name.
pub(super) fn cluster_tags(cluster: &ClusterArn) -> BTreeMap<String, String> {
    [("managed", "true"), ("cluster-arn", cluster.as_str())]
        .map(|(key, value)| (format!("{TAG_PREFIX}{key}"), value.to_owned()))
        .into()
}

/// Of what the baseline makes.
pub(super) fn cluster_labels() -> Map<String, Value> {
    let mut labels = Map::new();
    labels.insert("app.kubernetes.io/managed-by".to_owned(), Value::from("goldenpath"));
    labels.insert("app.kubernetes.io/part-of".to_owned(), Value::from("cluster-baseline"));
    labels.insert(format!("{LABEL_PREFIX}managed"), Value::from("true"));
    labels
}

/// Whom to ask about a namespace.
pub(super) fn owner_annotations(owner: Option<&Contact>) -> BTreeMap<String, String> {
    let Some(Contact { contact, cost_center, slack, oncall, data_class, docs }) = owner else {
        return BTreeMap::new();
    };
    [
        ("contact", Some(contact)),
        ("cost-center", Some(cost_center)),
        ("slack", slack.as_ref()),
        ("oncall", oncall.as_ref()),
        ("data-class", data_class.as_ref()),
        ("docs", docs.as_ref()),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((format!("{LABEL_PREFIX}{key}"), value?.clone())))
    .collect()
}

/// A document with only what we declare. `content` holds the roots besides `metadata`.
pub(super) fn document(
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
    for path in openings(kind) {
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
