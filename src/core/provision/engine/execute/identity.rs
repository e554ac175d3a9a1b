//! Whether a new Pod Identity association has reached what gives credentials to pods.
//!
//! EKS returns at once and updates the API servers later, each by itself: a pod that comes before gets no credentials and has
//! to be recreated. So an apply that makes an association looks until several looks in a row went well, and not
//! for long: that it is slow is a warning and no failure.

use super::{run::StepOrder, steps::Maker};
use crate::{
    domain::{ObjectKey, Problem},
    golden::Proof,
    ports::Readiness,
    provision::engine::{
        connection::Engine,
        failure::Failure,
        gather::Ground,
        target::{TargetCalls, looks},
    },
};
use futures_util::future::BoxFuture;
use std::time::Duration;

/// Several API servers stand behind one address, and each remembers for itself.
const IN_A_ROW: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(100);
/// It takes seconds; who waits at a terminal wants to hear by then.
const LONGEST: Duration = Duration::from_secs(30);

impl Engine {
    /// Looks while the record's lease is renewed.
    pub async fn prove(&self, maker: &Maker<'_>, ground: &Ground, key: &ObjectKey) -> Proof {
        if !ground.has_pod_identity_agent() {
            return Proof::Unknown;
        }
        let step = |_| -> BoxFuture<'_, Result<Proof, Failure>> {
            Box::pin(async { Ok(self.look_at_identity(&maker.target, key).await) })
        };
        let ran = maker.run(StepOrder::by_rank(&[0]), &self.config, step).await;
        // A lease that was lost meanwhile is found again by whoever writes the record next.
        ran.done.into_iter().flatten().next().unwrap_or(Proof::NotYet)
    }

    async fn look_at_identity(&self, target: &TargetCalls<'_>, key: &ObjectKey) -> Proof {
        let ObjectKey::PodIdentityAssociation { namespace, service_account } = key else {
            return Proof::Unknown;
        };
        let give_up = target.clock.elapsed() + LONGEST;
        let what = format!("pods of {} to be given its AWS identity", account(key));
        let (mut in_a_row, mut pauses) = (0, looks());
        loop {
            match self.probe.identity(target.cluster, namespace, service_account).await {
                Ok(Readiness::Ready) => in_a_row += 1,
                Ok(Readiness::NotReady) => in_a_row = 0,
                Ok(Readiness::Inconclusive) => return Proof::Unknown,
                Err(error) if error.class.may_retry() => {
                    tracing::info!(%error, "a look at the identity failed");
                    in_a_row = 0;
                }
                Err(error) => {
                    tracing::info!(%error, "the identity can't be looked at");
                    return Proof::Unknown;
                }
            }
            if in_a_row == IN_A_ROW {
                return Proof::Reached;
            }
            let pause = match in_a_row {
                0 => pauses.next().unwrap_or(BETWEEN),
                _ => BETWEEN,
            };
            if target.clock.elapsed() + pause > give_up || target.pause(pause, &what).await.is_err() {
                return Proof::NotYet;
            }
        }
    }
}

pub fn not_yet(key: &ObjectKey) -> Problem {
    Problem::warning(
        "slot.identity_not_ready",
        format!("Pods of {} are not given its AWS identity yet", account(key)),
        format!(
            "The association exists, and the cluster had not picked it up when this apply stopped looking ({} s at most). It \
             does so by itself, and the next apply of the slot looks again. Recreate pods that start before then, since they get \
             no credentials.",
            LONGEST.as_secs()
        ),
    )
}

fn account(key: &ObjectKey) -> String {
    match key {
        ObjectKey::PodIdentityAssociation { namespace, service_account } => format!("{namespace}/{service_account}"),
        other => other.to_string(),
    }
}
