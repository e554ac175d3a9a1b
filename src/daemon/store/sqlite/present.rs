//! What of the journal ends with the process: which operations are carried out, and who waits for them. Changed only by whoever has the
//! connection, but for `leave`.
//!
//! Its lock is held for a moment each time, and never while somebody waits for the disk: clients that go away take it where all other
//! tasks run.

use crate::store::CLAIM;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

#[derive(Default)]
pub struct Present(Mutex<State>);

#[derive(Default)]
struct State {
    /// With when it could not be begun, and waits again.
    claimed: HashMap<String, Option<Instant>>,
    /// By the client's id of it: the operation, and whether the client still waits.
    clients: HashMap<String, (String, bool)>,
    /// Something could not be done, and nothing has been written since to see whether it can be.
    has_failed: bool,
}

// === impl Present ===

impl Present {
    pub fn is_claimed(&self, operation: &str) -> bool {
        let state = self.state();
        state.claimed.get(operation).is_some_and(|set_back| set_back.is_none_or(|at| at.elapsed() < CLAIM))
    }

    pub fn claim(&self, operations: impl IntoIterator<Item = String>) {
        self.state().claimed.extend(operations.into_iter().map(|operation| (operation, None)));
    }

    pub fn set_back(&self, operation: &str) {
        self.state().claimed.entry(operation.to_owned()).and_modify(|set_back| *set_back = Some(Instant::now()));
    }

    /// How many are carried out.
    pub fn claims(&self) -> usize {
        self.state().claimed.values().filter(|set_back| set_back.is_none()).count()
    }

    /// Nobody carries it out any more, and nobody waits for it.
    pub fn end(&self, operation: &str) {
        let mut state = self.state();
        state.claimed.remove(operation);
        state.clients.retain(|_, (own, _)| own != operation);
    }

    pub fn join(&self, client: &str, operation: &str) {
        self.state().clients.insert(client.to_owned(), (operation.to_owned(), true));
    }

    pub fn leave(&self, client: &str) {
        if let Some((_, waits)) = self.state().clients.get_mut(client) {
            *waits = false;
        }
    }

    pub fn is_awaited(&self, operation: &str) -> bool {
        self.state().clients.values().any(|(own, waits)| own == operation && *waits)
    }

    pub fn note_failure(&self) {
        self.state().has_failed = true;
    }

    /// Whether there was one since this was last asked.
    pub fn take_failure(&self) -> bool {
        std::mem::take(&mut self.state().has_failed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
