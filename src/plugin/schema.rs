//! A schema as data: each attribute is declared once, and every rule about it is a pass over (schema, tree), never over
//! the typed struct.
//!
//! ```ignore
//! Schema::new([
//!     required("name", Type::String).replaces().parses::<DnsLabel>(),
//!     required("namespaces", map_of(object([
//!         required("total", Type::map(Type::String)),
//!         optional("headroom_percent", Type::Number).default(33).between(0, 100),
//!     ]))),
//!     computed("id", Type::String).stable(),
//! ])
//! ```
//!
//! Two kinds only, as in the protocol: an attribute is of a plain [`Type`], and then a leaf to every pass, or it nests
//! attributes ([`Nesting`]), and then the passes descend.

mod attribute;
mod check;
mod example;
mod overlay;
mod pairing;
mod replace;
mod settle;
mod timeouts;
mod trim;
mod validate;

pub use attribute::{Attribute, Mode, Replace, computed, optional, optional_computed, required};
pub use check::{Check, Rule};
pub use example::example;
pub use overlay::overlay;
pub use replace::replacements;
pub use settle::{Settled, partial, settle};
pub use timeouts::{Timeouts, duration, timeouts};
pub use trim::{inputs, null_write_only, outputs, with_defaults, write_only_set};
pub use validate::validate;

use crate::{
    path::{Path, Step},
    value::{Fault, Type, Value, from_value},
};
use serde::de::DeserializeOwned;
use std::fmt;

#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Raised when the meaning of what is in state changes; states of older versions are upgraded.
    pub version: i64,
    /// Markdown.
    pub description: String,
    pub attributes: Vec<Attribute>,
    /// Rules over several attributes of the resource.
    pub rules: Vec<Rule>,
}

#[derive(Clone)]
pub enum Kind {
    Plain(Type),
    Nested(Nesting, Object),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    Single,
    List,
    Set,
    /// By string keys.
    Map,
}

/// Attributes that belong together, and the rules among them.
#[derive(Clone, Debug, Default)]
pub struct Object {
    pub attributes: Vec<Attribute>,
    pub rules: Vec<Rule>,
}

pub fn object(attributes: impl IntoIterator<Item = Attribute>) -> Object {
    Object { attributes: attributes.into_iter().collect(), rules: vec![] }
}

pub fn list_of(object: Object) -> Kind {
    Kind::Nested(Nesting::List, object)
}

/// Elements have no address in the protocol, so what is wrong inside one is told at the set.
pub fn set_of(object: Object) -> Kind {
    Kind::Nested(Nesting::Set, object)
}

pub fn map_of(object: Object) -> Kind {
    Kind::Nested(Nesting::Map, object)
}

impl From<Type> for Kind {
    fn from(ty: Type) -> Self {
        Self::Plain(ty)
    }
}

impl From<Object> for Kind {
    fn from(object: Object) -> Self {
        Self::Nested(Nesting::Single, object)
    }
}

impl Kind {
    pub fn ty(&self) -> Type {
        match self {
            Self::Plain(ty) => ty.clone(),
            Self::Nested(nesting, object) => {
                let element = object_type(&object.attributes);
                match nesting {
                    Nesting::Single => element,
                    Nesting::List => Type::list(element),
                    Nesting::Set => Type::set(element),
                    Nesting::Map => Type::map(element),
                }
            }
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(ty) => write!(f, "{}", ty.as_json()),
            Self::Nested(nesting, object) => write!(f, "{nesting:?}{:?}", object.attributes),
        }
    }
}

impl Schema {
    pub fn new(attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self { attributes: attributes.into_iter().collect(), ..Self::default() }
    }

    #[must_use]
    pub fn version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    /// Markdown: what the resource stands for.
    #[must_use]
    pub fn describe(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The type of the whole tree. Built anew each time: keep it when decoding many.
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }

    /// The typed spec from a configuration or a state, without what is computed. A fault has the path that the protocol
    /// wants; one that is only `unknown` means "undecided".
    pub fn read<T: DeserializeOwned>(&self, tree: &Value) -> Result<T, Fault> {
        let spec = from_value(&inputs(self, tree));
        spec.map_err(|fault| Fault { path: self.resolve_path(&fault.path), ..fault })
    }

    /// The path as the protocol wants it: attributes told from keys, and cut off at a set. For paths from
    /// [`Value::walk`] and from serde, which see only maps.
    pub fn resolve_path(&self, path: &Path) -> Path {
        let ty = self.ty();
        let mut at = Some(&ty);
        let mut resolved = Path::root();
        for step in path.steps() {
            let (name, index) = match step {
                Step::Attribute(name) | Step::Key(name) => (Some(name), None),
                Step::Index(index) => (None, Some(*index)),
            };
            at = match (at, name, index) {
                (Some(Type::Object(attributes)), Some(name), _) => {
                    resolved.push(Step::Attribute(name.clone()));
                    attributes.get(name)
                }
                (Some(Type::Map(element)), Some(name), _) => {
                    resolved.push(Step::Key(name.clone()));
                    Some(element)
                }
                (Some(Type::List(element)), _, Some(_)) => {
                    resolved.push(step.clone());
                    Some(element)
                }
                (Some(Type::Tuple(elements)), _, Some(index)) => {
                    resolved.push(step.clone());
                    usize::try_from(index).ok().and_then(|index| elements.get(index))
                }
                (Some(Type::Set(_)), ..) => return resolved,
                // A dynamic value's own inside, or a step that the schema doesn't know: as it came.
                (at, ..) => {
                    resolved.push(step.clone());
                    at.filter(|ty| **ty == Type::Dynamic)
                }
            };
        }
        resolved
    }
}

fn object_type(attributes: &[Attribute]) -> Type {
    Type::object(attributes.iter().map(|attribute| (attribute.name, attribute.kind.ty())))
}

// === what the passes share ===

/// What a nested value consists of: each object in it with its place. Null and unknown objects consist of nothing.
fn objects(nesting: Nesting, value: &Value) -> Vec<(Option<Step>, &Value)> {
    match (nesting, value) {
        (Nesting::Single, Value::Map(_)) => vec![(None, value)],
        (Nesting::List, Value::List(elements)) => (0i64..).map(|at| Some(Step::Index(at))).zip(elements).collect(),
        (Nesting::Set, Value::Set(elements)) => elements.iter().map(|element| (None, element)).collect(),
        (Nesting::Map, Value::Map(entries)) => {
            entries.iter().map(|(key, element)| (Some(Step::Key(key.clone())), element)).collect()
        }
        _ => vec![],
    }
}

/// The same nesting with each object made anew; null, unknown, and what does not match the schema stay as they are.
fn rebuild(nesting: Nesting, value: &Value, mut each: impl FnMut(&Value) -> Value) -> Value {
    match (nesting, value) {
        (Nesting::Single, Value::Map(_)) => each(value),
        (Nesting::List, Value::List(elements)) => Value::List(elements.iter().map(each).collect()),
        (Nesting::Set, Value::Set(elements)) => Value::Set(elements.iter().map(each).collect()),
        (Nesting::Map, Value::Map(entries)) => {
            Value::Map(entries.iter().map(|(key, element)| (key.clone(), each(element))).collect())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
pub(crate) mod generate;
#[cfg(test)]
mod tests;
