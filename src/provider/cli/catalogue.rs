//! `catalogue`: which golden paths there are, and what a tier of one holds.

use super::{Tools, output};
use anyhow::Context;
use clap::Subcommand;
use std::{path::PathBuf, process::ExitCode};

/// List golden paths, or show one
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Folders of golden paths besides the built-in one; separated as PATH is
    #[arg(long, global = true, env = "GOLDENPATH_CATALOGUE")]
    catalogue: Option<std::ffi::OsString>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List golden paths: name, version, tiers, digest
    List,
    /// Show the newest version of one golden path, as JSON
    Show {
        /// Its name
        name: String,
    },
}

pub(super) fn run(arguments: &Arguments, tools: &Tools) -> anyhow::Result<ExitCode> {
    let paths: Vec<PathBuf> = arguments.catalogue.iter().flat_map(|paths| std::env::split_paths(paths)).collect();
    let catalogue = (tools.catalogue)(&paths)?;
    let text = match &arguments.command {
        Command::List => {
            let rows = catalogue.paths().iter().map(|path| {
                let tiers: Vec<&str> = path.tiers.keys().map(|tier| tier.as_str()).collect();
                vec![
                    path.name.clone(),
                    path.version.to_string(),
                    tiers.join(","),
                    path.digest.chars().take(12).collect(),
                ]
            });
            output::table(&rows.collect::<Vec<_>>())
        }
        Command::Show { name } => {
            let path = catalogue.paths().iter().rev().find(|path| path.name == *name);
            let path = path.with_context(|| format!("there is no golden path {name}"))?;
            format!("{}\n", serde_json::to_string_pretty(path)?)
        }
    };
    output::data(&text)?;
    Ok(ExitCode::SUCCESS)
}
