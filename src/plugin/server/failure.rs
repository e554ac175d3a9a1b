//! Why a call has no response of its own.

use crate::diagnostic::Diagnostic;
use std::fmt;

pub(super) enum Failure {
    /// The rest of the response is empty, which a client reads as "nothing has changed".
    User(Vec<Diagnostic>),
    /// No correct client sends this.
    Protocol(String),
}

pub(super) type RpcResult<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn protocol(what: impl fmt::Display) -> Self {
        Self::Protocol(what.to_string())
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::User(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::User(diagnostics)
    }
}
