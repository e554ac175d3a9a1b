//! Who holds a field, read from `metadata.managedFields`. Pure.
//!
//! An entry is a manager, an operation and a set of fields (`FieldsV1`): a tree of `f:<name>`, with `k:` and `v:` for items of
//! lists, whose leaves are what the manager holds. A field that is a leaf of ours may be a tree there, where the API's schema
//! (or the absence of one, in a CRD) is finer than our fields.

use goldenpath_core::domain::{Desired, Holder, pointer};
use serde_json::{Map, Value};

pub(super) struct Holders<'a>(Vec<Entry<'a>>);

struct Entry<'a> {
    manager: &'a str,
    is_apply: bool,
    fields: &'a Map<String, Value>,
}

// === impl Holders ===

impl<'a> Holders<'a> {
    pub fn of(document: &'a Value) -> Self {
        let entries = document.pointer("/metadata/managedFields").and_then(Value::as_array);
        let entry = |entry: &'a Value| {
            Some(Entry {
                manager: entry.get("manager")?.as_str()?,
                is_apply: entry.get("operation")?.as_str()? == "Apply",
                fields: entry.get("fieldsV1")?.as_object()?,
            })
        };
        Self(entries.into_iter().flatten().filter_map(entry).collect())
    }

    /// The holder of the field at a JSON pointer: ours before anyone else's, one that applies before one that edits. Somebody who
    /// holds a part of it that we do not has changed it since, and comes before us.
    pub fn holder(&self, pointer: &str) -> Option<Holder<'a>> {
        let parts: Vec<String> = pointer.split('/').skip(1).map(field_key).collect();
        let holding: Vec<(&Entry<'a>, &Map<String, Value>)> =
            self.0.iter().filter_map(|entry| Some((entry, descend(entry.fields, &parts)?))).collect();
        let ours = holding.iter().find(|(entry, _)| entry.is_ours()).map(|(_, fields)| *fields);
        let beyond = |(entry, fields): &&(&Entry<'a>, &Map<String, Value>)| {
            !entry.is_ours() && ours.is_none_or(|ours| has_more(fields, ours))
        };
        let others: Vec<&Entry<'a>> = holding.iter().filter(beyond).map(|(entry, _)| *entry).collect();
        let applied = others.iter().find(|entry| entry.is_apply);
        match applied.or(others.first()) {
            Some(entry) if entry.is_apply => Some(Holder::Applied(entry.manager)),
            Some(entry) => Some(Holder::Edited(entry.manager)),
            None => ours.map(|_| Holder::Us),
        }
    }

    pub fn first(&self) -> Option<&'a str> {
        self.0.first().map(|entry| entry.manager)
    }

    /// The fields that a manager declared by apply, as the tree itself.
    pub fn declared_by(&self, manager: &str) -> Option<&'a Map<String, Value>> {
        let found = self.0.iter().find(|entry| entry.is_apply && entry.manager == manager);
        found.map(|entry| entry.fields)
    }
}

impl Entry<'_> {
    fn is_ours(&self) -> bool {
        self.is_apply && self.manager == Desired::MANAGER
    }
}

fn field_key(part: &str) -> String {
    format!("f:{}", pointer::unescape(part))
}

fn descend<'a>(fields: &'a Map<String, Value>, parts: &[String]) -> Option<&'a Map<String, Value>> {
    let mut at = fields;
    for part in parts {
        at = at.get(part)?.as_object()?;
    }
    Some(at)
}

/// `.` stands for the thing itself beside its parts. Who holds the whole holds all of its parts.
fn has_more(theirs: &Map<String, Value>, ours: &Map<String, Value>) -> bool {
    !ours.is_empty()
        && theirs.iter().filter(|(name, _)| *name != ".").any(|(name, theirs)| {
            let (Some(theirs), ours) = (theirs.as_object(), ours.get(name).and_then(Value::as_object)) else {
                return false;
            };
            ours.is_none_or(|ours| has_more(theirs, ours))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn holders_are_read_as_the_api_server_keeps_them() {
        let entry = |manager: &str, operation: &str, fields: Value| json!({"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": fields});
        let document = json!({"metadata": {"managedFields": [
            entry("goldenpath", "Apply", json!({
                "f:metadata": {"f:labels": {"f:goldenpath.internal/team": {}}},
                "f:spec": {"f:hard": {"f:pods": {}, "f:cpu": {}}, "f:list": {}, "f:selector": {"f:matchLabels": {"f:app": {}}},
                           "f:ports": {"k:{\"port\":1}": {".": {}, "f:port": {}}}},
            })),
            entry("goldenpath-api", "Apply", json!({"f:metadata": {"f:annotations": {"f:a": {}}}})),
            entry("argocd", "Apply", json!({"f:spec": {"f:hard": {"f:cpu": {}, "f:memory": {}}, "f:selector": {"f:matchLabels": {"f:tier": {}}}}})),
            entry("kubectl-edit", "Update", json!({"f:spec": {"f:hard": {"f:memory": {}, "f:gpu": {}}, "f:list": {},
                "f:ports": {"k:{\"port\":1}": {".": {}, "f:port": {}}}}})),
        ]}});
        let holders = Holders::of(&document);
        for (pointer, expected, reason) in [
            ("/spec/hard/pods", Some(Holder::Us), "ours alone"),
            ("/metadata/labels/goldenpath.internal~1team", Some(Holder::Us), "an escaped name"),
            ("/spec/hard/cpu", Some(Holder::Us), "ours and another's: the value is agreed"),
            ("/spec/hard/memory", Some(Holder::Applied("argocd")), "who applies, before who edits"),
            ("/spec/hard/gpu", Some(Holder::Edited("kubectl-edit")), "an edit"),
            ("/spec/hard/other", None, "the server's own default"),
            ("/spec/list", Some(Holder::Us), "a list that two agree on"),
            ("/spec/ports", Some(Holder::Us), "items that two agree on"),
            ("/spec/selector", Some(Holder::Applied("argocd")), "another's part in what is one field to us"),
            ("/metadata/annotations/a", Some(Holder::Applied("goldenpath-api")), "a slot's manager is another"),
        ] {
            assert_eq!(holders.holder(pointer), expected, "{pointer}: {reason}");
        }
        assert_eq!(holders.first(), Some("goldenpath"));
    }
}
