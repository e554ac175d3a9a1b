//! What this process knows of operations: which of them it carries out, and which of its clients wait for which.

use crate::{forms::Document, store::Entry, trail::Subject};
use goldenpath_core::{
    policy::Identity,
    provision::{Cancel, Provisioner},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

pub type Outcome = watch::Receiver<Option<Document>>;

/// How many operations a daemon carries out at once. The rest waits in the journal, for whichever daemon has a place first.
const PLACES: usize = 64;

/// By the operation's id: those that run here, and those that a client of this process waits for.
#[derive(Default)]
pub struct Known(Arc<Mutex<State>>);

/// For an operation that is being written. Dropped, it is free again.
pub struct Reservation(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    operations: HashMap<String, Operation>,
    reserved: usize,
    /// The last look found more work than there were places.
    has_queue: bool,
}

struct Operation {
    /// By its text.
    caller: String,
    /// While it runs here.
    cancel: Option<Cancel>,
    /// Once it has run here.
    about: String,
    /// It runs here, and another daemon has taken it over.
    is_lost: bool,
    /// Of the client that asked for it: what its connection has planned counts.
    engine: Option<Arc<dyn Provisioner>>,
    /// By their own ids of it, and how many connections wait with each.
    clients: HashMap<String, usize>,
    outcome: watch::Sender<Option<Document>>,
}

pub struct Started {
    pub cancel: Cancel,
    /// Of a client that waits for it.
    pub engine: Option<Arc<dyn Provisioner>>,
}

/// What is asked of the store at each beat.
#[derive(Default)]
pub struct Present {
    pub running: Vec<String>,
    pub clients: Vec<String>,
    /// What does not run here.
    pub awaited: Vec<String>,
}

// === impl Known ===

impl Known {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    pub fn running(&self) -> usize {
        self.lock().running()
    }

    /// How many more may begin.
    pub fn places(&self) -> usize {
        self.lock().places()
    }

    /// For a new one, if nobody else is before it.
    pub fn reserve(&self) -> Option<Reservation> {
        let mut state = self.lock();
        let is_free = !state.has_queue && state.places() > 0;
        is_free.then(|| {
            state.reserved += 1;
            Reservation(self.0.clone())
        })
    }

    /// Somebody may wait for the place that has just become free.
    pub fn has_queue(&self) -> bool {
        self.lock().has_queue
    }

    pub fn set_queue(&self, has_queue: bool) {
        self.lock().has_queue = has_queue;
    }

    /// A client waits from here on, until `leave`.
    pub fn join(&self, operation: &str, entry: &Entry, engine: &Arc<dyn Provisioner>) -> Outcome {
        let mut state = self.lock();
        let known = state.operation(operation, &entry.caller);
        known.engine.get_or_insert_with(|| engine.clone());
        *known.clients.entry(entry.id.clone()).or_default() += 1;
        known.outcome.subscribe()
    }

    /// True: nobody waits with this id any more.
    pub fn leave(&self, operation: &str, client: &str) -> bool {
        let mut state = self.lock();
        let Some(known) = state.operations.get_mut(operation) else { return true };
        let is_last = match known.clients.get_mut(client) {
            Some(count) if *count > 1 => {
                *count -= 1;
                false
            }
            _ => known.clients.remove(client).is_some(),
        };
        state.forget(operation);
        is_last
    }

    /// `None`: it runs here already.
    pub fn start(&self, entry: &Entry) -> Option<Started> {
        let mut state = self.lock();
        let known = state.operation(&entry.id, &entry.caller);
        if known.cancel.is_some() {
            return None;
        }
        let cancel = Cancel::new();
        if entry.cancelled {
            cancel.cancel();
        }
        known.cancel = Some(cancel.clone());
        known.about.clone_from(&entry.about);
        Some(Started { cancel, engine: known.engine.clone() })
    }

    /// Another daemon has it. True: this is new.
    pub fn lose(&self, operation: &str) -> bool {
        let mut state = self.lock();
        state.operations.get_mut(operation).is_some_and(|known| !std::mem::replace(&mut known.is_lost, true))
    }

    /// It does not run here any more. Without an outcome it runs elsewhere, and who waits goes on waiting.
    pub fn end(&self, operation: &str, outcome: Option<Document>) {
        let mut state = self.lock();
        if let Some(known) = state.operations.get_mut(operation) {
            (known.cancel, known.is_lost) = (None, false);
            if let Some(outcome) = outcome {
                known.outcome.send_replace(Some(outcome));
                state.operations.remove(operation);
            }
        }
        state.forget(operation);
    }

    /// Its end is not in the journal yet, where nobody but this process could read it.
    pub fn announce(&self, operation: &str, outcome: &Document) {
        if let Some(known) = self.lock().operations.get(operation) {
            known.outcome.send_replace(Some(outcome.clone()));
        }
    }

    /// Nobody will ever say how it ended: whoever waits asks again.
    pub fn give_up(&self, operation: &str) {
        let mut state = self.lock();
        if state.operations.get(operation).is_some_and(|known| known.cancel.is_none()) {
            state.operations.remove(operation);
        }
    }

    /// Whoever asked for it has said so, here or to another daemon. What is cancelled, if that is new.
    pub fn cancel(&self, operation: &str) -> Option<Subject> {
        self.lock().operations.get_key_value(operation).and_then(cancel_one)
    }

    /// `id`: the operation's, or that of a client that joined it.
    pub fn cancel_by(&self, caller: &Identity, id: &str) -> Option<Subject> {
        let (state, caller) = (self.lock(), caller.to_string());
        let is_meant = |(first, known): &(&String, &Operation)| {
            known.caller == caller && (*first == id || known.clients.contains_key(id))
        };
        state.operations.iter().find(is_meant).and_then(cancel_one)
    }

    /// Whether an operation on the instance runs here.
    pub fn is_busy_with(&self, about: &str) -> bool {
        self.lock().operations.values().any(|known| known.cancel.is_some() && known.about == about)
    }

    pub fn present(&self) -> Present {
        let mut present = Present::default();
        for (id, known) in &self.lock().operations {
            present.clients.extend(known.clients.keys().cloned());
            let list = if known.cancel.is_some() { &mut present.running } else { &mut present.awaited };
            list.push(id.clone());
        }
        present
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `None`: it does not run here, or was cancelled before.
fn cancel_one((id, known): (&String, &Operation)) -> Option<Subject> {
    let cancel = known.cancel.as_ref().filter(|cancel| !cancel.is_cancelled())?;
    cancel.cancel();
    let (caller, about) = (known.caller.clone(), known.about.clone());
    Some(Subject { operation: id.clone(), caller, verb: String::new(), about })
}

impl Drop for Reservation {
    fn drop(&mut self) {
        lock(&self.0).reserved -= 1;
    }
}

// === impl State ===

impl State {
    fn places(&self) -> usize {
        PLACES.saturating_sub(self.running() + self.reserved)
    }

    fn running(&self) -> usize {
        self.operations.values().filter(|known| known.cancel.is_some()).count()
    }

    fn operation(&mut self, id: &str, caller: &Identity) -> &mut Operation {
        self.operations.entry(id.to_owned()).or_insert_with(|| Operation {
            caller: caller.to_string(),
            cancel: None,
            about: String::new(),
            is_lost: false,
            engine: None,
            clients: HashMap::new(),
            outcome: watch::channel(None).0,
        })
    }

    fn forget(&mut self, operation: &str) {
        let is_over = |known: &Operation| known.cancel.is_none() && known.clients.is_empty();
        if self.operations.get(operation).is_some_and(is_over) {
            self.operations.remove(operation);
        }
    }
}
