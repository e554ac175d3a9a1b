//! `catalogue show`: a document as it was written, comments included, or with everything that it takes from the version it extends.

mod merged;

use super::tool::Documents;
use crate::cli::reports::json;
use anyhow::Context;
use goldenpath_core::{
    domain::yaml,
    golden::{Catalogue, GoldenPath},
};
use merged::{Side, merge};
use serde_json::Value;

/// Show a golden path
///
/// A document is shown as it was written, with its comments. One that extends another version is shown with all that it takes from
/// there, comments included, and its own parts are marked; `--as-written` shows the document alone.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Name of the golden path
    name: String,
    /// Version of the golden path [default: the newest]
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
    let path = catalogue
        .paths()
        .iter()
        .rev()
        .find(is_it)
        .with_context(|| missing_path(&catalogue, name, version.as_deref()))?;
    if *is_json {
        return json(&path.as_ref());
    }
    let mut texts: Vec<&str> = documents.iter().map(|(_, text)| text).collect();
    texts.extend(Catalogue::built_in_documents().map(|(_, text)| text));
    let find = |name: &str, version: &str| {
        let id = Some((name.to_owned(), version.to_owned()));
        texts.iter().copied().find(|text| Catalogue::id_of(text) == id)
    };
    let written = find(&path.name, &path.version.to_string()).context("its document is gone")?;
    let base = match &path.extends {
        Some(base) if !as_written => base,
        _ => return Ok(written.to_owned()),
    };
    let (name, version) = (base.name.as_deref().unwrap_or(&path.name), base.version.to_string());
    let below = find(name, &version).context("what it extends is gone")?;
    let policies = documents.iter().filter(|(_, text)| is_policy(text));
    let shown =
        with_comments((below, &format!("{name} {version}")), (written, &format!("{} {}", path.name, path.version)));
    // Whatever was written in another form is shown without comments.
    if let Some(text) = &shown {
        let mut all: Vec<(&str, &str)> = policies.collect();
        all.push(("shown", text));
        let read = Catalogue::of_documents(all);
        if read.is_ok_and(|read| read.paths().iter().any(|shown| shown.digest() == path.digest())) {
            return Ok(text.clone());
        }
    }
    let head = format!("# {} {}, with what it takes from {name} {version}.\n", path.name, path.version);
    Ok(head + &serde_saphyr::to_string(path.as_ref())?)
}

fn with_comments((below, base): (&str, &str), (above, own): (&str, &str)) -> Option<String> {
    let content = |text: &str| match yaml::read(text) {
        Ok(Value::Object(content)) => Some(content),
        _ => None,
    };
    let (base_content, own_content) = (content(below)?, content(above)?);
    let base = Side { text: below, content: &base_content, name: base };
    merge(&base, &Side { text: above, content: &own_content, name: own })
}

fn is_policy(text: &str) -> bool {
    yaml::read(text).is_ok_and(|document| document["kind"] == "Policy")
}

fn missing_path(catalogue: &Catalogue, name: &str, version: Option<&str>) -> String {
    let known: Vec<String> = catalogue.paths().iter().map(|path| format!("{} {}", path.name, path.version)).collect();
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    format!("no golden path {name}{version} in the catalogue, which has: {}", known.join(", "))
}
