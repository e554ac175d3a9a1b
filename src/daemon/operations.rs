//! Operations: an accepted ensure or remove is in the journal before it begins, and goes on when its client goes away.
//!
//! Whoever asks with the same operation's id waits for that one, or gets its outcome when it has ended: so a client that lost its
//! connection asks again, also after a restart, and also another daemon on the same store. A client that was killed has lost the
//! id; its successor's equal request joins the operation that nobody waits for any more. One that somebody waits for is not shared:
//! two states would then hold the same instance, so the second begins an operation of its own, which waits for the lease as it would
//! in two processes.

mod asked;
mod cancellation;
mod known;
mod tend;
mod wish;

pub use asked::Asked;

use crate::{
    asked::in_brief,
    contract::Verb,
    death,
    error::{JournalError, LedgerError, in_one_line},
    forms::{Document, Forms, Message},
    gate::Gate,
    metrics::Metrics,
    outcome::Ending,
    reads::Reads,
    refusal,
    store::{Accepted, Entry, IfNew, Store},
    traces,
    trail::{Subject, Trail},
};
use goldenpath_core::{
    ports::operation,
    provision::{Cancel, EventKind, OperationState, Provisioner},
};
use known::{Known, Outcome, Started};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};
use tonic::{Code, Status};
use tracing::{Instrument as _, field::Empty};
use wish::Wish;

/// A database that is started again, or whose standby takes over, needs seconds. No client need hear of it.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 30 });
const PAUSE: Duration = Duration::from_millis(250);

pub struct Operations {
    store: Arc<dyn Store>,
    gate: Arc<Gate>,
    reads: Arc<Reads>,
    metrics: Arc<Metrics>,
    trail: Arc<Trail>,
    known: Known,
    /// The store is worth a look before the next beat.
    stir: Notify,
    /// Cancelled: nothing new is accepted.
    ending: Cancel,
    /// Has a receiver for each operation that runs.
    busy: watch::Sender<()>,
}

/// An operation's id, and the document of its outcome.
pub type Ended = (String, Document);

/// A client that waits. Dropped, the operation goes on.
struct Waiting {
    operations: Arc<Operations>,
    operation: String,
    client: String,
    outcome: Outcome,
}

enum Reply {
    Ended(Document),
    Waits(Waiting),
}

// === impl Operations ===

