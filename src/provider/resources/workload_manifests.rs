//! The data source `goldenpath_workload_manifests`: files for the repository of a slot's application.

use super::{diagnostics, flow, session::Session};
use async_trait::async_trait;
use goldenpath_core::domain::SlotId;
use plugin::{
    DataSource, Diagnostic, Schema, Type, Value,
    resource::CallContext,
    schema::{computed, required},
    value::to_value,
};
use std::sync::Arc;

pub struct WorkloadManifests {
    pub session: Arc<Session>,
}

#[async_trait]
impl DataSource for WorkloadManifests {
    fn name(&self) -> &'static str {
        "goldenpath_workload_manifests"
    }

    fn schema(&self) -> Schema {
        Schema::new([
            required("slot", Type::String)
                .parses::<SlotId>()
                .example("demo/payments-prod/ledger")
                .describe("`id` of a `goldenpath_eks_workload_slot`, `<cluster>/<environment>/<slot>`."),
            computed("files", Type::map(Type::String))
                .describe(
                    "YAML files by name: `deployment.yaml`, `hpa.yaml` (an autoscaler, unless the slot has one) and `score.yaml` (Score).",
                ),
        ])
        .describe(
            "Manifests for the application's own repository that fit a slot: its namespace and ServiceAccount, its \
             share of the quota, and the requirements of Pod Security. The provider never applies them. In a run that \
             creates or changes the slot, they are read after it.",
        )
    }

    async fn read(&self, _call: &CallContext, config: Value) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>> {
        let configured = self.session.target("read the manifests of a slot")?;
        let missing = || diagnostics::no_record("slot", &config, "slot", "goldenpath_eks_workload_slot");
        let slot: SlotId = flow::leaf(&config, "slot").ok_or_else(missing)?;
        let files = configured.provisioner.files(&slot.into()).await;
        let files = files.map_err(|problem| diagnostics::all(&self.schema(), [problem]))?;
        let files = files.ok_or_else(missing)?;
        Ok((Value::map([("files", to_value(&files))]), vec![]))
    }
}
