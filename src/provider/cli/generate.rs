//! `generate`: files for other tools, made from the schemas of this very release.

mod crossplane;
mod module;
mod names;
pub(super) mod properties;
mod xrd;
mod yaml;

use anyhow::Context;
use clap::Subcommand;
use plugin::Provider;
use std::{fs, path::PathBuf};

/// Write files for other tools, made from this release's schemas
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Crossplane(CrossplaneArguments),
}

/// Write a CompositeResourceDefinition and a Composition for each resource type, for Crossplane's Terraform or OpenTofu provider
#[derive(clap::Args)]
struct CrossplaneArguments {
    /// The folder to write to
    #[arg(long)]
    dir: PathBuf,
    #[command(flatten)]
    settings: crossplane::Settings,
}

pub(super) fn run(arguments: Arguments, provider: &dyn Provider) -> anyhow::Result<()> {
    let Command::Crossplane(CrossplaneArguments { dir, settings }) = arguments.command;
    fs::create_dir_all(&dir).with_context(|| format!("can't create {}", dir.display()))?;
    for (name, text) in crossplane::files(&settings, provider.address()) {
        let path = dir.join(name);
        fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}
