//! What expressions name that nobody gives them. Placeholders know no types, so a misspelt parameter would only be found by a plan.

use super::parameters::{ParameterOf, Parameters};

/// The first parameter that an expression names and that only slots have.
pub(super) fn parameter_of_slots<'a>(expression: &'a str, parameters: &Parameters) -> Option<&'a str> {
    let is_of_environment =
        |name: &str| parameters.get(name).is_none_or(|parameter| parameter.of == ParameterOf::Environment);
    unknown_member(expression, "parameters", is_of_environment)
}

/// The first of the members of `root` that an expression names, and that is not known. What it asks for by `.?` may be absent.
pub(super) fn unknown_member<'a>(expression: &'a str, root: &str, known: impl Fn(&str) -> bool) -> Option<&'a str> {
    // A comprehension may use the name for something of its own.
    if expression.contains(&format!("({root},")) {
        return None;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = expression;
    let mut before = ' ';
    while let Some(next) = rest.chars().next() {
        if next == '"' || next == '\'' {
            rest = behind(&rest[1..], next);
            before = next;
            continue;
        }
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            before = next;
            rest = &rest[next.len_utf8()..];
            continue;
        }
        rest = &rest[word.len()..];
        if let (true, true, Some(member)) = (word == root, before != '.', rest.strip_prefix('.')) {
            let name = &member[..member.find(|c| !is_word(c)).unwrap_or(member.len())];
            if !name.is_empty() && !known(name) {
                return Some(name);
            }
        }
        before = 'a';
    }
    None
}

/// What follows the text that has begun.
fn behind(text: &str, quote: char) -> &str {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_member_is_found_and_nothing_else() {
        for (expression, expected, reason) in [
            ("parameters.days", None, "known"),
            ("string(parameters.dayz)", Some("dayz"), "misspelt"),
            ("parameters.days > 1 ? parameters.hours : 2", Some("hours"), "the second one"),
            ("parameters.?hours.orValue(1)", None, "it may be absent"),
            ("'see parameters.hours' + \"parameters.\\\"hours\"", None, "texts"),
            ("'a' + parameters.hours", Some("hours"), "behind a text"),
            (r"'it\'s parameters.hours'", None, "a text with a quote of its own"),
            (r"'\'' + parameters.hours", Some("hours"), "behind such a text"),
            ("spec.parameters.hours", None, "a member of another one"),
            ("my_parameters.hours", None, "another name"),
            ("spec.list.map(parameters, parameters.hours)", None, "a name of its own"),
            ("parameters['hours']", None, "by an index, which may be computed"),
        ] {
            assert_eq!(unknown_member(expression, "parameters", |name| name == "days"), expected, "{reason}");
        }
    }
}
