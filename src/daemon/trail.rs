//! What is kept and shown of each operation: an entry in the audit ledger before it is done, and an event for whoever watches.

use crate::{
    contract::Verb,
    error::{LedgerError, in_one_line},
    events::Events,
    ledger::{EntryKind, Ledger, Note, Within, within},
    outcome::Ending,
    refusal,
};
use goldenpath_core::{
    domain::Problem,
    ports::{
        Clock,
        progress::{Listener, Step, heard_by},
    },
    provision::{Event, EventKind},
};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tokio::sync::Mutex;

/// Every process of this user; who it is exactly is known once others can connect.
pub const LOCAL: &str = "local user";
/// Callers of that many operations are remembered, which is more than a list of them shows.
const CALLERS: usize = 10_000;

/// An operation, as entries and events name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub operation: String,
    pub caller: String,
    pub verb: String,
    pub about: String,
}

pub struct Trail {
    ledger: Arc<Ledger>,
    pub events: Arc<Events>,
    clock: Arc<dyn Clock>,
    callers: Mutex<Callers>,
}

/// Of operations, as the ledger has them.
#[derive(Default)]
pub struct Callers {
    by_operation: HashMap<String, String>,
    /// Accepted here, and not begun yet.
    new: HashSet<String>,
}

// === impl Callers ===

impl Callers {
    pub fn remember(&mut self, operation: &str, caller: &str) {
        if self.by_operation.len() >= CALLERS {
            self.by_operation.clear();
        }
        self.by_operation.insert(operation.to_owned(), caller.to_owned());
    }
}

// === impl Trail ===

impl Trail {
    pub fn new(ledger: Arc<Ledger>, events: Arc<Events>, clock: Arc<dyn Clock>, callers: Callers) -> Self {
        Self { ledger, events, clock, callers: Mutex::new(callers) }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub async fn caller_of(&self, operation: &str) -> String {
        self.callers.lock().await.by_operation.get(operation).map_or(LOCAL, String::as_str).to_owned()
    }

    pub async fn subject_of(&self, operation: &str, verb: Verb, about: &str) -> Subject {
        let (verb, about) = (verb.as_str().to_owned(), about.to_owned());
        Subject { operation: operation.to_owned(), caller: self.caller_of(operation).await, verb, about }
    }

    /// An error means that it may not be accepted. `digest`: of verb, bounds and request. Asked again, it is the same.
    pub async fn accepted(&self, of: &Subject, digest: &str, allow: &str) -> Result<(), LedgerError> {
        if self.callers.lock().await.by_operation.contains_key(&of.operation) {
            return Ok(());
        }
        let bounds = serde_json::from_str(allow).unwrap_or(Value::Null);
        self.write(of, EntryKind::Accepted, json!({ "digest": digest, "bounds": bounds })).await?;
        let mut callers = self.callers.lock().await;
        callers.remember(&of.operation, &of.caller);
        callers.new.insert(of.operation.clone());
        drop(callers);
        self.show(of, EventKind::Accepted, String::new());
        Ok(())
    }

    /// It is the same as another one, which nobody waited for any more.
    pub async fn joined(&self, of: &Subject, operation: &str) {
        self.callers.lock().await.new.remove(&of.operation);
        self.note(of, EntryKind::Joined, json!({ "operation": operation })).await;
    }

    pub async fn refused(&self, of: &Subject, why: &str) {
        self.callers.lock().await.new.remove(&of.operation);
        self.note(of, EntryKind::Refused, json!({ "reason": why })).await;
    }

    /// Does the work of an operation: what it changes is in the ledger, and how far it has come is shown.
    pub async fn perform(self: Arc<Self>, of: Subject, verb: Verb, work: impl Future<Output = Vec<u8>>) -> Vec<u8> {
        let is_new = self.callers.lock().await.new.remove(&of.operation);
        let (entry, event) = match is_new {
            true => (EntryKind::Began, EventKind::Began),
            false => (EntryKind::Resumed, EventKind::Resumed),
        };
        if let Err(error) = self.write(&of, entry, Value::Null).await {
            return verb.failure(refusal::unrecorded(&error));
        }
        self.show(&of, event, String::new());
        let this = self.clone();
        let subject = of.clone();
        let listener: Listener = Arc::new(move |step| this.step(&subject, step));
        self.audited(&of, heard_by(listener, work)).await
    }

    /// All changes that `work` makes are announced in the ledger, as those of this operation.
    async fn audited<T>(&self, of: &Subject, work: impl Future<Output = T>) -> T {
        let Subject { operation, caller, about, .. } = of.clone();
        within(Within { ledger: self.ledger.clone(), operation, caller, about }, work).await
    }

    fn step(&self, of: &Subject, Step { done, of: total, object }: Step) {
        let event = self.event(of, EventKind::Step, object);
        self.events.publish(Event { done, of: total, ..event });
    }

    pub async fn ended(&self, of: &Subject, ending: &Ending) {
        self.note(of, EntryKind::Ended, ending.detail()).await;
        self.sign().await;
    }

    pub async fn cancelled(&self, operation: &str, about: &str) {
        let (caller, verb) = (self.caller_of(operation).await, String::new());
        let of = Subject { operation: operation.to_owned(), caller, verb, about: about.to_owned() };
        self.note(&of, EntryKind::Cancelled, Value::Null).await;
        self.show(&of, EventKind::Cancelled, String::new());
    }

    /// A change that is no operation: it is over in one call.
    pub async fn unprotect<T>(
        &self,
        caller: &str,
        about: &str,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let (operation, verb) = (String::new(), "unprotect".to_owned());
        let of = Subject { operation, caller: caller.to_owned(), verb, about: about.to_owned() };
        self.write(&of, EntryKind::Unprotected, Value::Null).await.map_err(|error| refusal::unrecorded(&error))?;
        let result = self.audited(&of, work).await;
        self.sign().await;
        result
    }

    /// Between operations: what was found, and what is left alone.
    pub async fn found(&self, of: &Subject, entry: EntryKind, event: EventKind, detail: Value, text: String) {
        self.note(of, entry, detail).await;
        self.show(of, event, text);
    }

    pub async fn write(&self, of: &Subject, kind: EntryKind, detail: Value) -> Result<(), LedgerError> {
        let Subject { operation, caller, verb, about } = of.clone();
        self.ledger.write(Note { kind, operation, caller, verb, about, detail }).await.map(drop)
    }

    /// What has happened already.
    async fn note(&self, of: &Subject, kind: EntryKind, detail: Value) {
        if let Err(error) = self.write(of, kind, detail).await {
            let Subject { operation, about, .. } = of;
            tracing::error!(
                operation,
                about,
                error = in_one_line(&error),
                "An entry of the audit ledger can't be written"
            );
        }
    }

    /// The last entry: nothing more is to come of it.
    pub async fn stop(&self) {
        self.note(&Subject::default(), EntryKind::Stopped, Value::Null).await;
        self.sign().await;
        self.events.end();
    }

    pub async fn sign(&self) {
        if let Err(error) = self.ledger.sign().await {
            tracing::error!(error = in_one_line(&error), "The audit ledger can't be signed");
        }
    }

    pub fn show(&self, of: &Subject, kind: EventKind, text: String) {
        self.events.publish(self.event(of, kind, text));
    }

    fn event(&self, of: &Subject, kind: EventKind, text: String) -> Event {
        let Subject { operation, caller, verb, about } = of.clone();
        Event { at: self.clock.now(), kind, operation, caller, verb, about, done: 0, of: 0, text }
    }
}
