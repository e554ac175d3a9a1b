//! Ownership of the sandbox's rows.

use super::{managed::Holders, row::Row};
use crate::ownership::{hand, mark};
use goldenpath_core::domain::Ownership;
use serde_json::Value;

/// An AWS object with the desired one's name that is not the same request's: nothing is ever adopted by name alone.
pub(super) fn is_another(row: &Row, desired: &Value) -> bool {
    row.mark != mark(&row.key, &row.home, desired)
}

pub(super) fn ownership(cluster: &str, row: &Row) -> Ownership {
    row.mark.ownership(cluster, || hand(&row.body, Holders::of(&row.managers).first()))
}
