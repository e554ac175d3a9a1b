//! `explain`: what a saved plan does, for the person who reviews it and for a policy that judges it.
//!
//! `plan` reads the JSON, `changes`, `access` and `judged` make a `review` of it, and `text`, `markdown` or `--json` print that. Only this
//! file reads or writes anything.

mod access;
mod changes;
mod judged;
mod markdown;
mod plan;
mod powers;
mod review;
mod summary;
#[cfg(test)]
mod tests;
mod text;

use super::{
    catalogue::{CatalogueTool, Documents},
    output,
};
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use goldenpath_core::{
    domain::CatalogueSources,
    kinds::{legible, value},
};
use plan::Plan;
use review::{Action, FORMAT, Finding, Review};
use std::{
    ffi::OsStr,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// What a finding is about if it is about all of it.
const PLAN: &str = "plan";

/// Explain a saved plan: what changes, who gains or loses access, and what is lost
///
/// The policies of the golden paths judge the objects once more, since the JSON of a plan has no warnings. Exits with 3 if the plan has a
/// change that --deny names, with 2 if the plan or the catalogue can't be read, and otherwise with 0.
#[derive(Args)]
pub(super) struct Arguments {
    /// The plan: the JSON of `terraform show -json FILE`, `-` for that on standard input, or FILE itself
    plan: PathBuf,
    /// Print Markdown of at most 60 KB, for a comment
    #[arg(long)]
    markdown: bool,
    /// Print JSON, for a policy
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Exit with 3 if the plan has such a change
    #[arg(long, value_delimiter = ',')]
    deny: Vec<Deny>,
    /// Folders with golden paths in addition to the built-in ones, separated like PATH, also of git (git::https://...?ref=<commit>)
    #[arg(long, env = "GOLDENPATH_CATALOGUE")]
    catalogue: Option<CatalogueSources>,
    /// The CLI that converts a saved plan to JSON
    #[arg(long, env = "GOLDENPATH_CLI", default_value = "terraform")]
    cli: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Deny {
    /// A resource or an object is deleted or replaced
    Deletes,
    /// Somebody gains or loses access
    Access,
    /// A namespace is deleted with everything in it
    Loss,
}

pub(super) async fn run(arguments: &Arguments, tool: &CatalogueTool) -> anyhow::Result<ExitCode> {
    let review = match judged_review(arguments, tool).await {
        Ok(review) => review,
        Err(error) => {
            writeln!(io::stderr(), "Error: can't explain {}: {error:#}", arguments.plan.display())?;
            return Ok(ExitCode::from(2));
        }
    };
    output::data(&match arguments {
        Arguments { json: true, .. } => format!("{}\n", serde_json::to_string_pretty(&review)?),
        Arguments { markdown: true, .. } => markdown::markdown(&review),
        _ => text::text(&review),
    })?;
    let denied: Vec<String> = arguments.deny.iter().filter_map(|deny| denial(&review, *deny)).collect();
    for reason in &denied {
        writeln!(io::stderr(), "Denied: {reason}")?;
    }
    Ok(if denied.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

async fn judged_review(arguments: &Arguments, tool: &CatalogueTool) -> anyhow::Result<Review> {
    let json = read(&arguments.plan, arguments.cli.as_os_str())?;
    let plan = Plan::parse(&json)?;
    let mut review = review_of(&plan);
    let sources = arguments.catalogue.as_ref().map_or(&[][..], |CatalogueSources(sources)| sources);
    let catalogue = Documents((tool.documents)(sources)?).catalogue()?;
    judged::add(&mut review, &plan, &catalogue, tool).await;
    Ok(review)
}

fn read(plan: &Path, cli: &OsStr) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![];
    if plan == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    bytes = fs::read(plan)?;
    // A saved plan is a ZIP archive.
    if plan::without_mark(&bytes).trim_ascii_start().first() == Some(&b'{') {
        return Ok(bytes);
    }
    let shown = Command::new(cli).args(["show", "-json", "-no-color"]).arg(plan).output();
    let name = cli.to_string_lossy();
    let shown = shown.with_context(|| format!("can't run {name}; set --cli or GOLDENPATH_CLI"))?;
    if !shown.status.success() {
        bail!("`{name} show -json` failed: {}", String::from_utf8_lossy(&shown.stderr).trim());
    }
    Ok(shown.stdout)
}

fn review_of(plan: &Plan) -> Review {
    let mut review = Review { format: FORMAT, others: plan.others(), findings: findings(plan), ..Review::default() };
    for resource in plan.ours() {
        let Some(changes::Changed { change, lost, unknown }) = changes::change_of(resource) else { continue };
        review.access.extend(access::access_of(resource, &change));
        review.changes.push(change);
        review.lost.extend(lost);
        review.unknown.extend(unknown);
    }
    review
}

/// What a plan has of them: warnings are not in its JSON.
fn findings(plan: &Plan) -> Vec<Finding> {
    let mut found = vec![];
    if plan.errored {
        let message = "the plan ended with an error and is not all that would happen".to_owned();
        found.push(Finding { subject: PLAN.into(), status: "error".into(), message });
    }
    for check in plan.checks.iter().filter(|check| ["fail", "error"].contains(&check.status.as_str())) {
        let problems = check.instances.iter().flat_map(|instance| &instance.problems);
        let mut messages: Vec<String> = problems.map(|problem| value(&problem.message)).collect();
        if messages.is_empty() {
            messages.push("no message".into());
        }
        found.extend(messages.into_iter().map(|message| Finding {
            subject: legible(&check.address.to_display),
            status: check.status.clone(),
            message,
        }));
    }
    found
}

/// Why. What is not known can't be excluded.
fn denial(review: &Review, deny: Deny) -> Option<String> {
    let goes = |action: Action| matches!(action, Action::Delete | Action::Replace);
    let (what, mut where_it_is): (_, Vec<&str>) = match deny {
        Deny::Deletes => {
            let changes = review.changes.iter();
            let changes =
                changes.filter(|change| goes(change.action) || change.objects.iter().any(|one| goes(one.action)));
            ("deletes", changes.map(|change| change.address.as_str()).collect())
        }
        Deny::Access => ("access", review.access.iter().map(|access| access.address.as_str()).collect()),
        Deny::Loss => ("loss", review.lost.iter().map(|lost| lost.address.as_str()).collect()),
    };
    let is_open = |action: Action| matches!(deny, Deny::Access) || action != Action::Create;
    let unknown = review.unknown.iter().filter(|unknown| is_open(unknown.action));
    where_it_is.extend(unknown.map(|unknown| unknown.address.as_str()));
    // Nor what a plan would have said that ended too early.
    let is_cut_short = |finding: &&Finding| finding.subject == PLAN;
    where_it_is.extend(review.findings.iter().filter(is_cut_short).map(|_| "a plan that ended with an error"));
    where_it_is.dedup();
    let (first, more) = (where_it_is.first()?, where_it_is.len() - 1);
    Some(if more == 0 { format!("{what} in {first}") } else { format!("{what} in {first} and {more} more") })
}
