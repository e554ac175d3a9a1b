//! A second look at what others have recorded, once the own record says what this operation takes. Of two that take the last
//! of a total at the same time at least the one that wrote later sees the other, and gives way before anything else is made.

use super::{lease::Keeper, operation::Operation};
use crate::{
    domain::{Observed, Problem},
    golden::spec_of,
    ports::{Scope, Selector},
    provision::engine::{
        connection::Engine,
        decide::{Inputs, shares},
        failure::Failure,
        record,
    },
};

pub(super) enum Way {
    Clear,
    /// The record is again as it was.
    Given(Failure),
    /// It is not known, or the record could not be put back: the next operation goes on from what it says.
    Lost(Failure),
}

impl Engine {
    pub(super) async fn look_again(&self, operation: &Operation<'_>, keeper: &Keeper<'_>) -> Way {
        let why = match self.overtaken(operation).await {
            Ok(None) => return Way::Clear,
            Ok(Some(why)) => why,
            Err(failure) => return Way::Lost(failure),
        };
        match put_back(operation, keeper).await {
            Ok(()) => Way::Given(Failure::Overtaken { why }),
            Err(failure) => Way::Lost(failure),
        }
    }

    async fn overtaken(&self, operation: &Operation<'_>) -> Result<Option<String>, Failure> {
        let Operation { inputs, objects, target, .. } = operation;
        let Inputs { change, ground, found, .. } = inputs;
        if let (Some(_), Some(owner)) = (&found.lowered, change.id.owner()) {
            let selector = Selector { scope: Scope::RecordsOf(owner.environment), keys: vec![] };
            let observed = target.observe(&selector).await?;
            let lowered = self.gather_lowered(change, ground, objects.record.as_ref(), Some(&observed)).await;
            let below = lowered.map(|lowered| shares::below(&change.id, &lowered)).unwrap_or_default();
            // A warning is the plan's own, and nobody's who was quicker.
            return Ok(below.into_iter().find(Problem::is_error).map(|problem| problem.summary));
        }
        let Some(parent) = &ground.parent else { return Ok(None) };
        let before = objects.record.as_ref().and_then(|record| spec_of(self.config.resources, record));
        let taken = change.spec.demand(parent, &self.catalogue);
        if taken.is_empty() || before.is_some_and(|before| before.demand(parent, &self.catalogue) == taken) {
            return Ok(None);
        }
        let over = self.shares_over(inputs, target).await?;
        Ok(over.map(|over| format!("Another slot of {} was quicker: {over}", parent.id)))
    }
}

/// As it was before this operation.
async fn put_back(operation: &Operation<'_>, keeper: &Keeper<'_>) -> Result<(), Failure> {
    let Operation { inputs, objects, target, .. } = operation;
    let key = record::key_of(&inputs.change.id);
    match (&objects.record, objects.get(&key)) {
        (Some(before), Some(object)) => keeper.restore(record::shell_of(object), before.clone()).await,
        // An emptied one: the next operation goes on with what this one wrote.
        (None, Some(_)) => keeper.release().await,
        _ => {
            let target = target.calm();
            let Some(now) = target.get(&key).await? else { return Ok(()) };
            let version = keeper.version().await;
            target.delete(&now, &move |again: &Observed| again.version == version).await
        }
    }
}
