//! The data source `goldenpath_cluster`: the facts of a cluster, for core to keep the same between plan and apply.

use super::{attributes, diagnostics, flow, session::Session};
use async_trait::async_trait;
use goldenpath_core::domain::ClusterRef;
use plugin::{
    DataSource, Diagnostic, Schema, Type, Value,
    resource::CallContext,
    schema::{computed, required},
    value::to_value,
};
use std::sync::Arc;

pub struct Cluster {
    pub session: Arc<Session>,
}

#[async_trait]
impl DataSource for Cluster {
    fn name(&self) -> &'static str {
        "goldenpath_cluster"
    }

    fn schema(&self) -> Schema {
        Schema::new([
            required("name", Type::String)
                .parses::<ClusterRef>()
                .example("demo")
                .describe("Name or ARN of the EKS cluster."),
            computed("arn", Type::String).describe("ARN of the cluster."),
            computed("version", Type::String).describe("Minor version of Kubernetes that the cluster runs, such as `1.36`."),
            attributes::facts_read(),
        ])
        .describe(
            "Facts of an EKS cluster: version, network, Auto Mode, permission sets, add-ons. No resource takes `facts`; they have the form \
             that the provider's `offline` takes, for plans without credentials.",
        )
    }

    async fn read(&self, _call: &CallContext, config: Value) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>> {
        let configured = self.session.target("read the facts of a cluster")?;
        let Some(cluster) = flow::leaf::<ClusterRef>(&config, "name") else {
            return Err(vec![Diagnostic::error(
                "The name of the cluster is not known: report this bug of the client",
                "A data source is read only once its configuration is known. This is a bug in the client: please report it \
                 there.",
            )]);
        };
        let facts = configured.provisioner.facts(&cluster).await;
        let facts = facts.map_err(|problem| diagnostics::of(&self.schema(), problem))?;
        let computed = Value::map([
            ("arn", Value::from(facts.stable.cluster_arn.as_str())),
            ("version", Value::from(facts.version.as_str())),
            ("facts", to_value(&facts)),
        ]);
        Ok((computed, vec![]))
    }
}
