//! A review as Markdown for a pull request: the head as a list, and each environment folded away.
//!
//! Data stands in code spans and code blocks, where nothing of it is Markdown, HTML, a mention or a link.

use super::{
    review::Review,
    summary::{Line, Piece, head},
    text::{Section, Whole, changelog, findings, sections},
};
use std::fmt::Write;

/// Bytes. A comment of GitHub holds 65,536 characters, and others stand around it.
pub const LIMIT: usize = 60_000;
/// For the line that says what was cut.
const NOTICE: usize = 300;

pub fn markdown(review: &Review) -> String {
    let mut text = String::from("### What this plan does\n\n");
    let head = head(review);
    for Line { topic, pieces } in &head {
        let _ = writeln!(text, "- {}: {}", word(topic), pieces.iter().map(piece).collect::<String>());
    }
    let mut folded: Vec<Folded> = sections(review).iter().map(|(name, section)| Folded::new(name, section)).collect();
    for (name, lines) in [("changelog", changelog(review)), ("findings", findings(review))] {
        if !lines.is_empty() {
            let full = fold(name, "", &lines);
            folded.insert(0, Folded { brief: full.clone(), full, is_important: true, state: State::Full });
        }
    }
    let notice = cut(&mut folded, LIMIT.saturating_sub(text.len() + NOTICE));
    text.push_str(&notice);
    folded.iter().for_each(|one| text.push_str(one.text()));
    text
}

fn word(topic: &str) -> String {
    if ["lost", "finding", "delete"].contains(&topic) { format!("**{topic}**") } else { topic.to_owned() }
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Ours(text) => text.clone(),
        Piece::Data(text) => code(text),
    }
}

/// A code span ends at as many backticks as it began with.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// In an HTML block, where Markdown is off.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// All lines of `body` are indented, so that none closes the block: a fence after four spaces is none, and after two it would have to be
/// the whole line, where a line of ours has a word first.
fn fold(name: &str, totals: &str, body: &str) -> String {
    let totals = if totals.is_empty() { String::new() } else { format!(": {totals}") };
    let name = html(name);
    format!("\n<details><summary><code>{name}</code>{totals}</summary>\n\n```text\n{body}```\n\n</details>\n")
}

/// The part of one environment, in two lengths.
struct Folded {
    full: String,
    /// What is made, or goes with its resource, is only counted.
    brief: String,
    is_important: bool,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Full,
    Brief,
    Gone,
}

// === impl Folded ===

impl Folded {
    fn new(name: &str, section: &Section<'_>) -> Self {
        let of = |whole: Whole| fold(name, &section.totals(), &section.text(whole));
        Self {
            full: of(Whole::Listed),
            brief: of(Whole::Counted),
            is_important: section.is_important(),
            state: State::Full,
        }
    }

    fn text(&self) -> &str {
        match self.state {
            State::Full => &self.full,
            State::Brief => &self.brief,
            State::Gone => "",
        }
    }
}

/// The longest lists of such objects go first, then environments in which nothing but that happens, then the longest of all.
fn cut(folded: &mut [Folded], limit: usize) -> String {
    let mut size: usize = folded.iter().map(|one| one.full.len()).sum();
    let mut order: Vec<(State, usize)> = vec![];
    let by = |cost: &dyn Fn(&Folded) -> (bool, usize), state: State| {
        let mut all: Vec<usize> = (0..folded.len()).collect();
        all.sort_by_key(|at| std::cmp::Reverse(cost(&folded[*at])));
        all.into_iter().map(move |at| (state, at)).collect::<Vec<_>>()
    };
    order.extend(by(&|one| (true, one.full.len().saturating_sub(one.brief.len())), State::Brief));
    order.extend(by(&|one| (!one.is_important, one.brief.len()), State::Gone));
    for (state, at) in order {
        if size <= limit {
            break;
        }
        size -= folded[at].text().len();
        folded[at].state = state;
        size += folded[at].text().len();
    }
    let count = |state: State| {
        folded.iter().filter(|one| one.state == state && (state == State::Gone || one.full != one.brief)).count()
    };
    let cut = [
        (count(State::Brief), "with objects only counted that are created or go with their resource"),
        (count(State::Gone), "left out"),
    ];
    let cut: Vec<String> =
        cut.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")).collect();
    if cut.is_empty() {
        return String::new();
    }
    let cut = cut.join(", ");
    format!(
        "\n**Cut to fit {} KB.** Environments: {cut}. Run `explain` without `--markdown` for all of it.\n",
        LIMIT / 1000
    )
}
