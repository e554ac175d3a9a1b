//! `policy`: objects held against policies, by the same engine that judges a plan. `check` takes plain manifests, the built-in pack and a
//! platform team's own documents; `report` what a live cluster has, and what holds there.
//!
//! `manifests` reads YAML, `report` is what is found, as text and JSON, `sarif` as a code scanner takes it; `live` has a file of each
//! kind of its own.

mod live;
mod manifests;
mod report;
mod sarif;
mod sources;
#[cfg(test)]
mod tests;
mod words;

use super::{doctor::Inspector, output};
use clap::{Args, Subcommand, ValueEnum};
use goldenpath_core::{
    domain::TierClass,
    policy::{
        document::{Policy, PolicyForm},
        pack,
    },
};
use report::{Problem, Report};
use sources::shown;
use std::{fs, path::PathBuf, process::ExitCode};

/// Judge objects by policies: manifests, or what is on a cluster
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(Check),
    Report(Box<live::Arguments>),
    List(List),
}

/// List the built-in policies: name, version, and what each is about
///
/// A golden path names one as `policy: <name> <version>`.
#[derive(Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Judge manifests by the built-in pack of policies, and by your own
///
/// Reads YAML and JSON, several documents a file, and lists of objects. Exits with 1 if a policy denies an object, with 2 if a file can't
/// be read, and otherwise with 0.
#[derive(Args)]
struct Check {
    /// Manifests, or folders with *.yaml, *.yml and *.json
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A policy document of your own; may be given several times
    #[arg(long)]
    policy: Vec<PathBuf>,
    /// Policies to judge by, by name; by default all
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// The class of the tier that the objects are for
    #[arg(long, value_enum, default_value_t = Class::Prod)]
    class: Class,
    /// Print JSON
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0, for a code scanner
    #[arg(long)]
    sarif: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Class {
    Dev,
    Staging,
    Prod,
}

pub(super) async fn run(arguments: Arguments, inspector: &dyn Inspector) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Check(arguments) => check(&arguments),
        Command::Report(arguments) => live::run(*arguments, inspector).await,
        Command::List(arguments) => list(&arguments),
    }
}

fn list(List { json }: &List) -> anyhow::Result<ExitCode> {
    let forms: Vec<&PolicyForm> = pack().iter().map(|policy| &policy.form).collect();
    let row = |form: &&PolicyForm| vec![form.name.clone(), form.version.to_string(), form.description.clone()];
    output::data(&match json {
        true => format!("{}\n", serde_json::to_string_pretty(&forms)?),
        false => output::table(&forms.iter().map(row).collect::<Vec<_>>()),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn check(check: &Check) -> anyhow::Result<ExitCode> {
    let class = match check.class {
        Class::Dev => TierClass::Dev,
        Class::Staging => TierClass::Staging,
        Class::Prod => TierClass::Prod,
    };
    let mut report = Report::default();
    let (own, problems) = sources::policies(&check.policy);
    report.problems.extend(problems);
    let all: Vec<&Policy> = pack().iter().chain(&own).collect();
    for name in &check.only {
        if !all.iter().any(|policy| policy.form.name == *name) {
            let known: Vec<&str> = all.iter().map(|policy| policy.form.name.as_str()).collect();
            anyhow::bail!("no policy is called {name}. Use one of {}", known.join(", "));
        }
    }
    let all: Vec<&Policy> =
        all.into_iter().filter(|policy| check.only.is_empty() || check.only.contains(&policy.form.name)).collect();
    let today = jiff::Zoned::now().date();
    for path in files(&check.files, &mut report) {
        match fs::read_to_string(&path) {
            Ok(text) => report.judge(&shown(&path), &text, &all, class, today),
            Err(error) => report.problems.push(Problem::of(&shown(&path), error.to_string())),
        }
    }
    output::data(&if check.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else if check.sarif {
        format!("{}\n", serde_json::to_string_pretty(&sarif::log(&report, &all))?)
    } else {
        report.text()
    })?;
    Ok(ExitCode::from(report.code()))
}

/// Those of a folder sorted, so that two runs print the same.
fn files(given: &[PathBuf], report: &mut Report) -> Vec<PathBuf> {
    let mut all = vec![];
    for path in given {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        match fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>()) {
            Ok(entries) => {
                let mut inside: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
                inside
                    .retain(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json"));
                inside.sort();
                all.extend(inside);
            }
            Err(error) => report.problems.push(Problem::of(&shown(path), error.to_string())),
        }
    }
    all
}
