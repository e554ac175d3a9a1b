//! Each schema with the type that it gives to values, built when a call first needs it and kept for the process.
//!
//! Clients cache schemas too (`get_provider_schema_optional`), so most instances of a run never request them all: they pay
//! for the types that they touch.

use crate::{
    diagnostic::Diagnostic,
    laws::Violation,
    schema::{self, AttributeType, Schema},
    value::{Type, Value},
};
use std::sync::OnceLock;

/// The detail of all that only this provider's developers can repair.
pub(super) const BUG: &str = "This is a bug in the provider, not in your configuration. Report it.";

/// By position in the connection's lists: every connection has the provider's one registry.
#[derive(Default)]
pub(super) struct Schemas {
    pub(super) provider: OnceLock<TypedSchema>,
    pub(super) resources: OnceLock<Box<[OnceLock<TypedSchema>]>>,
    pub(super) data_sources: OnceLock<Box<[OnceLock<TypedSchema>]>>,
}

pub(super) struct TypedSchema {
    pub(super) schema: Schema,
    pub(super) ty: Type,
    /// In debug builds, what core would object to. It refuses such a schema too, but less plainly.
    pub(super) violations: Vec<Diagnostic>,
    has_write_only: bool,
}

impl TypedSchema {
    pub(super) fn new(name: &str, schema: Schema, law: fn(&Schema) -> Vec<Violation>) -> Self {
        let violations = if cfg!(debug_assertions) { law(&schema) } else { vec![] };
        let report = |violation: Violation| {
            // Not at a path: this is about the schema, and no configuration has such a place.
            Diagnostic::error(format!("Schema of {name} violates the protocol: {violation}; report this bug"), BUG)
        };
        Self {
            ty: schema.ty(),
            has_write_only: any_write_only(&schema.attributes),
            violations: violations.into_iter().map(report).collect(),
            schema,
        }
    }

    /// Core refuses any response with a write-only value in it.
    pub(super) fn without_write_only(&self, value: Value) -> Value {
        if self.has_write_only { schema::null_write_only(&self.schema, &value) } else { value }
    }

    /// Diagnostics as the client understands them: a rule that looked at a tree can't distinguish a key from an attribute.
    pub(super) fn locate_all(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        diagnostics.into_iter().map(|diagnostic| self.locate(diagnostic)).collect()
    }

    pub(super) fn locate(&self, diagnostic: Diagnostic) -> Diagnostic {
        if diagnostic.path.is_root() {
            return diagnostic;
        }
        let path = self.schema.resolve_path(&diagnostic.path);
        diagnostic.at(path)
    }
}

fn any_write_only(attributes: &[schema::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.write_only
            || matches!(&attribute.kind, AttributeType::Nested(_, object) if any_write_only(&object.attributes))
    })
}
