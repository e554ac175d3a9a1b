//! A block of a configuration held against the schema of its type.

use super::tree::{Block, Member, Node};
use crate::resources::Declared;
use plugin::{
    Path, Step, laws,
    schema::{Attribute, AttributeType, Mode, Nesting},
};
use serde::Serialize;
use std::fmt;

/// What JSON has for comments: HCL leaves it out of the objects that are bodies of blocks, and of no others (`structure.go` of hcl/json).
const COMMENT: &str = "//";
const IN_OBJECT: &str = "it is one in a block only, and here a name that Terraform drops: move it up to the block";
const IN_MAP: &str = "it is one in a block only, and here the key of an element: move it up to the block";

#[derive(Debug, Serialize)]
pub struct Finding {
    pub line: usize,
    /// `goldenpath_team_environment.payments`
    address: String,
    /// `access.developers`
    path: String,
    word: String,
    /// What to write in place of a word of other policies, or of a comment.
    instead: Option<&'static str>,
    /// The known word that is most like it.
    nearest: Option<&'static str>,
    /// All words that are known there.
    known: Vec<&'static str>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line: _, address, path, word, instead, nearest, known } = self;
        match word.as_str() {
            COMMENT => write!(f, "{address}: `{path}` is no comment; ")?,
            _ => write!(f, "{address} has no `{path}`; ")?,
        }
        match (instead, nearest) {
            (Some(instead), _) => f.write_str(instead),
            (None, Some(nearest)) => write!(f, "did you mean `{nearest}`?"),
            (None, None) => write!(f, "known there: {}", known.join(", ")),
        }
    }
}

pub fn judge(block: &Block, declared: &[Declared]) -> Vec<Finding> {
    let Block { block, name, label, body } = block;
    let Some(declared) = declared.iter().find(|one| one.block == block && one.name == name) else {
        return vec![];
    };
    let label = label.as_deref().map(|label| format!(".{label}")).unwrap_or_default();
    let kind = if block == "resource" { String::new() } else { format!("{block}.") };
    let mut pass = Pass { address: format!("{kind}{name}{label}"), found: vec![] };
    let reserved: &[&str] = if block == "provider" { &laws::PROVIDER_NAMES } else { &laws::RESOURCE_NAMES };
    let is_ours = |member: &&Member| member.name.as_deref().is_none_or(|name| !reserved.contains(&name));
    pass.members(&declared.schema.attributes, body.iter().filter(is_ours), &Path::root());
    pass.found
}

struct Pass {
    address: String,
    found: Vec<Finding>,
}

impl Pass {
    fn members<'m>(&mut self, attributes: &[Attribute], members: impl Iterator<Item = &'m Member>, at: &Path) {
        for Member { name, line, value } in members {
            let Some(name) = name else { continue };
            let here = at.clone().then(Step::Attribute(name.clone()));
            match attributes.iter().find(|attribute| attribute.name == name) {
                None if name == COMMENT => self.report(name, *line, Some(IN_OBJECT), attributes, &here),
                Some(Attribute { refused: None, kind: AttributeType::Nested(nesting, object), .. }) => {
                    self.elements(*nesting, &object.attributes, value, &here);
                }
                Some(Attribute { refused: None, .. }) => {}
                refused => self.report(name, *line, refused.and_then(|one| one.refused), attributes, &here),
            }
        }
    }

    fn elements(&mut self, nesting: Nesting, attributes: &[Attribute], value: &Node, at: &Path) {
        match (nesting, value) {
            (_, Node::Joined(nodes)) => nodes.iter().for_each(|node| self.elements(nesting, attributes, node, at)),
            (Nesting::Single, Node::Object(members)) => self.members(attributes, members.iter(), at),
            (Nesting::List | Nesting::Set, Node::List(elements)) => {
                for (index, element) in (0..).zip(elements) {
                    self.elements(Nesting::Single, attributes, element, &at.clone().then(Step::Index(index)));
                }
            }
            (Nesting::Map, Node::Object(members)) => {
                for Member { name, line, value } in members {
                    let key = name.clone().unwrap_or_else(|| "*".to_owned());
                    let here = at.clone().then(Step::Key(key));
                    match name.as_deref() {
                        Some(COMMENT) => self.report(COMMENT, *line, Some(IN_MAP), &[], &here),
                        _ => self.elements(Nesting::Single, attributes, value, &here),
                    }
                }
            }
            // Another form than the schema's is an error of the CLI's own.
            _ => {}
        }
    }

    fn report(
        &mut self,
        word: &str,
        line: usize,
        instead: Option<&'static str>,
        attributes: &[Attribute],
        here: &Path,
    ) {
        let may_be_written = |one: &&Attribute| one.mode != Mode::Computed && one.refused.is_none();
        let mut known: Vec<&'static str> = attributes.iter().filter(may_be_written).map(|one| one.name).collect();
        known.sort_unstable();
        let word = word.to_owned();
        let nearest = nearest(&word, &known);
        let (address, path) = (self.address.clone(), here.to_string());
        self.found.push(Finding { line, address, path, word, instead, nearest, known });
    }
}

/// Its beginning, or within one change for each three letters, of which an exchange of neighbours is one.
fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let lower = word.to_lowercase();
    if let Some(longer) = known.iter().find(|name| lower.len() > 2 && name.starts_with(&lower)) {
        return Some(longer);
    }
    let distance = |name: &&str| strsim::osa_distance(&lower, name);
    let nearest = known.iter().copied().min_by_key(|name| distance(name))?;
    (distance(&nearest) <= word.chars().count().div_ceil(3)).then_some(nearest)
}

#[cfg(test)]
mod tests;
