//! The smallest provider: one resource that keeps what it is given. What a plan with it costs, every provider pays: the figures of
//! `scripts/bench` are read beside it.

use plugin::{
    Configure, Connection, DataSource, Diagnostic, Provider, Resource, Schema, Type, Value,
    private::Private,
    resource::{
        ApplyRequest, ApplyResponse, CallContext, Change, ImportResponse, PlanRequest, PlanResponse, ReadRequest,
        ReadResponse,
    },
    schema::{computed, optional},
    serve,
};
use std::sync::Arc;

struct Smallest;

struct Client {
    resources: Vec<Box<dyn Resource>>,
}

struct Copy;

impl Provider for Smallest {
    fn address(&self) -> &'static str {
        "goldenpath.internal/platform/smallest"
    }

    fn schema(&self) -> Schema {
        Schema::new([])
    }

    fn connect(&self) -> Arc<dyn Connection> {
        Arc::new(Client { resources: vec![Box::new(Copy)] })
    }
}

#[async_trait::async_trait]
impl Connection for Client {
    async fn configure(&self, _: Configure) -> Vec<Diagnostic> {
        vec![]
    }

    fn resources(&self) -> &[Box<dyn Resource>] {
        &self.resources
    }

    fn data_sources(&self) -> &[Box<dyn DataSource>] {
        &[]
    }
}

#[async_trait::async_trait]
impl Resource for Copy {
    fn name(&self) -> &'static str {
        "smallest_copy"
    }

    fn schema(&self) -> Schema {
        Schema::new([optional("input", Type::map(Type::String)), computed("id", Type::String).stable()])
    }

    async fn read(&self, _: &CallContext, request: ReadRequest) -> ReadResponse {
        ReadResponse { state: Some(request.state), private: request.private, diagnostics: vec![] }
    }

    async fn plan(&self, _: &CallContext, _: PlanRequest) -> PlanResponse {
        PlanResponse {
            computed: Value::map([] as [(&str, Value); 0]),
            requires_replace: vec![],
            private: Private::default(),
            diagnostics: vec![],
        }
    }

    async fn apply(&self, _: &CallContext, request: ApplyRequest) -> ApplyResponse {
        let computed = match request.change {
            Change::Destroy { .. } => None,
            Change::Create { .. } | Change::Update { .. } => Some(Value::map([("id", Value::string("one"))])),
        };
        ApplyResponse { computed, private: request.private, diagnostics: vec![] }
    }

    async fn import(&self, _: &CallContext, _: &str) -> ImportResponse {
        ImportResponse { state: None, private: Private::default(), diagnostics: vec![] }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let serve::Launch::Plugin(environment) = serve::detect_launch() else { return Err("Terraform starts it".into()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(serve::plugin(Arc::new(Smallest), environment))?)
}
