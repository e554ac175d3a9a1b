//! `generate`: docs/ in the layout that provider registries read, from the schemas and from examples/. Nothing is written
//! by hand twice, and `--check` fails when what is there differs from what would be written.

mod examples;
mod guides;
mod markdown;

use super::{Tools, output};
use crate::resources::{self, Declared, provider_config};
use anyhow::Context;
use examples::Examples;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Write the documents of the provider from its schemas and examples
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The folder to write to
    #[arg(long)]
    dir: PathBuf,
    /// Where the examples are
    #[arg(long, default_value = "examples")]
    examples: PathBuf,
    /// Write nothing; fail when the folder is not what would be written
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments, tools: &Tools) -> anyhow::Result<ExitCode> {
    let catalogue = (tools.catalogue)(&[])?;
    let mut pages = pages(&Examples::at(&arguments.examples))?;
    pages.extend(guides::pages(&catalogue));
    if !arguments.check {
        write(&arguments.dir, &pages)?;
        return Ok(ExitCode::SUCCESS);
    }
    let differences = compare(&arguments.dir, &pages)?;
    let stale = !differences.is_empty();
    output::data(&differences.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    Ok(if stale { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Path inside the folder to text.
type Pages = BTreeMap<PathBuf, String>;

fn pages(examples: &Examples) -> anyhow::Result<Pages> {
    let mut pages =
        Pages::from([("index.md".into(), markdown::provider(&provider_config::schema(), &examples.provider()?))]);
    for declared in resources::declared_resources() {
        let page = markdown::resource(&declared, &examples.resource(declared.name)?, &examples.import(declared.name)?);
        pages.insert(place("resources", &declared), page);
    }
    for declared in resources::declared_data_sources() {
        let page = markdown::data_source(&declared, &examples.data_source(declared.name)?);
        pages.insert(place("data-sources", &declared), page);
    }
    Ok(pages)
}

/// Registries leave the provider's name out of file names.
fn place(folder: &str, declared: &Declared) -> PathBuf {
    let name = declared.name.strip_prefix("goldenpath_").unwrap_or(declared.name);
    Path::new(folder).join(format!("{name}.md"))
}

fn write(dir: &Path, pages: &Pages) -> anyhow::Result<()> {
    for stale in present(dir)?.into_iter().filter(|path| !pages.contains_key(path)) {
        fs::remove_file(dir.join(&stale)).with_context(|| format!("can't remove {}", stale.display()))?;
    }
    for (path, text) in pages {
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
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
    found.extend(stale.map(|path| format!("{} is not generated any more: run scripts/generate", path.display())));
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
        for expected in ["index.md is missing", "x.md is out of date", "old.md is not generated"] {
            assert!(found.contains(expected), "{expected}: {found}");
        }
        write(folder.path(), &pages).unwrap();
        assert_eq!(compare(folder.path(), &pages).unwrap(), Vec::<String>::new(), "and again");
    }
}
