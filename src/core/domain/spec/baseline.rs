//! What is needed once per cluster.

use crate::domain::ClusterRef;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineSpec {
    pub cluster: ClusterRef,
}
