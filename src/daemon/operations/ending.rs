//! How an operation ended, in one word.

use crate::contract::Verb;
use goldenpath_core::{
    domain::from_document_text,
    provision::{Outcome, Removed},
};

/// `done`; `unfinished`, where something was changed and not all of it; `refused`, where nothing was.
pub fn word(verb: Verb, document: &[u8]) -> &'static str {
    let (has_begun, is_done) = match verb {
        Verb::Ensure => match from_document_text::<Outcome>(document) {
            Ok(Outcome { exists: Some(exists), .. }) => (true, exists.complete),
            _ => (false, false),
        },
        Verb::Remove => match from_document_text::<Removed>(document) {
            Ok(Removed { gone, objects, .. }) => (gone || objects.is_some(), gone),
            Err(_) => (false, false),
        },
    };
    match (has_begun, is_done) {
        (_, true) => "done",
        (true, false) => "unfinished",
        (false, false) => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_end_is_one_of_three() {
        for (verb, document, expected, reason) in [
            (Verb::Ensure, json!({ "exists": null, "problems": [] }), "refused", "nothing was made"),
            (Verb::Remove, json!({ "gone": true, "objects": null, "problems": [] }), "done", "it is gone"),
            (Verb::Remove, json!({ "gone": false, "objects": {}, "problems": [] }), "unfinished", "something is left"),
            (Verb::Remove, json!({ "gone": false, "objects": null, "problems": [] }), "refused", "nothing was begun"),
            (Verb::Ensure, json!({}), "refused", "of another release"),
        ] {
            assert_eq!(word(verb, document.to_string().as_bytes()), expected, "{reason}");
        }
    }
}
