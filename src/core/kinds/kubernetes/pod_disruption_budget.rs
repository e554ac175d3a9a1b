//! How many replicas of a slot's workload may be away at once.

use crate::kinds::{
    kind::{Kind, RemovalRank},
    words::{Row, selector},
};

pub const KIND: Kind = Kind {
    removal: RemovalRank::ActsOnPods,
    has_status: true,
    words: |rest| rest.take_as("/spec/selector", selector).map(|pods| Row::one("selector", pods)).into_iter().collect(),
    ..Kind::namespaced("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
};
