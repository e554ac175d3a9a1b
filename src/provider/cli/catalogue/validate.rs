//! `catalogue validate`: everything that is wrong with documents, each fault with file, line and column.

use super::{
    cases,
    tool::{CatalogueTool, Documents},
};
use crate::cli::output;
use anyhow::ensure;
use goldenpath_core::{domain::CatalogueSource, golden::Catalogue};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Check the documents in folders, or those of --catalogue
///
/// Prints every error of golden paths, policies and test cases, with file, line and column. Exits with 1 if there is one.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Folders, or `git::` sources
    sources: Vec<CatalogueSource>,
}

pub(super) fn run(
    Arguments { sources }: &Arguments,
    documents: impl FnOnce() -> anyhow::Result<Documents>,
    tool: &CatalogueTool,
) -> anyhow::Result<ExitCode> {
    let documents = if sources.is_empty() { documents()? } else { Documents((tool.documents)(sources)?) };
    ensure!(!documents.0.is_empty(), "there is nothing to check; name a folder with golden paths");
    let texts: Vec<(&str, &str)> = documents.iter().collect();
    let mut faults: Vec<String> = Catalogue::faults(&texts).iter().map(ToString::to_string).collect();
    let catalogue = if faults.is_empty() { Some(documents.catalogue()?) } else { None };
    faults.extend(cases::faults(&documents, catalogue.as_deref()));
    if let Some(catalogue) = catalogue.filter(|_| faults.is_empty()) {
        let built_in = Catalogue::built_in();
        let own = catalogue.paths().iter().filter(|path| built_in.paths().iter().all(|other| other.id() != path.id()));
        let rows: Vec<_> =
            own.map(|path| vec![path.name.clone(), path.version.to_string(), "is valid".into()]).collect();
        output::data(&output::table(&rows))?;
        return Ok(ExitCode::SUCCESS);
    }
    for fault in &faults {
        writeln!(io::stderr(), "Error: {fault}")?;
    }
    Ok(ExitCode::FAILURE)
}
