//! YAML as people read it: texts of several lines stand as they are, and nothing is quoted that need not be.

use serde_json::Value;
use std::fmt::Write;

/// A document, with its separator.
pub(super) fn document(value: &Value) -> String {
    let mut text = "---\n".to_owned();
    node(&mut text, value, 0);
    text
}

fn node(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let _ = write!(text, "{indent}{}:", scalar(name));
                inside(text, member, depth + 1);
            }
        }
        Value::Array(items) => {
            for item in items {
                let _ = write!(text, "{indent}-");
                match inline(item) {
                    Some(line) => _ = writeln!(text, " {line}"),
                    None => {
                        let mut block = String::new();
                        node(&mut block, item, depth + 1);
                        // The first line of what is inside stands behind the dash.
                        let _ = write!(text, " {}", block.trim_start());
                    }
                }
            }
        }
        leaf => text.extend(inline(leaf)),
    }
}

fn inside(text: &mut String, value: &Value, depth: usize) {
    match (value, inline(value)) {
        (Value::String(lines), _) if lines.contains('\n') => {
            text.push_str(if lines.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in lines.lines() {
                let indent = if line.is_empty() { String::new() } else { "  ".repeat(depth) };
                let _ = writeln!(text, "{indent}{line}");
            }
        }
        (_, Some(line)) => _ = writeln!(text, " {line}"),
        (_, None) => {
            text.push('\n');
            node(text, value, depth);
        }
    }
}

/// What stands on one line.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) if !members.is_empty() => None,
        Value::Array(items) if !items.is_empty() => None,
        Value::String(text) => Some(scalar(text)),
        other => Some(other.to_string()),
    }
}

/// A text that no reader takes for anything else; any other is quoted as in JSON, which is YAML.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_what_is_read() {
        let value = json!({
            "a": {"module": "one\n\n  two\n", "last": "x\ny"}, "b": [{"c": [1, "2", true], "d": {}}, "e: f", []],
            "on": "no", "{g}": "%s/%s", "empty": "",
        });
        let text = document(&value);
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, value, "{text}");
        assert!(text.contains("module: |\n"), "a text of several lines stands as it is: {text}");
    }
}
