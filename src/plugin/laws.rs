//! Core's checks of a provider's answers, as pure functions over our own.
//!
//! Core makes these checks after it has our answer, and tells the user of a "bug in the provider". Making them ourselves,
//! in tests and in debug builds, finds the bug first, and names the law.
//!
//! Source of the laws: the provider protocol as Terraform and OpenTofu enforce it ("Provider produced invalid plan",
//! "inconsistent result after apply", "inconsistent final plan").

mod answer;
mod plan;
mod schema;

pub use answer::{check_apply, check_final_plan, check_import, check_read};
pub use plan::check_plan;
pub use schema::{check_provider_schema, check_schema};

use crate::path::Path;
use std::fmt;

/// One law that an answer breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub path: Path,
    /// Its short name: `configured_is_kept`.
    pub law: &'static str,
    pub text: String,
}

impl Breach {
    fn new(path: Path, law: &'static str, text: impl Into<String>) -> Self {
        Self { path, law, text: text.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, law, text } = self;
        if path.is_root() { write!(f, "{law}: {text}") } else { write!(f, "{law} at {path}: {text}") }
    }
}

#[cfg(test)]
mod tests;
