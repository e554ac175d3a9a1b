//! A plan, made so that it can't break core's law: the configuration, with what is computed laid over its gaps.
//!
//! Core accepts a planned attribute that equals the configured one, or the prior one when both are not null, or anything
//! where an attribute that can be computed is not configured. So nothing here is built from a typed spec: what is
//! configured comes back as it was written, and only gaps are filled.

use super::{
    Attribute, AttributeType, Nesting, Object, Schema,
    attribute::Equality,
    nested::rebuild,
    pairing::{Left, pair_sets},
    settle::fill,
    trim::{computed_value, with_defaults},
};
use crate::value::{NULL, Value};

/// In a gap: our output, where there is one (null is one: "there will be none"); else the prior value of a stable attribute; else
/// unknown. If prior in place of all that is unknown because of us gives prior, the result is prior: nothing changes, so nothing is
/// "known after apply".
pub fn overlay(schema: &Schema, config: &Value, computed: &Value, prior: &Value) -> Value {
    if config.is_null() {
        return Value::Null;
    }
    let config = with_defaults(schema, config);
    if matches!(prior, Value::Map(_)) {
        let unchanged = Gaps::Prior.object(&schema.attributes, &config, computed, prior);
        if unchanged == *prior {
            return prior.clone();
        }
    }
    Gaps::Unknown.object(&schema.attributes, &config, computed, prior)
}

/// What stands where neither configuration nor computation knows a value.
#[derive(Clone, Copy)]
enum Gaps {
    Unknown,
    Prior,
}

impl Gaps {
    fn object(self, attributes: &[Attribute], config: &Value, ours: &Value, prior: &Value) -> Value {
        let Value::Map(_) = config else { return config.clone() };
        Value::map(attributes.iter().map(|attribute| {
            let name = attribute.name;
            let given = ours.as_map().and_then(|ours| ours.get(name));
            (name, self.attribute(attribute, config.child(name), given, prior.child(name)))
        }))
    }

    fn attribute(self, attribute: &Attribute, config: &Value, ours: Option<&Value>, prior: &Value) -> Value {
        if attribute.write_only {
            return Value::Null;
        }
        if config.is_null() && attribute.is_decided_by_us() {
            return self.decide(attribute, ours, prior);
        }
        match (&attribute.kind, &attribute.equal) {
            (AttributeType::Nested(nesting, object), _) => {
                self.nested_objects(*nesting, object, config, ours.unwrap_or(&NULL), prior)
            }
            (AttributeType::Plain(_), Some(equality)) if equality.whole(prior, config) => prior.clone(),
            (AttributeType::Plain(_), _) => config.clone(),
        }
    }

    fn decide(self, attribute: &Attribute, ours: Option<&Value>, prior: &Value) -> Value {
        let Some(ours) = ours else {
            return match self {
                _ if attribute.stable && !prior.is_null() => prior.clone(),
                Self::Prior => prior.clone(),
                Self::Unknown => Value::unknown(),
            };
        };
        let ours = match self {
            Self::Prior => fill(&computed_value(attribute, ours), Some(prior)),
            Self::Unknown => computed_value(attribute, ours),
        };
        match &attribute.equal {
            Some(equality) => equality.keep_spelling(prior, ours),
            None => ours,
        }
    }

    fn nested_objects(self, nesting: Nesting, object: &Object, config: &Value, ours: &Value, prior: &Value) -> Value {
        let [ours, prior] = [ours, prior].map(|tree| (tree, pair_sets(Left::Configured, object, config, tree)));
        rebuild(nesting, config, |at, config| {
            let [ours, prior] = [&ours, &prior].map(|(tree, of_set)| at.partner(tree, of_set).unwrap_or(&NULL));
            self.object(&object.attributes, config, ours, prior)
        })
    }
}

impl Equality {
    fn same(&self, prior: &Value, new: &Value) -> bool {
        let comparable = |value: &Value| !value.is_null() && value.is_wholly_known();
        comparable(prior) && comparable(new) && (self.same)(prior, new)
    }

    /// Whether all of the prior value may stand for all of the new one.
    fn whole(&self, prior: &Value, new: &Value) -> bool {
        match (prior, new) {
            (Value::Map(prior), Value::Map(new)) if self.elements => {
                prior.len() == new.len()
                    && new.iter().all(|(key, value)| {
                        prior.get(key).is_some_and(|prior| prior == value || self.same(prior, value))
                    })
            }
            _ => !self.elements && self.same(prior, new),
        }
    }

    /// Nobody wrote a computed map, so each of its elements may keep its own prior spelling.
    fn keep_spelling(&self, prior: &Value, new: Value) -> Value {
        match new {
            Value::Map(new) if self.elements => Value::Map(
                new.into_iter()
                    .map(|(key, value)| match prior.get(&key) {
                        Some(prior) if self.same(prior, &value) => (key, prior.clone()),
                        _ => (key, value),
                    })
                    .collect(),
            ),
            new if self.whole(prior, &new) => prior.clone(),
            new => new,
        }
    }
}
