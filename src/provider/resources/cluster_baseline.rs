//! `goldenpath_cluster_baseline`: what is needed once per cluster.

use super::{
    attributes,
    flow::{self, ManagedResource},
};
use goldenpath_core::{
    domain::{ClusterRef, Id, NameError, VersionConstraint},
    provision::{Baseline, Descriptor, Spec, descriptor},
};
use plugin::{
    Schema, Type, Value,
    schema::{Attribute, map_of, object, optional, timeouts},
    value::{ConvertError, from_value},
};

pub struct ClusterBaseline;

impl ManagedResource for ClusterBaseline {
    fn name(&self) -> &'static str {
        "goldenpath_cluster_baseline"
    }

    fn id_form(&self) -> &'static str {
        "<cluster>"
    }

    fn schema(&self) -> Schema {
        let configured = [attributes::cluster(), golden_paths(), attributes::claim(), timeouts(flow::OPERATIONS)];
        Schema::new(configured.into_iter().chain(attributes::identity(self.id_form()))).describe(
            "What every environment on a cluster needs and no team may change: the namespace `goldenpath-system`, which holds \
             the records of environments and slots, and the ClusterRoles `gp-viewer`, `gp-developer`, `gp-deployer` and \
             `gp-admin`. These roles are not aggregated, so no other chart can add permissions to them.\n\nOne per cluster, \
             owned by its administrators. It can't be destroyed while environments remain.",
        )
    }

    fn spec(&self, config: &Value) -> Result<Spec, ConvertError> {
        from_value(config).map(Spec::of::<Baseline>)
    }

    fn golden(&self) -> &'static dyn Descriptor {
        descriptor::<Baseline>()
    }

    fn id(&self, config: &Value) -> Option<Id> {
        let cluster: ClusterRef = flow::leaf(config, "cluster")?;
        Some(Id::baseline(&cluster))
    }

    fn parse_id(&self, text: &str) -> Result<Id, NameError> {
        text.parse().map(|cluster: ClusterRef| Id::baseline(&cluster))
    }
}

fn golden_paths() -> Attribute {
    let one = object([
        optional("version", Type::String)
            .parses::<VersionConstraint>()
            .example("~> 1.0")
            .describe("Versions, as in `golden_path_version` of an environment. Any if unset."),
        attributes::text_set("digests", "3f2a9c0d5e6b7a8190c2d3e4f5061728394a5b6c7d8e9f00112233445566778a")
            .describe("Digests of the documents, as `catalogue list` prints them. Any if unset."),
    ]);
    optional("golden_paths", map_of(one)).describe(
        "Golden paths, by name, that environments of this cluster may be made by: any other is refused in the plan, and at apply. \
         Anything that the catalogue has if unset.",
    )
}
