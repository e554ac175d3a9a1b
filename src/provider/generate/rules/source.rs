//! What the source says when it reports something: each code with its texts, read where they stand. So there is no second list that
//! could be out of date.
//!
//! A report is a call of one of a few names whose first argument is a code, as a literal or by a constant of its file: `problems.error(code, field, summary,
//! detail)`, `Problem::warning(code, summary, detail)`. Texts are the literals of an argument, or of the variable that stands there.

use anyhow::{Context as _, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Whoever makes a report; `make` stands for one of the two.
const REPORTERS: [&str; 3] = ["error", "warning", "make"];

/// Its checks name the fields of documents, which look like codes.
const OF_DOCUMENTS: &str = "core/golden/catalogue";

/// Where reports are made; commands and the plugin have no codes.
const PLACES: [&str; 3] = ["core", "daemon", "provider/wiring"];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    pub code: String,
    /// One of [`REPORTERS`].
    pub kind: String,
    /// Each as the source writes it, with `…` for what is known later. More than one: it depends.
    pub summaries: Vec<String>,
    pub details: Vec<String>,
}

/// Of what is compiled for the product.
#[derive(Default)]
pub struct Source {
    pub reports: Vec<Report>,
    /// Every literal that has the form of a code.
    pub alike: BTreeSet<String>,
}

pub fn read(src: &Path) -> anyhow::Result<Source> {
    let (mut texts, mut of_tests) = (BTreeMap::new(), BTreeSet::new());
    for place in PLACES {
        files(&src.join(place), &mut texts)?;
        let beside = src.join(place).with_extension("rs");
        if beside.is_file() {
            texts.insert(beside.clone(), fs::read_to_string(&beside)?);
        }
    }
    let mut trees = vec![];
    for (path, text) in &texts {
        let tree: TokenStream = text.parse().map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let tree = without_tests(tree.into_iter().collect(), &folder_of(path), &mut of_tests);
        trees.push((path, tree));
    }
    let mut source = Source::default();
    for (path, tree) in trees {
        let is_test = of_tests.iter().any(|test| path.starts_with(test) || *path == test.with_extension("rs"));
        if !is_test {
            let mut found = Source::default();
            walk(&tree, &mut Known::default(), &mut found);
            source.reports.extend(found.reports);
            let is_of_documents = path.strip_prefix(src).is_ok_and(|path| path.starts_with(OF_DOCUMENTS));
            source.alike.extend(found.alike.into_iter().filter(|_| !is_of_documents));
        }
    }
    source.reports.sort();
    source.reports.dedup();
    Ok(source)
}

fn files(folder: &Path, found: &mut BTreeMap<PathBuf, String>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path.clone(), fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Where a file's modules are: `foo.rs` has them in `foo/`, the root of a crate beside itself.
fn folder_of(path: &Path) -> PathBuf {
    let is_root = path.file_name().is_some_and(|name| name == "lib.rs" || name == "main.rs");
    if is_root { path.parent().unwrap_or(path).to_owned() } else { path.with_extension("") }
}

/// `#[cfg(test)]` with the item behind it; a module in a file of its own is noted.
fn without_tests(tokens: Vec<TokenTree>, folder: &Path, of_tests: &mut BTreeSet<PathBuf>) -> Vec<TokenTree> {
    let mut kept = vec![];
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_test = matches!((&token, tokens.peek()), (TokenTree::Punct(hash), Some(TokenTree::Group(group)))
            if hash.as_char() == '#' && ["cfg (test)", "cfg(test)"].contains(&group.stream().to_string().as_str()));
        if !is_test {
            kept.push(token);
            continue;
        }
        tokens.next();
        let mut last = String::new();
        for token in tokens.by_ref() {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                TokenTree::Punct(end) if end.as_char() == ';' => {
                    of_tests.insert(folder.join(&last));
                    break;
                }
                token => last = token.to_string(),
            }
        }
    }
    kept
}

/// Texts of constants and variables by their names. A later one of the same name takes the place of an earlier one.
#[derive(Clone, Default)]
struct Known(BTreeMap<String, Vec<String>>);

fn walk(tokens: &[TokenTree], known: &mut Known, source: &mut Source) {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "let" || word == "const" => known.bind(&tokens[at + 1..]),
            TokenTree::Literal(_) => source.alike.extend(text_of(token).filter(|text| is_code(text))),
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                if group.delimiter() == Delimiter::Parenthesis
                    && let Some(TokenTree::Ident(name)) = at.checked_sub(1).and_then(|before| tokens.get(before))
                {
                    source.reports.extend(report(&name.to_string(), &inner, known));
                }
                walk(&inner, &mut known.clone(), source);
            }
            _ => {}
        }
    }
}

fn report(kind: &str, inner: &[TokenTree], known: &Known) -> Option<Report> {
    let arguments: Vec<&[TokenTree]> =
        inner.split(|token| is_mark(token, ',')).filter(|part| !part.is_empty()).collect();
    let [first, .., summary, detail] = arguments.as_slice() else { return None };
    let code = match first {
        [literal @ TokenTree::Literal(_)] => text_of(literal)?,
        [TokenTree::Ident(name)] => known.0.get(&name.to_string())?.first()?.clone(),
        _ => return None,
    };
    let texts = |argument: &[TokenTree]| known.texts(argument);
    let is_code = !code.contains([' ', '/', '{']) && !code.contains(char::is_uppercase);
    let is_report = REPORTERS.contains(&kind) && is_code;
    is_report.then(|| Report { code, kind: kind.to_owned(), summaries: texts(summary), details: texts(detail) })
}

// === impl Known ===

