//! The provider: what Terraform users see ([`resources`]), what people at a shell see ([`cli`]), and the one place where
//! both meet the target ([`wiring`]).

pub mod cli;
pub mod resources;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod wiring;

pub use wiring::run;
