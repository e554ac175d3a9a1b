//! How many replicas a slot's workload has.

use crate::kinds::kind::{Kind, RemovalRank};

pub const KIND: Kind = Kind {
    removal: RemovalRank::ActsOnPods,
    has_status: true,
    is_tunable: true,
    ..Kind::namespaced("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
};
