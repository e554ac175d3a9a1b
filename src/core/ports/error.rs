//! How the outside says no.

use crate::domain::Class;

/// One failed call. `message` is the API's own words, `call` the request (`iam:CreateRole`, `PATCH NetworkPolicy`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct PortError {
    pub class: Class,
    pub call: String,
    pub message: String,
    /// For a conflict over fields: (field as a JSON pointer, its manager).
    pub held: Vec<(String, String)>,
    pub request_id: Option<String>,
    /// What to do, as a sentence without full stop, where the class alone does not say it.
    pub next: Option<String>,
}

impl PortError {
    pub fn new(class: Class, call: impl Into<String>, message: impl Into<String>) -> Self {
        // A summary is one line, and clients of APIs like to break theirs.
        let message = message.into().split_whitespace().collect::<Vec<_>>().join(" ");
        Self { class, call: call.into(), message, held: vec![], request_id: None, next: None }
    }
}
