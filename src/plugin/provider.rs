//! What a provider is to the server: a factory of connections, each with its own configuration.
//!
//! Under `serve --reattach` one process serves many clients at once, so nothing that a client configures may live in the
//! process: it lives in the [`Connection`], which the server makes when a client connects and drops when it goes.

use crate::{
    Cancel,
    diagnostic::Diagnostic,
    resource::{DataSource, Resource},
    schema::Schema,
    value::Value,
};
use async_trait::async_trait;
use std::sync::Arc;

pub trait Provider: Send + Sync + 'static {
    /// The full source address, for logs and for TF_REATTACH_PROVIDERS: `goldenpath.internal/platform/goldenpath`.
    fn address(&self) -> &'static str;
    /// The schema of the provider's own configuration.
    fn schema(&self) -> Schema;
    fn connect(&self) -> Arc<dyn Connection>;
}

pub struct Configure {
    pub terraform_version: String,
    /// With defaults filled in; may hold unknowns at plan.
    pub config: Value,
    /// Cancelled by StopProvider.
    pub cancel: Cancel,
}

#[async_trait]
pub trait Connection: Send + Sync + 'static {
    /// Cross-attribute rules, after the schema's own checks have passed. Runs unconfigured.
    fn validate(&self, _config: &Value) -> Vec<Diagnostic> {
        vec![]
    }
    /// May be called again with other values: the last one wins for calls that begin later.
    async fn configure(&self, request: Configure) -> Vec<Diagnostic>;
    /// Every resource type, in the order of the registry. Cheap: schemas are built when first needed.
    fn resources(&self) -> &[Box<dyn Resource>];
    fn data_sources(&self) -> &[Box<dyn DataSource>];
}
