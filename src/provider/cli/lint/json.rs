//! JSON syntax: the same blocks, each level an object or a list of objects.
//!
//! serde_json says what is wrong with a file but not where a member stands, so a file that it takes is walked once more.

use super::tree::{Block, Lines, Member, Node, Unreadable};
use serde::de::IgnoredAny;

pub fn blocks(text: &str) -> Result<Vec<Block>, Unreadable> {
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| Unreadable { line: error.line(), message: format!("syntax error: {error}") })?;
    let mut walk = Walk { text, at: 0, lines: Lines::of(text) };
    let file = walk.value();
    let mut found = vec![];
    for Member { name: block, value, .. } in members(file) {
        let Some(block) = block else { continue };
        for Member { name, value, .. } in members(value) {
            let Some(name) = name else { continue };
            if block == "provider" {
                found.extend(bodies(value).map(|body| Block {
                    block: block.clone(),
                    name: name.clone(),
                    label: None,
                    body,
                }));
                continue;
            }
            for Member { name: label, value, .. } in members(value) {
                let of = |body| Block { block: block.clone(), name: name.clone(), label: label.clone(), body };
                found.extend(bodies(value).map(of));
            }
        }
    }
    Ok(found)
}

fn members(node: Node) -> Vec<Member> {
    bodies(node).flatten().collect()
}

/// Comments are members, too.
fn bodies(node: Node) -> impl Iterator<Item = Vec<Member>> {
    let objects = match node {
        Node::List(objects) => objects,
        one => vec![one],
    };
    objects.into_iter().filter_map(|object| match object {
        Node::Object(members) => {
            Some(members.into_iter().filter(|member| member.name.as_deref() != Some("//")).collect())
        }
        _ => None,
    })
}

/// Over text that is known to be JSON.
struct Walk<'t> {
    text: &'t str,
    at: usize,
    lines: Lines,
}

impl Walk<'_> {
    /// The next byte after white space and separators.
    fn peek(&mut self) -> u8 {
        let rest = &self.text.as_bytes()[self.at..];
        let is_separator = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b':');
        self.at += rest.iter().take_while(|byte| is_separator(byte)).count();
        self.text.as_bytes().get(self.at).copied().unwrap_or(b'}')
    }

    fn value(&mut self) -> Node {
        match self.peek() {
            b'{' => {
                let mut members = vec![];
                self.at += 1;
                while self.peek() != b'}' {
                    let line = self.lines.line(self.at);
                    // A template is known after an evaluation, as in native syntax.
                    let name = self.string().filter(|name| !name.contains("${") && !name.contains("%{"));
                    members.push(Member { name, line, value: self.value() });
                }
                self.at += 1;
                Node::Object(members)
            }
            b'[' => {
                let mut elements = vec![];
                self.at += 1;
                while !matches!(self.peek(), b']' | b'}') {
                    elements.push(self.value());
                }
                self.at += 1;
                Node::List(elements)
            }
            b'"' => {
                self.string();
                Node::Opaque
            }
            _ => {
                let rest = &self.text.as_bytes()[self.at..];
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                // One byte at least, so that it ends on any text.
                self.at += rest.iter().take_while(|byte| is_word(byte)).count().max(1);
                Node::Opaque
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        let mut is_escaped = false;
        let rest = &self.text.as_bytes()[start..];
        let inside = rest.iter().skip(1).take_while(|byte| {
            let ends = **byte == b'"' && !is_escaped;
            is_escaped = **byte == b'\\' && !is_escaped;
            !ends
        });
        self.at = (start + inside.count() + 2).min(self.text.len());
        serde_json::from_str(self.text.get(start..self.at)?).ok()
    }
}
