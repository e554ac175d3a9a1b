//! IAM policy documents in words.

use super::{only, strings};
use serde_json::{Map, Value};

/// `allow s3:getobject on arn:aws:s3:::led/* if StringEquals aws:sourceaccount=111122223333`, statement after statement.
/// `None` for a document that has more to it than these words.
pub fn document(document: &Value) -> Option<String> {
    let members = only(document, &["Version", "Statement"])?;
    // The version is said only where it is not the current one: the older knows no policy variables.
    let version = match members.get("Version").and_then(Value::as_str) {
        Some("2012-10-17") => String::new(),
        Some(other) => format!("(version {other}) "),
        None => "(no version) ".to_owned(),
    };
    let statements: Option<Vec<String>> = members.get("Statement")?.as_array()?.iter().map(statement).collect();
    Some(format!("{version}{}", statements?.join(", ")))
}

fn statement(statement: &Value) -> Option<String> {
    let members =
        ["Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let statement = only(statement, &members)?;
    let mut text = statement.get("Effect")?.as_str()?.to_ascii_lowercase();
    for (name, words) in [("Principal", " "), ("NotPrincipal", " all but ")] {
        if let Some(principals) = statement.get(name) {
            for (kind, values) in principals.as_object()? {
                text.push_str(&format!("{words}{kind} {}", strings(values)?.join(" and ")));
            }
        }
    }
    for (name, words) in
        [("Action", " "), ("NotAction", " all but "), ("Resource", " on "), ("NotResource", " on all but ")]
    {
        if let Some(values) = statement.get(name) {
            text.push_str(words);
            text.push_str(&strings(values)?.join(" "));
        }
    }
    let mut word = " if ";
    for (operator, keys) in statement.get("Condition").map_or(Some(&Map::new()), Value::as_object)? {
        for (key, values) in keys.as_object()? {
            text.push_str(&format!("{word}{operator} {key}={}", strings(values)?.join("|")));
            word = " and ";
        }
    }
    Some(text)
}
