//! A type by its name: the resource or data source of the connection, with the schema of the process.

use super::{context::Work, failure::RpcResult, schemas::TypedSchema};
use crate::{
    diagnostic::Diagnostic,
    laws,
    resource::{DataSource, Resource},
};
use std::sync::OnceLock;

impl Work {
    pub(super) fn provider(&self) -> &TypedSchema {
        let process = self.context.process();
        process
            .schemas
            .provider
            .get_or_init(|| TypedSchema::new("provider", process.provider.schema(), laws::check_provider_schema))
    }

    pub(super) fn resource(&self, name: &str) -> RpcResult<(&dyn Resource, &TypedSchema)> {
        let all = self.connection().resources();
        let at =
            all.iter().position(|resource| resource.name() == name).ok_or_else(|| unknown_name("resource", name))?;
        Ok((&*all[at], self.resource_schema(at)))
    }

    pub(super) fn data_source(&self, name: &str) -> RpcResult<(&dyn DataSource, &TypedSchema)> {
        let all = self.connection().data_sources();
        let at =
            all.iter().position(|source| source.name() == name).ok_or_else(|| unknown_name("data source", name))?;
        Ok((&*all[at], self.data_source_schema(at)))
    }

    pub(super) fn resource_schema(&self, at: usize) -> &TypedSchema {
        let all = self.connection().resources();
        let cells = cells(&self.context.process().schemas.resources, all.len());
        cells[at].get_or_init(|| TypedSchema::new(all[at].name(), all[at].schema(), laws::check_schema))
    }

    pub(super) fn data_source_schema(&self, at: usize) -> &TypedSchema {
        let all = self.connection().data_sources();
        let cells = cells(&self.context.process().schemas.data_sources, all.len());
        cells[at].get_or_init(|| TypedSchema::new(all[at].name(), all[at].schema(), laws::check_schema))
    }
}

fn cells(cells: &OnceLock<Box<[OnceLock<TypedSchema>]>>, length: usize) -> &[OnceLock<TypedSchema>] {
    cells.get_or_init(|| (0..length).map(|_| OnceLock::new()).collect())
}

fn unknown_name(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("No {kind} `{name}` in this version of the provider"),
        format!(
            "The configuration or the state names a {kind} that this version does not have. Upgrade the provider with \
             `terraform init -upgrade`, or remove the {kind}."
        ),
    )
}
