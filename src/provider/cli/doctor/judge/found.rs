//! How a check is said to be.

use crate::cli::doctor::{finding::CheckStatus, reading::Reading};

/// What one reading says, before it is known which check it was.
pub struct Found(pub CheckStatus, pub String, pub String);

pub fn ok(found: impl Into<String>) -> Found {
    Found(CheckStatus::Ok, found.into(), String::new())
}

pub fn warning(found: impl Into<String>, remedy: impl Into<String>) -> Found {
    Found(CheckStatus::Warning, found.into(), remedy.into())
}

pub fn error(found: impl Into<String>, remedy: impl Into<String>) -> Found {
    Found(CheckStatus::Error, found.into(), remedy.into())
}

/// What could not be read is no absence of trouble.
pub fn of<T>(reading: &Reading<T>, judge: impl FnOnce(&T) -> Found) -> Found {
    match reading {
        Ok(value) => judge(value),
        Err(why) => no_reading(why),
    }
}

pub fn no_reading(why: &str) -> Found {
    error(why, "Make sure that this can be read, then run the command again.")
}
