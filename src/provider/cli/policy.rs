//! `policy`: objects held against policies, by the same engine that judges a plan. `check` takes plain manifests, the built-in pack and a
//! platform team's own documents; `report` what a live cluster has, and what holds there.
//!
//! `manifests` reads YAML, `report` is what is found, as text and JSON, `sarif` as a code scanner takes it; `live` has a file of each
//! kind of its own.

mod home;
mod live;
mod manifests;
mod report;
mod sarif;
mod sources;
#[cfg(test)]
mod tests;
mod words;

use super::{
    doctor::Inspector,
    output::{self, display},
    reports::today,
};
use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use goldenpath_core::{
    domain::TierClass,
    policy::{
        document::{Policy, PolicyForm},
        guards, pack, rule_policies,
    },
};
use home::Home;
use report::{Basis, Problem, Report};
use serde_json::json;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Judge manifests, or the objects on a cluster, by policies
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

/// List the built-in policies: kind, name, version and description
///
/// A golden path lists one of the kind `policy` as `policy: <name> <version>`. A guard applies in every environment, unless the cluster's
/// baseline switches it off; a rule applies in every plan.
#[derive(Args)]
struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Judge manifests by the built-in policies and your own
///
/// Reads YAML and JSON, files with several documents, and lists of objects. Exits with 1 if a policy denies an object, with 2 if a file or a
/// policy can't be read or a folder has no manifests, and otherwise with 0.
#[derive(Args)]
struct Check {
    /// Manifests, or folders with *.yaml, *.yml and *.json
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Your own policy document; can be given several times
    #[arg(long)]
    policy: Vec<PathBuf>,
    /// Policies to judge by, by name [default: all]
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// The class of the tier that the objects are for
    #[arg(long, value_enum, default_value_t = Class::Prod)]
    class: Class,
    /// The Namespace of the environment that they are for, as printed by `kubectl get namespace <name> -o yaml`: the guards judge them too
    #[arg(long, value_name = "FILE")]
    namespace: Option<PathBuf>,
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
    let judged = match arguments.command {
        Command::Check(arguments) => check(&arguments),
        Command::Report(arguments) => live::run(*arguments, inspector).await,
        Command::List(arguments) => return list(&arguments),
    };
    // 1 is for what a policy denies.
    judged.or_else(|error| {
        writeln!(io::stderr(), "Error: {error:#}")?;
        Ok(ExitCode::from(2))
    })
}

fn list(List { json }: &List) -> anyhow::Result<ExitCode> {
    let rules = rule_policies().iter().map(|(_, policy)| ("rule", policy));
    let all = pack().iter().map(|policy| ("policy", policy)).chain(guards().values().map(|policy| ("guard", policy)));
    let all: Vec<(&str, &PolicyForm)> = all.chain(rules).map(|(kind, policy)| (kind, &policy.form)).collect();
    let row = |(kind, form): &(&str, &PolicyForm)| {
        vec![(*kind).to_owned(), form.name.clone(), form.version.to_string(), form.description.clone()]
    };
    let listed = |(kind, form): &(&str, &PolicyForm)| json!({"type": kind, "document": form});
    output::data(&match json {
        true => format!("{}\n", serde_json::to_string_pretty(&all.iter().map(listed).collect::<Vec<_>>())?),
        false => output::table(&all.iter().map(row).collect::<Vec<_>>()),
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
    let home = check.namespace.as_deref().and_then(|path| match home(path) {
        Ok(home) => Some(home),
        Err(error) => {
            report.problems.push(Problem::of(&display(path), error));
            None
        }
    });
    let all: Vec<&Policy> = pack().iter().chain(&own).collect();
    let known: Vec<&Policy> = all.iter().copied().chain(home.iter().flat_map(Home::guards)).collect();
    check_names(&check.only, &known, &report.problems)?;
    let basis = Basis { policies: &all, only: &check.only, class, today: today(), home: home.as_ref() };
    for path in files(&check.files, &mut report) {
        match fs::read_to_string(&path) {
            Ok(text) => report.judge(&display(&path), &text, &basis),
            Err(error) => report.problems.push(Problem::of(&display(&path), error.to_string())),
        }
    }
    output::data(&if check.json {
        format!("{}\n", serde_json::to_string_pretty(&report)?)
    } else if check.sarif {
        format!("{}\n", serde_json::to_string_pretty(&sarif::log(&report, &known))?)
    } else {
        report.text()
    })?;
    Ok(ExitCode::from(report.code()))
}

/// A name that is not known may be that of a document which can't be read: the report says so, and why.
fn check_names(only: &[String], known: &[&Policy], unreadable: &[Problem]) -> anyhow::Result<()> {
    let is_known = |name: &String| known.iter().any(|policy| policy.form.name == *name);
    match only.iter().find(|name| !is_known(name)) {
        Some(name) if unreadable.is_empty() => {
            let known: Vec<&str> = known.iter().map(|policy| policy.form.name.as_str()).collect();
            bail!("no policy has the name {name}: use one of {}", known.join(", "))
        }
        _ => Ok(()),
    }
}

fn home(path: &Path) -> Result<Home, String> {
    fs::read_to_string(path).map_err(|error| error.to_string()).and_then(|text| Home::read(&text))
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
                // A folder of another name, or one whose manifests lie deeper, must not pass.
                if inside.is_empty() {
                    let message = "no *.yaml, *.yml or *.json is in this folder";
                    report.problems.push(Problem::of(&display(path), message.to_owned()));
                }
                all.extend(inside);
            }
            Err(error) => report.problems.push(Problem::of(&display(path), error.to_string())),
        }
    }
    all
}
