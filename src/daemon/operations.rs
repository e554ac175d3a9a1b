//! Operations: an accepted ensure or remove is a task of the daemon, in the journal before it begins, and goes on when its
//! client goes away.
//!
//! Whoever asks with the same operation's id waits for that one, or gets its outcome when it has ended: so a client that lost its
//! connection asks again, and also after a restart. A client that was killed has lost the id; its successor's equal request joins
//! the operation that nobody waits for any more. One that somebody waits for is not shared: two states would then hold the same
//! instance, so the second begins an operation of its own, which waits for the lease as it would in two processes.

use crate::{
    contract::Verb,
    error::{JournalError, in_one_line},
    journal::{Entry, Journal},
    outcome::Ending,
    refusal,
    trail::{Subject, Trail},
};
use goldenpath_core::{
    domain::{Problem, from_document_text, short_hash},
    provision::{Bounds, Cancel, EnsureRequest, EventKind, Provisioner, RemoveRequest, Survey},
};
use std::{collections::HashMap, sync::Arc, time::Instant};
use tokio::sync::{Mutex, watch};
use tonic::{Code, Status};

/// An engine of its own for each connection, within the daemon's bounds and these.
pub type MakeEngine = Arc<dyn Fn(Vec<Bounds>) -> Result<Arc<dyn Provisioner>, Problem> + Send + Sync>;

/// A fresh engine for each look at a whole cluster.
pub type MakeSurvey = Arc<dyn Fn(Vec<Bounds>) -> Result<Arc<dyn Survey>, Problem> + Send + Sync>;

type OutcomeOf = watch::Sender<Option<Arc<[u8]>>>;

pub struct Operations {
    journal: Journal,
    trail: Arc<Trail>,
    running: Mutex<HashMap<String, Running>>,
    /// Cancelled: nothing new is accepted.
    ending: Cancel,
    /// Has a receiver for each operation that runs.
    busy: watch::Sender<()>,
}

struct Running {
    subject: Subject,
    digest: String,
    /// Ids of those who joined it, who may cancel it too.
    joined_by: Vec<String>,
    cancel: Cancel,
    /// Has a receiver for each client that waits.
    outcome: Arc<OutcomeOf>,
}

/// What a client asks for.
pub struct Asked {
    pub id: String,
    pub caller: String,
    pub verb: Verb,
    pub about: String,
    /// The client's own bounds, as a document.
    pub allow: String,
    pub document: Vec<u8>,
    /// Nobody waits for it: while another one works on the same instance, it is not wanted.
    pub gives_way: bool,
}

/// An operation's id, and the document of its outcome.
pub type Ended = (String, Arc<[u8]>);

enum Accepted {
    Ended(Arc<[u8]>),
    Running(String, watch::Receiver<Option<Arc<[u8]>>>),
}

/// The request of an operation.
enum Wish {
    Ensure(Box<EnsureRequest>),
    Remove(Box<RemoveRequest>),
}

// === impl Asked ===

impl Asked {
    fn subject(&self) -> Subject {
        let Self { id, caller, verb, about, .. } = self;
        Subject { operation: id.clone(), caller: caller.clone(), verb: verb.as_str().to_owned(), about: about.clone() }
    }
}

// === impl Operations ===

impl Operations {
    pub fn new(journal: Journal, trail: Arc<Trail>) -> Arc<Self> {
        Arc::new(Self { journal, trail, running: Mutex::default(), ending: Cancel::new(), busy: watch::channel(()).0 })
    }

    /// Runs again what did not end. The engine goes on by the records in the target.
    pub async fn resume(self: &Arc<Self>, engines: &MakeEngine) -> Result<usize, JournalError> {
        let left = self.journal.unfinished().await?;
        let mut running = self.running.lock().await;
        // One engine for all that have the same bounds, as if one client had asked for them.
        let mut made: HashMap<&str, Arc<dyn Provisioner>> = HashMap::new();
        for entry in &left {
            let engine = match made.get(entry.allow.as_str()) {
                Some(engine) => Ok(engine.clone()),
                None => engine_within(&entry.allow, engines),
            };
            let read = Wish::read(entry.verb, &entry.request).map_err(|error| error.to_string());
            match engine.and_then(|engine| Ok((engine, read?))) {
                Ok((engine, wish)) => {
                    made.insert(&entry.allow, engine.clone());
                    let caller = self.trail.caller_of(&entry.id).await;
                    self.start(&mut running, entry, caller, true, wish, engine);
                }
                // A later start may be able to: it stays in the journal.
                Err(error) => tracing::error!(operation = entry.id, error, "An operation can't be resumed"),
            }
        }
        Ok(left.len())
    }

