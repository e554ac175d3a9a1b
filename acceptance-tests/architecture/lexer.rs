//! The names, marks and texts of a Rust file, with their lines. A lexer of a page suffices: comments and characters are skipped.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// A string literal, as it is written.
    Text(String),
    /// `::`
    Step,
    Mark(char),
}

pub(super) type Line = usize;
pub(super) type Tokens = Vec<(Line, Token)>;

pub(super) fn tokens(text: &str) -> Tokens {
    let text: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut line) = (vec![], 0, 1);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    while at < text.len() {
        let (now, next) = (text[at], text.get(at + 1).copied().unwrap_or(' '));
        let from = at;
        let mut token = None;
        match now {
            '/' if next == '/' => at = until(&text, at, |rest| rest[0] == '\n'),
            '/' if next == '*' => at = until(&text, at, |rest| rest.starts_with(&['*', '/'])) + 2,
            '"' => {
                at = text_end(&text, at);
                token = Some(Token::Text(text[from + 1..(at - 1).min(text.len())].iter().collect()));
            }
            'r' | 'b' if raw_hashes(&text, at).is_some() => {
                let (start, hashes) = raw_hashes(&text, at).unwrap_or((at + 1, 0));
                let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let last = until(&text, start, |rest| rest.starts_with(&end));
                token = Some(Token::Text(text[start..last].iter().collect()));
                at = last + end.len();
            }
            // A character, not a lifetime: `'a'`, `'\n'`.
            '\'' if next == '\\' => at = until(&text, at + 3, |rest| rest[0] == '\'') + 1,
            '\'' if text.get(at + 2) == Some(&'\'') => at += 3,
            ':' if next == ':' => {
                token = Some(Token::Step);
                at += 2;
            }
            c if is_name(c) => {
                at = until(&text, at, |rest| !is_name(rest[0]));
                token = Some(Token::Name(text[from..at].iter().collect()));
            }
            c => {
                token = (!c.is_whitespace()).then_some(Token::Mark(c));
                at += 1;
            }
        }
        out.extend(token.map(|token| (line, token)));
        at = at.min(text.len());
        line += text[from..at].iter().filter(|c| **c == '\n').count();
    }
    out
}

fn until(text: &[char], mut at: usize, end: impl Fn(&[char]) -> bool) -> usize {
    while at < text.len() && !end(&text[at..]) {
        at += 1;
    }
    at
}

fn text_end(text: &[char], mut at: usize) -> usize {
    at += 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The place behind the opening quote of `r"`, `r#"`, `br"`, and how many hashes close it.
fn raw_hashes(text: &[char], at: usize) -> Option<(usize, usize)> {
    let start = if text.get(at) == Some(&'b') { at + 1 } else { at };
    (text.get(start) == Some(&'r')).then_some(())?;
    // Part of a longer name is no prefix.
    if at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_') {
        return None;
    }
    let hashes = text[start + 1..].iter().take_while(|c| **c == '#').count();
    (text.get(start + 1 + hashes) == Some(&'"')).then_some((start + hashes + 2, hashes))
}

/// Without what is compiled for tests alone: a test may bring together what the product keeps apart.
pub(super) fn without_tests(tokens: Tokens) -> Tokens {
    let mut out = vec![];
    let mut at = 0;
    while at < tokens.len() {
        if is_cfg_test(&tokens[at..]) {
            at = item_end(&tokens, at);
        } else {
            out.push(tokens[at].clone());
            at += 1;
        }
    }
    out
}

/// The modules in files of their own that are compiled for tests alone.
pub(super) fn test_modules(tokens: &Tokens) -> Vec<String> {
    let items = (0..tokens.len()).filter(|at| is_cfg_test(&tokens[*at..])).map(|at| &tokens[at..item_end(tokens, at)]);
    items
        .filter_map(|item| match item {
            [.., (_, Token::Name(keyword)), (_, Token::Name(module)), (_, Token::Mark(';'))] if keyword == "mod" => {
                Some(module.clone())
            }
            _ => None,
        })
        .collect()
}

/// `#[cfg(test)]`, and `#[cfg(all(test, …))]`.
fn is_cfg_test(rest: &[(Line, Token)]) -> bool {
    let is = |at: usize, wanted: &str| match rest.get(at) {
        Some((_, Token::Name(name))) => name == wanted,
        Some((_, Token::Mark(mark))) => wanted.chars().eq([*mark]),
        _ => false,
    };
    let is_cfg = is(0, "#") && is(1, "[") && is(2, "cfg") && is(3, "(");
    is_cfg && (is(4, "test") || (is(4, "all") && is(6, "test")))
}

/// Behind the item that begins at `at`: its `;`, the brace that closes its body, or the `,` of a field, a variant or an arm.
fn item_end(tokens: &[(Line, Token)], mut at: usize) -> usize {
    let (mut depth, is_listed) = (0_usize, is_listed(&tokens[at..]));
    while let Some((_, token)) = tokens.get(at) {
        at += 1;
        match token {
            Token::Mark('{' | '(' | '[') => depth += 1,
            // The end of what it is in, as behind the last field of a struct.
            Token::Mark('}' | ')' | ']') if depth == 0 => return at - 1,
            Token::Mark(close @ ('}' | ')' | ']')) => {
                depth -= 1;
                if depth == 0 && *close == '}' {
                    // `use a::{b};` ends behind its brace.
                    return if matches!(tokens.get(at), Some((_, Token::Mark(';')))) { at + 1 } else { at };
                }
            }
            Token::Mark(';') if depth == 0 => return at,
            Token::Mark(',') if depth == 0 && is_listed => return at,
            _ => {}
        }
    }
    at
}

/// What begins an item or a statement.
const BEGINS: &str = "async const enum extern fn impl let macro_rules mod static struct trait type unsafe use";

/// Neither of them stands behind the attributes: it is one of a list.
fn is_listed(tokens: &[(Line, Token)]) -> bool {
    let mut depth = 0_usize;
    let first = tokens.iter().find(|(_, token)| {
        match token {
            Token::Mark('[' | '(') => depth += 1,
            Token::Mark(']' | ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(token, Token::Name(name) if name != "pub")
    });
    matches!(first, Some((_, Token::Name(first))) if BEGINS.split(' ').all(|word| word != first))
}
