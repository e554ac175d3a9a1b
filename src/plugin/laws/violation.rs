//! What a law reports.

use crate::path::Path;
use std::fmt;

/// A law that a response does not keep, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub path: Path,
    /// Its short name: `configured_is_kept`.
    pub law: &'static str,
    pub text: String,
}

impl Violation {
    pub(super) fn new(path: Path, law: &'static str, text: impl Into<String>) -> Self {
        Self { path, law, text: text.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, law, text } = self;
        if path.is_root() { write!(f, "{law}: {text}") } else { write!(f, "{law} at {path}: {text}") }
    }
}
