//! A person who reads a plan sees every change of every object that a golden path renders.

use super::{Environment, Slot, Spec, fixtures::*};
use crate::{
    domain::{Fields, FieldsBuilder, Holder, ObjectKey},
    kinds::{self, block, fields_of, same_digest},
};
use serde_json::{Value, json};

/// Every object that the golden path renders in a rich request of each kind.
fn objects() -> Vec<(ObjectKey, Fields)> {
    let facts = facts();
    let prod = payments_prod();
    let known = parent(&prod, &facts);
    let mut session = ledger();
    session["identity"] = json!({
        "scope": "session_policy", "target_role_arn": "arn:aws:iam::444455556666:role/data",
        "statements": [{"actions": ["sqs:*"], "resources": ["*"], "conditions": {"Bool": {"aws:SecureTransport": ["true"]}}}]
    });
    [
        rendered(baseline(), &facts, None),
        rendered(Spec::of::<Environment>(prod), &facts, None),
        rendered(Spec::of::<Slot>(slot(ledger())), &facts, Some(&known)),
        rendered(Spec::of::<Slot>(slot(session)), &facts, Some(&known)),
    ]
    .into_iter()
    .flat_map(|blueprint| blueprint.objects)
    .map(|object| (object.key, fields_of(&object.body.expect("known"))))
    .collect()
}

fn with(fields: &Fields, path: &str, text: Option<&str>) -> Fields {
    let mut all = FieldsBuilder::default();
    for field in fields.iter().filter(|field| field.path != path) {
        all.push(field.path, field.text, Holder::Us);
    }
    if let Some(text) = text {
        all.push(path, text, Holder::Us);
    }
    all.build()
}

/// Each way in which one leaf of a JSON text can be another: a scalar changed, a member or an element gone, one more.
fn variants(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => vec![json!(format!("{text}x"))],
        Value::Number(_) => vec![json!(987)],
        Value::Bool(is) => vec![json!(!is)],
        Value::Null => vec![],
        Value::Array(items) => {
            let mut all = vec![];
            for (at, item) in items.iter().enumerate() {
                all.extend(variants(item).into_iter().map(|variant| {
                    let mut items = items.clone();
                    items[at] = variant;
                    Value::Array(items)
                }));
                let mut fewer = items.clone();
                fewer.remove(at);
                all.push(Value::Array(fewer));
            }
            all.push(Value::Array([items.as_slice(), &[json!("more")]].concat()));
            all
        }
        Value::Object(members) => {
            let mut all = vec![];
            for (name, member) in members {
                all.extend(variants(member).into_iter().map(|variant| {
                    let mut members = members.clone();
                    members.insert(name.clone(), variant);
                    Value::Object(members)
                }));
                let mut fewer = members.clone();
                fewer.remove(name);
                all.push(Value::Object(fewer));
            }
            let mut more = members.clone();
            more.insert("More".to_owned(), json!("x"));
            all.push(Value::Object(more));
            all
        }
    }
}

fn legible(text: &str) -> &str {
    text.rsplit_once('#').map_or(text, |(legible, _)| legible)
}

#[test]
fn no_field_changes_unseen() {
    let mut changes = 0;
    for (key, fields) in objects() {
        assert!(kinds::of(&key).is_some(), "{key}: a kind that we render is in the list of kinds");
        let before = block(&key, &fields, &fields);
        for field in fields.iter() {
            // A list of openings always has a value: who lets in nobody says `[]`.
            let mut texts: Vec<Option<String>> = if field.text == "[]" { vec![] } else { vec![None] };
            match serde_json::from_str::<Value>(field.text) {
                Ok(value) if value.is_object() || value.is_array() => {
                    texts.extend(variants(&value).into_iter().map(|variant| Some(variant.to_string())));
                }
                _ => texts.push(Some(format!("{}x", field.text))),
            }
            for text in texts {
                let after = block(&key, &with(&fields, field.path, text.as_deref()), &fields);
                // Of an annotation the name is legible, the value may be nobody's business.
                if text.is_none() || !field.path.starts_with("/metadata/annotations/") {
                    assert_ne!(legible(&before), legible(&after), "{key} {} became {text:?}", field.path);
                }
                assert!(!same_digest(&before, &after));
                changes += 1;
            }
        }
        let more = block(&key, &with(&fields, "/metadata/labels/goldenpath.internal~1more", Some("x")), &fields);
        assert_ne!(legible(&before), legible(&more), "{key}: one more field");
    }
    assert!(changes > 2000, "{changes} changes were tried");
}
