//! The golden path itself, free of Terraform, AWS SDKs and storage.
//!
//! Modules may use only those above them in this list (a test holds the table): [`domain`] the words as types, [`policy`]
//! guardrails over objects, [`kinds`] what is known of each kind of object, [`golden`] catalogue to blueprint and diff, [`ports`] the outside as traits, [`provision`]
//! the engine that makes the target agree.

pub mod domain;
pub mod golden;
pub mod kinds;
pub mod policy;
pub mod ports;
pub mod provision;
