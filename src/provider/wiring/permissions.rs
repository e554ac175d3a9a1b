//! What the adapters know of their own needs, and what golden paths grant, for the command `permissions`.

use crate::cli::{Part, Permissions};
use goldenpath_adapters::{
    aws::permissions::{self as aws, Place},
    kube::permissions as kube,
};
use goldenpath_core::{
    domain::{ClusterArn, PersonaName},
    golden::cluster_roles,
};
use serde_json::Value;

pub(super) const PERMISSIONS: Permissions = Permissions {
    aws: of_aws,
    kubernetes: of_kubernetes,
};

fn of_aws(part: Part, cluster: Option<&ClusterArn>) -> Value {
    let place = cluster.map_or_else(Place::default, Place::of);
    let part = match part {
        Part::Baseline => aws::Part::Baseline,
        Part::Environments => aws::Part::Environments,
    };
    aws::iam_policy(part, &place)
}

fn of_kubernetes(part: Part) -> Value {
    let names: Vec<String> = PersonaName::ALL.into_iter().map(cluster_roles::name).collect();
    match part {
        Part::Environments => {
            let mut roles = kube::for_environments(&names);
            if let Some(items) = roles["items"].as_array_mut() {
                items.push(kube::for_probe());
            }
            roles
        }
        Part::Baseline => {
            let held = PersonaName::ALL.into_iter().flat_map(cluster_roles::rules).collect();
            kube::for_baseline(&names, held)
        }
    }
}
