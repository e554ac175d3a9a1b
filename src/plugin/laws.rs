//! Core's checks of a provider's responses, as pure functions over our own, and our own check of each message.
//!
//! Core makes these checks after it has the response, and reports a "bug in the provider" to the user. Making them
//! ourselves, in tests and in debug builds, finds the bug first, and names the law.
//!
//! Source of the laws: the provider protocol as Terraform and OpenTofu enforce it ("Provider produced invalid plan",
//! "inconsistent result after apply", "inconsistent final plan").

mod message;
mod plan;
mod refinement;
mod response;
mod schema;
#[cfg(test)]
mod tests;
mod violation;

pub use message::check_message;
pub use plan::check_plan;
pub use response::{check_apply, check_final_plan, check_import, check_read};
pub use schema::{PROVIDER_NAMES, RESOURCE_NAMES, check_provider_schema, check_schema};
pub use violation::Violation;
