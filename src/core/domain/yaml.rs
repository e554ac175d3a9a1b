//! YAML documents, read into a tree before anything is made of them: a reader of YAML for each type would be a tenth of the program.
//! What is wrong has its place in the text.

mod faults;
mod places;

pub use faults::{Mended, mend};
pub use places::Position;

use places::{Whole, position_of};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::{self, Display};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct YamlError {
    pub position: Option<Position>,
    /// In a platform engineer's words; begins with the field, where it is about one.
    pub reason: String,
}

pub fn read(text: &str) -> Result<Value, YamlError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let position = error.location().and_then(position_of);
        let whole = error.without_snippet().to_string();
        let reason = whole.split(" at line ").next().unwrap_or(&whole).lines().next().unwrap_or_default();
        YamlError { position, reason: in_plain_words(reason) }
    })
}

pub fn read_as<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    of_tree(&read(text)?, text)
}

/// Of a tree that was read from this text.
pub fn of_tree<T: DeserializeOwned>(tree: &Value, text: &str) -> Result<T, YamlError> {
    serde_path_to_error::deserialize(tree).map_err(|error| {
        let (field, reason) = parts_of(&error);
        at(text, &field, reason)
    })
}

/// The field of the tree, and what is wrong with it.
fn parts_of(error: &serde_path_to_error::Error<serde_json::Error>) -> (Vec<String>, String) {
    use serde_path_to_error::Segment;
    let field = error.path().iter().map_while(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    (field.collect(), error.inner().to_string())
}

fn at(text: &str, field: &[String], reason: String) -> YamlError {
    let position = Whole::read(text).and_then(|whole| match reason.starts_with("unknown field") {
        // There it is the name that is wrong.
        true => whole.key(field),
        false => whole.position(field),
    });
    YamlError::of(field, position, reason)
}

/// That a field is wrong, in a text that can be read.
pub fn wrong(text: &str, field: &[String], reason: String) -> YamlError {
    YamlError::of(field, position(text, field), reason)
}

/// Of the field, or of the innermost field around it that the text has.
pub fn position(text: &str, field: &[String]) -> Option<Position> {
    Whole::read(text)?.position(field)
}

/// The library's own advice is for programmers.
fn in_plain_words(reason: &str) -> String {
    match reason {
        _ if reason.starts_with("multiple YAML documents") => {
            "it has several documents: write each into a file of its own".to_owned()
        }
        _ => reason.split(", set DuplicateKeyPolicy").next().unwrap_or(reason).to_owned(),
    }
}

// === impl YamlError ===

impl YamlError {
    fn of(field: &[String], position: Option<Position>, reason: String) -> Self {
        let reason = if field.is_empty() { reason } else { format!("{}: {reason}", field.join(".")) };
        Self { position, reason }
    }
}

impl Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        name: String,
        #[serde(default)]
        parts: Vec<u8>,
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, expected, reason) in [
            ("name: x\nparts: [1, 2, 300]\n", "line 2, column 15: parts.2: ", "a value"),
            ("name: x\nparts:\n  - 1\npart: 2\n", "line 4, column 1: part: unknown field", "a misspelt name"),
            (
                "parts: [1]\n",
                "line 1, column 1: missing field `name`",
                "what is missing has the place of what misses it",
            ),
            ("name: x\nname: y\n", "line 2, column 1: duplicate", "a key twice"),
            ("name: [x\n", "line ", "no YAML"),
            ("name: x\n---\nname: y\n", "several documents", "two"),
        ] {
            let error = read_as::<Document>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{reason}: {error}");
            assert!(!error.contains("DuplicateKeyPolicy"), "{error}");
        }
        assert_eq!(read_as::<Document>("name: x\n"), Ok(Document { name: "x".into(), parts: vec![] }));
    }
}
