//! What the slots of an environment take of its total, as recorded and as planned.

use super::{
    amounts::{amounts, recorded_shares, usual_share},
    ground::Ground,
};
use crate::{
    domain::{Observed, Quantity},
    golden::{Catalogue, Spec},
    provision::engine::{
        connection::{Amounts, Engine, ShareClaim},
        record,
        request::ChangeRequest,
        target::Moment,
    },
};
use std::collections::BTreeMap;

/// A total that is smaller than it was, and what the slots hold of it.
pub struct Lowered {
    pub total: BTreeMap<String, String>,
    pub recorded: BTreeMap<String, Amounts>,
}

impl Engine {
    /// `observed`: what an apply has read. A plan reads the records, where they can be read.
    pub(super) async fn gather_lowered(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
        observed: Option<&[Observed]>,
    ) -> Option<Lowered> {
        let (prior, owner) = (change.prior?, change.id.owner()?);
        let of = |spec: &Spec, catalogue: &Catalogue| spec.parent_of(&ground.facts, catalogue)?.ok();
        let now = of(change.spec, &change.catalogue(&self.catalogue))?;
        let before = of(&prior.spec, &self.catalogue.holding(change.path))?.quota_total;
        let amount = |total: &BTreeMap<String, String>, name: &str| total.get(name)?.parse::<Quantity>().ok();
        let is_lower = |name: &String| amount(&now.quota_total, name) < amount(&before, name);
        if !now.quota_total.keys().any(is_lower) {
            return None;
        }
        let records = match observed {
            Some(observed) => record::all(observed),
            None => {
                let target = self.target(&ground.facts.cluster_arn, Moment::Plan);
                record::all(&self.listings.records(&target, &owner.environment).await.unwrap_or_default())
            }
        };
        let usual = usual_share(&self.catalogue, &now);
        let resources = self.config.resources.iter();
        let recorded = resources.flat_map(|resource| recorded_shares(*resource, &records, usual.as_ref()));
        Some(Lowered { recorded: recorded.collect(), total: now.quota_total })
    }

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
