//! A text of the grammar, read back: what [`block`](super::block) wrote, line by line.

/// A line of a text: a field, and its value or one of its elements, both in the form of the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLine {
    pub field: String,
    pub value: String,
}

/// Without the digest. `None`: a text of another grammar, or none of ours.
pub fn read(text: &str, grammar: &str) -> Option<Vec<FieldLine>> {
    let (body, digest) = text.rsplit_once(['\n', ' ']).unwrap_or(("", text));
    digest.strip_prefix('#')?.strip_prefix(grammar)?.strip_prefix(':')?;
    match text.contains('\n') {
        true => body.lines().map(wide).collect(),
        false => narrow(body),
    }
}

/// The elements of a value. Not for a statement of a policy, whose actions stand between commas as well.
pub fn elements(value: &str) -> Vec<&str> {
    parts(value, ", ")
}

/// `name    value`
fn wide(line: &str) -> Option<FieldLine> {
    let field = parts(line, "  ").first().copied().filter(|field| !field.is_empty())?;
    // One space would be inside of a value, and names have none.
    let value = line.get(field.len()..)?.trim_start();
    (!value.is_empty()).then(|| FieldLine { field: field.to_owned(), value: value.to_owned() })
}

/// `name=value name=value`: no value has a bare `=`.
fn narrow(line: &str) -> Option<Vec<FieldLine>> {
    let mut lines: Vec<FieldLine> = vec![];
    for word in parts(line, " ").into_iter().filter(|word| !word.is_empty()) {
        match parts(word, "=")[..] {
            [field, value] => lines.push(FieldLine { field: field.to_owned(), value: value.to_owned() }),
            _ => {
                let FieldLine { value, .. } = lines.last_mut()?;
                value.push(' ');
                value.push_str(word);
            }
        }
    }
    Some(lines)
}

/// Split where the separator is outside of quotation marks.
fn parts<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut is_inside, mut is_escaped) = (vec![], 0, false, false);
    for (at, c) in text.char_indices() {
        if !is_inside && at >= start && text[at..].starts_with(separator) {
            parts.push(&text[start..at]);
            start = at + separator.len();
        }
        if c == '"' && !is_escaped {
            is_inside = !is_inside;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    parts.push(&text[start..]);
    parts
}
