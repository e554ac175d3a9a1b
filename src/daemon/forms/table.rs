//! Every change of a document's form that a release has brought, in the order of their numbers. The list only grows: a journal may
//! hold outcomes of any release before.
//!
//! A new field is one row here: `up` adds it as a request without it was always meant, `down` takes it away where that means the same and
//! refuses where it does not. With the first row of a number, `API` in the contract is raised to it.

use super::change::Change;

pub const CHANGES: &[Change] = &[
    #[cfg(debug_assertions)]
    pretended::WRAPPED,
];

/// Between this release and the one that a test pretends to: every document, so that one that passes unconverted is not read.
#[cfg(debug_assertions)]
mod pretended {
    use super::Change;
    use crate::contract::API;
    use serde_json::{Value, json};

    pub const WRAPPED: Change = Change {
        api: API + 1,
        is_about: |_| true,
        up: |document| Ok(json!({ "wrapped": document })),
        down: |mut document| document.get_mut("wrapped").map(Value::take).ok_or("a document that nobody has wrapped"),
    };
}
