//! Under which terms roles are made: the grants' path, boundary and length of a session.

use crate::{
    domain::ClusterArn,
    golden::{
        catalogue::{Grants, fill_cluster},
        objects::{iam::RoleTerms, mark::Mark},
    },
};
use std::collections::BTreeMap;

pub fn terms(grants: &Grants, cluster: &ClusterArn, mark: &Mark, owner: &BTreeMap<String, String>) -> RoleTerms {
    RoleTerms {
        cluster: cluster.clone(),
        environment: mark.environment.clone(),
        path: format!("{}{}/", grants.iam_path, mark.environment),
        boundary: fill_cluster(&grants.boundary, cluster),
        max_session_seconds: grants.max_session_seconds,
        tags: mark.tags(cluster, owner),
    }
}
