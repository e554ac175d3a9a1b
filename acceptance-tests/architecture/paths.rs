//! Every path that a Rust file writes, with its line: those of `use` declarations, groups taken apart, and those in the
//! code. A lexer of a page suffices: comments, texts and characters are skipped, the rest is names and marks.

pub struct Found {
    pub line: usize,
    pub segments: Vec<String>,
}

#[derive(Debug, PartialEq)]
enum Token {
    Name(String),
    /// `::`
    Step,
    Mark(char),
}

pub fn paths(text: &str) -> Vec<Found> {
    let tokens = tokens(text);
    let mut found = vec![];
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            (_, Token::Name(name)) if name == "use" => at = tree(&tokens, at + 1, &[], &mut found),
            (line, Token::Name(name)) => {
                let (line, mut segments) = (*line, vec![name.clone()]);
                while let (Some((_, Token::Step)), Some((_, Token::Name(next)))) =
                    (tokens.get(at + 1), tokens.get(at + 2))
                {
                    segments.push(next.clone());
                    at += 2;
                }
                if segments.len() > 1 {
                    found.push(Found { line, segments });
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// One tree of a `use`, from `at` on; gives the place behind it.
fn tree(tokens: &[(usize, Token)], mut at: usize, before: &[String], found: &mut Vec<Found>) -> usize {
    let mut segments = before.to_vec();
    let line = tokens.get(at).map_or(0, |(line, _)| *line);
    loop {
        match tokens.get(at) {
            Some((_, Token::Name(name))) if name == "as" => at += 2,
            Some((_, Token::Name(name))) => {
                segments.push(name.clone());
                at += 1;
            }
            Some((_, Token::Step)) => at += 1,
            Some((_, Token::Mark('{'))) => {
                at += 1;
                while !matches!(tokens.get(at), Some((_, Token::Mark('}'))) | None) {
                    at = tree(tokens, at, &segments, found);
                    if matches!(tokens.get(at), Some((_, Token::Mark(',')))) {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some((_, Token::Mark('*'))) => at += 1,
            _ => {
                found.push(Found { line, segments });
                return at;
            }
        }
    }
}

fn tokens(text: &str) -> Vec<(usize, Token)> {
    let bytes: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut line) = (vec![], 0, 1);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    while at < bytes.len() {
        let (now, next) = (bytes[at], bytes.get(at + 1).copied().unwrap_or(' '));
        let from = at;
        match now {
            '/' if next == '/' => at = until(&bytes, at, |rest| rest[0] == '\n'),
            '/' if next == '*' => at = until(&bytes, at, |rest| rest.starts_with(&['*', '/'])) + 2,
            '"' => at = text_end(&bytes, at),
            'r' | 'b' if raw_hashes(&bytes, at).is_some() => {
                let (start, hashes) = raw_hashes(&bytes, at).unwrap_or((at + 1, 0));
                let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                at = until(&bytes, start, |rest| rest.starts_with(&end)) + end.len();
            }
            // A character, not a lifetime: `'a'`, `'\n'`.
            '\'' if next == '\\' => at = until(&bytes, at + 3, |rest| rest[0] == '\'') + 1,
            '\'' if bytes.get(at + 2) == Some(&'\'') => at += 3,
            ':' if next == ':' => {
                out.push((line, Token::Step));
                at += 2;
            }
            c if is_name(c) => {
                at = until(&bytes, at, |rest| !is_name(rest[0]));
                out.push((line, Token::Name(bytes[from..at].iter().collect())));
            }
            c if c.is_whitespace() => at += 1,
            c => {
                out.push((line, Token::Mark(c)));
                at += 1;
            }
        }
        at = at.min(bytes.len());
        line += bytes[from..at].iter().filter(|c| **c == '\n').count();
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
