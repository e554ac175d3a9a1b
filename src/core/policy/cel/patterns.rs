//! Regular expressions as RE2 reads them. Its classes `\d`, `\w` and `\s` and its `\b` are of ASCII, those of the library of all Unicode:
//! a plan would take digits that admission refuses.

use super::{error::EvaluationError, library::LibraryCall};
use kube_cel::cel::Value;
use std::sync::Arc;

/// `None`: the library reads it alike.
pub(super) fn call(function: &str, arguments: &[Value]) -> Option<Result<Value, EvaluationError>> {
    let [of, Value::String(pattern), rest @ ..] = arguments else { return None };
    let pattern = Value::String(Arc::new(in_ascii(pattern)?));
    Some(LibraryCall::new(function, true, arguments.len()).value(&[&[of.clone(), pattern], rest].concat()))
}

/// A class may stand in a class, where the library knows unions. `None`: nothing differs.
fn in_ascii(pattern: &str) -> Option<String> {
    let (mut made, mut differs) = (String::with_capacity(pattern.len()), false);
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            made.push(c);
            continue;
        }
        let escaped = characters.next();
        let class = match escaped {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('s') => r"[\t\n\f\r ]",
            Some('S') => r"[^\t\n\f\r ]",
            Some('b') => r"(?-u:\b)",
            other => {
                made.push('\\');
                made.extend(other);
                continue;
            }
        };
        differs = true;
        made.push_str(class);
    }
    differs.then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_classes_of_unicode_are_read_otherwise() {
        for (pattern, expected, reason) in [
            (r"^\d+$", Some("^[0-9]+$"), "digits"),
            (r"[\w.-]+", Some("[[0-9A-Za-z_].-]+"), "a class in a class"),
            (r"[^\S]", Some(r"[^[^\t\n\f\r ]]"), "what is not in one that is negated"),
            (r"\bx", Some(r"(?-u:\b)x"), "a boundary of words"),
            (r"\\d\.", None, "a backslash before a letter"),
            ("[0-9]", None, "no class by a letter"),
            (r"a\", None, "no expression"),
        ] {
            assert_eq!(in_ascii(pattern).as_deref(), expected, "{pattern}: {reason}");
        }
    }
}
