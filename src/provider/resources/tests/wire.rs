//! Requests as a daemon gets them: with every attribute set, and with each value in turn that may wait for another resource.

use super::*;
use goldenpath_core::{domain::from_document_text, provision::Spec};

#[test]
fn requests_come_back_from_a_wire_as_they_were() {
    let mut waiting = 0;
    for resource in RESOURCES {
        let schema = resource.schema();
        let mut whole = inputs(&schema, &schema::example(&schema));
        if let Value::Map(attributes) = &mut whole {
            attributes.remove("timeouts");
        }
        comes_back(&resource.spec(&whole).unwrap());
        for spec in with_one_unknown(&whole).iter().filter_map(|tree| resource.spec(tree).ok()) {
            comes_back(&spec);
            waiting += 1;
        }
    }
    assert!(waiting > 20, "only {waiting} values may wait");
}

fn comes_back(spec: &Spec) {
    let text = serde_json::to_string(spec).unwrap();
    let read: Spec = from_document_text(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(format!("{read:?}"), format!("{spec:?}"));
    assert_eq!(read, *spec);
}

/// The tree, once for each place in it, with an unknown there.
fn with_one_unknown(tree: &Value) -> Vec<Value> {
    let mut all = vec![Value::unknown()];
    match tree {
        Value::Map(entries) => {
            for (name, inner) in entries {
                all.extend(with_one_unknown(inner).into_iter().map(|inner| {
                    let mut entries = entries.clone();
                    entries.insert(name.clone(), inner);
                    Value::Map(entries)
                }));
            }
        }
        Value::List(elements) | Value::Set(elements) => {
            for (at, inner) in elements.iter().enumerate() {
                all.extend(with_one_unknown(inner).into_iter().map(|inner| {
                    let mut elements = elements.clone();
                    elements[at] = inner;
                    Value::List(elements)
                }));
            }
        }
        _ => {}
    }
    all
}
