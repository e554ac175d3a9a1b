//! Writes docs/ in the layout that provider registries read, from the schemas and from examples/, and the README's table of who may do
//! what. Nothing is written by hand twice, and `--check` fails when what is there differs from what would be written. `scripts/generate` runs it.

mod examples;
mod guides;
mod markdown;
mod promises;
mod rules;

use anyhow::Context;
use clap::Parser;
use examples::Examples;
use goldenpath::resources::{self, flow::id_forms, provider_config, session::Session};
use std::{
    collections::BTreeMap,
    fs,
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// Write the provider's documentation from its schemas and examples
#[derive(Parser)]
struct Arguments {
    /// The folder to write to
    #[arg(long)]
    dir: PathBuf,
    /// The folder with the examples
    #[arg(long, default_value = "examples")]
    examples: PathBuf,
    /// The folder with the sources, in which every finding has its texts
    #[arg(long, default_value = "src")]
    sources: PathBuf,
    /// Write nothing, and fail if the folder is not what would be written
    #[arg(long)]
    check: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments { dir, examples, sources, check } = Arguments::parse();
    let mut pages = pages(&Examples::at(&examples))?;
    pages.extend(guides::pages());
    pages.insert("guides/rules.md".into(), rules::page(&sources)?);
    let readme = dir.join(README);
    let text = fs::read_to_string(&readme).with_context(|| format!("can't read {}", readme.display()))?;
    pages.insert(README.into(), promises::fill(&text));
    if !check {
        write(&dir, &pages)?;
        return Ok(ExitCode::SUCCESS);
    }
    let differences = compare(&dir, &pages)?;
    stdout().write_all(differences.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes())?;
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// From the folder.
const README: &str = "../README.md";

/// Path inside the folder to text.
type Pages = BTreeMap<PathBuf, String>;

fn pages(examples: &Examples) -> anyhow::Result<Pages> {
    let mut pages =
        Pages::from([("index.md".into(), markdown::provider(&provider_config::schema(), &examples.provider()?))]);
    for resource in resources::RESOURCES {
        let (name, form) = (resource.name(), id_forms(resource.id_form()));
        let page =
            markdown::resource(name, &resource.schema(), &form, &examples.resource(name)?, &examples.import(name)?);
        pages.insert(place("resources", name), page);
    }
    // Without a connection: only what they declare is read.
    for source in resources::data_sources(&Session::new(Arc::new(|_| vec![]))) {
        let page = markdown::data_source(source.name(), &source.schema(), &examples.data_source(source.name())?);
        pages.insert(place("data-sources", source.name()), page);
    }
    Ok(pages)
}

/// Registries leave the provider's name out of file names.
fn place(folder: &str, name: &str) -> PathBuf {
    Path::new(folder).join(format!("{}.md", name.strip_prefix("goldenpath_").unwrap_or(name)))
}

fn write(dir: &Path, pages: &Pages) -> anyhow::Result<()> {
    for stale in present(dir)?.into_iter().filter(|path| !pages.contains_key(path)) {
        fs::remove_file(dir.join(&stale)).with_context(|| format!("can't remove {}", stale.display()))?;
    }
    for (path, text) in pages {
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
    }
    Ok(())
}

fn compare(dir: &Path, pages: &Pages) -> anyhow::Result<Vec<String>> {
    let mut found = vec![];
    for (path, text) in pages {
        match fs::read_to_string(dir.join(path)) {
            Ok(there) if there == *text => {}
            Ok(_) => found.push(format!("{} is out of date: run scripts/generate", path.display())),
            Err(_) => found.push(format!("{} is missing: run scripts/generate", path.display())),
        }
    }
    let stale = present(dir)?.into_iter().filter(|path| !pages.contains_key(path));
    found.extend(stale.map(|path| format!("{} is no longer generated: run scripts/generate", path.display())));
    Ok(found)
}

/// The pages that are there, of all that this command may write.
fn present(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = vec![];
    for folder in ["", "resources", "data-sources", "guides"] {
        let Ok(entries) = fs::read_dir(dir.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = Path::new(folder).join(entry?.file_name());
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_passes_the_check_and_anything_else_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let pages = Pages::from([("index.md".into(), "a\n".into()), ("resources/x.md".into(), "b\n".into())]);
        write(folder.path(), &pages).unwrap();
        assert_eq!(compare(folder.path(), &pages).unwrap(), Vec::<String>::new(), "just written");

        fs::write(folder.path().join("resources/x.md"), "edited").unwrap();
        fs::write(folder.path().join("resources/old.md"), "left").unwrap();
        fs::remove_file(folder.path().join("index.md")).unwrap();
        let found = compare(folder.path(), &pages).unwrap().join("\n");
        for expected in ["index.md is missing", "x.md is out of date", "old.md is no longer generated"] {
            assert!(found.contains(expected), "{expected}: {found}");
        }
        write(folder.path(), &pages).unwrap();
        assert_eq!(compare(folder.path(), &pages).unwrap(), Vec::<String>::new(), "and again");
    }
}
