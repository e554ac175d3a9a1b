//! `permissions`: what the provider must be allowed to do, as an IAM policy and as RBAC; made from the lists that the code works by.

use super::output;
use clap::{Args, ValueEnum};
use goldenpath_core::{domain::ClusterArn, golden::Catalogue};
use serde_json::Value;
use std::{ffi::OsString, path::PathBuf, sync::Arc};

/// What a pipeline manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// `goldenpath_cluster_baseline`
    Baseline,
    /// `goldenpath_team_environment` and `goldenpath_eks_workload_slot`
    Environments,
}

/// Handed over by the composition root.
pub struct Permissions {
    pub aws: fn(Option<Part>, Option<&ClusterArn>) -> Value,
    pub kubernetes: fn(Option<Part>, Option<&str>, &Catalogue) -> Value,
    /// The built-in golden paths and those of these folders.
    pub catalogue: fn(folders: &[PathBuf]) -> anyhow::Result<Arc<Catalogue>>,
}

/// Print the permissions that the provider needs, as JSON
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    system: System,
    /// What the pipeline manages [default: everything]
    #[arg(long, value_enum)]
    role: Option<Part>,
    /// Also print bindings of the roles to this group, that of the provider's access entry
    #[arg(long, requires = "kubernetes")]
    group: Option<String>,
    /// Folders with golden paths whose kinds and policies the baseline installs, separated like PATH
    #[arg(long, requires = "kubernetes", env = "GOLDENPATH_CATALOGUE")]
    catalogue: Option<OsString>,
    /// Narrow the IAM policy to this cluster
    #[arg(long, requires = "aws")]
    cluster_arn: Option<ClusterArn>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct System {
    /// An IAM policy document
    #[arg(long)]
    aws: bool,
    /// RBAC roles, and the namespace that one of them is in, as a List for `kubectl apply -f -`
    #[arg(long)]
    kubernetes: bool,
}

pub(super) fn run(arguments: &Arguments, permissions: &Permissions) -> anyhow::Result<()> {
    let Arguments { system, role, group, catalogue, cluster_arn } = arguments;
    let document = if system.aws {
        (permissions.aws)(*role, cluster_arn.as_ref())
    } else {
        let folders: Vec<PathBuf> = catalogue.iter().flat_map(std::env::split_paths).collect();
        (permissions.kubernetes)(*role, group.as_deref(), &(permissions.catalogue)(&folders)?)
    };
    Ok(output::data(&format!("{}\n", serde_json::to_string_pretty(&document)?))?)
}
