//! Heals: the recorded request is applied again, as an operation in the journal like any other.

use crate::{
    contract::Verb,
    forms::Message,
    gate::Gate,
    ledger::EntryKind,
    operations::{Asked, Operations},
    outcome::Ending,
    trail::{Subject, Trail},
};
use goldenpath_core::{
    domain::{Id, Record},
    policy::Identity,
    ports::Clock,
    provision::{EventKind, OperationState, Surveyed, operation_id},
};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What drifts again at once, or can't be put back, is tried again after that long, then after twice as long, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);
/// Drift of the same instance after that long is a matter of its own.
const CALM: Duration = Duration::from_secs(2 * 86_400);

pub struct Healing {
    pub operations: Arc<Operations>,
    pub gate: Arc<Gate>,
    pub trail: Arc<Trail>,
    pub clock: Arc<dyn Clock>,
    tries: Mutex<HashMap<String, Try>>,
}

#[derive(Clone, Copy, Default)]
struct Try {
    is_running: bool,
    times: u32,
    at: Duration,
}

/// Whether the record itself keeps it from being healed. Pure.
pub fn may_heal(record: &Record) -> bool {
    // Somebody is about to destroy it, and an apply would protect it again; or somebody works on it.
    record.unprotected.is_none() && record.operation.is_none()
}

// === impl Try ===

impl Try {
    /// `None`: not now.
    fn next(self, now: Duration) -> Option<Self> {
        let since = now.saturating_sub(self.at);
        let times = if since > CALM { 0 } else { self.times };
        let pause = match times {
            0 => Duration::ZERO,
            _ => FIRST_PAUSE.saturating_mul(1 << (times - 1).min(16)).min(LONGEST_PAUSE),
        };
        (!self.is_running && since >= pause).then_some(Self { is_running: true, times: times + 1, at: now })
    }
}

// === impl Healing ===

impl Healing {
    pub fn new(operations: Arc<Operations>, gate: Arc<Gate>, trail: Arc<Trail>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { operations, gate, trail, clock, tries: Mutex::default() })
    }

    /// Begins it and waits for nothing: the next round must not.
    pub async fn begin(self: &Arc<Self>, found: &Surveyed) {
        let id = found.id.clone();
        let about = id.to_string();
        let Some(request) = found.heal().filter(|_| may_heal(&found.record)) else { return };
        if self.operations.is_busy_with(&about) || !self.start_try(&about) {
            return;
        }
        let (this, record) = (self.clone(), found.record.clone());
        tokio::spawn(async move {
            let healed = match serde_json::to_vec(&request) {
                Ok(document) => this.heal(&id, &record, document).await,
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = healed {
                tracing::warn!(id = about, error, "Drift can't be healed");
            }
            let mut tries = this.tries.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(tried) = tries.get_mut(&about) {
                tried.is_running = false;
            }
        });
    }

    fn start_try(&self, about: &str) -> bool {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let next = tries.get(about).copied().unwrap_or_default().next(self.clock.elapsed());
        next.map(|next| tries.insert(about.to_owned(), next)).is_some()
    }

    async fn heal(&self, id: &Id, record: &Record, document: Vec<u8>) -> Result<(), String> {
        let (caller, forms) = (Identity::Reconcile, self.operations.forms());
        let engine = self.gate.engine(&caller, vec![]).map_err(|problem| problem.to_string())?;
        // An apply that came meanwhile must not be undone by what the round saw before it. The engine looks again with the lease; seen
        // here it is no operation at all.
        let now = engine.find(id).await.map_err(|problem| problem.to_string())?;
        if now.as_ref() != Some(record) {
            return Ok(());
        }
        let (operation, about) = (operation_id().map_err(|problem| problem.to_string())?, id.to_string());
        let asked = Asked {
            id: operation,
            caller: caller.clone(),
            verb: Verb::Ensure,
            about: about.clone(),
            allow: forms.document(Message::Bounds, b"[]".to_vec()),
            request: forms.document(Message::request(Verb::Ensure), document),
            gives_way: true,
        };
        let ended = self.operations.run(asked, engine).await;
        let (operation, outcome) = ended.map_err(|status| status.message().to_owned())?;
        let ending = Ending::of(forms, Some(Verb::Ensure), &outcome.bytes, outcome.form);
        if ending.is_superseded() {
            tracing::info!(about, operation, "Nothing is healed: an apply came first");
            return Ok(());
        }
        if ending.state() != OperationState::Done {
            return Err(ending.in_words());
        }
        let of = Subject { operation: String::new(), caller: caller.to_string(), verb: String::new(), about };
        let detail = json!({ "operation": operation });
        self.trail.report(&of, EntryKind::Healed, EventKind::Healed, detail, format!("by operation {operation}")).await;
        self.trail.sign().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drifts_again_is_not_fought() {
        let seconds = Duration::from_secs;
        let mut tried = Try::default();
        for (at, expected, reason) in [
            (5, true, "the first time"),
            (30, false, "again at once"),
            (66, true, "a minute later"),
            (150, false, "then two"),
            (187, true, "which are over"),
            (300_000, true, "days later it begins again"),
            (300_061, true, "with a minute"),
        ] {
            let next = tried.next(seconds(at));
            assert_eq!(next.is_some(), expected, "{reason}");
            tried = next.map_or(tried, |next| Try { is_running: false, ..next });
        }
        assert!(Try { is_running: true, ..tried }.next(seconds(9_000_000)).is_none(), "one at a time");
    }
}
