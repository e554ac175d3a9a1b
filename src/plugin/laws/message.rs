//! The form of a message, which readers of Terraform's output are used to: a summary that is a fragment, a detail in whole
//! sentences, and no word that only a programmer of this provider knows.

use super::Violation;
use crate::diagnostic::{Diagnostic, LONGEST_SUMMARY};

/// Words of Rust and its libraries. What is quoted or in a code block may hold anything.
const MACHINE_WORDS: [&str; 8] = ["None", "Some", "Option", "Err", "serde", "panicked", "unwrap", "struct"];

pub fn check_message(diagnostic: &Diagnostic) -> Option<Violation> {
    let text = format!("{} ({:?})", diagnostic.form_violation()?, diagnostic.summary);
    Some(Violation::new(diagnostic.path.clone(), "message_form", text))
}

impl Diagnostic {
    /// What is wrong with the form of this message, if anything is. Whether it begins with a capital letter can be seen only
    /// where it is written: a cluster's name at its begin is in lower case.
    pub fn form_violation(&self) -> Option<&'static str> {
        let Self { summary, detail, .. } = self;
        let violations = [
            (summary.is_empty(), "a summary is needed"),
            (summary.contains('\n'), "the summary is one line"),
            (summary.chars().count() > LONGEST_SUMMARY, "the summary is too long for one line"),
            (summary.ends_with('.'), "the summary is a fragment, without a full stop"),
            (!ends_in_order(detail), "the detail ends with a full stop or a code block"),
            (has_machine_word(summary) || has_machine_word(detail), "a word of Rust is of no use to the reader"),
        ];
        violations.into_iter().find_map(|(violated, text)| violated.then_some(text))
    }
}

/// A block is indented, as in Markdown and as CLIs show it.
fn is_block(line: &str) -> bool {
    line.starts_with("  ") || line.starts_with("```")
}

/// Below the sentences may stand a code to search for, in parentheses on a line of its own.
fn ends_in_order(detail: &str) -> bool {
    let is_code = |line: &&str| line.starts_with('(') && line.ends_with(')');
    let mut lines = detail.lines().rev().filter(|line| !line.trim().is_empty());
    let last = lines.find(|line| !is_code(line)).unwrap_or_default().trim_end();
    last.is_empty() || last.ends_with(['.', '`']) || is_block(last) && !last.ends_with(':')
}

fn has_machine_word(text: &str) -> bool {
    let prose = text.lines().filter(|line| !is_block(line)).flat_map(|line| {
        // Every second part is inside a pair of quotation marks.
        line.split(['`', '"']).step_by(2).flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'))
    });
    prose.into_iter().any(|word| MACHINE_WORDS.contains(&word))
}
