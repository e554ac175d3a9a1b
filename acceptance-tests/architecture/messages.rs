//! The form of problems and diagnostics, as far as the source tells it: their texts stand as literals, in the call itself, or in the
//! variable or constant that it names.

use super::{
    files, forms,
    lexer::{Line, Token, Tokens, tokens, without_tests},
    literals::{arguments, constant, has, texts},
};
use anyhow::Result;

/// More than one text: it depends. None: they are known only when it runs.
pub(super) struct Message {
    pub(super) path: String,
    pub(super) line: Line,
    pub(super) is_error: bool,
    /// A diagnostic has none, and some are known only when it runs.
    pub(super) code: Option<String>,
    pub(super) summaries: Vec<String>,
    details: Vec<String>,
}

pub(super) fn malformed_messages() -> Result<Vec<String>> {
    let mut wrong = vec![];
    for Message { path, line, summaries, details, .. } in all()? {
        let of_summaries = summaries.iter().map(|text| forms::of_summary(text));
        let faults = of_summaries.chain(details.iter().map(|text| forms::of_detail(text)));
        wrong.extend(faults.flatten().map(|fault| format!("{path}:{line}: {fault}")));
    }
    Ok(wrong)
}

pub(super) fn all() -> Result<Vec<Message>> {
    let mut found = vec![];
    for (path, tokens) in sources("src")? {
        found.extend(messages(&path, &tokens));
    }
    Ok(found)
}

/// The Rust files of a folder and what is in it, by their paths, without tests.
pub(super) fn sources(folder: &str) -> Result<Vec<(String, Tokens)>> {
    let mut found = vec![];
    for path in files::all(folder)? {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/testing");
        if path.ends_with(".rs") && !is_test {
            let tokens = without_tests(tokens(&files::read(&path)?));
            found.push((path, tokens));
        }
    }
    Ok(found)
}

/// `Problem::error(code, summary, detail)`, `Diagnostic::error(summary, detail)` and what collects them,
/// `problems.error(code, field, summary, detail)`; and the same of warnings. `make(code, summary, detail)` stands for one of the two.
fn messages(path: &str, tokens: &[(Line, Token)]) -> Vec<Message> {
    let mut found = vec![];
    for (at, (line, token)) in tokens.iter().enumerate() {
        let (first, call) = match token {
            Token::Name(class) if class == "Problem" && has(tokens, at + 1, &Token::Step) => (1, at + 2),
            Token::Name(class) if class == "Diagnostic" && has(tokens, at + 1, &Token::Step) => (0, at + 2),
            Token::Name(class) if class == "make" && !is_method(tokens, at) => (1, at),
            Token::Mark('.') if !has(tokens, at + 1, &Token::Name("make".to_owned())) => (2, at + 1),
            _ => continue,
        };
        let Some([(_, Token::Name(name)), (_, Token::Mark('('))]) = tokens.get(call..call + 2) else { continue };
        let is_error = matches!(name.as_str(), "error" | "make");
        let arguments = arguments(&tokens[call + 2..]);
        if (is_error || name == "warning")
            && let [summary, detail, ..] = arguments.get(first..).unwrap_or_default()
        {
            let texts = |argument| texts(argument, &tokens[..at]);
            found.push(Message {
                path: path.to_owned(),
                line: *line,
                is_error,
                code: arguments.first().filter(|_| first > 0).and_then(|code| code_of(code, tokens)),
                summaries: texts(summary),
                details: texts(detail),
            });
        }
    }
    found
}

/// `made.make(…)` makes an object.
fn is_method(tokens: &[(Line, Token)], at: usize) -> bool {
    at > 0 && has(tokens, at - 1, &Token::Mark('.'))
}

fn code_of(argument: &[(Line, Token)], tokens: &[(Line, Token)]) -> Option<String> {
    match argument {
        [(_, Token::Text(code))] => Some(code.clone()),
        [(_, Token::Name(name))] => constant(name, tokens),
        _ => None,
    }
}
