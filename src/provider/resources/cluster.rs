//! The data source `goldenpath_cluster`: the facts of a cluster, for core to hold fast between plan and apply.

use super::{attributes, diagnostics, flow, session::Session};
use async_trait::async_trait;
use goldenpath_core::domain::ClusterRef;
use plugin::{
    DataSource, Diagnostic, Schema, Type, Value,
    resource::Call,
    schema::{computed, required},
    value::to_value,
};
use std::sync::Arc;

pub struct Cluster {
    session: Arc<Session>,
}

impl Cluster {
    pub const NAME: &'static str = "goldenpath_cluster";

    pub fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    pub fn declared() -> Schema {
        Schema::new([
            required("name", Type::String)
                .parses::<ClusterRef>()
                .example("demo")
                .describe("Name or ARN of the cluster (EKS `CreateCluster`)."),
            computed("arn", Type::String).describe("ARN of the cluster."),
            computed("version", Type::String).describe("Minor version of Kubernetes that it runs, such as `1.36`."),
            attributes::facts_read(),
        ])
        .describe(
            "What a cluster is: version, network, Auto Mode, permission sets. Hand `facts` to a resource, and core itself keeps \
             them the same between plan and apply.",
        )
    }
}

#[async_trait]
impl DataSource for Cluster {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn schema(&self) -> Schema {
        Self::declared()
    }

    async fn read(&self, _call: &Call, config: Value) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>> {
        let configured =
            self.session.known().map_err(|pending| vec![pending.diagnostic("read the facts of a cluster")])?;
        let Some(cluster) = flow::leaf::<ClusterRef>(&config, "name") else {
            return Err(vec![Diagnostic::error(
                "the cluster's name is not known",
                "Core reads a data source only when its configuration is known; this is a mistake of the client.",
            )]);
        };
        let facts = configured
            .provisioner
            .facts(&cluster)
            .await
            .map_err(|problem| vec![diagnostics::shown(&Self::declared(), problem)])?;
        let computed = Value::map([
            ("arn", Value::from(facts.stable.cluster_arn.as_str())),
            ("version", Value::from(facts.version.as_str())),
            ("facts", to_value(&facts)),
        ]);
        Ok((computed, vec![]))
    }
}
