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
}

impl PortError {
    pub fn new(class: Class, call: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class, call: call.into(), message: message.into(), held: vec![], request_id: None }
    }
}
