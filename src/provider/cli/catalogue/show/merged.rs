//! A document laid over the one that it extends, as text: what stays keeps its comments, and what changes says where it comes from.
//!
//! Only block mappings of spaces are taken apart, which is how people write them. Whoever calls reads the result back: where it does not
//! say what the two documents say together, something was written in a form that is not known here.

use goldenpath_core::domain::merge_patch;
use serde_json::{Map, Value};

/// What a document always says of itself.
const OWN: [&str; 9] =
    ["apiVersion", "kind", "name", "version", "extends", "default", "status", "deprecation", "changelog"];

/// A key of a mapping with all that belongs to it.
struct Block<'a> {
    key: String,
    /// Comments and empty lines above it.
    head: Vec<&'a str>,
    /// That of the key, and those below it.
    lines: Vec<&'a str>,
}

/// One of two documents.
pub struct Side<'a> {
    pub text: &'a str,
    pub content: &'a Map<String, Value>,
    /// `acme 1.0.0`
    pub name: &'a str,
}

/// `None`: one of them is written in another form.
pub fn merge(base: &Side<'_>, own: &Side<'_>) -> Option<String> {
    let of_base = blocks(&base.text.lines().collect::<Vec<_>>(), 0)?;
    let of_own = blocks(&own.text.lines().collect::<Vec<_>>(), 0)?;
    let mut text =
        format!("# {}, with all that it takes from {}: what is not marked comes from there.\n", own.name, base.name);
    let is_own = |block: &&Block<'_>| OWN.contains(&block.key.as_str());
    for block in of_own.iter().filter(is_own).filter(|block| block.key != "extends") {
        push(&mut text, &block.lines, 0, 0);
    }
    text.push('\n');
    let of_base: Vec<Block<'_>> = of_base.into_iter().filter(|block| !OWN.contains(&block.key.as_str())).collect();
    let of_own: Vec<Block<'_>> = of_own.into_iter().filter(|block| !OWN.contains(&block.key.as_str())).collect();
    let patch: Map<String, Value> = own
        .content
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut layers = Layers { of: own.name, text: &mut text };
    layers.lay((&of_base, base.content, 0), (Some((&of_own, 0)), &patch))?;
    Some(text)
}

struct Layers<'a, 't> {
    /// The document that lies above.
    of: &'a str,
    text: &'t mut String,
}

/// Blocks of a mapping, its value, and how far it is indented.
type Below<'a> = (&'a [Block<'a>], &'a Map<String, Value>, usize);
/// The same, where it is written as blocks.
type Above<'a> = (Option<(&'a [Block<'a>], usize)>, &'a Map<String, Value>);

// === impl Layers ===

impl Layers<'_, '_> {
    fn lay(&mut self, (base, content, indent): Below<'_>, (own, patch): Above<'_>) -> Option<()> {
        for block in base {
            let Some(value) = patch.get(&block.key) else {
                push(self.text, &block.head, 0, 0);
                push(self.text, &block.lines, 0, 0);
                continue;
            };
            if value.is_null() {
                self.note(indent, &format!("{} is taken away by {}", block.key, self.of));
                continue;
            }
            let written = own.and_then(|(blocks, at)| Some((blocks.iter().find(|one| one.key == block.key)?, at)));
            match (content.get(&block.key), value) {
                (Some(Value::Object(content)), Value::Object(patch)) => {
                    push(self.text, &block.head, 0, 0);
                    self.both(block, content, indent, written, patch)?;
                }
                _ => self.instead(&block.key, value, indent, written),
            }
        }
        for (key, value) in patch.iter().filter(|(key, _)| base.iter().all(|block| block.key != **key)) {
            if !value.is_null() {
                let written = own.and_then(|(blocks, at)| Some((blocks.iter().find(|one| one.key == *key)?, at)));
                self.instead(key, value, indent, written);
            }
        }
        Some(())
    }

    /// A mapping that both have.
    fn both(
        &mut self,
        block: &Block<'_>,
        content: &Map<String, Value>,
        indent: usize,
        own: Option<(&Block<'_>, usize)>,
        patch: &Map<String, Value>,
    ) -> Option<()> {
        let Some((inner, at)) = inside(block, indent) else {
            // On one line, and so are both together.
            let mut whole = Value::Object(content.clone());
            merge_patch(&mut whole, Value::Object(patch.clone()));
            self.line(indent, &block.key, &whole, "with");
            return Some(());
        };
        push(self.text, &block.lines[..1], 0, 0);
        let inner_own = own.and_then(|(block, at)| inside(block, at));
        let own = inner_own.as_ref().map(|(blocks, at)| (&blocks[..], *at));
        self.lay((&inner, content, at), (own, patch))
    }

    /// What the document above says alone.
    fn instead(&mut self, key: &str, value: &Value, indent: usize, own: Option<(&Block<'_>, usize)>) {
        match own {
            Some((block, at)) => {
                self.note(indent, &format!("from {}", self.of));
                let comments: Vec<&str> = block.head.iter().copied().filter(|line| !line.trim().is_empty()).collect();
                push(self.text, &comments, at, indent);
                push(self.text, &block.lines, at, indent);
            }
            None => self.line(indent, key, value, "from"),
        }
    }

    fn note(&mut self, indent: usize, words: &str) {
        self.text.push_str(&format!("{:indent$}# {words}\n", ""));
    }

    fn line(&mut self, indent: usize, key: &str, value: &Value, word: &str) {
        self.text.push_str(&format!("{:indent$}{key}: {value} # {word} {}\n", "", self.of));
    }
}

/// The mapping below a key, if it is written as blocks.
fn inside<'a>(block: &Block<'a>, indent: usize) -> Option<(Vec<Block<'a>>, usize)> {
    let (_, rest) = key_of(block.lines[0].trim_start())?;
    if !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    let first = block.lines[1..].iter().find(|line| !is_remark(line))?;
    let at = spaces(first);
    if at <= indent { None } else { Some((blocks(&block.lines[1..], at)?, at)) }
}

/// `None`: something stands there that is no key of a mapping.
fn blocks<'a>(lines: &[&'a str], indent: usize) -> Option<Vec<Block<'a>>> {
    let (mut blocks, mut head): (Vec<Block<'a>>, Vec<&'a str>) = (vec![], vec![]);
    for line in lines {
        let text = line.trim_start_matches(' ');
        if is_remark(line) || indent == 0 && *line == "---" && blocks.is_empty() {
            if *line != "---" {
                head.push(line);
            }
            continue;
        }
        let is_item = text.starts_with("- ") || text == "-";
        match (spaces(line), blocks.last_mut()) {
            (at, Some(block)) if at > indent || at == indent && is_item => {
                block.lines.append(&mut head);
                block.lines.push(line);
            }
            (at, _) if at == indent => {
                let (key, _) = key_of(text)?;
                blocks.push(Block { key, head: std::mem::take(&mut head), lines: vec![line] });
            }
            _ => return None,
        }
    }
    if let Some(block) = blocks.last_mut() {
        block.lines.append(&mut head);
    }
    Some(blocks)
}

