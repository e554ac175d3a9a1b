//! The stage that writes: the record around every change, what is made in the order of its needs, what is deleted in an order of
//! its own, and what exists in the end. Knows `decide` and its plan, and `gather` to look again; decides nothing by itself.

mod begin;
mod change;
mod document;
mod identity;
mod lease;
mod operation;
mod recreate;
mod removal;
mod run;
mod steps;
mod together;
mod wait;
mod way;

pub use document::write as write_record;
pub use lease::wait_until_free;
pub use operation::Operation;
pub use removal::Removing;
