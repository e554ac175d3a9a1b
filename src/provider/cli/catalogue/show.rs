//! `catalogue show`: a document as it was written, comments included, or with everything that it takes from the version it extends.

use super::tool::Documents;
use crate::cli::reports::json;
use anyhow::Context;
use goldenpath_core::golden::{Catalogue, GoldenPath};

/// Show a golden path
///
/// A document is shown as it was written, with its comments. One that extends another version is shown with all that it takes from
/// there; `--as-written` shows the document alone.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Its name
    name: String,
    /// Its version; absent: the newest
    version: Option<String>,
    /// Print the document alone, without what it extends
    #[arg(long, conflicts_with = "json")]
    as_written: bool,
    /// Print JSON, with every default filled in
    #[arg(long)]
    json: bool,
}

pub(super) fn show(arguments: &Arguments, documents: &Documents) -> anyhow::Result<String> {
    let Arguments { name, version, as_written, json: is_json } = arguments;
    let catalogue = documents.catalogue()?;
    let is_it = |path: &&std::sync::Arc<GoldenPath>| {
        path.name == *name && version.as_ref().is_none_or(|version| path.version.to_string() == *version)
    };
    let path =
        catalogue.paths().iter().rev().find(is_it).with_context(|| missing(&catalogue, name, version.as_deref()))?;
    if *is_json {
        return json(&path.as_ref());
    }
    if path.extends.is_some() && !as_written {
        let head = format!("# {} {}, with what it takes from the version that it extends.\n", path.name, path.version);
        return Ok(head + &serde_saphyr::to_string(path.as_ref())?);
    }
    let mut texts: Vec<&str> = documents.iter().map(|(_, text)| text).collect();
    texts.extend(Catalogue::embedded_documents().map(|(_, text)| text));
    let is_written = |text: &&str| Catalogue::id_of(text) == Some((path.name.clone(), path.version.to_string()));
    let written = texts.into_iter().find(is_written);
    Ok(written.context("its document is gone")?.to_owned())
}

fn missing(catalogue: &Catalogue, name: &str, version: Option<&str>) -> String {
    let known: Vec<String> = catalogue.paths().iter().map(|path| format!("{} {}", path.name, path.version)).collect();
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    format!("no golden path {name}{version} in the catalogue, which has: {}", known.join(", "))
}
