//! One object as a person reads it in a plan: a line for each field, and the digest that decides equality.
//!
//! The digest is over all owned fields. The text before it is made so that no field can change unseen, but for values of
//! annotations and of an owner's tags, which may be nobody's business: of those the names are there. Each kind takes the
//! fields that it has words for, and whatever is left has a row of its own. The guide "Reading a plan" describes the grammar.
//! Texts may change from release to release: objects are compared by digest alone.

mod read;

pub use read::{FieldLine, elements};

use super::{
    registry,
    words::{Rest, Row, leaf_rows, value, whole_value},
};
use crate::domain::{Fields, ObjectKey, TAG_PREFIX, pointer::unescape, short_hash};

/// The number of the grammar: raised when it changes.
const GRAMMAR: &str = "2";

/// Up to this length, an object is one line: beside the longest keys (55) that is 160, as wide as a screen.
const ONE_LINE: usize = 86;

const LABELS: &str = "/metadata/labels/";
const ANNOTATIONS: &str = "/metadata/annotations/";
const TAGS: &str = "/tags/";

/// What is the same on all objects of a resource.
const MARK: [&str; 9] = [
    "/metadata/labels/app.kubernetes.io~1managed-by",
    "/metadata/labels/app.kubernetes.io~1part-of",
    "/metadata/labels/goldenpath.internal~1environment",
    "/metadata/labels/goldenpath.internal~1managed",
    "/metadata/labels/goldenpath.internal~1path",
    "/metadata/labels/goldenpath.internal~1path-version",
    "/metadata/labels/goldenpath.internal~1slot",
    "/metadata/labels/goldenpath.internal~1team",
    "/metadata/labels/goldenpath.internal~1tier",
];

/// Tags that decide who may do what. Any other is an annotation by another name.
const POWERS: [&str; 7] = ["managed", "cluster-arn", "environment", "slot", "team", "tier", "path"];

/// `wanted` is the object as it should be: where its mark is as wanted, it is not repeated.
pub fn block(key: &ObjectKey, fields: &Fields, wanted: &Fields) -> String {
    let mut rest = Rest::of(fields);
    let missing = without_mark(&mut rest, wanted);
    let mut rows = registry::of(key).map_or(vec![], |kind| (kind.words)(&mut rest));
    rows.extend(others(rest));
    rows.extend(missing);
    let digest = short_hash(fields.iter().flat_map(|field| [field.path, field.text]), 10);
    join_rows(&rows, &format!("#{GRAMMAR}:{digest}"))
}

fn join_rows(rows: &[Row], digest: &str) -> String {
    let line: String = rows.iter().map(|row| row.assignment() + " ").collect();
    if line.chars().count() + digest.len() <= ONE_LINE {
        return line + digest;
    }
    let mut lines: Vec<String> = rows.iter().flat_map(Row::lines).collect();
    lines.push(digest.to_owned());
    lines.join("\n")
}

/// Takes away what is as wanted; the rows say what is not there at all.
fn without_mark(rest: &mut Rest<'_>, wanted: &Fields) -> Vec<Row> {
    let mut missing = vec![];
    for field in wanted.iter().filter(|field| MARK.contains(&field.path) || field.path.starts_with(TAGS)) {
        match rest.get(field.path) {
            Some(text) if text == field.text => drop(rest.take(field.path)),
            Some(_) => {}
            None => missing.push(Row::one(name(field.path), "absent")),
        }
    }
    missing
}

/// Fields that no words were found for, then labels and tags, then the names of annotations.
fn others(rest: Rest<'_>) -> Vec<Row> {
    let (mut rows, mut labels, mut annotations, mut tags) = (vec![], vec![], vec![], vec![]);
    for (path, text) in rest.fields() {
        if path.starts_with(LABELS) {
            labels.push(Row::one(name(path), value(text)));
        } else if let Some(annotation) = path.strip_prefix(ANNOTATIONS) {
            annotations.push(value(&unescape(annotation)));
        } else if let Some(tag) = path.strip_prefix(TAGS) {
            let tag = unescape(tag);
            if is_power(&tag) {
                labels.push(Row::one(name(path), value(text)));
            } else {
                tags.push(value(&tag));
            }
        } else {
            rows.extend(leaf_rows(&name(path), text));
        }
    }
    rows.extend(labels);
    let named = [("annotations", annotations), ("tags", tags)].into_iter();
    rows.extend(named.filter(|(_, names)| !names.is_empty()).map(|(name, names)| Row::new(name, names)));
    rows
}

/// `/spec/behavior/x` -> `behavior.x`, `/metadata/labels/example.com~1squad` -> `labels.example.com/squad`.
fn name(path: &str) -> String {
    let path = path.strip_prefix("/spec/").or_else(|| path.strip_prefix("/metadata/")).unwrap_or(path);
    unescape(&path.trim_start_matches('/').replace('/', "."))
}

/// A value for a message, where it may be shown.
pub fn readable(path: &str, text: &str) -> Option<String> {
    let is_private = path.starts_with(ANNOTATIONS) || path.strip_prefix(TAGS).is_some_and(|tag| !is_power(tag));
    (!is_private).then(|| whole_value(text))
}

fn is_power(tag: &str) -> bool {
    tag.strip_prefix(TAG_PREFIX).is_some_and(|tag| POWERS.contains(&tag))
}

/// The lines of a text of this grammar, without the digest. `None`: another grammar, or no text of ours.
pub fn lines_of(text: &str) -> Option<Vec<FieldLine>> {
    read::read(text, GRAMMAR)
}

/// The part of a text that decides equality, whatever its grammar.
pub fn digest_of(text: &str) -> Option<&str> {
    let (number, digest) = text.rsplit_once('#')?.1.split_once(':')?;
    ["1", GRAMMAR].contains(&number).then_some(digest)
}

/// Two texts say the same of an object, whatever the wording.
pub fn same_digest(a: &str, b: &str) -> bool {
    digest_of(a).is_some() && digest_of(a) == digest_of(b)
}

#[cfg(test)]
mod tests;
