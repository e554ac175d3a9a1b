//! The form of what users read, as far as the source tells it: the texts of problems and diagnostics that stand as literals.
//!
//! A summary is a fragment without a full stop; a detail is sentences, each with a capital letter and a full stop. Both may begin with a
//! value, a name in backticks or an identifier.

use super::{
    files,
    lexer::{Line, Token, tokens, without_tests},
};
use anyhow::Result;

const LONGEST_SUMMARY: usize = 120;

/// Of the machine and not of the user, or no English.
const NOT_FOR_USERS: [&str; 14] = [
    "Option",
    "None",
    "Some",
    "serde",
    "panic",
    "panicked",
    "variant",
    "enum",
    "struct",
    "unwrap",
    "told",
    "anew",
    "called so",
    "asks for a pause",
];

pub(super) fn malformed() -> Result<Vec<String>> {
    let mut wrong = vec![];
    for path in files::all("src")? {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/testing");
        if !path.ends_with(".rs") || is_test {
            continue;
        }
        let tokens = without_tests(tokens(&files::read(&path)?));
        for (line, summary, detail) in messages(&tokens) {
            let faults = summary.as_deref().map(of_summary).into_iter().chain(detail.as_deref().map(of_detail));
            for fault in faults.flatten() {
                wrong.push(format!("{path}:{line}: {fault}"));
            }
        }
    }
    Ok(wrong)
}

/// `Problem::error(code, summary, detail)` and `Diagnostic::error(summary, detail)`, and the same of warnings. `None`: no literal.
fn messages(tokens: &[(Line, Token)]) -> Vec<(Line, Option<String>, Option<String>)> {
    let mut found = vec![];
    for (at, (line, token)) in tokens.iter().enumerate() {
        let Token::Name(class) = token else { continue };
        let first = match class.as_str() {
            "Problem" => 1,
            "Diagnostic" => 0,
            _ => continue,
        };
        let is_call = matches!(
            tokens.get(at + 1..at + 4),
            Some([(_, Token::Step), (_, Token::Name(severity)), (_, Token::Mark('('))]) if severity == "error" || severity == "warning"
        );
        if is_call {
            let arguments = arguments(&tokens[at + 4..]);
            let text = |number: usize| arguments.get(number).and_then(|argument| literal(argument));
            found.push((*line, text(first), text(first + 1)));
        }
    }
    found
}

/// Of a call whose parenthesis has just been opened.
fn arguments(tokens: &[(Line, Token)]) -> Vec<&[(Line, Token)]> {
    let (mut found, mut depth, mut from) = (vec![], 0_usize, 0);
    for (at, (_, token)) in tokens.iter().enumerate() {
        match token {
            Token::Mark(')') if depth == 0 => {
                found.push(&tokens[from..at]);
                break;
            }
            Token::Mark(',') if depth == 0 => {
                found.push(&tokens[from..at]);
                from = at + 1;
            }
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}

/// `"…"` with or without a conversion, and the first text of `format!("…", …)`.
fn literal(argument: &[(Line, Token)]) -> Option<String> {
    let text = match argument {
        [(_, Token::Text(text))] | [(_, Token::Text(text)), (_, Token::Mark('.')), ..] => text,
        [(_, Token::Name(name)), (_, Token::Mark('!')), (_, Token::Mark('(')), (_, Token::Text(text)), ..]
            if name == "format" =>
        {
            text
        }
        _ => return None,
    };
    // A line that goes on has its break and indentation left out.
    let mut parts = text.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    let whole = parts.fold(first, |whole, part| whole + part.trim_start());
    Some(whole.replace("\\n", "\n").replace("\\\"", "\""))
}

fn of_summary(text: &str) -> Option<String> {
    let wrong = if text.is_empty() {
        "is empty".to_owned()
    } else if text.ends_with('.') {
        "ends with a full stop".to_owned()
    } else if text.chars().count() > LONGEST_SUMMARY {
        format!("is longer than {LONGEST_SUMMARY} characters")
    } else if !may_begin(text) {
        "begins with a small letter".to_owned()
    } else {
        format!("says {:?}", not_for_users(text)?)
    };
    Some(format!("the summary {text:?} {wrong}"))
}

fn of_detail(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let wrong = if !text.ends_with(['.', '?', '}', ')', '`', '"', ':']) {
        "ends without a full stop".to_owned()
    } else if let Some(sentence) = sentences(text).into_iter().find(|sentence| !may_begin(sentence)) {
        format!("has a sentence that begins with a small letter: {sentence:?}")
    } else {
        format!("says {:?}", not_for_users(text)?)
    };
    Some(format!("the detail {text:?} {wrong}"))
}

fn sentences(text: &str) -> Vec<&str> {
    let ends = [". ", ".\n", "? ", "?\n"];
    let mut found = vec![];
    let mut rest = text;
    while let Some(at) = ends.iter().filter_map(|end| rest.find(end)).min() {
        let (sentence, after) = rest.split_at(at + 1);
        // `e.g. this`, `i.e. that`, `etc. and`
        if !["e.g.", "i.e.", "etc.", "vs."].iter().any(|short| sentence.ends_with(short)) {
            found.push(after.trim_start());
        }
        rest = after;
    }
    found.insert(0, text);
    found
}

/// With a capital letter, a value, a quoted or backticked name, a number, or an identifier, which is written as it is.
fn may_begin(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return true };
    let word = text.split_whitespace().next().unwrap_or_default();
    let is_identifier = word.trim_end_matches([',', '.', ':', ';']).contains(['_', '.', ':', '/', '-'])
        || word.chars().skip(1).any(char::is_uppercase);
    !first.is_lowercase() || is_identifier
}

fn not_for_users(text: &str) -> Option<&'static str> {
    NOT_FOR_USERS.into_iter().find(|unwanted| {
        text.match_indices(unwanted).any(|(at, _)| {
            let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !is_inside(text[..at].chars().next_back()) && !is_inside(text[at + unwanted.len()..].chars().next())
        })
    })
}
