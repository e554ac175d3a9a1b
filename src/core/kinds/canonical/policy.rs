//! IAM policy documents by meaning.
//!
//! From the grammar of the IAM user guide: a list of one and its element are the same, order means nothing, and an account's
//! id stands for its root. `Id` and `Sid` grant nothing and are left out. Action names and condition keys have no case for IAM,
//! but it keeps the one that was written, and people read it.

use super::{canonical_json, write_object, write_set, write_string};
use serde_json::Value;

/// Equal texts are equal policies. The reverse holds for what we write and IAM gives back, not for all of logic.
pub fn canonical_policy(document: &Value) -> String {
    members(document, "Id", |name, value| match name {
        "Statement" => set(value, statement),
        _ => canonical_json(value),
    })
}

fn statement(statement: &Value) -> String {
    members(statement, "Sid", |name, value| match name {
        "Action" | "NotAction" | "Resource" | "NotResource" => texts(value),
        "Principal" | "NotPrincipal" => principals(value),
        "Condition" => members(value, "", |_, keys| members(keys, "", |_, values| texts(values))),
        _ => canonical_json(value),
    })
}

fn principals(value: &Value) -> String {
    match value {
        Value::Object(_) => members(value, "", |_, value| set(value, |item| quote(&root_as_account(plain(item))))),
        // `"*"` and `{"AWS": "*"}` name the same principals.
        everybody => format!("{{\"AWS\":{}}}", texts(everybody)),
    }
}

/// `arn:aws:iam::111122223333:root` and `111122223333` are the same principal; IAM gives back the first.
fn root_as_account(principal: String) -> String {
    let parts: Vec<&str> = principal.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => (*account).to_owned(),
        _ => principal,
    }
}

/// An object with sorted members, without one that says nothing; what is none stays as it is.
fn members(value: &Value, without: &str, text: impl Fn(&str, &Value) -> String) -> String {
    let Value::Object(map) = value else {
        return canonical_json(value);
    };
    let mut all: Vec<(&str, String)> = map
        .iter()
        .filter(|(name, _)| *name != without)
        .map(|(name, value)| (name.as_str(), text(name, value)))
        .collect();
    all.sort_unstable();
    let mut out = String::new();
    write_object(&mut out, all.into_iter().map(|(name, text)| (name, move |out: &mut String| out.push_str(&text))));
    out
}

/// A list, or the one element in its place, as a set.
fn set(value: &Value, text: impl Fn(&Value) -> String) -> String {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut out = String::new();
    write_set(&mut out, items.iter().map(text));
    out
}

fn texts(value: &Value) -> String {
    set(value, |item| quote(&plain(item)))
}

fn quote(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    out
}

/// Booleans and numbers in conditions are the same as their texts.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
