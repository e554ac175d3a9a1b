//! A full tree made from the schema alone. A test reads it into the resource's structs (with `deny_unknown_fields`) and
//! writes it back: schema and struct can't part without it.

use super::{Attribute, AttributeType, Nesting, Schema};
use crate::value::{Type, Value};

/// Every attribute filled, computed ones too: [`super::inputs`] and [`super::outputs`] take it apart. Values that must
/// pass checks come from `.example(..)`, a default or the first choice.
pub fn example(schema: &Schema) -> Value {
    object(&schema.attributes)
}

fn object(attributes: &[Attribute]) -> Value {
    Value::map(attributes.iter().map(|attribute| (attribute.name, fill(attribute))))
}

pub(super) fn fill(attribute: &Attribute) -> Value {
    if attribute.refused.is_some() {
        return Value::Null;
    }
    if let Some(example) = &attribute.example {
        return example.clone();
    }
    match &attribute.kind {
        AttributeType::Nested(nesting, nested) => {
            let element = object(&nested.attributes);
            match nesting {
                Nesting::Single => element,
                Nesting::List => Value::List(vec![element]),
                Nesting::Set => Value::set([element]),
                Nesting::Map => Value::map([("key", element)]),
            }
        }
        AttributeType::Plain(ty) => {
            let chosen = attribute.choices.first().map(|choice| Value::string(*choice));
            attribute.default.clone().or(chosen).unwrap_or_else(|| plain(ty))
        }
    }
}

fn plain(ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(true),
        Type::Number => 1.into(),
        Type::String => "example".into(),
        Type::Dynamic => Value::dynamic(Type::String, "example".into()),
        Type::List(element) => Value::List(vec![plain(element)]),
        Type::Set(element) => Value::set([plain(element)]),
        Type::Map(element) => Value::map([("key", plain(element))]),
        Type::Tuple(elements) => Value::List(elements.iter().map(plain).collect()),
        Type::Object(attributes) => Value::map(attributes.iter().map(|(name, ty)| (name.clone(), plain(ty)))),
    }
}