/// `key: rest`
fn key_of(text: &str) -> Option<(String, &str)> {
    let (key, rest) = match text.chars().next()? {
        '\t' => return None,
        quote @ ('"' | '\'') => {
            let (key, rest) = text[1..].split_once(quote)?;
            (key, rest.trim_start().strip_prefix(':')?)
        }
        _ => text.split_once(':')?,
    };
    let is_plain = !key.contains(['{', '}', '[', ']', '#', '&', '*', ',']);
    (is_plain && (rest.is_empty() || rest.starts_with(' '))).then(|| (key.trim().to_owned(), rest.trim()))
}

fn is_remark(line: &str) -> bool {
    let text = line.trim();
    text.is_empty() || text.starts_with('#')
}

fn spaces(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Moved from one indent to another.
fn push(text: &mut String, lines: &[&str], from: usize, to: usize) {
    for line in lines {
        let inner = line.get(from.min(spaces(line))..).unwrap_or(line);
        let indent = if inner.trim().is_empty() { 0 } else { to };
        text.push_str(&format!("{:indent$}{inner}\n", ""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "# The first one.
name: a
version: 1.0.0
# Who to ask.
owner: platform
tiers:
  # For trying things.
  dev:
    class: dev
    # As many as fit.
    quota: { pods: 40, cpu: 4 }
    list:
    - a
    - b
  prod: # for customers
    class: prod
grants:
  x: 1
";

    fn merge_into_base(own: &str) -> String {
        let content = |text: &str| match serde_saphyr::from_str(text).expect("YAML") {
            Value::Object(content) => content,
            other => panic!("{other}"),
        };
        let (below, above) = (content(BASE), content(own));
        let base = Side { text: BASE, content: &below, name: "a 1.0.0" };
        let text = merge(&base, &Side { text: own, content: &above, name: "a 1.1.0" }).expect("block mappings");
        let mut expected = Value::Object(below);
        merge_patch(&mut expected, Value::Object(above));
        if let Value::Object(members) = &mut expected {
            members.remove("extends");
        }
        assert_eq!(Value::Object(content(&text)), expected, "{text}");
        text
    }

    #[test]
    fn what_stays_keeps_its_comments_and_what_changes_says_from_where() {
        let own = "name: a\nversion: 1.1.0\nextends: 1.0.0\ntiers:\n    # Twice as many.\n    dev:\n        quota: { pods: 80 }\n        \
                   list: [c]\n    prod: null\n    new:\n        # A third one.\n        class: dev\ngrants: null\nmore: { y: 2 }\n";
        let expected = "# a 1.1.0, with all that it takes from a 1.0.0: what is not marked comes from there.
name: a
version: 1.1.0

# Who to ask.
owner: platform
tiers:
  # For trying things.
  dev:
    class: dev
    # As many as fit.
    quota: {\"cpu\":4,\"pods\":80} # with a 1.1.0
    # from a 1.1.0
    list: [c]
  # prod is taken away by a 1.1.0
  # from a 1.1.0
  new:
      # A third one.
      class: dev
# grants is taken away by a 1.1.0
# from a 1.1.0
more: { y: 2 }
";
        assert_eq!(merge_into_base(own), expected);
    }

    #[test]
    fn a_change_on_one_line_reaches_into_blocks() {
        let text = merge_into_base(
            "name: a\nversion: 1.1.0\nextends: 1.0.0\ntiers: { dev: { quota: { pods: 1 }, class: x } }\n",
        );
        assert!(text.contains("    class: \"x\" # from a 1.1.0\n    # As many as fit.\n"), "{text}");
        assert!(text.contains("  prod: # for customers\n    class: prod\n"), "{text}");
    }

    #[test]
    fn another_form_is_left_to_others() {
        let content = Map::new();
        for text in ["{ name: a }\n", "name: a\n\tx: 1\n", "? name\n: a\n", "- a\n"] {
            let side = || Side { text, content: &content, name: "a 1.0.0" };
            assert!(merge(&side(), &side()).is_none(), "{text}");
        }
    }
}
