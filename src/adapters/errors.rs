//! What the errors of AWS and of Kubernetes have in common.

use goldenpath_core::{domain::Class, ports::PortError};
use std::{borrow::Borrow, error::Error};

pub(crate) fn invalid(call: impl Into<String>, message: impl Into<String>) -> PortError {
    PortError::new(Class::Invalid, call, message)
}

pub(crate) fn conflict(call: impl Into<String>, message: impl Into<String>) -> PortError {
    PortError::new(Class::Conflict, call, message)
}

pub(crate) fn is_not_found(error: &impl Borrow<PortError>) -> bool {
    error.borrow().class == Class::NotFound
}

/// For reads, and for removals: what is gone already is gone.
pub(crate) fn not_found_as_none<T, E: Borrow<PortError>>(result: Result<T, E>) -> Result<Option<T>, E> {
    match result {
        Err(error) if is_not_found(&error) => Ok(None),
        other => other.map(Some),
    }
}

/// An error and its causes in one line, each once: the layers of a client like to repeat the words of the layer below.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    text
}
