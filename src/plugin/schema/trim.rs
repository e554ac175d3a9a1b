//! The small passes: each rebuilds a tree with something filled in or left out.

use super::{
    Attribute, AttributeType, Mode, Object, Schema,
    attribute::object_type,
    nested::{objects, rebuild},
};
use crate::{
    path::{Path, Step},
    value::{Value, codec::conform},
};
use std::collections::BTreeMap;

/// The tree with every default in the place of the null that it stands for, inside nested objects too.
pub fn with_defaults(schema: &Schema, tree: &Value) -> Value {
    each_attribute(&schema.attributes, tree, &|attribute, value| {
        Some(attribute.default.clone().filter(|_| value.is_null()))
    })
}

/// What can be configured: the tree that a typed spec is read from. Computed attributes and refused words are left out.
pub fn inputs(schema: &Schema, tree: &Value) -> Value {
    keep(&schema.attributes, tree, &|attribute| attribute.mode != Mode::Computed && attribute.refused.is_none())
}

/// What only we decide, at the top level.
pub fn outputs(schema: &Schema, tree: &Value) -> Value {
    let Value::Map(entries) = tree else { return tree.clone() };
    let ours = schema.attributes.iter().filter(|attribute| attribute.mode == Mode::Computed);
    Value::Map(
        ours.filter_map(|attribute| Some((attribute.name.to_owned(), entries.get(attribute.name)?.clone()))).collect(),
    )
}

/// Write-only values must not be in any response.
pub fn null_write_only(schema: &Schema, tree: &Value) -> Value {
    forget_write_only(&schema.attributes, tree)
}

/// What a resource computed for an attribute, as the protocol wants it. What does not conform is a bug of the resource:
/// it goes out as it is, and the laws name it.
pub(super) fn computed_value(attribute: &Attribute, ours: &Value) -> Value {
    let conformed = conform(ours.clone(), &attribute.kind.ty()).unwrap_or_else(|_| ours.clone());
    match &attribute.kind {
        AttributeType::Plain(_) => conformed,
        AttributeType::Nested(nesting, object) => {
            rebuild(*nesting, &conformed, |_, element| forget_write_only(&object.attributes, element))
        }
    }
}

/// The same for one element of a nested attribute.
pub(super) fn computed_element(object: &Object, ours: &Value) -> Value {
    let conformed = conform(ours.clone(), &object_type(&object.attributes)).unwrap_or_else(|_| ours.clone());
    forget_write_only(&object.attributes, &conformed)
}

fn forget_write_only(attributes: &[Attribute], tree: &Value) -> Value {
    each_attribute(attributes, tree, &|attribute, _| Some(attribute.write_only.then_some(Value::Null)))
}

/// Where a write-only attribute is set: what a client that does not know them must not be allowed to store.
pub fn write_only_set(schema: &Schema, tree: &Value) -> Vec<Path> {
    fn go(attributes: &[Attribute], tree: &Value, at: &Path, found: &mut Vec<Path>) {
        for attribute in attributes {
            let value = tree.child(attribute.name);
            let here = at.clone().then(Step::Attribute(attribute.name.to_owned()));
            if attribute.write_only && !value.is_null() {
                found.push(here);
            } else if let AttributeType::Nested(nesting, object) = &attribute.kind {
                for (at, element) in objects(*nesting, value) {
                    let at = here.clone().then_maybe(at.step());
                    go(&object.attributes, element, &at, found);
                }
            }
        }
    }
    let mut found = vec![];
    go(&schema.attributes, tree, &Path::root(), &mut found);
    found
}

/// What identifies an element of a set, with or without the attributes that are ours when they are not configured.
pub(super) fn set_key(object: &Object, element: &Value, optional_too: bool) -> Value {
    each_attribute(&object.attributes, element, &|attribute, value| {
        if attribute.mode == Mode::Computed || attribute.is_decided_by_us() && !optional_too {
            return None;
        }
        Some(attribute.default.clone().filter(|_| value.is_null()))
    })
}

fn keep(attributes: &[Attribute], tree: &Value, wanted: &dyn Fn(&Attribute) -> bool) -> Value {
    each_attribute(attributes, tree, &|attribute, _| wanted(attribute).then_some(None))
}

/// The shape of all the passes here. `change` returns, for an attribute and its value: `None` to leave it out, or
/// `Some(None)` to keep it, or `Some(Some(other))` to put another value there. What is kept is descended into.
fn each_attribute(
    attributes: &[Attribute],
    tree: &Value,
    change: &dyn Fn(&Attribute, &Value) -> Option<Option<Value>>,
) -> Value {
    let Value::Map(entries) = tree else { return tree.clone() };
    let mut rebuilt = BTreeMap::new();
    for attribute in attributes {
        let value = entries.get(attribute.name).unwrap_or(&crate::value::NULL);
        let Some(replaced) = change(attribute, value) else {
            continue;
        };
        let value = replaced.as_ref().unwrap_or(value);
        let value = match &attribute.kind {
            AttributeType::Plain(_) => value.clone(),
            AttributeType::Nested(nesting, object) => {
                rebuild(*nesting, value, |_, element| each_attribute(&object.attributes, element, change))
            }
        };
        rebuilt.insert(attribute.name.to_owned(), value);
    }
    Value::Map(rebuilt)
}
