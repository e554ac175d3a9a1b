//! What a Rust file says of others: the modules that it declares, what it imports under which name, the paths in its code, and the items
//! that it defines itself.

use super::lexer::{Line, Token, Tokens, tokens, without_tests};
use std::collections::BTreeSet;

#[derive(Clone)]
pub(super) struct Path {
    pub(super) line: Line,
    pub(super) segments: Vec<String>,
}

pub(super) struct Import {
    pub(super) path: Path,
    /// `None`: all names, `*`.
    pub(super) name: Option<String>,
    /// `pub use`: what it re-exports need not be of use to the file itself.
    pub(super) is_public: bool,
}

#[derive(Default)]
pub(super) struct Contents {
    pub(super) modules: BTreeSet<String>,
    pub(super) items: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    /// Of two segments or more, outside of `use`.
    pub(super) paths: Vec<Path>,
    /// Names in the code outside of `use` that may be those of items: not behind a dot, nor a field's.
    pub(super) names: BTreeSet<String>,
}

const ITEMS: [&str; 8] = ["fn", "struct", "enum", "trait", "const", "static", "type", "mod"];

impl Contents {
    /// Of the code without its tests.
    pub(super) fn of(text: &str) -> Self {
        Self::read(&without_tests(tokens(text)))
    }

    fn read(tokens: &Tokens) -> Self {
        let mut contents = Self::default();
        let (mut at, mut depth) = (0, 0_usize);
        let mut is_public = false;
        while let Some((line, token)) = tokens.get(at) {
            let next = name_at(tokens, at + 1);
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            match token {
                Token::Mark('{') => depth += 1,
                Token::Mark('}') => depth = depth.saturating_sub(1),
                Token::Name(name) if name == "use" => {
                    at = contents.import(tokens, at + 1, &[], is_public);
                    is_public = false;
                    continue;
                }
                Token::Name(name) if name == "pub" => {
                    is_public = true;
                    // `pub(crate)`, `pub(in a::b)`
                    if matches!(tokens.get(at + 1), Some((_, Token::Mark('(')))) {
                        while !matches!(tokens.get(at), Some((_, Token::Mark(')'))) | None) {
                            at += 1;
                        }
                    }
                    at += 1;
                    continue;
                }
                Token::Name(name) if name == "macro_rules" && depth == 0 && name_at(tokens, at + 2).is_some() => {
                    // `macro_rules! name`
                    contents.items.insert(name_at(tokens, at + 2).unwrap_or_default().to_owned());
                    at += 2;
                }
                Token::Name(name) if depth == 0 && ITEMS.contains(&name.as_str()) && next.is_some_and(is_own_name) => {
                    let item = next.unwrap_or_default().to_owned();
                    let is_file = name == "mod" && matches!(tokens.get(at + 2), Some((_, Token::Mark(';'))));
                    if is_file { &mut contents.modules } else { &mut contents.items }.insert(item);
                    at += 1;
                }
                Token::Name(name) => {
                    let mut segments = vec![name.clone()];
                    while let (Some((_, Token::Step)), Some(next)) = (tokens.get(at + 1), name_at(tokens, at + 2)) {
                        segments.push(next.to_owned());
                        at += 2;
                    }
                    let is_field = matches!(tokens.get(at + 1), Some((_, Token::Mark(':'))));
                    if !is_field && !matches!(before, Some((_, Token::Mark('.')))) {
                        contents.names.insert(segments[0].clone());
                    }
                    if segments.len() > 1 {
                        contents.paths.push(Path { line: *line, segments });
                    }
                }
                Token::Mark(_) | Token::Text(_) | Token::Step => {}
            }
            is_public = false;
            at += 1;
        }
        contents
    }

    /// One tree of a `use`, from `at` on; returns the place behind it.
    fn import(&mut self, tokens: &Tokens, mut at: usize, before: &[String], is_public: bool) -> usize {
        let mut segments = before.to_vec();
        let line = tokens.get(at).map_or(0, |(line, _)| *line);
        let mut renamed = None;
        let mut is_glob = false;
        loop {
            match tokens.get(at) {
                Some((_, Token::Name(name))) if name == "as" => {
                    renamed = name_at(tokens, at + 1).map(str::to_owned);
                    at += 2;
                }
                Some((_, Token::Name(name))) => {
                    segments.push(name.clone());
                    at += 1;
                }
                Some((_, Token::Step)) => at += 1,
                Some((_, Token::Mark('{'))) => {
                    at += 1;
                    while !matches!(tokens.get(at), Some((_, Token::Mark('}'))) | None) {
                        at = self.import(tokens, at, &segments, is_public);
                        if matches!(tokens.get(at), Some((_, Token::Mark(',')))) {
                            at += 1;
                        }
                    }
                    return at + 1;
                }
                Some((_, Token::Mark('*'))) => {
                    is_glob = true;
                    at += 1;
                }
                _ => {
                    // `use a::{self, b}`: the first names `a`.
                    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
                        segments.pop();
                    }
                    let name = renamed.or_else(|| segments.last().cloned()).filter(|_| !is_glob);
                    self.imports.push(Import { path: Path { line, segments }, name, is_public });
                    return at;
                }
            }
        }
    }
}

/// `const fn f()` defines `f`.
fn is_own_name(word: &str) -> bool {
    !ITEMS.contains(&word) && !["async", "extern", "unsafe"].contains(&word)
}

fn name_at(tokens: &Tokens, at: usize) -> Option<&str> {
    match tokens.get(at) {
        Some((_, Token::Name(name))) => Some(name),
        _ => None,
    }
}
