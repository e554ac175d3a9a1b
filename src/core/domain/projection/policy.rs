//! IAM policy documents by meaning.
//!
//! From the grammar of the IAM user guide: a list of one and its element are the same, order means nothing, action names and
//! condition keys have no case, and an account's id stands for its root. `Id` and `Sid` grant nothing and are left out.

use super::text::{canonical_json, json_string, object, set};
use serde_json::Value;

/// Equal texts are equal policies. The reverse holds for what we write and IAM gives back, not for all of logic.
pub fn canonical_policy(document: &Value) -> String {
    let Value::Object(members) = document else {
        return canonical_json(document);
    };
    let mut all: Vec<(&str, String)> = members
        .iter()
        .filter(|(name, _)| *name != "Id")
        .map(|(name, value)| {
            (
                name.as_str(),
                if name == "Statement" {
                    set(one_or_many(value).map(statement))
                } else {
                    canonical_json(value)
                },
            )
        })
        .collect();
    all.sort_unstable();
    object(all.into_iter())
}

fn statement(statement: &Value) -> String {
    let Value::Object(members) = statement else {
        return canonical_json(statement);
    };
    let mut all: Vec<(&str, String)> = members
        .iter()
        .filter(|(name, _)| *name != "Sid")
        .map(|(name, value)| {
            let text = match name.as_str() {
                "Action" | "NotAction" => {
                    set(one_or_many(value).map(|item| json_string(&plain(item).to_ascii_lowercase())))
                }
                "Resource" | "NotResource" => set(one_or_many(value).map(|item| json_string(&plain(item)))),
                "Principal" | "NotPrincipal" => principals(value),
                "Condition" => conditions(value),
                _ => canonical_json(value),
            };
            (name.as_str(), text)
        })
        .collect();
    all.sort_unstable();
    object(all.into_iter())
}

fn principals(value: &Value) -> String {
    let Value::Object(kinds) = value else {
        // `"*"` and `{"AWS": "*"}` name the same principals.
        return object([("AWS", set(one_or_many(value).map(|item| json_string(&plain(item)))))].into_iter());
    };
    let mut all: Vec<(&str, String)> = kinds
        .iter()
        .map(|(kind, value)| {
            (
                kind.as_str(),
                set(one_or_many(value).map(|item| json_string(&root_as_account(plain(item))))),
            )
        })
        .collect();
    all.sort_unstable();
    object(all.into_iter())
}

/// `arn:aws:iam::111122223333:root` and `111122223333` are the same principal; IAM gives back the first.
fn root_as_account(principal: String) -> String {
    let parts: Vec<&str> = principal.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => (*account).to_owned(),
        _ => principal,
    }
}

fn conditions(value: &Value) -> String {
    let Value::Object(operators) = value else {
        return canonical_json(value);
    };
    let mut all: Vec<(&str, String)> = operators
        .iter()
        .map(|(operator, keys)| {
            let Value::Object(keys) = keys else {
                return (operator.as_str(), canonical_json(keys));
            };
            let mut keys: Vec<(String, String)> = keys
                .iter()
                .map(|(key, values)| {
                    (
                        key.to_ascii_lowercase(),
                        set(one_or_many(values).map(|item| json_string(&plain(item)))),
                    )
                })
                .collect();
            keys.sort_unstable();
            (
                operator.as_str(),
                object(keys.iter().map(|(key, values)| (key.as_str(), values.clone()))),
            )
        })
        .collect();
    all.sort_unstable();
    object(all.into_iter())
}

fn one_or_many(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(items) => items.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

/// Booleans and numbers in conditions are the same as their texts.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