    /// The outcome, when there is one. Dropped, the operation goes on.
    pub async fn run(self: &Arc<Self>, asked: Asked, engine: Arc<dyn Provisioner>) -> Result<Ended, Status> {
        let (this, id) = (self.clone(), asked.id.clone());
        // A task of its own: a client that goes away must not leave a row in the journal that nobody works on.
        let accepted = tokio::spawn(async move {
            let subject = asked.subject();
            let accepted = this.clone().accept(asked, engine).await;
            if let Some(status) = accepted.as_ref().err().filter(|status| status.code() != Code::Unavailable) {
                this.trail.refused(&subject, status.message()).await;
            }
            accepted
        })
        .await;
        match accepted.map_err(|_| refusal::broken("accept the operation"))?? {
            Accepted::Ended(outcome) => Ok((id, outcome)),
            Accepted::Running(id, mut outcome) => {
                let ended = outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
                ended.map(|outcome| (id, outcome)).ok_or_else(refusal::ending)
            }
        }
    }

    async fn accept(self: Arc<Self>, asked: Asked, engine: Arc<dyn Provisioner>) -> Result<Accepted, Status> {
        let subject = asked.subject();
        let Asked { id, caller, verb, about, allow, document, gives_way } = asked;
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(refusal::unreadable("operation's id", &"it is no word of at most 64 letters and digits"));
        }
        let wish = Wish::read(verb, &document).map_err(|error| refusal::unreadable("request", &error))?;
        if wish.about() != about {
            return Err(refusal::unreadable("request", &format_args!("it is about {}, not {about}", wish.about())));
        }
        let digest = short_hash([verb.as_str(), &allow, &String::from_utf8_lossy(&document)], 64);
        let mut running = self.running.lock().await;
        if let Some(known) = running.get(&id) {
            return if known.digest == digest { Ok(known.join(id)) } else { Err(refusal::other_request(&id)) };
        }
        if gives_way && running.values().any(|known| known.subject.about == about) {
            return Err(refusal::gives_way(&about));
        }
        let abandoned = running.iter_mut().find(|(_, known)| known.digest == digest && known.is_abandoned());
        if let Some((first, known)) = abandoned {
            tracing::info!(operation = first, about, "An equal request joins the operation");
            known.joined_by.push(id);
            return Ok(known.join(first.clone()));
        }
        let known = self.journal.find(&id).await.map_err(|error| refusal::journal(&error))?;
        let entry = match known {
            Some(known) if known.digest != digest => return Err(refusal::other_request(&id)),
            Some(Entry { outcome: Some(outcome), .. }) => return Ok(Accepted::Ended(outcome.into())),
            _ if self.ending.is_cancelled() => return Err(refusal::ending()),
            // Its end could not be written.
            Some(known) => known,
            None => {
                let entry =
                    Entry { id, verb, about, digest, allow, request: document, cancelled: false, outcome: None };
                let accepted = self.trail.accepted(&subject, &entry.digest, &entry.allow).await;
                accepted.map_err(|error| refusal::ledger(&error))?;
                self.journal.begin(&entry).await.map_err(|error| refusal::journal(&error))?;
                entry
            }
        };
        Ok(self.start(&mut running, &entry, caller, false, wish, engine))
    }

    fn start(
        self: &Arc<Self>,
        running: &mut HashMap<String, Running>,
        entry: &Entry,
        caller: String,
        is_resumed: bool,
        wish: Wish,
        engine: Arc<dyn Provisioner>,
    ) -> Accepted {
        let Entry { id, verb, about, digest, cancelled, .. } = entry.clone();
        let (cancel, outcome) = (Cancel::new(), Arc::new(watch::channel(None).0));
        if cancelled {
            cancel.cancel();
        }
        tracing::info!(operation = id, verb = verb.as_str(), about, "An operation begins");
        let (this, busy, begun) = (self.clone(), self.busy.subscribe(), Instant::now());
        let subject = Subject { operation: id.clone(), caller, verb: verb.as_str().to_owned(), about: about.clone() };
        let performed = wish.perform(engine, cancel.clone());
        let work = tokio::spawn(self.trail.clone().perform(subject.clone(), is_resumed, verb, performed));
        let (own_id, sender, of) = (id.clone(), outcome.clone(), subject.clone());
        tokio::spawn(async move {
            let ended = work.await.unwrap_or_else(|_| verb.failure(refusal::broken_off("finish the operation")));
            let ending = Ending::read(&ended);
            this.trail.ended(&of, &ending).await;
            if let Err(error) = this.journal.end(&own_id, &ended).await {
                // Run again at the next start, it finds that all of it is done.
                tracing::error!(
                    operation = own_id,
                    error = in_one_line(&error),
                    "The end of an operation can't be written"
                );
            }
            let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(operation = own_id, about, milliseconds, "An operation ended");
            this.running.lock().await.remove(&own_id);
            // Once the journal has it: whoever comes too late for the event finds the outcome there.
            this.trail.show(&of, EventKind::Ended, ending.in_words());
            sender.send_replace(Some(ended.into()));
            drop(busy);
        });
        let known = Running { subject, digest, joined_by: vec![], cancel, outcome };
        let joined = known.join(id.clone());
        running.insert(id, known);
        joined
    }

    /// Of an operation that does not run there is nothing to cancel.
    pub async fn cancel(&self, id: &str) {
        let running = self.running.lock().await;
        let is_meant =
            |(first, known): &(&String, &Running)| *first == id || known.joined_by.iter().any(|own| own == id);
        let Some((id, known)) = running.iter().find(is_meant).filter(|(_, known)| !known.cancel.is_cancelled()) else {
            return;
        };
        known.cancel.cancel();
        self.trail.cancelled(&known.subject).await;
        if let Err(error) = self.journal.cancel(id).await {
            tracing::error!(operation = id, error = in_one_line(&error), "The cancellation can't be written");
        }
    }

    pub async fn is_busy_with(&self, about: &str) -> bool {
        self.running.lock().await.values().any(|known| known.subject.about == about)
    }

    pub async fn count(&self) -> usize {
        self.running.lock().await.len()
    }

    /// Nothing new begins. Done when all that runs has ended.
    pub async fn end(&self) {
        self.ending.cancel();
        self.busy.closed().await;
    }
}

