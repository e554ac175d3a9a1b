//! What a plan says of a Namespace that it adopts: the fields that change, whose they are, and that nothing in it is deleted. Pure.
//!
//! Without it an adoption would look like a create, and a team would learn afterwards what became of its namespace.

use super::drift;
use crate::{
    domain::{Adopt, Desired, Observed, Problem},
    golden::{By, FieldChange, diff},
    kinds::in_words,
};

pub fn announce(desired: &Desired, observed: &Observed, adopt: &Adopt) -> Problem {
    let changes = diff(desired, observed);
    match drift::takes(&changes, &desired.manager, &adopt.take_fields) {
        Ok(_) => adopts(desired, &changes),
        Err(held) => refuse(desired, &changes, &held),
    }
}

fn adopts(desired: &Desired, changes: &[FieldChange]) -> Problem {
    let all: Vec<String> = changes.iter().map(words).collect();
    let fields = if all.is_empty() {
        "No field of it changes".to_owned()
    } else {
        format!("Fields that change: {}", all.join("; "))
    };
    Problem::warning(
        "environment.adopts",
        format!("{} exists and is adopted; nothing in it is deleted", in_words(&desired.key)),
        format!(
            "{fields}. From then on it belongs to the environment, and a destroy deletes it with everything in it. \
             Set `deletion_protection` to keep it."
        ),
    )
    .at(["adopt"])
}

fn refuse(desired: &Desired, changes: &[FieldChange], held: &[(String, String)]) -> Problem {
    let is_held = |change: &&FieldChange| held.iter().any(|(path, _)| *path == change.path);
    let all: Vec<String> = changes.iter().filter(is_held).map(words).collect();
    let paths: Vec<String> = held.iter().map(|(path, _)| format!("{path:?}")).collect();
    Problem::error(
        "environment.adopt_held",
        format!("{} cannot be adopted: other field managers hold fields of it", in_words(&desired.key)),
        format!(
            "{}. To take them, set adopt.take_fields = [{}] and remove them from what their manager applies, or it sets them \
             again. Otherwise give them the same values there.",
            all.join("; "),
            paths.join(", ")
        ),
    )
    .at(["adopt", "take_fields"])
}

fn words(change: &FieldChange) -> String {
    let manager = match &change.holder {
        By::Edited(name) => format!(", set by {name}"),
        By::Applied(name) => format!(", held by {name}"),
        By::Us | By::Nobody => String::new(),
    };
    match drift::values(change) {
        Some((is, wanted)) => format!("{} becomes {wanted} (it is {is}{manager})", change.path),
        None => format!("{} becomes another{manager}", change.path),
    }
}
