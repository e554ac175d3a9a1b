//! What is kept and shown of each operation: an entry in the audit ledger before it is done, and an event for whoever watches.

mod announced;
mod owed;
mod subject;

pub use announced::Announced;
pub use subject::Subject;

use crate::{
    asked::{self, in_brief},
    contract::Verb,
    error::{LedgerError, in_one_line},
    events::Events,
    ledger::{EntryKind, Ledger, Note, Within, within},
    outcome::Ending,
    refusal,
    store::Entry,
    strangers::{MINUTE, Met, Refusals, Strangers},
};
use goldenpath_core::{
    domain::Problem,
    policy::Identity,
    ports::{
        Clock, operation,
        progress::{Listener, Step, heard_by},
    },
    provision::{Event, EventKind, operation_id},
};
use owed::Owed;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Mutex;

/// What whoever connects says first.
const HELLO: &str = "hello";

pub struct Trail {
    ledger: Arc<Ledger>,
    pub events: Arc<Events>,
    clock: Arc<dyn Clock>,
    announced: Mutex<Announced>,
    owed: Mutex<Owed>,
    strangers: Strangers,
}

// === impl Trail ===

impl Trail {
    pub fn new(ledger: Arc<Ledger>, events: Arc<Events>, clock: Arc<dyn Clock>, announced: Announced) -> Self {
        let (announced, owed, strangers) = (Mutex::new(announced), Mutex::default(), Strangers::default());
        Self { ledger, events, clock, announced, owed, strangers }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether it is new: asked again, it is the same. An error means that it may not be accepted. It is shown once it was (`show`), since
    /// of what is refused, or is the same as another one, nobody hears any more.
    pub async fn accept(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let of = &Subject::of(entry);
        if self.announced.lock().await.all.contains(&of.operation) {
            return Ok(false);
        }
        self.write(of, EntryKind::Accepted, asked::detail(entry)).await?;
        self.announced.lock().await.add(&of.operation);
        Ok(true)
    }

    /// It is the same as another one, which nobody waited for any more.
    pub async fn join(&self, of: &Subject, operation: &str) {
        self.announced.lock().await.new.remove(&of.operation);
        self.note(of, EntryKind::Joined, json!({ "operation": operation })).await;
    }

    /// Nothing of it need be true, nor short.
    pub async fn refuse(&self, of: &Subject, why: &str) {
        self.announced.lock().await.new.remove(&of.operation);
        let [operation, about] = [&of.operation, &of.about].map(|text| in_brief(text).into_owned());
        let of = Subject { operation, about, ..of.clone() };
        self.note(&of, EntryKind::Refused, json!({ "reason": in_brief(why) })).await;
    }

    /// Of somebody whom no rule lets in, however often it tries.
    pub async fn shut_out(self: &Arc<Self>, identity: &Identity, problem: &Problem) {
        refusal::note(Some(identity), HELLO, "", problem);
        let caller = identity.to_string();
        let Met { is_first, begins_minute } = self.strangers.meet(&caller, &problem.summary);
        if is_first {
            self.refuse(&Subject { caller, verb: HELLO.to_owned(), ..Subject::default() }, &problem.summary).await;
        }
        if begins_minute {
            let this = self.clone();
            tokio::spawn(async move {
                this.clock.sleep(MINUTE).await;
                this.count_strangers().await;
            });
        }
    }

    async fn count_strangers(&self) {
        for (caller, Refusals { reason, more }) in self.strangers.end_minute() {
            let of = Subject { caller, verb: HELLO.to_owned(), ..Subject::default() };
            self.note(&of, EntryKind::Refused, json!({ "reason": reason, "more": more })).await;
        }
    }

    /// Of who asks, and not of what was asked for. Whoever does not prove who it is, is in the log alone: anybody who reaches the
    /// daemon could fill the ledger.
    pub async fn refuse_request(&self, identity: &Identity, verb: &str, about: &str, problem: &Problem) {
        refusal::note(Some(identity), verb, about, problem);
        let operation = operation::current().unwrap_or_default();
        let of = Subject { operation, caller: identity.to_string(), verb: verb.to_owned(), about: about.to_owned() };
        self.refuse(&of, &problem.summary).await;
    }

    /// Does the work of an operation: what it changes is in the ledger, and how far it has come is shown.
    pub async fn perform(self: Arc<Self>, of: Subject, verb: Verb, work: impl Future<Output = Vec<u8>>) -> Vec<u8> {
        let is_new = self.announced.lock().await.new.remove(&of.operation);
        let (entry, event) = match is_new {
            true => (EntryKind::Began, EventKind::Began),
            false => (EntryKind::Resumed, EventKind::Resumed),
        };
        if let Err(error) = self.write(&of, entry, Value::Null).await {
            return verb.failure(refusal::ledger_problem(&error));
        }
        self.show(&of, event, String::new());
        let this = self.clone();
        let subject = of.clone();
        let listener: Listener = Arc::new(move |step| this.step(&subject, step));
        self.audit(&of, heard_by(listener, work)).await
    }

    /// All changes that `work` makes are announced in the ledger, as those of this operation.
    async fn audit<T>(&self, of: &Subject, work: impl Future<Output = T>) -> T {
        let Subject { operation, caller, about, .. } = of.clone();
        within(Within { ledger: self.ledger.clone(), operation, caller, about }, work).await
    }

    fn step(&self, of: &Subject, Step { done, of: total, object }: Step) {
        let event = self.event(of, EventKind::Step, object);
        self.events.publish(Event { done, of: total, ..event });
    }

    pub async fn end(&self, of: &Subject, ending: &Ending) {
        self.note(of, EntryKind::Ended, ending.detail()).await;
        self.sign().await;
    }

    /// At another daemon.
    pub fn end_elsewhere(&self, operation: &str, ending: &Ending) {
        self.events.ended_elsewhere(operation, self.clock.now(), ending.in_words());
    }

    /// Of one that does not run here: another daemon does it, or it has not begun. Who has asked for it is in this ledger alone.
    pub async fn note_cancellation(&self, of: &Subject) {
        self.note(of, EntryKind::Cancelled, Value::Null).await;
    }

    pub async fn cancel(&self, of: &Subject) {
        self.note_cancellation(of).await;
        self.show(of, EventKind::Cancelled, String::new());
    }

    pub async fn unprotect<T>(
        &self,
        caller: &Identity,
        about: &str,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        self.in_one_call((EntryKind::Unprotected, "unprotect"), caller, about, work).await
    }

    /// Or the end of a pause.
    pub async fn pause<T>(
        &self,
        is_paused: bool,
        caller: &Identity,
        about: &str,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let call = if is_paused { (EntryKind::Paused, "pause") } else { (EntryKind::Unpaused, "resume") };
        self.in_one_call(call, caller, about, work).await
    }

    /// A change that is over in one call, and so no operation. Its id is in all trails, as that of one, and how it ended in the ledger: the
    /// entry before it says only what was about to be done.
    async fn in_one_call<T>(
        &self,
        (kind, verb): (EntryKind, &str),
        caller: &Identity,
        about: &str,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let (operation, verb) = (operation_id()?, verb.to_owned());
        let of = Subject { operation, caller: caller.to_string(), verb, about: about.to_owned() };
        self.write(&of, kind, Value::Null).await.map_err(|error| refusal::ledger_problem(&error))?;
        let result = operation::within(&of.operation, self.audit(&of, work)).await;
        self.end(&of, &Ending::of_call(&result)).await;
        result
    }

    /// Between operations: what was found, and what is left alone.
    pub async fn report(&self, of: &Subject, entry: EntryKind, event: EventKind, detail: Value, text: String) {
        self.note(of, entry, detail).await;
        self.show(of, event, text);
    }

    /// After what found no room before.
    pub async fn write(&self, of: &Subject, kind: EntryKind, detail: Value) -> Result<(), LedgerError> {
        self.settle().await;
        self.write_now(of, kind, detail).await
    }

    /// Writes what found no room, now that there may be some.
    pub async fn settle(&self) {
        let mut owed = self.owed.lock().await;
        let mut is_news = false;
        while let Some((of, kind, detail)) = owed.first() {
            if self.write_now(of, *kind, detail.clone()).await.is_err() {
                break;
            }
            owed.forget_first();
            is_news = true;
        }
        drop(owed);
        if is_news {
            self.sign().await;
        }
    }

    async fn write_now(&self, of: &Subject, kind: EntryKind, detail: Value) -> Result<(), LedgerError> {
        let Subject { operation, caller, verb, about } = of.clone();
        self.ledger.write(Note { kind, operation, caller, verb, about, detail }).await.map(drop)
    }

    /// What has happened already.
    async fn note(&self, of: &Subject, kind: EntryKind, detail: Value) {
        if let Err(error) = self.write(of, kind, detail.clone()).await {
            self.owed.lock().await.add(of, kind, detail, self.clock.now());
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
        self.count_strangers().await;
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