impl Operations {
    pub fn new(
        store: Arc<dyn Store>,
        gate: Arc<Gate>,
        trail: Arc<Trail>,
        reads: Arc<Reads>,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            gate,
            trail,
            reads,
            metrics,
            known: Known::default(),
            stir: Notify::new(),
            ending: Cancel::new(),
            busy: watch::channel(()).0,
        })
    }

    /// In which documents may be, of those who ask and in the store.
    pub fn forms(&self) -> Forms {
        self.store.forms()
    }

    /// The outcome, when there is one. Dropped, the operation goes on.
    pub async fn run(self: &Arc<Self>, asked: Asked, engine: Arc<dyn Provisioner>) -> Result<Ended, Status> {
        let (this, id) = (self.clone(), asked.id.clone());
        // A task of its own: a client that goes away must not leave a row in the journal that nobody works on.
        let accepted = tokio::spawn(async move {
            let subject = asked.subject();
            let accepted = this.clone().accept(asked, engine).await;
            if let Some(status) = accepted.as_ref().err().filter(|status| status.code() != Code::Unavailable) {
                this.trail.refuse(&subject, status.message()).await;
            }
            accepted
        })
        .await;
        match accepted.map_err(|_| refusal::bug("accept the operation"))?? {
            Reply::Ended(outcome) => Ok((id, outcome)),
            Reply::Waits(mut waiting) => {
                let ended = waiting.outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
                ended.map(|outcome| (waiting.operation.clone(), outcome)).ok_or_else(refusal::ending)
            }
        }
    }

    async fn accept(self: Arc<Self>, asked: Asked, engine: Arc<dyn Provisioner>) -> Result<Reply, Status> {
        let (subject, since) = (asked.subject(), Instant::now());
        let Asked { id, about, gives_way, .. } = &asked;
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(refusal::unreadable("operation's id", &"it is not a word of at most 64 letters and digits"));
        }
        let Document { form, bytes } = &asked.request;
        let wish = Wish::read(self.forms(), asked.verb, bytes, *form);
        let wish = wish.map_err(|error| refusal::other_form("request", &error))?;
        if wish.about() != *about {
            let mismatch = format!("it is about {}, not {}", wish.about(), in_brief(about));
            return Err(refusal::unreadable("request", &mismatch));
        }
        if *gives_way && (self.known.is_busy_with(about) || self.is_open(about).await?) {
            return Err(refusal::gives_way(about));
        }
        let entry = asked.entry(self.forms()).map_err(|error| refusal::other_form("request", &error))?;
        let mut is_new = false;
        if !self.ending.is_cancelled() {
            is_new = self.trail.accept(&entry).await.map_err(|error| refusal::ledger(&error))?;
        }
        let place = self.known.reserve();
        let accepted = self.write(&entry, place.is_some()).await.map_err(|error| refusal::journal(&error))?;
        death::maybe_die();
        let is_own = match &accepted {
            Accepted::Begun => true,
            Accepted::Waits(operation) => *operation == entry.id,
            Accepted::Ended(_) | Accepted::OtherRequest | Accepted::Refused => false,
        };
        if is_new && is_own {
            self.trail.show(&subject, EventKind::Accepted, String::new());
        }
        Ok(match accepted {
            Accepted::OtherRequest => return Err(refusal::other_request(&entry.id)),
            Accepted::Refused => return Err(refusal::ending()),
            Accepted::Ended(outcome) => Reply::Ended(outcome),
            Accepted::Begun => {
                let waiting = self.join(&entry.id, &entry, &engine);
                self.start(&entry, wish, engine, since.elapsed());
                drop(place);
                Reply::Waits(waiting)
            }
            Accepted::Waits(operation) => {
                if operation != entry.id {
                    tracing::info!(operation, about = entry.about, "An equal request joins the operation");
                    self.trail.join(&subject, &operation).await;
                }
                let waiting = self.join(&operation, &entry, &engine);
                drop(place);
                // It may have ended meanwhile, or there may be a place for it.
                self.stir.notify_one();
                Reply::Waits(waiting)
            }
        })
    }

    /// Whether the last operation on an instance has not ended: one that waits for its place, or that another daemon carries out.
    async fn is_open(&self, about: &str) -> Result<bool, Status> {
        let last = self.store.last(&[about.to_owned()]).await.map_err(|error| refusal::journal(&error))?;
        Ok(last.iter().any(|kept| kept.ended_at.is_none()))
    }

    /// A store that is away for a moment is waited for: to ask again with the same id changes nothing.
    async fn write(&self, entry: &Entry, has_place: bool) -> Result<Accepted, JournalError> {
        let begun = Instant::now();
        loop {
            let if_new = match (self.ending.is_cancelled(), has_place) {
                (true, _) => IfNew::Refuse,
                (false, true) => IfNew::Begin,
                (false, false) => IfNew::Queue,
            };
            match self.store.accept(entry, if_new).await {
                Err(error) if error.is_away() && begun.elapsed() < PATIENCE => sleep(PAUSE).await,
                accepted => return accepted,
            }
        }
    }

    fn join(self: &Arc<Self>, operation: &str, entry: &Entry, engine: &Arc<dyn Provisioner>) -> Waiting {
        let outcome = self.known.join(operation, entry, engine);
        Waiting { operations: self.clone(), operation: operation.to_owned(), client: entry.id.clone(), outcome }
    }

    /// The client's own engine comes first, since it knows the rest of that client's run. `waited`: until now.
    fn start(self: &Arc<Self>, entry: &Entry, wish: Wish, engine: Arc<dyn Provisioner>, waited: Duration) {
        let Some(Started { cancel, engine: own_engine }) = self.known.start(entry) else { return };
        let Entry { id, verb, about, .. } = entry.clone();
        let root = traces::span_of(entry, wish.kind());
        let span = tracing::info_span!(parent: &root, "operation", operation = id, trace_id = Empty);
        if !root.is_disabled() {
            span.record("trace_id", traces::trace_id(&id));
        }
        let (this, busy, begun) = (self.clone(), self.busy.subscribe(), Instant::now());
        let kind = wish.kind();
        let work = wish.perform(own_engine.unwrap_or(engine), cancel);
        let (own_span, own_root, of) = (span.clone(), root.clone(), Subject::of(entry));
        let carry_out = async move {
            tracing::info!(verb = verb.as_str(), about, "An operation begins");
            let work = this.trail.clone().perform(of.clone(), verb, work).instrument(own_span).instrument(own_root);
            let ended = tokio::spawn(operation::within(&of.operation, work)).await;
            let ended = ended.unwrap_or_else(|_| verb.failure(refusal::bug_problem("finish the operation")));
            let ending = Ending::read(&ended);
            this.metrics.measure_operation(verb, kind, ending.label(), waited, begun.elapsed());
            let is_done = ending.state() == OperationState::Done;
            root.record("outcome", ending.label()).record("otel.status_code", if is_done { "ok" } else { "error" });
            this.conclude(&of, verb, &ending, ended).await;
            let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(about, milliseconds, "An operation ended");
            if this.known.has_queue() {
                this.stir.notify_one();
            }
            // Sent before the daemon ends, which waits for what is busy.
            drop(root);
            drop(busy);
        };
        tokio::spawn(operation::within(&entry.id, carry_out.instrument(span)));
    }

    /// Its end is in the ledger, and then in the journal, where whoever comes too late for the event finds the outcome.
    async fn conclude(&self, of: &Subject, verb: Verb, ending: &Ending, ended: Vec<u8>) {
        self.trail.end(of, ending).await;
        let outcome = self.forms().document(Message::outcome(verb), ended);
        let outcome = self.write_end(&of.operation, verb, ending, outcome).await;
        // Another daemon that has it now says by itself how it goes on.
        if let Some(Document { form, bytes }) = &outcome {
            let counts = Ending::of(self.forms(), Some(verb), bytes, *form);
            self.trail.show(of, EventKind::Ended, counts.in_words());
        }
        self.known.end(&of.operation, outcome);
    }

    /// The outcome that counts, once it is in the journal: it is kept here until then, which is at most one for each place. `None`:
    /// another daemon has the operation now.
    async fn write_end(&self, id: &str, verb: Verb, ending: &Ending, outcome: Document) -> Option<Document> {
        let shared = self.forms().share(Message::outcome(verb), &outcome);
        let mut is_first = true;
        loop {
            match self.store.end(id, &shared, ending).await {
                Ok(ended) => {
                    death::maybe_die();
                    // Whoever waits here gets all that the own form says.
                    return ended.map(|ended| if ended == shared { outcome } else { ended });
                }
                Err(error) if is_first => {
                    tracing::error!(error = in_one_line(&error), "The end of an operation can't be written yet");
                }
                Err(_) => {}
            }
            is_first = false;
            if !self.store.is_shared() {
                // Nobody else can begin it. Run again at the next start, it finds that all of it is done.
                self.known.announce(id, &outcome);
            }
            sleep(PAUSE).await;
        }
    }

    pub fn is_busy_with(&self, about: &str) -> bool {
        self.known.is_busy_with(about)
    }

    pub fn count(&self) -> usize {
        self.known.running()
    }

    /// In the journal, for whichever daemon has a place first.
    pub async fn waiting(&self) -> Result<u64, JournalError> {
        self.store.waiting().await
    }

    /// Whether an operation could be written to the journal.
    pub async fn check_journal(&self) -> Result<(), JournalError> {
        self.store.check().await
    }

    /// Whether one could be announced in the ledger, without which none is accepted.
    pub async fn check_ledger(&self) -> Result<(), LedgerError> {
        self.trail.ledger().check().await
    }

    pub fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Nothing new begins. Done when all that runs has ended.
    pub async fn end(&self) {
        self.ending.cancel();
        self.busy.closed().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Self { operations, operation, client, .. } = self;
        if operations.known.leave(operation, client) {
            operations.store.leave(client);
        }
    }
}
