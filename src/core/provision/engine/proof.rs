//! Whether a new Pod Identity association has reached what gives credentials to pods.
//!
//! EKS answers at once and tells the API servers later, each by itself: a pod that comes before gets no credentials and has
//! to be made again. So an apply that makes an association looks until several looks in a row were answered well, and not
//! for long: that it is slow is a warning and no failure. Which applies look is decided by state alone, so that the plan
//! says the same.

use super::{
    Engine,
    failure::Failure,
    run::Order,
    steps::Maker,
    target::{TargetCalls, looks},
};
use crate::{
    domain::{Facts, ObjectKey, Problem},
    golden::Blueprint,
    ports::Readiness,
    provision::Prior,
};
use std::time::Duration;

/// Several API servers stand behind one address, and each remembers for itself.
const IN_A_ROW: u32 = 3;
const BETWEEN: Duration = Duration::from_millis(100);
/// It takes seconds; who waits at a terminal wants to hear by then.
const LONGEST: Duration = Duration::from_secs(30);

/// What an apply saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Reached,
    NotYet,
    /// Nothing here could tell.
    Untold,
}

// === impl Proof ===

impl Proof {
    /// As the output says it.
    pub(super) fn told(self) -> Option<bool> {
        match self {
            Self::Reached => Some(true),
            Self::NotYet => Some(false),
            Self::Untold => None,
        }
    }
}

/// The association whose arrival an apply has to prove: one that state does not know yet, one of a change that was broken
/// off, or one that had not arrived when the last apply ended. Pure.
pub(super) fn asked<'a>(blueprint: &'a Blueprint, prior: Option<&Prior>) -> Option<&'a ObjectKey> {
    let is_association = |key: &&ObjectKey| matches!(key, ObjectKey::PodIdentityAssociation { .. });
    let key = blueprint.objects.iter().map(|desired| &desired.key).find(is_association)?;
    let is_open = prior.is_none_or(|prior| {
        prior.incomplete || prior.identity_ready == Some(false) || !prior.objects.contains_key(&key.to_string())
    });
    is_open.then_some(key)
}

pub(super) fn not_yet(key: &ObjectKey) -> Problem {
    Problem::warning(
        "slot.identity_not_ready",
        format!("pods of {} are not given its AWS identity yet", account(key)),
        format!(
            "the association exists, and the cluster had not taken notice of it when this apply stopped looking ({} s at most): \
             pods that start before it does get no credentials and have to be made again. It comes by itself; the next apply of \
             the slot looks again",
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

impl Engine {
    /// Looks while the record's lease is renewed.
    pub(super) async fn prove(&self, maker: &Maker<'_>, facts: &Facts, key: &ObjectKey) -> Proof {
        if !facts.has_pod_identity_agent() {
            return Proof::Untold;
        }
        let step = |_| -> futures_util::future::BoxFuture<'_, Result<Proof, Failure>> {
            Box::pin(async { Ok(self.look_at_identity(&maker.target, key).await) })
        };
        let ran = maker.run(Order::by_rank(&[0]), &self.config, step).await;
        // A lease that was lost meanwhile is found again by whoever writes the record next.
        ran.done.into_iter().flatten().next().unwrap_or(Proof::NotYet)
    }

    async fn look_at_identity(&self, target: &TargetCalls<'_>, key: &ObjectKey) -> Proof {
        let ObjectKey::PodIdentityAssociation { namespace, service_account } = key else {
            return Proof::Untold;
        };
        let give_up = target.clock.elapsed() + LONGEST;
        let what = format!("pods of {} to be given its AWS identity", account(key));
        let (mut in_a_row, mut pauses) = (0, looks());
        loop {
            match self.probe.identity(target.cluster, namespace, service_account).await {
                Ok(Readiness::Ready) => in_a_row += 1,
                Ok(Readiness::NotReady) => in_a_row = 0,
                Ok(Readiness::Inconclusive) => return Proof::Untold,
                Err(error) if error.class.may_retry() => {
                    tracing::info!(%error, "a look at the identity failed");
                    in_a_row = 0;
                }
                Err(error) => {
                    tracing::info!(%error, "the identity cannot be looked at");
                    return Proof::Untold;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Spec,
        golden,
        provision::testing::{environment, facts, slot},
    };
    use serde_json::json;

    #[test]
    fn only_state_decides_who_looks() {
        let (Spec::Environment(parent), facts) = (environment("pay", json!({})), facts().stable) else {
            panic!("an environment")
        };
        let catalogue = golden::Catalogue::embedded();
        let parent = golden::parent_of(&parent, &facts, &catalogue).unwrap_or_else(|e| panic!("{e:?}"));
        let rendered = |over| {
            let spec = slot("pay", "ledger", over);
            let blueprint = golden::render(&spec, &facts, Some(&parent), &catalogue);
            (spec, blueprint.unwrap_or_else(|e| panic!("{e:?}")))
        };
        let (spec, associated) = rendered(json!({}));
        let (_, none) = rendered(json!({ "identity": { "mode": "none" } }));
        let prior = |has: bool, incomplete, identity_ready| Prior {
            spec: spec.clone(),
            uid: String::new(),
            objects: associated
                .objects
                .iter()
                .filter(|desired| has || desired.key.kind() != "PodIdentityAssociation")
                .map(|desired| (desired.key.to_string(), String::new()))
                .collect(),
            incomplete,
            identity_ready,
        };
        for (blueprint, prior, expected, reason) in [
            (&associated, None, true, "a create"),
            (&none, None, false, "no identity"),
            (&associated, Some(prior(true, false, Some(true))), false, "proved by an earlier apply"),
            (&associated, Some(prior(true, false, None)), false, "imported, or never to be told"),
            (&associated, Some(prior(true, false, Some(false))), true, "it had not arrived"),
            (&associated, Some(prior(false, false, Some(true))), true, "made anew"),
            (&associated, Some(prior(true, true, None)), true, "the change was broken off"),
        ] {
            assert_eq!(asked(blueprint, prior.as_ref()).is_some(), expected, "{reason}");
        }
    }
}
