//! One object in one line.

use crate::domain::{Fields, ObjectKey, short_hash};

/// `<what a person can read> #1:<10 hex>`
pub fn line(_key: &ObjectKey, fields: &Fields) -> String {
    let text: Vec<String> = fields.iter().map(|f| format!("{}={}", f.path, f.text)).collect();
    format!(
        "{} #1:{}",
        text.join(" "),
        short_hash(fields.iter().flat_map(|f| [f.path, f.text]), 10)
    )
}

/// The part of a line that decides equality.
pub fn digest_of(line: &str) -> Option<&str> {
    line.rsplit_once(" #").map(|(_, digest)| digest)
}

/// Two lines say the same of an object, whatever the wording.
pub fn same_digest(a: &str, b: &str) -> bool {
    digest_of(a).is_some() && digest_of(a) == digest_of(b)
}
