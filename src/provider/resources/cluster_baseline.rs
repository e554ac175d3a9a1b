//! `goldenpath_cluster_baseline`: what is needed once per cluster.

use super::{
    attributes,
    flow::{self, ManagedResource},
};
use goldenpath_core::{
    domain::{ClusterRef, Guard, Id, NameError, VersionConstraint},
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
        let configured =
            [attributes::cluster(), golden_paths(), guards(), attributes::claim(), timeouts(flow::OPERATIONS)];
        Schema::new(configured.into_iter().chain(attributes::identity(self.id_form()))).describe(
            "What every environment on a cluster needs and no team may change: the namespace `goldenpath-system`, which \
             holds the records of environments and slots, and the ClusterRoles `gp-viewer`, `gp-developer`, \
             `gp-deployer` and `gp-admin`. These roles are not aggregated, so no other chart can add permissions to \
             them. It also has the guards: ValidatingAdmissionPolicies that keep tenants inside their environments; see \
             [security](../guides/security).\n\nOne per cluster, owned by its administrators. It can't be destroyed \
             while environments remain.",
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
        "Golden paths, by name, that environments of this cluster may use: any other is refused, in plan and apply. All \
         paths of the catalogue if unset.",
    )
}

fn guards() -> Attribute {
    let one = |guard: &Guard| optional(guard.as_str(), Type::Bool).describe(refuses(*guard));
    optional("guards", object(Guard::ALL.iter().map(one))).describe(
        "What admission refuses to tenants. Every guard is on unless it is set to `false`, which each plan warns about. \
         Clusters older than Kubernetes 1.30 have none, and each plan says so.",
    )
}

fn refuses(guard: Guard) -> &'static str {
    match guard {
        Guard::TokenSecrets => {
            "Refuses Secrets of type `kubernetes.io/service-account-token`, whose tokens never expire."
        }
        Guard::Services => "Refuses Services with `externalIPs` or of type `NodePort`.",
        Guard::ClusterRoles => {
            "Refuses to bind a `gp-` ClusterRole outside of environments' namespaces, also for administrators and the \
             provider."
        }
        Guard::Namespaces => {
            "Refuses changes of labels and annotations under `goldenpath.internal/` on any namespace, and of Pod Security labels and \
             deletes of the environments' own."
        }
        Guard::Pods => {
            "Refuses pods with `nodeName`, with a toleration without a key, or of a PriorityClass that the golden path does not \
             list, if it has a list."
        }
        Guard::Ingress => {
            "Refuses Ingresses and Gateway API routes for hosts outside of `network.ingress_hosts`, and load balancer groups other \
             than the environment's name and those that the golden path lists."
        }
        Guard::Classes => "Refuses classes of ingress and storage that the golden path does not list, if it has lists.",
        Guard::RoleBindings => {
            "Refuses RoleBindings to anybody but ServiceAccounts of the same environment, and changes to those of the provider."
        }
        Guard::Network => {
            "Refuses NetworkPolicies that open to anybody but pods of the same environment, and changes to those of the provider."
        }
        Guard::Quotas => {
            "Refuses changes to ResourceQuotas and LimitRanges of the provider, and others with a name that begins with `gp-`."
        }
        Guard::Replicas => {
            "Refuses more replicas of a slot's workload, or of its autoscaler, than `share.max_replicas`."
        }
    }
}
