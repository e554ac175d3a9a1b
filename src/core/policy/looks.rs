//! What rules look for inside of one statement of IAM.

use super::iam;
use serde_json::Value;

pub(super) fn lint_of(statement: &Value) -> Vec<iam::Lint> {
    let texts = |name: &str| -> Vec<&str> {
        match statement.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => vec![],
        }
    };
    if statement["Effect"] == "Allow" { iam::lint(&texts("Action"), &texts("Resource")) } else { vec![] }
}

#[cfg(test)]
mod tests;
