//! `catalogue`: which golden paths there are, and what a tier of one holds.

use super::output;
use anyhow::Context;
use clap::Subcommand;
use goldenpath_core::golden::Catalogue;
use std::{ffi::OsString, path::PathBuf, sync::Arc};

/// The built-in golden paths and those of these folders.
pub type Read = fn(folders: &[PathBuf]) -> anyhow::Result<Arc<Catalogue>>;

/// List golden paths, or show one
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Folders with golden paths in addition to the built-in ones, separated like PATH
    #[arg(long, global = true, env = "GOLDENPATH_CATALOGUE")]
    catalogue: Option<OsString>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List golden paths: name, version, tiers, digest
    List,
    /// Show the newest version of a golden path as JSON
    Show {
        /// Its name
        name: String,
    },
}

pub(super) fn run(arguments: &Arguments, read: Read) -> anyhow::Result<()> {
    let folders: Vec<PathBuf> = arguments.catalogue.iter().flat_map(std::env::split_paths).collect();
    let catalogue = read(&folders)?;
    let text = match &arguments.command {
        Command::List => {
            let rows = catalogue.paths().iter().map(|path| {
                let tiers: Vec<&str> = path.tiers.keys().map(|tier| tier.as_str()).collect();
                vec![path.name.clone(), path.version.to_string(), tiers.join(","), path.digest.clone()]
            });
            output::table(&rows.collect::<Vec<_>>())
        }
        Command::Show { name } => {
            let path = catalogue.paths().iter().rev().find(|path| path.name == *name);
            let path = path.with_context(|| format!("No golden path has the name {name}"))?;
            format!("{}\n", serde_json::to_string_pretty(path.as_ref())?)
        }
    };
    Ok(output::data(&text)?)
}
