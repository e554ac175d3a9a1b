//! Each schema with the type that it gives to values, built when a call first needs it and kept for the process.
//!
//! Clients cache schemas too (`get_provider_schema_optional`), so most instances of a run never ask for them all: they pay
//! for the types that they touch.

use super::{call::Answered, session::Work};
use crate::{
    diagnostic::Diagnostic,
    laws::{self, Breach},
    resource::{DataSource, Resource},
    schema::{self, Kind, Schema},
    value::{Type, Value},
};
use std::sync::OnceLock;

/// By position in the connection's lists: every connection has the provider's one registry.
#[derive(Default)]
pub(super) struct Schemas {
    provider: OnceLock<Typed>,
    resources: OnceLock<Box<[OnceLock<Typed>]>>,
    data_sources: OnceLock<Box<[OnceLock<Typed>]>>,
}

pub(super) struct Typed {
    pub(super) schema: Schema,
    pub(super) ty: Type,
    /// In debug builds, what core would object to. It refuses such a schema too, but less plainly.
    pub(super) breaches: Vec<Diagnostic>,
    has_write_only: bool,
}

impl Typed {
    fn new(name: &str, schema: Schema, law: fn(&Schema) -> Vec<Breach>) -> Self {
        let breaches = if cfg!(debug_assertions) { law(&schema) } else { vec![] };
        let told = |breach: Breach| {
            // Not at a path: this is about the schema, and no configuration has such a place.
            Diagnostic::error(format!("the schema of {name} breaks a law of the protocol: {breach}"), "")
        };
        Self {
            ty: schema.ty(),
            has_write_only: any_write_only(&schema.attributes),
            breaches: breaches.into_iter().map(told).collect(),
            schema,
        }
    }

    /// What may be answered: core refuses any answer with a write-only value in it.
    pub(super) fn answerable(&self, value: Value) -> Value {
        if self.has_write_only { schema::null_write_only(&self.schema, &value) } else { value }
    }

    /// Diagnostics as the client understands them: a rule that looked at a tree can't tell a key from an attribute.
    pub(super) fn located(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
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
        attribute.write_only || matches!(&attribute.kind, Kind::Nested(_, object) if any_write_only(&object.attributes))
    })
}

impl Work {
    pub(super) fn provider(&self) -> &Typed {
        let process = self.session.process();
        process
            .schemas
            .provider
            .get_or_init(|| Typed::new("provider", process.provider.schema(), laws::check_provider_schema))
    }

    pub(super) fn resource(&self, name: &str) -> Answered<(&dyn Resource, &Typed)> {
        let all = self.connection().resources();
        let at = all.iter().position(|resource| resource.name() == name).ok_or_else(|| unknown("resource", name))?;
        Ok((&*all[at], self.resource_schema(at)))
    }

    pub(super) fn data_source(&self, name: &str) -> Answered<(&dyn DataSource, &Typed)> {
        let all = self.connection().data_sources();
        let at = all.iter().position(|source| source.name() == name).ok_or_else(|| unknown("data source", name))?;
        Ok((&*all[at], self.data_source_schema(at)))
    }

    pub(super) fn resource_schema(&self, at: usize) -> &Typed {
        let all = self.connection().resources();
        let cells = cells(&self.session.process().schemas.resources, all.len());
        cells[at].get_or_init(|| Typed::new(all[at].name(), all[at].schema(), laws::check_schema))
    }

    pub(super) fn data_source_schema(&self, at: usize) -> &Typed {
        let all = self.connection().data_sources();
        let cells = cells(&self.session.process().schemas.data_sources, all.len());
        cells[at].get_or_init(|| Typed::new(all[at].name(), all[at].schema(), laws::check_schema))
    }
}

fn cells(cells: &OnceLock<Box<[OnceLock<Typed>]>>, length: usize) -> &[OnceLock<Typed>] {
    cells.get_or_init(|| (0..length).map(|_| OnceLock::new()).collect())
}

fn unknown(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("this release of the provider has no {kind} {name}"),
        "The configuration or the state names a type that this release doesn't know. Install a release that has it \
         (terraform init -upgrade), or remove it.",
    )
}
