//! Nothing stands in the product that no code of it names: `pub` hides such an item from the compiler, since another crate might use
//! it. What tests alone need is theirs.
//!
//! Items are known by their names: a free function is used by its name or a path to it, a method behind a dot or a path.
//! Methods of a trait that is implemented are called by whoever has the trait, so only the trait's own definition counts.

use super::{
    files,
    lexer::{Token, Tokens, test_modules, tokens, without_tests},
};
use anyhow::Result;
use std::collections::BTreeSet;

/// The protocol's own vocabulary, which is whole whatever this provider uses of it.
const VOCABULARY: &str = "src/plugin/";

/// Tests of crates from outside, and what every target promises: cases of tests.
const TESTS: [&str; 2] = ["/tests/", "src/contract/"];

/// Called by what is not written here: the process, the allocator of a program, serde's `with`.
const CALLED: [&str; 4] = ["main", "ALLOCATOR", "serialize", "deserialize"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A type, a constant: by its name, wherever it stands.
    Item,
    Function,
    Method,
}

struct Definition {
    at: String,
    name: String,
    form: Form,
}

/// Names that code uses, by what stands before them.
#[derive(Default)]
struct Uses {
    /// `.name(`, `.name::<`
    called: BTreeSet<String>,
    /// `path::name`
    pathed: BTreeSet<String>,
    plain: BTreeSet<String>,
    /// In texts: `"{NAME}"` of a format, `#[serde(default = "name")]`.
    written: BTreeSet<String>,
    /// `{{ name() }}`
    templates: BTreeSet<String>,
}

impl Uses {
    fn has(&self, definition: &Definition) -> bool {
        let name = &definition.name;
        let is_said = |names: &BTreeSet<String>| self.pathed.contains(name) || names.contains(name);
        match definition.form {
            Form::Item | Form::Function => is_said(&self.plain) || self.written.contains(name),
            Form::Method => is_said(&self.called) || self.templates.contains(name),
        }
    }

    fn add(&mut self, code: &Tokens, at: usize, name: &str) {
        let is_call = matches!(code.get(at + 1), Some((_, Token::Mark('(') | Token::Step)));
        match at.checked_sub(1).and_then(|before| code.get(before)) {
            Some((_, Token::Mark('.'))) if is_mark(code, at.checked_sub(2), ".") => self.plain.insert(name.to_owned()),
            // A field of that name is none of them.
            Some((_, Token::Mark('.'))) if !is_call => false,
            Some((_, Token::Mark('.'))) => self.called.insert(name.to_owned()),
            Some((_, Token::Step)) => self.pathed.insert(name.to_owned()),
            _ => self.plain.insert(name.to_owned()),
        };
    }
}

/// What a brace belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Trait,
    Own,
    OfTrait,
    Other,
}

pub(super) fn unused_items() -> Result<Vec<String>> {
    let (mut definitions, mut uses) = (vec![], Uses::default());
    for (path, code) in product()? {
        read(&path, &code, &mut definitions, &mut uses);
    }
    for path in files::all("src")?.into_iter().filter(|path| path.ends_with(".html")) {
        uses.templates.extend(words(&files::read(&path)?));
    }
    let must_be_used =
        |Definition { at, name, .. }: &Definition| !at.starts_with(VOCABULARY) && !CALLED.contains(&name.as_str());
    let unused = definitions.into_iter().filter(|definition| must_be_used(definition) && !uses.has(definition));
    Ok(unused.map(|Definition { at, name, .. }| format!("{at}: no code of the product uses {name}")).collect())
}

/// Its files, without what is compiled for tests alone.
fn product() -> Result<Vec<(String, Tokens)>> {
    let (mut found, mut of_tests) = (vec![], BTreeSet::new());
    for path in files::all("src")?.into_iter().filter(|path| path.ends_with(".rs")) {
        let code = tokens(&files::read(&path)?);
        let is_root = ["/lib.rs", "/main.rs"].iter().any(|root| path.ends_with(root));
        let folder =
            if is_root { path.rsplit_once('/').map_or("", |(folder, _)| folder) } else { path.trim_end_matches(".rs") };
        of_tests.extend(test_modules(&code).into_iter().map(|module| format!("{folder}/{module}")));
        found.push((path, without_tests(code)));
    }
    found.retain(|(path, _)| {
        let is_test = of_tests.iter().any(|module| files::is_within(path, module));
        !is_test && !TESTS.iter().any(|place| path.contains(place))
    });
    Ok(found)
}

