//! Expressions of policies and templates: CEL as the admission of Kubernetes speaks it.
//!
//! Parsed by the `cel` crate, whose own evaluation copies a document at each step and takes a field of what has none for `false`;
//! so the tree is walked here. The libraries of Kubernetes are `kube-cel`'s, but for what differs there (see `functions`).
//! What admission does not have is refused when an expression is parsed: it will be installed there.
//!
//! Bounded: [`MAX_LENGTH`] and [`MAX_DEPTH`] where it is parsed, `evaluate::BUDGET` where it is evaluated.

mod bindings;
mod build;
mod constants;
mod conversions;
mod error;
mod evaluate;
mod formats;
mod functions;
mod json;
mod library;
mod macros;
mod operators;
mod optionals;
mod parse;
mod patterns;
mod pieces;
mod quantities;
mod signatures;
mod syntax;
#[cfg(test)]
mod tests;
mod texts;
mod tree;
mod types;
mod words;

pub use bindings::Bindings;
pub use error::{EvaluationError, ExpressionError, ExpressionProblem, MAX_DEPTH, MAX_LENGTH};
pub use pieces::{Piece, pieces};
pub use tree::Expression;
pub use types::Type;