impl Running {
    fn join(&self, id: String) -> Accepted {
        Accepted::Running(id, self.outcome.subscribe())
    }

    /// Nobody waits for it, and it is still wanted.
    fn is_abandoned(&self) -> bool {
        self.outcome.receiver_count() == 0 && !self.cancel.is_cancelled()
    }
}

fn engine_within(allow: &str, engines: &MakeEngine) -> Result<Arc<dyn Provisioner>, String> {
    let bounds = serde_json::from_str(allow).map_err(|error| error.to_string())?;
    engines(bounds).map_err(|problem| problem.to_string())
}

// === impl Wish ===

impl Wish {
    fn read(verb: Verb, document: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match verb {
            Verb::Ensure => Self::Ensure(Box::new(from_document_text(document)?)),
            Verb::Remove => Self::Remove(Box::new(from_document_text(document)?)),
        })
    }

    fn about(&self) -> String {
        match self {
            Self::Ensure(request) => request.spec.id(),
            Self::Remove(request) => request.id.clone(),
        }
        .to_string()
    }

    async fn perform(self, engine: Arc<dyn Provisioner>, cancel: Cancel) -> Vec<u8> {
        let (verb, document) = match self {
            Self::Ensure(request) => {
                let outcome = engine.ensure(EnsureRequest { cancel, ..*request }).await;
                (Verb::Ensure, serde_json::to_vec(&outcome))
            }
            Self::Remove(request) => {
                let removed = engine.remove(RemoveRequest { cancel, ..*request }).await;
                (Verb::Remove, serde_json::to_vec(&removed))
            }
        };
        document.unwrap_or_else(|_| verb.failure(refusal::broken_off("write the outcome")))
    }
}
