//! `permissions`: what the provider must be allowed to do, as an IAM policy and as RBAC, and what the roles that it makes may do at the most;
//! made from the lists that the code works by, and from golden paths.

use super::output;
use clap::{Args, ValueEnum};
use goldenpath_core::domain::{CatalogueSource, CatalogueSources, ClusterArn};
use serde_json::Value;

/// What a pipeline manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// `goldenpath_cluster_baseline`
    Baseline,
    /// `goldenpath_team_environment` and `goldenpath_eks_workload_slot`
    Environments,
}

/// By sources of golden paths in addition to the built-in ones.
type OfAws = fn(&[CatalogueSource], Option<Part>, Option<&ClusterArn>) -> anyhow::Result<Value>;
type OfKubernetes = fn(&[CatalogueSource], Option<Part>, Option<&str>) -> anyhow::Result<Value>;
type OfBoundary = fn(&[CatalogueSource], Option<&str>, Option<&ClusterArn>) -> anyhow::Result<Value>;

/// Handed over by the composition root.
pub struct Permissions {
    /// With the paths and boundaries of roles that the built-in golden paths and those of these sources name.
    pub aws: OfAws,
    /// With what the built-in golden paths and those of these sources have a baseline install.
    pub kubernetes: OfKubernetes,
    /// Of a golden path of the built-in ones and of those of these sources.
    pub boundary: OfBoundary,
}

/// Print the permissions that the provider needs, or the permissions boundary of the roles that it creates, as JSON
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    system: System,
    /// What the pipeline manages [default: everything]
    #[arg(long, value_enum, conflicts_with = "boundary")]
    role: Option<Part>,
    /// Also print bindings of the roles to this group, which the provider's access entry must have
    #[arg(long, requires = "kubernetes")]
    group: Option<String>,
    /// Limit the policy to this cluster, its account and its partition
    #[arg(long, conflicts_with = "kubernetes")]
    cluster_arn: Option<ClusterArn>,
    /// The golden path whose grants the boundary must cover [default: the default one]
    #[arg(long, requires = "boundary")]
    golden_path: Option<String>,
    /// Folders with golden paths in addition to the built-in ones, separated like PATH, also of git (git::https://...?ref=<commit>)
    #[arg(long, env = "GOLDENPATH_CATALOGUE")]
    catalogue: Option<CatalogueSources>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct System {
    /// An IAM policy document
    #[arg(long)]
    aws: bool,
    /// RBAC roles, and the namespace of one of them, as a List for `kubectl apply -f -`
    #[arg(long)]
    kubernetes: bool,
    /// The managed policy that a golden path names as `boundary`: everything that its grants allow roles, in all tiers
    #[arg(long)]
    boundary: bool,
}

pub(super) fn run(arguments: &Arguments, permissions: &Permissions) -> anyhow::Result<()> {
    let Arguments { system, role, group, cluster_arn, golden_path, catalogue } = arguments;
    let sources = catalogue.as_ref().map_or(&[][..], |CatalogueSources(sources)| sources);
    let document = if system.boundary {
        (permissions.boundary)(sources, golden_path.as_deref(), cluster_arn.as_ref())?
    } else if system.aws {
        (permissions.aws)(sources, *role, cluster_arn.as_ref())?
    } else {
        (permissions.kubernetes)(sources, *role, group.as_deref())?
    };
    Ok(output::data(&format!("{}\n", serde_json::to_string_pretty(&document)?))?)
}
