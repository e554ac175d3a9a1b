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
    ensure!(planned >= 7 && parts >= 1, "{planned} examples of guides were planned, {parts} parts of paths read");
    Ok(())
}

/// Every one, in all guides.
pub(super) fn name_commands_that_are_there(_: &Tool) -> Result<()> {
    let mut seen = 0;
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        for line in commands(&text, "goldenpath ") {
            is_there(line).with_context(|| format!("{}: {line}", path.display()))?;
            seen += 1;
        }
    }
    ensure!(seen >= 15, "{seen} commands in guides");
    ensure!(is_there("doctor nonsense").is_err(), "a command that is not there is noticed");
    Ok(())
}

/// The longest command that the line begins with is ours, and takes what follows.
fn is_there(line: &str) -> Result<()> {
    let words: Vec<&str> = line.split([' ', '=', '|', '[', ']']).filter(|word| !word.is_empty()).collect();
    let is_plain = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
    let plain = words.iter().take_while(|word| is_plain(word)).count();
    let found = (1..=plain).rev().find_map(|count| Some((count, help(&words[..count])?)));
    let (count, help) = found.context("it is no command of ours")?;
    let (command, rest) = words.split_at(count);
    // Where a command can stand, a plain word is meant as one.
    let may_be_argument = !help.contains("\nCommands:\n") && help.contains("\nArguments:\n");
    ensure!(plain == count || may_be_argument, "{:?} is no command of {command:?}", rest[0]);
    for option in rest.iter().filter(|word| word.starts_with("--")) {
        ensure!(help.contains(*option), "{option} is no option of {command:?}");
    }
    Ok(())
}

/// `None`: there is no such command. What is no command is an argument of the one before, whose name the usage has.
fn help(words: &[&str]) -> Option<String> {
    let output = Command::new(command_line().ok()?).args(words).arg("--help").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = format!(" {} ", words.join(" "));
    let is_it = text.lines().any(|line| line.starts_with("Usage:") && format!("{line} ").contains(&name));
    (output.status.success() && is_it).then_some(text)
}

/// A path that has this beside what the built-in one has.
fn is_a_part_of_a_path(workspace: &Workspace, part: &str) -> Result<()> {
    let head = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: acme\nversion: 1.0.0\nextends: team-standard 1.0.0\n";
    fs::create_dir_all(workspace.path("part"))?;
    workspace.write("part/acme.yaml", &format!("{head}{part}"))?;
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
