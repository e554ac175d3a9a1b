//! A client of the provider that plays core's part, for tests without a CLI and for `cycles`.

pub mod client;
