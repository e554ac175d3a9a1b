//! One attribute and everything that is declared about it.

use super::rule::{Check, Rule};
use crate::value::{Type, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Required,
    Optional,
    /// Ours alone; it can't be configured.
    Computed,
    /// Configured, or ours when it is not.
    OptionalComputed,
}

#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: &'static str,
    pub kind: AttributeType,
    pub mode: Mode,
    pub default: Option<Value>,
    pub checks: Vec<Check>,
    /// The only values allowed, where they are few: for messages, documents and examples.
    pub choices: Vec<&'static str>,
    pub replace: Replace,
    /// Computed once: an update keeps the prior value instead of "(known after apply)".
    pub stable: bool,
    pub sensitive: bool,
    pub write_only: bool,
    pub deprecated: Option<String>,
    /// Markdown.
    pub description: String,
    /// Two spellings of one value: the prior one is kept.
    pub equal: Option<Equality>,
    /// For documents, and for the test that schema and struct name the same things.
    pub example: Option<Value>,
    /// Declared by [`refusal`]: what to write instead.
    pub refused: Option<&'static str>,
    /// An object with nothing set in it means something: `sandbox = {}`.
    pub may_be_empty: bool,
}

#[derive(Clone, Debug)]
pub enum AttributeType {
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

pub fn list_of(object: Object) -> AttributeType {
    AttributeType::Nested(Nesting::List, object)
}

/// Elements have no address in the protocol, so what is wrong inside one is reported at the set.
pub fn set_of(object: Object) -> AttributeType {
    AttributeType::Nested(Nesting::Set, object)
}

pub fn map_of(object: Object) -> AttributeType {
    AttributeType::Nested(Nesting::Map, object)
}

impl From<Type> for AttributeType {
    fn from(ty: Type) -> Self {
        Self::Plain(ty)
    }
}

impl From<Object> for AttributeType {
    fn from(object: Object) -> Self {
        Self::Nested(Nesting::Single, object)
    }
}

impl AttributeType {
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

pub(super) fn object_type(attributes: &[Attribute]) -> Type {
    Type::object(attributes.iter().map(|attribute| (attribute.name, attribute.kind.ty())))
}

/// Whether a change makes a new object. An unknown never does: it may turn out to be no change.
#[derive(Clone, Copy, Debug)]
pub enum Replace {
    Never,
    Always,
    /// Given the prior and the planned value, both wholly known.
    If(fn(&Value, &Value) -> bool),
}

#[derive(Clone, Copy, Debug)]
pub struct Equality {
    pub(super) same: fn(&Value, &Value) -> bool,
    /// Compare the elements of a map, not the map.
    pub(super) elements: bool,
}

pub fn required(name: &'static str, kind: impl Into<AttributeType>) -> Attribute {
    attribute(name, kind.into(), Mode::Required)
}

pub fn optional(name: &'static str, kind: impl Into<AttributeType>) -> Attribute {
    attribute(name, kind.into(), Mode::Optional)
}

pub fn computed(name: &'static str, kind: impl Into<AttributeType>) -> Attribute {
    attribute(name, kind.into(), Mode::Computed)
}

pub fn optional_computed(name: &'static str, kind: impl Into<AttributeType>) -> Attribute {
    attribute(name, kind.into(), Mode::OptionalComputed)
}

/// A word that people write in a nested object by habit. Core drops what such an object does not declare before anybody could
/// report it, so the word is declared only to be refused by name. `instead` is an imperative: "write `actions`".
///
/// `ty` is what people write most. `Dynamic` would take anything, but not in a list: core wants all elements to be of one type, and
/// names no word when they are not. With another type core itself names the word. `Type::object` of nothing takes every object.
pub fn refusal(name: &'static str, ty: Type, instead: &'static str) -> Attribute {
    let declared = attribute(name, ty.into(), Mode::Optional).describe(format!("Not accepted: {instead}."));
    Attribute { refused: Some(instead), ..declared }
}

fn attribute(name: &'static str, kind: AttributeType, mode: Mode) -> Attribute {
    Attribute {
        name,
        kind,
        mode,
        default: None,
        checks: vec![],
        choices: vec![],
        replace: Replace::Never,
        stable: false,
        sensitive: false,
        write_only: false,
        deprecated: None,
        description: String::new(),
        equal: None,
        example: None,
        refused: None,
        may_be_empty: false,
    }
}

impl Attribute {
    /// What an attribute that is not configured means. It is planned, so the user sees it.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self { default: Some(value.into()), ..self }
    }

    /// A change of a known value destroys the object and makes another one.
    #[must_use]
    pub fn replaces(self) -> Self {
        Self { replace: Replace::Always, ..self }
    }

    #[must_use]
    pub fn replaces_if(self, condition: fn(prior: &Value, planned: &Value) -> bool) -> Self {
        Self { replace: Replace::If(condition), ..self }
    }

    #[must_use]
    pub fn stable(self) -> Self {
        Self { stable: true, ..self }
    }

    #[must_use]
    pub fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// Never in plan or state: it is read from the configuration at plan and apply.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self { write_only: true, ..self }
    }

    /// What to use instead.
    #[must_use]
    pub fn deprecated(self, message: impl Into<String>) -> Self {
        Self { deprecated: Some(message.into()), ..self }
    }

    #[must_use]
    pub fn describe(self, markdown: impl Into<String>) -> Self {
        Self { description: markdown.into(), ..self }
    }

    /// Two spellings of one value (`"1000m"` and `"1"`, a name and its ARN): while they are equal, the plan keeps the
    /// prior spelling. Compares only wholly known values that are not null.
    #[must_use]
    pub fn equal_if(self, same: fn(prior: &Value, new: &Value) -> bool) -> Self {
        Self { equal: Some(Equality { same, elements: false }), ..self }
    }

    /// The same for each element of a map by itself. In a configured map all must be equal, for core allows only the
    /// configured or the prior map as a whole.
    #[must_use]
    pub fn equal_elements_if(self, same: fn(prior: &Value, new: &Value) -> bool) -> Self {
        Self { equal: Some(Equality { same, elements: true }), ..self }
    }

    /// A value that passes the checks, where one can't be guessed from the kind.
    #[must_use]
    pub fn example(self, value: impl Into<Value>) -> Self {
        Self { example: Some(value.into()), ..self }
    }

    /// Nothing set in the object is a choice and no slip.
    #[must_use]
    pub fn may_be_empty(self) -> Self {
        Self { may_be_empty: true, ..self }
    }

    /// The protocol's `required` flag.
    pub fn is_required(&self) -> bool {
        self.mode == Mode::Required
    }

    /// The protocol's `optional` flag.
    pub fn is_optional(&self) -> bool {
        matches!(self.mode, Mode::Optional | Mode::OptionalComputed)
    }

    /// The protocol's `computed` flag: when it is not configured, the plan may hold something else than null. A default
    /// is such a value.
    pub fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed) || self.default.is_some()
    }

    /// The provider decides it when it is not configured, and no default does.
    pub(crate) fn is_decided_by_us(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed) && self.default.is_none()
    }
}
