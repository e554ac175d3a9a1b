//! The guides as they stand: what they show can be planned, with a golden path that grants what they say it must, and the commands of ours
//! that they name are there.

use crate::workspace::{Run, Workspace};
use acceptance_tests::tools::{Tool, command_line};
use anyhow::{Context as _, Result, ensure};
use std::{fs, path::PathBuf, process::Command};

const BASELINE: &str = "resource \"goldenpath_cluster_baseline\" \"demo\" {\n  cluster = \"demo\"\n}\n";
/// Those that lead through a task. The others show parts.
const TASKS: [&str; 6] =
    ["ci-with-oidc", "expose-a-service", "install-a-chart", "move-namespaces", "reach-aws", "when-something-fails"];
/// A line of the built-in path, before which a grant is put.
const IN_GRANTS: &str = "      service_accounts: [";

pub(super) fn are_planned(tool: &Tool) -> Result<()> {
    let workspace = Workspace::new(tool, BASELINE)?;
    workspace.apply(&[])?;
    let mut planned = 0;
    for task in TASKS {
        let text = guide(task)?;
        let grants = shown(&text, "yaml").find(|shown| shown.starts_with("grants:\n"));
        match grants {
            Some(grants) => granting(&workspace, grants)?,
            None => workspace.write("provider.tf", &workspace.sandbox_provider())?,
        }
        for block in shown(&text, "hcl").filter(|block| block.contains("resource \"goldenpath_")) {
            let own = "  golden_path = \"acme\"\n  tier ";
            workspace
                .write("guide.tf", &if grants.is_some() { block.replace("  tier ", own) } else { block.to_owned() })?;
            workspace.plan(&[]).with_context(|| format!("{task}: {block}"))?;
            planned += 1;
        }
        workspace.remove("guide.tf").ok();
    }
    ensure!(planned >= 7, "{planned} examples of guides were planned");
    Ok(())
}

/// Every one, in all guides.
pub(super) fn name_commands_that_are_there(_: &Tool) -> Result<()> {
    let mut seen = 0;
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let lines = ["sh", "shell"].into_iter().flat_map(|language| shown(&text, language)).flat_map(str::lines);
        for line in lines.filter_map(|line| line.strip_prefix("goldenpath ")) {
            // Up to the first argument: the rest is the reader's own.
            let is_word =
                |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
            let words: Vec<&str> = line.split(' ').take_while(is_word).take(2).collect();
            let is_there = (1..=words.len()).rev().any(|count| answers(&words[..count]));
            ensure!(is_there, "{}: {line}", path.display());
            seen += 1;
        }
    }
    ensure!(seen >= 15, "{seen} commands in guides");
    Ok(())
}

fn answers(words: &[&str]) -> bool {
    let output = command_line().map(|program| Command::new(program).args(words).arg("--help").output());
    matches!(output, Ok(Ok(output)) if output.status.success())
}

/// A copy of the built-in path that grants this too.
fn granting(workspace: &Workspace, grants: &str) -> Result<()> {
    let mut init = Command::new(command_line()?);
    init.args(["catalogue", "init", "paths", "--name", "acme"]).current_dir(workspace.path(""));
    let init = Run::from(init.output()?);
    ensure!(init.code == Some(0), "{}", init.raw);
    let file = fs::read_dir(workspace.path("paths"))?.next().context("no path was written")??.path();
    let more: String = grants.lines().skip(1).map(|line| format!("    {line}\n")).collect();
    let text = fs::read_to_string(&file)?;
    ensure!(text.contains(IN_GRANTS), "the built-in path has no line {IN_GRANTS:?}");
    fs::write(&file, text.replace(IN_GRANTS, &format!("{more}{IN_GRANTS}")))?;
    let provider = workspace.sandbox_provider().replace("sandbox =", "catalogue = [\"paths\"]\n  sandbox =");
    workspace.write("provider.tf", &provider)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/guides")
}

fn guide(name: &str) -> Result<String> {
    fs::read_to_string(folder().join(format!("{name}.md"))).with_context(|| name.to_owned())
}

fn shown<'t>(text: &'t str, language: &'t str) -> impl Iterator<Item = &'t str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&format!("```{language}\n"))?;
        let (shown, after) = after.split_once("```")?;
        rest = after;
        Some(shown)
    })
}
