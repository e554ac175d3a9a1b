//! Commands of ours: each is there, and takes what follows.

use super::commands::ShownCommand;
use crate::check::none;
use acceptance_tests::tools::command_line;
use anyhow::{Context as _, Result, ensure};
use std::{collections::BTreeMap, process::Command};

/// Clusters of documents, which are no commands.
const CLUSTERS: [&str; 2] = ["demo", "main"];

pub(super) fn are_there() -> Result<()> {
    let all = ShownCommand::all()?;
    // Each is tried once, wherever it stands.
    let lines = all.iter().filter_map(|command| Some((command.of("goldenpath")?, command)));
    let lines: BTreeMap<&str, &ShownCommand> = lines.collect();
    let (mut seen, mut wrong) = (0, vec![]);
    for (line, command) in &lines {
        for one in alternatives(line) {
            seen += 1;
            if let Err(error) = is_there(&one) {
                wrong.push(format!("{}: {error:#}", command.place()));
            }
        }
    }
    ensure!(seen >= 40, "{seen} commands of ours in documents");
    for (line, reason) in [
        ("doctor nonsense", "a command that is not there"),
        ("doctor demo --nonsense", "an option that is not there"),
        ("doctor [--nonsense]", "an option that may be left out"),
    ] {
        ensure!(is_there(line).is_err(), "{reason} is not noticed: {line}");
    }
    none(wrong)
}

/// `sandbox list|show` is two.
fn alternatives(line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let choice = words.iter().take_while(|word| !word.starts_with(['-', '[', '<'])).position(|word| word.contains('|'));
    let Some(at) = choice else { return vec![line.to_owned()] };
    let with = |one: &str| [&words[..at], &[one], &words[at + 1..]].concat().join(" ");
    words[at].split('|').map(with).collect()
}

/// The longest command that the line begins with is ours, and takes what follows.
fn is_there(line: &str) -> Result<()> {
    let words: Vec<&str> = line.split([' ', '=', '|', '[', ']']).filter(|word| !word.is_empty()).collect();
    let is_plain = |word: &str| {
        let is_word = word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
        is_word && !CLUSTERS.contains(&word)
    };
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