impl Known {
    /// `NAME: &str = "…";`, `name = match … ;`, and `(name, other) = match … { … => ("…", "…") };`
    fn bind(&mut self, rest: &[TokenTree]) {
        let end = rest.iter().position(|token| is_mark(token, ';')).unwrap_or(rest.len());
        let Some(equals) = rest[..end].iter().position(|token| is_mark(token, '=')) else { return };
        let value = &rest[equals + 1..end];
        let names: Vec<String> = match rest.iter().find(|token| token.to_string() != "mut") {
            Some(TokenTree::Ident(name)) => vec![name.to_string()],
            Some(TokenTree::Group(names)) => {
                names.stream().into_iter().filter(|token| !is_mark(token, ',')).map(|token| token.to_string()).collect()
            }
            _ => return,
        };
        let texts = self.texts(value);
        let count = names.len().max(1);
        for (number, name) in names.into_iter().enumerate() {
            self.0.insert(name, texts.iter().skip(number).step_by(count).cloned().collect());
        }
    }

    /// The texts that an expression may have; arguments of calls are no part of them.
    fn texts(&self, expression: &[TokenTree]) -> Vec<String> {
        if let [TokenTree::Ident(name), rest @ ..] = expression
            && let Some(texts) = self.0.get(&name.to_string())
            && rest.first().is_none_or(|next| is_mark(next, '.'))
        {
            return texts.clone();
        }
        let mut found = vec![];
        for (at, token) in expression.iter().enumerate() {
            let before = |back: usize| at.checked_sub(back).and_then(|at| expression.get(at));
            match token {
                TokenTree::Literal(_) => found.extend(text_of(token)),
                TokenTree::Group(group) if group.delimiter() != Delimiter::Bracket => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    match before(1) {
                        // `format!("…", …)`
                        Some(mark) if is_mark(mark, '!') => found.extend(inner.first().and_then(text_of)),
                        // A call, of a variable's text at most.
                        Some(TokenTree::Ident(name))
                            if group.delimiter() == Delimiter::Parenthesis && name != "match" => {}
                        _ => found.extend(self.texts(&inner)),
                    }
                }
                _ => {}
            }
        }
        found
    }
}

// === Tokens ===

fn is_mark(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == wanted)
}

/// `slot.share_exceeds_total`
pub fn is_code(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    text.split_once('.').is_some_and(|(group, name)| is_word(group) && is_word(name))
}

/// Of a string literal, as it is read: lines that go on are one, and what stands in braces is known later.
fn text_of(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    let written = literal.to_string();
    let written = written.strip_prefix('"')?.strip_suffix('"')?;
    let mut lines = written.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let whole = lines.fold(first, |whole, line| whole + line.trim_start());
    let whole = whole.replace("\\\"", "\"").replace("\\n", " ").replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut text = String::new();
    let mut rest = whole.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        text = text + before + "…";
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    Some((text + rest).replace('\u{1}', "{").replace('\u{2}', "}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_where_they_stand() {
        let report = |code: &str, kind: &str, summaries: &[&str], details: &[&str]| Report {
            code: code.to_owned(),
            kind: kind.to_owned(),
            summaries: summaries.iter().map(|text| (*text).to_owned()).collect(),
            details: details.iter().map(|text| (*text).to_owned()).collect(),
        };
        for (text, expected, reason) in [
            (
                r#"fn a() { Problem::error("a.b", "No".to_owned(), format!("Do {x}, {}.", list.join(", "))) }"#,
                Some(report("a.b", "error", &["No"], &["Do …, …."])),
                "a literal and a format",
            ),
            (
                r#"fn a() { problems.warning("a.b", &["c", "d"], "No", "Do.") }"#,
                Some(report("a.b", "warning", &["No"], &["Do."])),
                "with its field",
            ),
            (
                r#"const C: &str = "a.b"; fn a() { Problem::error(C, "No", "Do.") }"#,
                Some(report("a.b", "error", &["No"], &["Do."])),
                "by a constant",
            ),
            (
                r#"fn a() { let next = match b { true => "Do.", false => "Do not." }; make("a.b", "No", next) }"#,
                Some(report("a.b", "make", &["No"], &["Do.", "Do not."])),
                "what depends",
            ),
            (
                r#"fn a() { let (no, next) = if b { ("No", "Do.") } else { ("Never", "Leave.") }; Problem::error("a.b", no, next) }"#,
                Some(report("a.b", "error", &["No", "Never"], &["Do.", "Leave."])),
                "two at once",
            ),
            (r#"fn a() { file("a/b", "No", "Do.") }"#, None, "no code"),
        ] {
            let tokens: Vec<TokenTree> = text.parse::<TokenStream>().expect("Rust").into_iter().collect();
            let mut source = Source::default();
            walk(&tokens, &mut Known::default(), &mut source);
            assert_eq!(source.reports.first(), expected.as_ref(), "{reason}");
        }
    }

    #[test]
    fn tests_are_no_product() {
        let text = r#"const A: u8 = 1; #[cfg(test)] mod tests { x("a.b") } #[cfg(test)] mod other; fn b() {}"#;
        let tokens = text.parse::<TokenStream>().expect("Rust").into_iter().collect();
        let mut of_tests = BTreeSet::new();
        let kept = without_tests(tokens, Path::new("src/core/golden"), &mut of_tests);
        let kept: String = kept.iter().map(ToString::to_string).collect();
        assert!(kept.contains("fnb") && !kept.contains("a.b"), "{kept}");
        assert_eq!(of_tests.into_iter().collect::<Vec<_>>(), [PathBuf::from("src/core/golden/other")]);
    }
}
