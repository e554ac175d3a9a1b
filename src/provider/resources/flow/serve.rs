//! The flow as the server calls it.

use super::managed::Managed;
use async_trait::async_trait;
use plugin::{
    Diagnostic, Resource, Schema, Value,
    resource::{
        ApplyRequest, ApplyResponse, CallContext, ImportResponse, PlanRequest, PlanResponse, ReadRequest, ReadResponse,
    },
};

#[async_trait]
impl Resource for Managed {
    fn name(&self) -> &'static str {
        self.resource.name()
    }

    fn schema(&self) -> Schema {
        self.resource.schema()
    }

    fn validate(&self, config: &Value) -> Vec<Diagnostic> {
        self.check(config)
    }

    async fn read(&self, _call: &CallContext, request: ReadRequest) -> ReadResponse {
        self.refresh(request).await
    }

    async fn plan(&self, _call: &CallContext, request: PlanRequest) -> PlanResponse {
        self.preview(request).await
    }

    async fn apply(&self, call: &CallContext, request: ApplyRequest) -> ApplyResponse {
        self.execute(call, request).await
    }

    async fn import(&self, _call: &CallContext, id: &str) -> ImportResponse {
        self.recover(id).await
    }
}
