//! `permissions`: what the provider needs to be allowed, as an IAM policy and as RBAC; made from the lists that the code works by.

use super::{Tools, output};
use clap::{Args, ValueEnum};
use goldenpath_core::domain::ClusterArn;
use serde_json::Value;
use std::process::ExitCode;

/// What the pipeline makes.
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
    pub kubernetes: fn(Option<Part>, Option<&str>) -> Value,
}

/// Print what the provider needs to be allowed, as JSON
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    system: System,
    /// Only for what this pipeline makes; else for one that makes everything
    #[arg(long, value_enum)]
    role: Option<Part>,
    /// Bind the roles to this group, the one of the provider's access entry
    #[arg(long, requires = "kubernetes")]
    group: Option<String>,
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
    /// A List of roles, and the namespace that one of them is in, for `kubectl apply -f -`
    #[arg(long)]
    kubernetes: bool,
}

pub(super) fn run(arguments: &Arguments, tools: &Tools) -> anyhow::Result<ExitCode> {
    let Arguments { system, role, group, cluster_arn } = arguments;
    let document = if system.aws {
        (tools.permissions.aws)(*role, cluster_arn.as_ref())
    } else {
        (tools.permissions.kubernetes)(*role, group.as_deref())
    };
    output::data(&format!("{}\n", serde_json::to_string_pretty(&document)?))?;
    Ok(ExitCode::SUCCESS)
}
