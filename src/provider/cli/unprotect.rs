//! `unprotect`: lifts deletion protection where no apply can, since only a destroy is left to run.

use super::{
    doctor::Reach,
    output,
    reports::{failed, json},
};
use goldenpath_core::{
    domain::{EnvironmentId, Id, SlotId, Unprotected},
    provision::Provisioner,
};
use std::sync::Arc;

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
    reach: Reach,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub type OpenTarget = fn(Reach) -> anyhow::Result<Arc<dyn Provisioner>>;

pub(super) async fn run(arguments: Arguments, open: OpenTarget) -> anyhow::Result<()> {
    let Arguments { id, reach, json: is_json } = arguments;
    let Unprotected { by, at } = open(reach)?.unprotect(&id).await.map_err(failed)?;
    Ok(output::data(&match is_json {
        true => json(&serde_json::json!({ "id": id.to_string(), "by": by, "at": at }))?,
        false => format!("Deletion protection of {id} is lifted until its next apply, by {by} at {at}\n"),
    })?)
}

fn id(text: &str) -> Result<Id, String> {
    let id = match text.split('/').count() {
        2 => text.parse::<EnvironmentId>().map(Id::from),
        _ => text.parse::<SlotId>().map(Id::from),
    };
    id.map_err(|error| error.to_string())
}
