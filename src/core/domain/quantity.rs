//! A Kubernetes quantity (`100m`, `64Gi`, `1e3`), exact.
//!
//! The rule is `k8s.io/apimachinery/pkg/api/resource`: a decimal number with an SI suffix, a binary suffix or an exponent,
//! held here as a whole number of nano-units, which is as fine as the API server keeps.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Compared by value (`1000m` = `1`); [`fmt::Display`] gives the canonical text; [`Quantity::written`] the user's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity {
    nanos: i128,
    written: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quantity: write a number with an optional suffix, such as 500m, 4, 64Gi (Kubernetes resource.Quantity)")]
pub struct QuantityError(String);
