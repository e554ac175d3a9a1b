//! What differs between two plans of the same request: objects, their fields, and what is said. Pure.

use crate::cli::catalogue::sample::Planned;
use goldenpath_core::domain::Problem;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Changes {
    objects: BTreeMap<String, Change>,
    /// What would be lost with everything inside, or why that is refused.
    loss: Vec<String>,
    /// Of errors and warnings: what would be new, and what no longer is said.
    new_findings: Vec<String>,
    gone_findings: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Change {
    Added { lines: Vec<String> },
    Deleted { lines: Vec<String> },
    Changed { removed: Vec<String>, added: Vec<String> },
}

// === impl Changes ===

impl Changes {
    pub(super) fn between(before: &Planned, after: &Planned) -> Self {
        let (loss_before, said_before) = lines(&before.problems);
        let (loss_after, said_after) = lines(&after.problems);
        let new = |after: &BTreeSet<String>, before: &BTreeSet<String>| after.difference(before).cloned().collect();
        Self {
            objects: objects(before, after),
            loss: new(&loss_after, &loss_before),
            new_findings: new(&said_after, &said_before),
            gone_findings: new(&said_before, &said_after),
        }
    }

    pub(super) fn text(&self) -> String {
        let Self { objects, loss, new_findings, gone_findings } = self;
        let mut text = String::new();
        if objects.is_empty() {
            text.push_str("  no object changes\n");
        }
        for (key, change) in objects {
            let (sign, lines): (_, Vec<(char, &String)>) = match change {
                Change::Added { lines } => ('+', lines.iter().map(|line| ('+', line)).collect()),
                Change::Deleted { lines } => ('-', lines.iter().map(|line| ('-', line)).collect()),
                Change::Changed { removed, added } => {
                    ('~', removed.iter().map(|line| ('-', line)).chain(added.iter().map(|line| ('+', line))).collect())
                }
            };
            let _ = writeln!(text, "  {sign} {key}");
            for (sign, line) in lines {
                let _ = writeln!(text, "      {sign} {line}");
            }
        }
        for (word, findings) in [("loss", loss), ("new", new_findings), ("no longer", gone_findings)] {
            for finding in findings {
                let _ = writeln!(text, "  {word}: {finding}");
            }
        }
        text
    }
}

fn objects(before: &Planned, after: &Planned) -> BTreeMap<String, Change> {
    let lines = |fields: &Option<Vec<String>>| fields.clone().unwrap_or_else(|| vec!["(known after apply)".to_owned()]);
    let mut objects = BTreeMap::new();
    let keys: BTreeSet<&String> = before.objects.keys().chain(after.objects.keys()).collect();
    for key in keys {
        let change = match (before.objects.get(key).map(lines), after.objects.get(key).map(lines)) {
            (None, Some(lines)) => Change::Added { lines },
            (Some(lines), None) => Change::Deleted { lines },
            (Some(before), Some(after)) if before != after => Change::Changed {
                removed: before.iter().filter(|line| !after.contains(line)).cloned().collect(),
                added: after.iter().filter(|line| !before.contains(line)).cloned().collect(),
            },
            _ => continue,
        };
        objects.insert(key.clone(), change);
    }
    objects
}

/// (of loss, of anything else)
fn lines(problems: &[Problem]) -> (BTreeSet<String>, BTreeSet<String>) {
    let line = |problem: &Problem| format!("{}: {}", problem.code, problem.summary);
    let (loss, others): (Vec<&Problem>, Vec<&Problem>) =
        problems.iter().partition(|problem| problem.code.starts_with("deletion."));
    (loss.into_iter().map(line).collect(), others.into_iter().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(objects: &[(&str, &[&str])], problems: &[(&'static str, &str)]) -> Planned {
        let lines = |lines: &[&str]| Some(lines.iter().map(|line| (*line).to_owned()).collect());
        Planned {
            objects: objects.iter().map(|(key, fields)| ((*key).to_owned(), lines(fields))).collect(),
            problems: problems.iter().map(|(code, summary)| Problem::warning(code, *summary, "")).collect(),
        }
    }

    #[test]
    fn what_differs_is_said_once_and_what_stays_is_not() {
        let before = plan(
            &[("A x", &["a 1", "b 2"]), ("B x", &["c 3"]), ("C x", &["d 4"])],
            &[("catalogue.deprecated", "old"), ("policy.denied", "stays")],
        );
        let after = plan(
            &[("A x", &["a 1", "b 3"]), ("C x", &["d 4"]), ("D x", &["e 5"])],
            &[("deletion.loses", "x will be deleted"), ("policy.denied", "stays")],
        );
        let expected = "  ~ A x\n      - b 2\n      + b 3\n  - B x\n      - c 3\n  + D x\n      + e 5\n  \
                        loss: deletion.loses: x will be deleted\n  no longer: catalogue.deprecated: old\n";
        assert_eq!(Changes::between(&before, &after).text(), expected);
        assert_eq!(Changes::between(&after, &after).text(), "  no object changes\n");
    }
}
