//! A value is data: nothing in it can look like the grammar around it.

use serde_json::Value;

/// Words of the grammar that stand where a value may stand.
const WORDS: [&str; 20] = [
    "Allow",
    "Deny",
    "absent",
    "all",
    "and",
    "but",
    "by",
    "closed",
    "everybody",
    "except",
    "from",
    "hosts",
    "if",
    "in",
    "namespace",
    "namespaces",
    "nobody",
    "on",
    "pods",
    "to",
];

/// As it is where it consists of plain characters, else in quotation marks.
pub fn value(text: &str) -> String {
    if is_plain(text) && !WORDS.contains(&text) { text.to_owned() } else { quote(text) }
}

/// A field's name stands where no word does.
pub(super) fn name(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quote(text) }
}

/// `=`, `,`, `|` and `#` are the grammar's own.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/:*@+-%".contains(&b))
}

/// All of a leaf in a message: JSON stays JSON.
pub fn whole_value(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(Value::Object(_) | Value::Array(_)) => legible(text),
        _ => value(text),
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text, &['"', '\\']))
}

/// On one line, and nothing in it that can't be seen. What is so already stays as it is.
pub fn legible(text: &str) -> String {
    escape(text, &[])
}

/// Beyond ASCII only letters and digits stay: what is left has no width, turns text around, or looks like something else.
fn escape(text: &str, marks: &[char]) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if marks.contains(&c) => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_alphanumeric() && !is_filler(c) => out.push(c),
            c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    out
}

/// Letters that are drawn as nothing.
fn is_filler(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_can_not_look_like_anything_else() {
        for (text, shown, reason) in [
            ("requests.cpu", "requests.cpu", "plain"),
            ("arn:aws:iam::111122223333:role/a-b_c@d+e*", "arn:aws:iam::111122223333:role/a-b_c@d+e*", "an ARN"),
            ("25%", "25%", "a share"),
            ("", "\"\"", "nothing is something, too"),
            ("a b", "\"a b\"", "a space would begin another word"),
            ("a=b", "\"a=b\"", "a field of its own"),
            ("a, b", "\"a, b\"", "two elements of a list"),
            ("#2:0123456789", "\"#2:0123456789\"", "a digest"),
            ("nobody", "\"nobody\"", "a word of the grammar"),
            ("x\nPlan: 0 to add", "\"x\\nPlan: 0 to add\"", "a line of its own"),
            ("x\r\t\u{0}\u{1b}[2J", "\"x\\r\\t\\u{0}\\u{1b}[2J\"", "control characters"),
            ("\u{202e}nimda\u{2066}", "\"\\u{202e}nimda\\u{2066}\"", "text that is turned around"),
            ("a\u{200b}b\u{feff}\u{ad}", "\"a\\u{200b}b\\u{feff}\\u{ad}\"", "no width"),
            ("\u{2028}\u{85}\u{a0}", "\"\\u{2028}\\u{85}\\u{a0}\"", "other line breaks and spaces"),
            ("a\u{3164}", "\"a\\u{3164}\"", "a letter that is drawn as nothing"),
            ("\"\\n", "\"\\\"\\\\n\"", "quotation marks and escapes"),
            ("Zoë", "\"Zoë\"", "letters stay legible"),
        ] {
            assert_eq!(value(text), shown, "{reason}");
        }
        assert_eq!(name("pods"), "pods", "a field may be called like a word");
    }

    #[test]
    fn json_in_a_message_stays_json() {
        for (text, shown, reason) in [
            (r#"{"a":"b c"}"#, r#"{"a":"b c"}"#, "an object"),
            (r#"["a","b"]"#, r#"["a","b"]"#, "a list"),
            ("[\"\u{202e}a\"]", "[\"\\u{202e}a\"]", "and nothing in it turns text around"),
            ("\"a\"", "\"\\\"a\\\"\"", "one text is a value as any other"),
            ("40", "40", "a number"),
            ("a b", "\"a b\"", "no JSON"),
        ] {
            assert_eq!(whole_value(text), shown, "{reason}");
        }
        assert_eq!(legible("a \"b\"\n{c}"), "a \"b\"\\n{c}", "what is so already stays as it is");
    }
}
