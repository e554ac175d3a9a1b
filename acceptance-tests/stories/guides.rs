//! The guides as they stand: what they show can be planned, with a golden path that grants what they say it must, and parts of golden paths
//! and policies are valid.

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
    let (mut planned, mut parts) = (0, 0);
    for task in TASKS {
        let text = guide(task)?;
        for part in code_blocks(&text, "yaml").filter(|shown| shown.starts_with("roles:\n")) {
            is_a_part_of_a_path(&workspace, part).with_context(|| format!("{task}: {part}"))?;
            parts += 1;
        }
        let grants = code_blocks(&text, "yaml").find(|shown| shown.starts_with("grants:\n"));
        match grants {
            Some(grants) => granting(&workspace, grants)?,
            None => workspace.write("provider.tf", &workspace.sandbox_provider())?,
        }
        for block in code_blocks(&text, "hcl").filter(|block| block.contains("resource \"goldenpath_")) {
            let own = "  golden_path = \"acme\"\n  tier ";
            workspace
                .write("guide.tf", &if grants.is_some() { block.replace("  tier ", own) } else { block.to_owned() })?;
            workspace.plan(&[]).with_context(|| format!("{task}: {block}"))?;
            planned += 1;
        }
        workspace.remove("guide.tf").ok();
    }
    let policies = guide("policies")?;
    for shown in code_blocks(&policies, "yaml") {
        match shown.contains("kind: Policy\n") {
            true => is_valid(&workspace, shown),
            false => is_a_part_of_a_path(&workspace, shown),
        }
        .with_context(|| format!("policies: {shown}"))?;
        parts += 1;
    }
    ensure!(planned >= 7 && parts >= 4, "{planned} examples of guides were planned, {parts} parts of paths read");
    Ok(())
}

/// A path that has this beside what the built-in one has.
fn is_a_part_of_a_path(workspace: &Workspace, part: &str) -> Result<()> {
    let head = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: acme\nversion: 1.0.0\nextends: team-standard 1.0.0\n";
    is_valid(workspace, &format!("{head}{part}"))
}

fn is_valid(workspace: &Workspace, document: &str) -> Result<()> {
    fs::create_dir_all(workspace.path("part"))?;
    workspace.write("part/acme.yaml", document)?;
    let mut validate = Command::new(command_line()?);
    validate.args(["catalogue", "validate", "part"]).current_dir(workspace.path(""));
    let validate = Run::from(validate.output()?);
    ensure!(validate.code == Some(0), "{}", validate.raw);
    Ok(())
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

pub(super) fn guide(name: &str) -> Result<String> {
    fs::read_to_string(folder().join(format!("{name}.md"))).with_context(|| name.to_owned())
}

/// Lines of a shell, after this.
pub(super) fn commands<'t>(text: &'t str, program: &'t str) -> impl Iterator<Item = &'t str> {
    let lines = ["sh", "shell"].into_iter().flat_map(|language| code_blocks(text, language)).flat_map(str::lines);
    lines.filter_map(move |line| line.strip_prefix(program))
}

pub(super) fn code_blocks<'t>(text: &'t str, language: &'t str) -> impl Iterator<Item = &'t str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&format!("```{language}\n"))?;
        let (shown, after) = after.split_once("```")?;
        rest = after;
        Some(shown)
    })
}
