//! `lint`: words in a configuration that no schema knows. Terraform and OpenTofu drop them inside of nested attributes without a
//! message, before a provider could report them.
//!
//! `hcl` and `json` read a file into one `tree`, and `judge` holds it against the schemas that the provider serves.

mod hcl;
mod json;
mod judge;
mod tree;

use super::output::{self, display, push_line};
use crate::resources::{self, Declared};
use clap::Args;
use judge::Finding;
use serde::Serialize;
use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tree::{Block, Unreadable};

/// Find names that no resource, data source or provider block of goldenpath has
///
/// Reads the configuration as it is written: *.tf, *.tf.json, *.tofu and *.tofu.json. Checks object literals at any depth, also inside
/// `for`, conditionals, merge() and concat(), but not what comes from other modules or variables. Exits with 1 if an unknown name is
/// found, with 2 if a file can't be read, and otherwise with 0.
#[derive(Args)]
pub(super) struct Arguments {
    /// The folder with the configuration
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Also read subfolders, except hidden ones such as .terraform
    #[arg(long)]
    recursive: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints. A new member may be added; the version changes when one is removed or means something else.
#[derive(Serialize)]
struct Report {
    format_version: &'static str,
    findings: Vec<InFile<Finding>>,
    errors: Vec<InFile<Unreadable>>,
}

#[derive(Serialize)]
struct InFile<T> {
    file: String,
    #[serde(flatten)]
    found: T,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { dir, recursive, json } = arguments;
    let declared = resources::declarations();
    let Files { paths, unreadable } = files(dir, *recursive, &entries);
    let of_folder = |(folder, message): (PathBuf, String)| InFile {
        file: display(&folder),
        found: Unreadable { line: 0, message },
    };
    let errors = unreadable.into_iter().map(of_folder).collect();
    let mut report = Report { format_version: "1.0", findings: vec![], errors };
    if paths.is_empty() && report.errors.is_empty() {
        let message = "no configuration is in this folder".to_owned();
        report.errors.push(of_folder((dir.clone(), message)));
    }
    for path in &paths {
        read(path, &declared, &mut report);
    }
    output::data(&if *json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else {
        text(&report, paths.len())
    })?;
    Ok(match &report {
        Report { errors, .. } if !errors.is_empty() => ExitCode::from(2),
        Report { findings, .. } if !findings.is_empty() => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

fn read(path: &Path, declared: &[Declared], report: &mut Report) {
    let parse = if path.extension() == Some(OsStr::new("json")) { json::blocks } else { hcl::blocks };
    let text = fs::read_to_string(path).map_err(|error| Unreadable { line: 0, message: error.to_string() });
    match text.and_then(|text| parse(&text)) {
        Ok(blocks) => {
            let found = blocks.iter().flat_map(|block: &Block| judge::judge(block, declared));
            report.findings.extend(found.map(|found| InFile { file: display(path), found }));
        }
        Err(found) => report.errors.push(InFile { file: display(path), found }),
    }
}

/// Where configurations are, and which folders can't be read.
#[derive(Default)]
struct Files {
    paths: Vec<PathBuf>,
    unreadable: Vec<(PathBuf, String)>,
}

/// (path, whether it is a folder)
type Entry = (PathBuf, bool);

/// Sorted, so that two runs print the same. A folder that can't be read hides no other one.
fn files(folder: &Path, recursive: bool, list: &dyn Fn(&Path) -> io::Result<Vec<Entry>>) -> Files {
    let mut found = Files::default();
    let mut inside = match list(folder) {
        Ok(entries) => entries,
        Err(error) => {
            found.unreadable.push((folder.to_owned(), error.to_string()));
            return found;
        }
    };
    inside.sort();
    for (path, is_folder) in inside {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_configuration =
            [".tf", ".tofu"].iter().any(|end| name.strip_suffix(".json").unwrap_or(&name).ends_with(end));
        if name.starts_with('.') {
            continue;
        } else if is_folder {
            if recursive {
                let Files { paths, unreadable } = files(&path, recursive, list);
                found.paths.extend(paths);
                found.unreadable.extend(unreadable);
            }
        } else if is_configuration {
            found.paths.push(path);
        }
    }
    found
}

fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: io::Result<fs::DirEntry>| entry.and_then(|one| Ok((one.path(), one.file_type()?.is_dir())));
    fs::read_dir(folder)?.map(entry).collect()
}

fn text(report: &Report, read: usize) -> String {
    let mut text = String::new();
    for InFile { file, found: Unreadable { line, message } } in &report.errors {
        let place = if *line == 0 { file.clone() } else { format!("{file}:{line}") };
        push_line(&mut text, format_args!("{place}: {message}"));
    }
    for InFile { file, found } in &report.findings {
        push_line(&mut text, format_args!("{file}:{}: {found}", found.line));
    }
    let (words, errors) = (report.findings.len(), report.errors.len());
    push_line(&mut text, format_args!("{read} files read, {words} unknown words, {errors} errors"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_not_be_read_hides_no_other_one() {
        let list = |folder: &Path| -> io::Result<Vec<Entry>> {
            let inside: &[(&str, bool)] = match folder.to_str() {
                Some("top") => &[("z.tf", false), ("locked", true), ("open", true), (".terraform", true), ("a", false)],
                Some("top/open") => &[("b.tofu.json", false)],
                _ => return Err(io::Error::from(io::ErrorKind::PermissionDenied)),
            };
            Ok(inside.iter().map(|(name, is_folder)| (folder.join(name), *is_folder)).collect())
        };
        for (recursive, paths, unreadable, reason) in [
            (false, &["top/z.tf"][..], &[][..], "nobody looks into them"),
            (true, &["top/open/b.tofu.json", "top/z.tf"], &["top/locked"], "it is named, and the other one is read"),
        ] {
            let found = files(Path::new("top"), recursive, &list);
            assert_eq!(found.paths, paths.iter().map(PathBuf::from).collect::<Vec<_>>(), "{reason}");
            let folders: Vec<&str> = found.unreadable.iter().filter_map(|(folder, _)| folder.to_str()).collect();
            assert_eq!(folders, unreadable, "{reason}");
        }
    }
}
