//! The schema of one resource, data source or provider, and the way from a place in its trees to an attribute.

use super::{Attribute, AttributeType, Rule, attribute::object_type};
use crate::{
    path::{Path, Step},
    value::Type,
};

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

    /// The type of the whole tree. Built each time: keep it when decoding many.
    pub fn ty(&self) -> Type {
        object_type(&self.attributes)
    }

    /// The path as the protocol wants it: attributes distinguished from keys, and cut off at a set. For paths from
    /// [`crate::Value::unknown_paths`] and from serde, which see only maps.
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

    /// Whether the attribute at this path, or one that it is inside, is sensitive.
    pub fn is_sensitive(&self, path: &Path) -> bool {
        let mut attributes = &self.attributes;
        for step in path.steps() {
            let Step::Attribute(name) = step else { continue };
            let Some(attribute) = attributes.iter().find(|attribute| attribute.name == name) else {
                return false;
            };
            if attribute.sensitive || attribute.write_only {
                return true;
            }
            match &attribute.kind {
                AttributeType::Plain(_) => return false,
                AttributeType::Nested(_, object) => attributes = &object.attributes,
            }
        }
        false
    }
}
