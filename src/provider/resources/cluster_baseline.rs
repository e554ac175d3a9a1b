//! `goldenpath_cluster_baseline`: what is needed once per cluster.

use super::{
    attributes,
    flow::{self, Kind},
};
use goldenpath_core::domain::{BaselineSpec, ClusterRef, Id, NameError, Spec};
use plugin::{
    Schema, Type, Value,
    schema::{required, timeouts},
};

pub struct ClusterBaseline;

impl Kind for ClusterBaseline {
    type Spec = BaselineSpec;
    const NAME: &'static str = "goldenpath_cluster_baseline";

    fn schema() -> Schema {
        let configured = [
            attributes::cluster(required("cluster", Type::String)).describe(
                "Name or ARN of the cluster (EKS `CreateCluster`: letters, digits, `-` and `_`, at most 100). A name and an ARN \
                 of the same cluster are equal. Another cluster replaces the baseline.",
            ),
            timeouts(flow::OPERATIONS),
        ];
        Schema::new(configured.into_iter().chain(attributes::identity("`<cluster>`."))).describe(
            "What every environment on a cluster needs and no team may touch: the namespace `goldenpath-system`, in which the \
             records of environments and slots live, and the ClusterRoles `gp-viewer`, `gp-developer`, `gp-deployer` and \
             `gp-admin`. They are pinned and not aggregated, so no chart adds rights to them behind your back.\n\nOne per \
             cluster, owned by its administrators. It can't be destroyed while environments remain.",
        )
    }

    fn wrap(spec: BaselineSpec) -> Spec {
        Spec::Baseline(spec)
    }

    fn id(config: &Value) -> Option<Id> {
        let cluster: ClusterRef = flow::leaf(config, "cluster")?;
        Some(Id::Baseline(cluster.name().to_owned()))
    }

    fn parse_id(text: &str, _only: Option<&ClusterRef>) -> Result<Id, NameError> {
        text.parse::<ClusterRef>().map(|cluster| Id::Baseline(cluster.name().to_owned()))
    }

    const ID_SHAPE: &'static str = "`<cluster>`";
}