fn read(path: &str, code: &Tokens, definitions: &mut Vec<Definition>, uses: &mut Uses) {
    let (mut blocks, mut next_block) = (vec![], Block::Other);
    let mut at = 0;
    while let Some((line, token)) = code.get(at) {
        match token {
            Token::Text(text) => {
                // A sentence names nothing, a path or a format does.
                if text.contains('{') || !text.contains(' ') {
                    uses.written.extend(words(text));
                }
            }
            Token::Mark('{') => blocks.push(std::mem::replace(&mut next_block, Block::Other)),
            Token::Mark('}') => drop(blocks.pop()),
            Token::Name(name) if name == "use" => at = import(code, at, uses),
            Token::Name(name) if name == "impl" && begins_item(code, at) => next_block = block_of_impl(code, at),
            Token::Name(keyword) => match definition(code, at) {
                Some(name) => {
                    let inside = blocks.last().copied().unwrap_or(Block::Other);
                    let form = match keyword.as_str() {
                        "fn" if takes_self(code, at) => Form::Method,
                        "fn" => Form::Function,
                        _ => Form::Item,
                    };
                    if keyword == "trait" {
                        next_block = Block::Trait;
                    }
                    if inside != Block::OfTrait {
                        definitions.push(Definition { at: format!("{path}:{line}"), name: name.to_owned(), form });
                    }
                    at += 1;
                }
                None => uses.add(code, at, keyword),
            },
            Token::Mark(_) | Token::Step => {}
        }
        at += 1;
    }
}

const DEFINES: [&str; 8] = ["fn", "const", "static", "struct", "enum", "union", "type", "trait"];

/// The name of the item that begins here.
fn definition(code: &Tokens, at: usize) -> Option<&str> {
    let (Token::Name(keyword), Token::Name(name)) = (&code.get(at)?.1, &code.get(at + 1)?.1) else { return None };
    // `const fn f()` defines `f`, `*const T` nothing.
    let is_item = DEFINES.contains(&keyword.as_str()) && !DEFINES.contains(&name.as_str());
    (is_item && name != "_" && name != "unsafe" && !is_mark(code, at.checked_sub(1), "*&'")).then_some(name)
}

/// `impl Trait` may stand for a type as well.
fn begins_item(code: &Tokens, at: usize) -> bool {
    at == 0 || is_mark(code, Some(at - 1), ";}]{")
}

fn block_of_impl(code: &Tokens, at: usize) -> Block {
    let head = code[at..].iter().take_while(|(_, token)| *token != Token::Mark('{'));
    let names: Vec<&Token> = head.map(|(_, token)| token).collect();
    let is_for =
        |pair: &[&Token]| matches!(pair, [Token::Name(name), next] if name == "for" && **next != Token::Mark('<'));
    if names.windows(2).any(is_for) { Block::OfTrait } else { Block::Own }
}

fn takes_self(code: &Tokens, at: usize) -> bool {
    let (mut depth, mut before) = (0, ' ');
    let parameters = code[at..].iter().skip_while(|(_, token)| {
        let Token::Mark(mark) = token else { return true };
        match mark {
            '<' => depth += 1,
            // Not that of an arrow.
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        before = *mark;
        *mark != '(' || depth > 0
    });
    // `(&'a mut self`
    parameters.take(6).any(|(_, token)| *token == Token::Name("self".to_owned()))
}

/// What is imported is used by its name, or unused as the compiler says; a re-export uses nothing. Only `a as b` hides a name.
fn import(code: &Tokens, at: usize, uses: &mut Uses) -> usize {
    let end = (at..code.len()).find(|at| code[*at].1 == Token::Mark(';')).unwrap_or(code.len());
    for pair in code[at..end].windows(2) {
        if let [(_, Token::Name(name)), (_, Token::Name(renamed))] = pair
            && renamed == "as"
        {
            uses.pathed.insert(name.clone());
        }
    }
    end
}

fn is_mark(code: &Tokens, at: Option<usize>, marks: &str) -> bool {
    matches!(at.and_then(|at| code.get(at)), Some((_, Token::Mark(mark))) if marks.contains(*mark))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).map(str::to_owned)
}
