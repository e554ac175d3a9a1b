//! A document that says only in what it differs from another version. One level: what is extended extends nothing, so that a reader
//! looks at two documents and no more.

use crate::domain::merge_patch;
use serde_json::Value;

/// What a document always says of itself.
const OWN: [&str; 8] = ["apiVersion", "kind", "name", "version", "default", "status", "deprecation", "changelog"];

/// The base with what the document says over it.
pub fn merge(base: &Value, document: Value) -> Value {
    let mut whole = base.clone();
    if let Value::Object(fields) = &mut whole {
        OWN.iter().for_each(|name| {
            fields.remove(*name);
        });
    }
    merge_patch(&mut whole, document);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_says_only_in_what_it_differs() {
        let base = json!({"name": "a", "version": "1.0.0", "default": true, "changelog": ["first"], "status": "deprecated",
            "tiers": {"dev": {"pods": 1, "list": [1, 2]}, "prod": {"pods": 9}}, "owner": "platform"});
        let patch =
            json!({"name": "a", "version": "1.1.0", "tiers": {"dev": {"list": [3], "more": {"x": 1}}, "prod": null}});
        let expected = json!({"name": "a", "version": "1.1.0", "owner": "platform",
            "tiers": {"dev": {"pods": 1, "list": [3], "more": {"x": 1}}}});
        assert_eq!(merge(&base, patch), expected);
    }
}
