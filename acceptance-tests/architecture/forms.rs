//! The form of what users read: what begins a text, what ends it, and the words that say nothing to them.
//!
//! A summary is a fragment without a full stop; a detail is sentences, each with a capital letter and a full stop. Both may begin with a
//! value, a name in backticks or an identifier. An error is a fragment too, in lower case, since others put their own words before it.

use plugin::diagnostic::LONGEST_SUMMARY;

/// Of the machine and not of the user, or no English.
const NOT_FOR_USERS: [&str; 16] = [
    "Option",
    "None",
    "Some",
    "serde",
    "panic",
    "panicked",
    "variant",
    "enum",
    "struct",
    "unwrap",
    "told",
    "anew",
    "called so",
    "asks for a pause",
    "cannot",
    "come to nothing",
];

/// What is a name and no word at the beginning of a sentence.
const NAMES: [&str; 5] = ["Kubernetes", "Terraform", "Crossplane", "Karpenter", "Upjet"];

pub(super) fn of_summary(text: &str) -> Option<String> {
    let wrong = if text.is_empty() {
        "is empty".to_owned()
    } else if text.ends_with('.') {
        "ends with a full stop".to_owned()
    } else if text.chars().count() > LONGEST_SUMMARY {
        format!("is longer than {LONGEST_SUMMARY} characters")
    } else if !may_begin(text) {
        "begins with a small letter".to_owned()
    } else {
        format!("says {:?}", not_for_users(text)?)
    };
    Some(format!("the summary {text:?} {wrong}"))
}

pub(super) fn of_detail(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let wrong = if !text.ends_with(['.', '?', '}', ')', '`', '"', ':']) {
        "ends without a full stop".to_owned()
    } else if let Some(sentence) = sentences(text).into_iter().find(|sentence| !may_begin(sentence)) {
        format!("has a sentence that begins with a small letter: {sentence:?}")
    } else {
        format!("says {:?}", not_for_users(text)?)
    };
    Some(format!("the detail {text:?} {wrong}"))
}

/// Of an error, or of what `doctor` found.
pub(super) fn of_error(text: &str) -> Option<String> {
    let wrong = if is_put_together(text) {
        return None;
    } else if text.ends_with('.') {
        "ends with a full stop".to_owned()
    } else if sentences(text).len() > 1 {
        "has several sentences: join them with a colon or a semicolon".to_owned()
    } else if begins_a_sentence(text) {
        "begins with a capital letter".to_owned()
    } else {
        format!("says {:?}", not_for_users(text)?)
    };
    Some(format!("the error {text:?} {wrong}"))
}

/// Of a remedy, which has to say something.
pub(super) fn of_remedy(text: &str) -> Option<String> {
    if text.is_empty() { Some("a remedy is empty".to_owned()) } else { of_detail(text) }
}

/// Nothing but values, such as `{summary}. {detail}`.
fn is_put_together(text: &str) -> bool {
    let outside = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    !outside.flat_map(str::chars).any(char::is_alphabetic)
}

/// With an ordinary word: not with a name, an abbreviation or a value.
fn begins_a_sentence(text: &str) -> bool {
    let word = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ';')).next().unwrap_or_default();
    let mut letters = word.chars();
    let is_word = letters.next().is_some_and(char::is_uppercase) && letters.all(|c| c.is_lowercase() || c == '\'');
    is_word && !NAMES.contains(&word)
}

fn sentences(text: &str) -> Vec<&str> {
    let ends = [". ", ".\n", "? ", "?\n"];
    let mut found = vec![];
    let mut rest = text;
    while let Some(at) = ends.iter().filter_map(|end| rest.find(end)).min() {
        let (sentence, after) = rest.split_at(at + 1);
        // `e.g. this`, `i.e. that`, `etc. and`
        if !["e.g.", "i.e.", "etc.", "vs."].iter().any(|short| sentence.ends_with(short)) {
            found.push(after.trim_start());
        }
        rest = after;
    }
    found.insert(0, text);
    found
}

/// With a capital letter, a value, a quoted or backticked name, a number, or an identifier, which is written as it is.
fn may_begin(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return true };
    let word = text.split_whitespace().next().unwrap_or_default();
    let is_identifier = word.trim_end_matches([',', '.', ':', ';']).contains(['_', '.', ':', '/', '-'])
        || word.chars().skip(1).any(char::is_uppercase);
    !first.is_lowercase() || is_identifier
}

fn not_for_users(text: &str) -> Option<&'static str> {
    NOT_FOR_USERS.into_iter().find(|unwanted| {
        text.match_indices(unwanted).any(|(at, _)| {
            let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !is_inside(text[..at].chars().next_back()) && !is_inside(text[at + unwanted.len()..].chars().next())
        })
    })
}
