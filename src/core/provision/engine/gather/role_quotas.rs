//! What the account has of the quotas of roles, where a role needs to know.

use super::ground::Ground;
use crate::{
    domain::{Body, Desired, RoleQuotas},
    golden::Blueprint,
    provision::engine::connection::Engine,
};

impl Engine {
    /// Nobody is asked where all roles are as AWS allows them everywhere.
    pub(super) async fn gather_role_quotas(&self, ground: &Ground, blueprint: &Blueprint) -> Option<RoleQuotas> {
        let is_more = |desired: &Desired| match &desired.body {
            Some(Body::Role(role)) => RoleQuotas::are_needed(role),
            _ => false,
        };
        match blueprint.objects.iter().any(is_more) {
            true => self.clusters.role_quotas(&ground.facts).await.ok(),
            false => Some(RoleQuotas::default()),
        }
    }
}
