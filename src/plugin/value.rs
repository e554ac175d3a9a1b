//! The tree that every message of the protocol carries: what is configured, planned and kept in state.
//!
//! A tree knows no types; the schema does, and gives them to the codecs ([`msgpack`], [`json`]). Lists and tuples are one
//! variant, maps and objects another, as they are on the wire. Typed Rust values are read from the tree and written to it
//! by serde ([`convert`]), so nobody writes a second model beside the domain's own types.

pub mod codec;
pub mod convert;
mod equality;
#[cfg(test)]
pub(crate) mod generate;
pub mod json;
mod literal;
pub mod msgpack;
pub mod number;
pub mod refinement;
pub mod set;
#[cfg(test)]
mod tests;
mod text;
mod tree;
pub mod ty;

pub use codec::CodecError;
pub use convert::{ConvertError, LATE, from_value, to_value};
pub use number::Number;
pub use refinement::{Bounds, Refinement};
pub use tree::{Dynamic, NULL, Value};
pub use ty::Type;
