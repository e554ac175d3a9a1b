//! `unprotect`: lifts deletion protection where no apply can, since only a destroy is left to run.

use super::output;
use anyhow::anyhow;
use goldenpath_core::{
    domain::{EnvironmentId, Id, SlotId, Unprotected},
    provision::Provisioner,
};
use std::{path::PathBuf, sync::Arc};

/// Lift the deletion protection of an environment or a slot, until its next apply
///
/// For whoever can only destroy: a bridge such as Crossplane runs nothing else once a resource was deleted, and that destroy goes by
/// the state, which says protected. The record keeps who lifted it and when. The next destroy is admitted; an apply of a configuration
/// that says protected protects it again, and each plan before shows that. Bounds (GOLDENPATH_BOUNDS) hold here, too.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// `<cluster>/<environment>` or `<cluster>/<environment>/<slot>`
    #[arg(value_parser = id)]
    id: Id,
    #[command(flatten)]
    place: Place,
}

/// Where it is; what is not given comes from the environment, as for the provider.
#[derive(Clone, Debug, clap::Args)]
pub struct Place {
    /// AWS region [default: from the AWS credential chain]
    #[arg(long)]
    pub region: Option<String>,
    /// Profile in the shared AWS configuration files
    #[arg(long)]
    pub profile: Option<String>,
    /// Connect to the cluster with this kubeconfig instead of the endpoint from EKS
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,
    /// Context in the kubeconfig
    #[arg(long)]
    pub context: Option<String>,
    /// File of the sandbox, instead of a real cluster
    #[arg(long, env = "GOLDENPATH_SANDBOX", conflicts_with_all = ["region", "profile", "kubeconfig", "context"])]
    pub sandbox: Option<PathBuf>,
}

pub type OpenTarget = fn(Place) -> anyhow::Result<Arc<dyn Provisioner>>;

pub(super) async fn run(arguments: Arguments, open: OpenTarget) -> anyhow::Result<()> {
    let Arguments { id, place } = arguments;
    let unprotected = open(place)?.unprotect(&id).await;
    let Unprotected { by, at } = unprotected.map_err(|problem| anyhow!("{}. {}", problem.summary, problem.detail))?;
    let done = format!("Deletion protection of {id} is lifted until its next apply, by {by} at {at}\n");
    Ok(output::data(&done)?)
}

fn id(text: &str) -> Result<Id, String> {
    let id = match text.split('/').count() {
        2 => text.parse::<EnvironmentId>().map(Id::from),
        _ => text.parse::<SlotId>().map(Id::from),
    };
    id.map_err(|error| error.to_string())
}
