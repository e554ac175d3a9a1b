//! Waits for others before anything is changed. Reads only.

use super::lease::wait_until_free;
use crate::{
    domain::{Class, Problem},
    ports::{Scope, Selector},
    provision::engine::{
        connection::Engine,
        decide::{Inputs, Wait, shares},
        failure::Failure,
        gather::{amounts, recorded_shares},
        record,
        target::{TargetCalls, looks},
        watch::Watch,
    },
};

impl Engine {
    /// Until it is worth deciding again.
    pub async fn wait(
        &self,
        inputs: &Inputs<'_>,
        wait: &Wait,
        watch: &mut Watch,
        target: &TargetCalls<'_>,
    ) -> Result<(), Vec<Problem>> {
        match wait {
            Wait::Operation(record) => Ok(wait_until_free(target, &inputs.change.id, record.as_deref(), watch).await?),
            Wait::Shares { .. } => self.wait_for_shares(inputs, wait, target).await.map_err(|problem| vec![problem]),
        }
    }

    /// Not for long, since the other slots may be queued behind this one.
    async fn wait_for_shares(
        &self,
        Inputs { change, ground, .. }: &Inputs<'_>,
        wait: &Wait,
        target: &TargetCalls<'_>,
    ) -> Result<(), Problem> {
        let (Wait::Shares { resource, sum, total }, Some(id), Some(slot), Some(parent)) =
            (wait, change.id.parent(), change.id.part(), &ground.parent)
        else {
            return Ok(());
        };
        let usual = ground.usual_share.as_ref();
        let own = amounts(change.spec, usual);
        let give_up = target.clock.elapsed() + self.config.share_wait;
        let (mut resource, mut sum, mut total) = (*resource, sum.clone(), total.clone());
        for pause in looks() {
            let what = format!("other slots of {id} to become smaller: {resource} {sum} of {total}");
            let waited = match target.clock.elapsed() >= give_up {
                true => Err(Failure::TimedOut { what }),
                false => target.pause(pause, &what).await,
            };
            match waited {
                Ok(()) => {}
                Err(Failure::TimedOut { .. }) => return Err(shares::still_over(id, resource, &sum, &total)),
                Err(failure) => return Err(failure.into()),
            }
            let selector = Selector { scope: Scope::Environment(id.environment.to_string()), keys: vec![] };
            let observed = match target.observe(&selector).await {
                Ok(observed) => observed,
                Err(failure) if failure.class() == Some(Class::Unavailable) => continue,
                Err(failure) => return Err(failure.into()),
            };
            let recorded = recorded_shares(change.spec.resource(), &record::all(&observed), usual);
            match shares::over(&slot, &own, &recorded, &parent.quota_total) {
                Some(over) => (resource, sum, total) = over,
                None => return Ok(()),
            }
        }
        Ok(())
    }
}
