//! The texts in a call, as far as they stand as literals: in an argument, or in the variable or constant that it names.

use super::lexer::{Line, Token};

pub(super) fn has(tokens: &[(Line, Token)], at: usize, wanted: &Token) -> bool {
    tokens.get(at).is_some_and(|(_, token)| token == wanted)
}

/// Of a call whose parenthesis has just been opened.
pub(super) fn arguments(tokens: &[(Line, Token)]) -> Vec<&[(Line, Token)]> {
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

/// The texts that an argument may be: its own, or those of the variable or constant that it names.
pub(super) fn texts(argument: &[(Line, Token)], before: &[(Line, Token)]) -> Vec<String> {
    match argument {
        [(_, Token::Name(name))] => {
            binding(name, before).map_or_else(|| constant(name, before).into_iter().collect(), literals)
        }
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

/// `const NAME: &str = "…";`, somewhere before.
pub(super) fn constant(name: &str, before: &[(Line, Token)]) -> Option<String> {
    before.windows(7).find_map(|window| match window {
        [
            (_, Token::Name(keyword)),
            (_, Token::Name(constant)),
            (_, Token::Mark(':')),
            (_, Token::Mark('&')),
            (_, Token::Name(ty)),
            (_, Token::Mark('=')),
            (_, Token::Text(text)),
        ] if keyword == "const" && constant == name && ty == "str" => Some(as_read(text)),
        _ => None,
    })
}

/// `"…"` and the first text of `format!("…", …)`, which stand alone or end a branch of an `if` or `match`.
pub(super) fn literals(expression: &[(Line, Token)]) -> Vec<String> {
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
