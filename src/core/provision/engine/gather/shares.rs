//! What the slots of an environment take of its total, as recorded and as planned.

use super::{
    amounts::{amounts, recorded_shares},
    ground::Ground,
};
use crate::provision::engine::{
    connection::{Engine, ShareClaim},
    record,
    request::ChangeRequest,
    target::Moment,
};
use std::collections::BTreeMap;

impl Engine {
    /// Every slot of the environment, this one included, by name. `None`: it takes what it took before, or it is no slot.
    pub(super) async fn gather_shares(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
    ) -> Option<BTreeMap<String, ShareClaim>> {
        let parent = change.id.parent()?;
        // Said before the others are read: of two that are planned at once, one sees the other.
        self.memory.remember_share(&change.id, amounts(change.spec, ground.usual_share.as_ref()));
        if change.prior.is_some_and(|prior| prior.spec.common().share == change.spec.common().share) {
            return None;
        }
        let target = self.target(&ground.facts.cluster_arn, Moment::Plan);
        // Without records it is judged by what this connection has planned; apply reads them again.
        let observed = self.listings.records(&target, parent.environment.as_str()).await.unwrap_or_default();
        let recorded = recorded_shares(change.spec.resource(), &record::all(&observed), ground.usual_share.as_ref());
        Some(self.memory.claims(parent, recorded))
    }
}
