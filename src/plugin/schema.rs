//! A schema as data: each attribute is declared once, and every rule about it is a pass over (schema, tree), never over
//! the typed struct.
//!
//! ```ignore
//! Schema::new([
//!     required("name", Type::String).replaces().parses::<DnsLabel>(),
//!     required("namespaces", map_of(object([
//!         required("total", Type::map(Type::String)),
//!         optional("headroom_percent", Type::Number).default(33).between(0, 100),
//!     ]))),
//!     computed("id", Type::String).stable(),
//! ])
//! ```
//!
//! Two kinds only, as in the protocol: an attribute is of a plain [`Type`], and then a leaf to every pass, or it nests
//! attributes ([`Nesting`]), and then the passes descend.

mod attribute;
mod check;
mod example;
#[cfg(test)]
pub(crate) mod generate;
mod json;
mod nested;
mod overlay;
mod pairing;
mod replace;
mod root;
mod rule;
mod settle;
mod stand_in;
#[cfg(test)]
mod tests;
mod timeouts;
mod trim;
mod unset;
mod validate;

pub use attribute::{
    Attribute, AttributeType, Mode, Nesting, Object, Replace, computed, list_of, map_of, object, optional,
    optional_computed, refusal, required, set_of,
};
pub use example::example;
pub(crate) use nested::objects;
pub use overlay::overlay;
pub use replace::replacements;
pub use root::Schema;
pub use rule::{Check, Rule};
pub use settle::{Settlement, partial, settle};
pub use stand_in::stand_ins;
pub use timeouts::{Timeouts, duration, timeouts};
pub use trim::{inputs, null_write_only, outputs, with_defaults, write_only_set};
pub use validate::validate;
