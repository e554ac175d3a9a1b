//! IAM policy documents in words.

use super::{Row, only, value, values};
use serde_json::{Map, Value};

/// A head with more than this leaves its actions to a line of their own.
const LONGEST_HEAD: usize = 100;

/// `Allow s3:GetObject on arn:aws:s3:::led/* if StringEquals aws:SourceAccount 111122223333`, a statement after the other.
/// `None` for a document that has more to it than these words.
pub fn rows(name: &str, document: &Value) -> Option<Vec<Row>> {
    let members = only(document, &["Version", "Statement"])?;
    let mut rows = vec![];
    // The version is said only where it is not the current one: the older knows no policy variables.
    match members.get("Version").map(Value::as_str) {
        Some(Some("2012-10-17")) => {}
        Some(other) => rows.push(Row::one(format!("{name}.Version"), value(other?))),
        None => rows.push(Row::one(format!("{name}.Version"), "absent")),
    }
    for statement in members.get("Statement")?.as_array()? {
        rows.extend(rows_of(name, statement)?);
    }
    Some(rows)
}

/// One line where that is wide enough, else one for each part.
fn rows_of(name: &str, statement: &Value) -> Option<Vec<Row>> {
    let members =
        ["Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let statement = only(statement, &members)?;
    let mut head = statement.get("Effect")?.as_str().filter(|effect| ["Allow", "Deny"].contains(effect))?.to_owned();
    let mut parts = vec![];
    for (name, word) in [("Action", ""), ("NotAction", "all but")] {
        let Some(actions) = statement.get(name) else { continue };
        let actions = values(actions)?;
        let whole = [&head, word, &actions.join(", ")].map(str::to_owned).into_iter().filter(|part| !part.is_empty());
        let whole = whole.collect::<Vec<_>>().join(" ");
        if whole.len() <= LONGEST_HEAD {
            head = whole;
        } else {
            parts.push((if word.is_empty() { "actions" } else { word }, actions));
        }
    }
    for (name, word) in [("Resource", "on"), ("NotResource", "on all but")] {
        if let Some(resources) = statement.get(name) {
            parts.push((word, values(resources)?));
        }
    }
    for (name, word) in [("Principal", "by"), ("NotPrincipal", "by all but")] {
        let Some(principals) = statement.get(name) else { continue };
        let mut named = vec![];
        for (kind, principals) in principals.as_object()? {
            named.extend(values(principals)?.into_iter().map(|principal| format!("{} {principal}", value(kind))));
        }
        parts.push((word, named));
    }
    let mut conditions = vec![];
    for (operator, keys) in statement.get("Condition").map_or(Some(&Map::new()), Value::as_object)? {
        for (key, texts) in keys.as_object()? {
            conditions.push(format!("{} {} {}", value(operator), value(key), values(texts)?.join("|")));
        }
    }
    if !conditions.is_empty() {
        parts.push(("if", conditions));
    }
    let more: String = parts.iter().map(|(word, texts)| format!(" {word} {}", texts.join(", "))).collect();
    let whole = Row::one(name, format!("{head}{more}"));
    if whole.is_narrow() {
        return Some(vec![whole]);
    }
    let part = |(word, texts): (&str, _)| Row::new(format!("{name}.{}", word.replace(' ', "-")), texts);
    Some(std::iter::once(Row::one(name, head)).chain(parts.into_iter().map(part)).collect())
}
