//! What core proposes as the new state: the configuration, with the prior value where a computed attribute is not
//! configured. Rule: terraform-protocol, "Plan"; core's `objchange.ProposedNew`.

use super::schema::{Attribute, Nesting, Schema};
use plugin::{Value, value::codec};
use std::collections::BTreeMap;

pub fn proposed_new_state(schema: &Schema, prior: &Value, config: &Value) -> Value {
    let nothing = codec::empty(&schema.ty);
    object(&schema.attributes, if prior.is_null() { &nothing } else { prior }, config)
}

fn object(attributes: &BTreeMap<String, Attribute>, prior: &Value, config: &Value) -> Value {
    if config.is_null() || config.is_unknown() {
        return config.clone();
    }
    Value::map(attributes.iter().map(|(name, attribute)| {
        let (prior, config) = (prior.child(name), config.child(name));
        let value = if config.is_null() && attribute.computed {
            prior.clone()
        } else if let Some((nesting, inner)) = &attribute.nested {
            nested_value(*nesting, inner, prior, config)
        } else {
            config.clone()
        };
        (name.clone(), value)
    }))
}

/// Elements are paired by index or key; those of a set by what is configured of them.
fn nested_value(nesting: Nesting, inner: &BTreeMap<String, Attribute>, prior: &Value, config: &Value) -> Value {
    match (nesting, config) {
        (Nesting::Single, _) => object(inner, prior, config),
        (Nesting::List, Value::List(items)) => {
            Value::List(items.iter().enumerate().map(|(at, item)| object(inner, prior.element(at), item)).collect())
        }
        (Nesting::Map, Value::Map(entries)) => {
            Value::map(entries.iter().map(|(key, item)| (key.clone(), object(inner, prior.child(key), item))))
        }
        (Nesting::Set, Value::Set(items)) => Value::set(items.iter().map(|item| {
            let same = |old: &&Value| configured_part(inner, old) == configured_part(inner, item);
            let paired = prior.elements().unwrap_or_default().iter().find(same);
            object(inner, paired.unwrap_or(&Value::Null), item)
        })),
        _ => config.clone(),
    }
}

fn configured_part(inner: &BTreeMap<String, Attribute>, value: &Value) -> Value {
    let names = inner.iter().filter(|(_, attribute)| !attribute.computed).map(|(name, _)| name);
    Value::map(names.map(|name| (name.clone(), value.child(name).clone())))
}
