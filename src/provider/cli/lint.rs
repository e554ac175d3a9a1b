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
    let mut report = Report { format_version: "1.0", findings: vec![], errors: vec![] };
    let mut paths = vec![];
    let listed = files(dir, *recursive, &mut paths).map_err(|error| error.to_string());
    let listed = listed
        .and_then(|()| if paths.is_empty() { Err("no configuration is in this folder".to_owned()) } else { Ok(()) });
    if let Err(message) = listed {
        report.errors.push(InFile { file: display(dir), found: Unreadable { line: 0, message } });
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

/// Sorted, so that two runs print the same.
fn files(folder: &Path, recursive: bool, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_configuration =
            [".tf", ".tofu"].iter().any(|end| name.strip_suffix(".json").unwrap_or(&name).ends_with(end));
        if name.starts_with('.') {
            continue;
        } else if entry.file_type()?.is_dir() {
            if recursive {
                files(&entry.path(), recursive, found)?;
            }
        } else if is_configuration {
            found.push(entry.path());
        }
    }
    Ok(())
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
