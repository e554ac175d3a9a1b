//! Waits for others before anything is changed. Reads only.

use super::lease::wait_until_free;
use crate::{
    domain::{Class, Problem},
    provision::engine::{
        connection::Engine,
        decide::{Inputs, Over, Wait, shares},
        failure::Failure,
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
            Wait::Shares(over) => {
                self.wait_for_shares(inputs, over.clone(), target).await.map_err(|problem| vec![problem])
            }
        }
    }

    /// Not for long, since the other slots may be queued behind this one.
    async fn wait_for_shares(
        &self,
        inputs: &Inputs<'_>,
        mut over: Over,
        target: &TargetCalls<'_>,
    ) -> Result<(), Problem> {
        let Some(id) = inputs.change.id.parent() else { return Ok(()) };
        let give_up = target.clock.elapsed() + self.config.share_wait;
        for pause in looks() {
            let what = format!("other slots of {id} to become smaller: {over}");
            let waited = match target.clock.elapsed() >= give_up {
                true => Err(Failure::TimedOut { what }),
                false => target.pause(pause, &what).await,
            };
            match waited {
                Ok(()) => {}
                Err(Failure::TimedOut { .. }) => return Err(shares::still_over(id, &over)),
                Err(failure) => return Err(failure.into()),
            }
            match self.shares_over(inputs, target).await {
                Ok(Some(still)) => over = still,
                Ok(None) => return Ok(()),
                Err(failure) if failure.class() == Some(Class::Unavailable) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(())
    }

    /// What is recorded now against the total as it is recorded now.
    pub(super) async fn shares_over(
        &self,
        inputs: &Inputs<'_>,
        target: &TargetCalls<'_>,
    ) -> Result<Option<Over>, Failure> {
        let Inputs { change, ground, found, .. } = inputs;
        let (Some(slot), Some(parent)) = (change.id.part(), &ground.parent) else { return Ok(None) };
        let (now, recorded) = self.read_shares(change, parent, target).await?;
        // As it was before this operation.
        let record = found.objects.value().and_then(|objects| objects.record.as_ref());
        Ok(shares::over(&slot, &shares::growth(inputs, record, &now), &recorded, &now.parts()))
    }
}
