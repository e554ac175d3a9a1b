//! The form of what users read, as far as the source tells it: the texts of problems and diagnostics that stand as literals, in the
//! call itself or in the variable that it names.
//!
//! A summary is a fragment without a full stop; a detail is sentences, each with a capital letter and a full stop. Both may begin with a
//! value, a name in backticks or an identifier.

use super::{
    files,
    lexer::{Line, Token, tokens, without_tests},
};
use anyhow::Result;
use plugin::diagnostic::LONGEST_SUMMARY;

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

pub(super) fn malformed_messages() -> Result<Vec<String>> {
    let mut wrong = vec![];
    for path in files::all("src")? {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/testing");
        if !path.ends_with(".rs") || is_test {
            continue;
        }
        let tokens = without_tests(tokens(&files::read(&path)?));
        for Message { line, summaries, details } in messages(&tokens) {
            let faults =
                summaries.iter().map(|text| of_summary(text)).chain(details.iter().map(|text| of_detail(text)));
            wrong.extend(faults.flatten().map(|fault| format!("{path}:{line}: {fault}")));
        }
    }
    Ok(wrong)
}

/// More than one text: it depends. None: they are known only when it runs.
struct Message {
    line: Line,
    summaries: Vec<String>,
    details: Vec<String>,
}

/// `Problem::error(code, summary, detail)`, `Diagnostic::error(summary, detail)` and what collects them,
/// `problems.error(code, field, summary, detail)`; and the same of warnings.
fn messages(tokens: &[(Line, Token)]) -> Vec<Message> {
    let mut found = vec![];
    for (at, (line, token)) in tokens.iter().enumerate() {
        let (first, call) = match token {
            Token::Name(class) if class == "Problem" && has(tokens, at + 1, &Token::Step) => (1, at + 2),
            Token::Name(class) if class == "Diagnostic" && has(tokens, at + 1, &Token::Step) => (0, at + 2),
            Token::Mark('.') => (2, at + 1),
            _ => continue,
        };
        let is_call = matches!(
            tokens.get(call..call + 2),
            Some([(_, Token::Name(severity)), (_, Token::Mark('('))]) if severity == "error" || severity == "warning"
        );
        if is_call && let [summary, detail, ..] = arguments(&tokens[call + 2..]).get(first..).unwrap_or_default() {
            let texts = |argument| texts(argument, &tokens[..at]);
            found.push(Message { line: *line, summaries: texts(summary), details: texts(detail) });
        }
    }
    found
}

fn has(tokens: &[(Line, Token)], at: usize, wanted: &Token) -> bool {
    tokens.get(at).is_some_and(|(_, token)| token == wanted)
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

/// The texts that an argument may be: its own, or those of the variable that it names.
fn texts(argument: &[(Line, Token)], before: &[(Line, Token)]) -> Vec<String> {
    match argument {
        [(_, Token::Name(name))] => binding(name, before).map(literals).unwrap_or_default(),
        argument => literals(argument),
    }
}

/// What the last `let` of the same function gives a name.
fn binding<'a>(name: &str, before: &'a [(Line, Token)]) -> Option<&'a [(Line, Token)]> {
    let is = |at: usize, wanted: &str| matches!(&before[at].1, Token::Name(name) if name == wanted);
    let function = (0..before.len()).rev().find(|at| is(*at, "fn")).unwrap_or_default();
    let named = (function + 1..before.len())
        .rev()
        .find(|at| is(*at, name) && is(*at - 1, "let") && has(before, *at + 1, &Token::Mark('=')))?;
    let value = &before[named + 2..];
    let mut depth = 0_usize;
    let end = value.iter().position(|(_, token)| {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == Token::Mark(';')
    })?;
    Some(&value[..end])
}

/// `"…"` and the first text of `format!("…", …)`, which stand alone or end a branch of an `if` or `match`.
fn literals(expression: &[(Line, Token)]) -> Vec<String> {
    let is_pattern = |at: usize| {
        let is_arm = has(expression, at + 1, &Token::Mark('=')) && has(expression, at + 2, &Token::Mark('>'));
        is_arm || has(expression, at + 1, &Token::Mark('|'))
    };
    let mut found = vec![];
    for (at, (_, token)) in expression.iter().enumerate() {
        let Token::Text(text) = token else { continue };
        let before = match &expression[..at] {
            [before @ .., (_, Token::Name(name)), (_, Token::Mark('!')), (_, Token::Mark('('))] if name == "format" => {
                before
            }
            before => before,
        };
        let begins =
            matches!(before, [] | [.., (_, Token::Mark('{'))] | [.., (_, Token::Mark('=')), (_, Token::Mark('>'))]);
        if begins && !is_pattern(at) {
            found.push(as_read(text));
        }
    }
    found
}

/// A line that goes on has its break and indentation left out.
fn as_read(text: &str) -> String {
    let mut parts = text.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    let whole = parts.fold(first, |whole, part| whole + part.trim_start());
    whole.replace("\\n", "\n").replace("\\\"", "\"")
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
