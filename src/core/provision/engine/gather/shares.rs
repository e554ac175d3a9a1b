//! What the slots of an environment take of its total, as recorded and as planned.

use super::ground::Ground;
use crate::{
    domain::{Observed, Record},
    golden::{Amounts, Catalogue, Descriptor, Parent, Spec, spec_of},
    ports::{Scope, Selector},
    provision::engine::{
        connection::{Engine, ShareClaim},
        failure::Failure,
        record,
        request::ChangeRequest,
        target::{Moment, TargetCalls},
    },
};
use std::collections::BTreeMap;

/// A total of which a part is smaller than it was, or of which the slots take more by other terms, and what they hold of it.
pub struct Lowered {
    pub parts: Amounts,
    pub recorded: BTreeMap<String, Amounts>,
}

impl Engine {
    /// `before`: the record as it was. `observed`: what an apply has read. A plan reads the records, where they can be read.
    pub async fn gather_lowered(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
        before: Option<&Record>,
        observed: Option<&[Observed]>,
    ) -> Option<Lowered> {
        let owner = change.id.owner()?;
        let of = |spec: &Spec, catalogue: &Catalogue| spec.parent_of(&ground.facts, catalogue)?.ok();
        let now = of(change.spec, &change.catalogue(&self.catalogue, &self.clock.now()))?;
        let before = match change.prior {
            Some(prior) => of(&prior.spec, &self.catalogue.holding(change.path)),
            None => {
                let before = change.goes_on_from(before, &now.team)?;
                let held = self.catalogue.holding(before.path().as_ref());
                of(&spec_of(self.config.resources, before)?, &held)
            }
        };
        let parts = now.parts();
        // What can be rendered no more may have been more.
        let is_as_before = before.is_some_and(|before| {
            let parts_before = before.parts();
            let is_lower = parts.iter().any(|(key, amount)| parts_before.get(key).is_none_or(|before| amount < before));
            !is_lower && now.has_terms_of(&before)
        });
        if is_as_before {
            return None;
        }
        let records = match observed {
            Some(observed) => record::all(observed),
            None => {
                let target = self.target(&ground.facts.cluster_arn, Moment::Plan);
                record::all(&self.listings.records(&target, &owner.environment).await.unwrap_or_default())
            }
        };
        let resources = self.config.resources.iter();
        let recorded = resources.flat_map(|resource| recorded_shares(*resource, &records, &now, &self.catalogue));
        Some(Lowered { recorded: recorded.collect(), parts })
    }

    /// Every slot of the environment, this one included, by name. `None`: it takes what it took before, or it is no slot.
    pub(super) async fn gather_shares(
        &self,
        change: &ChangeRequest<'_>,
        ground: &Ground,
    ) -> Option<BTreeMap<String, ShareClaim>> {
        let id = change.id.parent()?;
        let parent = ground.parent.as_ref()?;
        let taken = change.spec.demand(parent, &self.catalogue);
        let before = change.prior.map(|prior| prior.spec.demand(parent, &self.catalogue));
        let is_as_before = before.as_ref() == Some(&taken);
        // Said before the others are read: of two that are planned at once, one sees the other.
        self.memory.remember_share(&change.id, change.variant, taken);
        if is_as_before {
            return None;
        }
        let target = self.target(&ground.facts.cluster_arn, Moment::Plan);
        // Without records it is judged by what this connection has planned; apply reads them again.
        let observed = self.listings.records(&target, id.environment.as_str()).await.unwrap_or_default();
        let recorded = recorded_shares(change.spec.resource(), &record::all(&observed), parent, &self.catalogue);
        Some(self.memory.claims(id, recorded))
    }

    /// The environment and what its slots take, as recorded now.
    pub async fn read_shares(
        &self,
        change: &ChangeRequest<'_>,
        parent: &Parent,
        target: &TargetCalls<'_>,
    ) -> Result<(Parent, BTreeMap<String, Amounts>), Failure> {
        let Some(id) = change.id.parent() else { return Ok((parent.clone(), BTreeMap::new())) };
        let selector = Selector { scope: Scope::RecordsOf(id.environment.to_string()), keys: vec![] };
        let records = record::all(&target.observe(&selector).await?);
        let now = records.iter().find(|record| record.id == parent.id);
        let now = now.and_then(|record| self.parent_of_record(record).ok()).unwrap_or_else(|| parent.clone());
        let recorded = recorded_shares(change.spec.resource(), &records, &now, &self.catalogue);
        Ok((now, recorded))
    }
}

/// What each that has a record and is of this kind takes, by name.
pub fn recorded_shares(
    resource: &'static dyn Descriptor,
    records: &[Record],
    parent: &Parent,
    catalogue: &Catalogue,
) -> BTreeMap<String, Amounts> {
    let specs = records.iter().filter_map(|record| spec_of(&[resource], record));
    specs.filter_map(|spec| Some((spec.id().part()?, spec.demand(parent, catalogue)))).collect()
}
