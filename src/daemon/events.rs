//! What happens, for whoever watches: events go to every watcher through a buffer of its own. One that does not read in time is
//! dropped; nobody ever waits for a watcher.

use crate::{refusal, sight::Sight};
use futures_util::Stream;
use goldenpath_core::provision::{Event, EventKind};
use provisioner_proto::WatchResponse;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};
use tokio::sync::mpsc;
use tonic::Status;

/// An apply of the largest environment has some hundred steps; a terminal that was paused for a minute loses nothing.
const BUFFER: usize = 1024;
/// More than end while a notification is on its way.
const ENDED: usize = 256;

#[derive(Default)]
pub struct Events(Mutex<State>);

#[derive(Default)]
struct State {
    watchers: Vec<Watcher>,
    /// The last event of each operation that runs, here or at another daemon of the store.
    running: BTreeMap<String, Event>,
    /// Operations that have ended, the latest last: what another daemon says of them comes too late.
    ended: VecDeque<String>,
    /// For other daemons.
    outbox: Option<mpsc::Sender<Event>>,
    is_over: bool,
}

struct Watcher {
    /// One operation, or all.
    only: Option<String>,
    sight: Sight,
    to: mpsc::Sender<Event>,
    end: Arc<AtomicU8>,
}

const WELL: u8 = 0;
const SLOW: u8 = 1;
const OVER: u8 = 2;

/// The events of one watcher, as they travel.
pub struct Watching {
    from: mpsc::Receiver<Event>,
    end: Arc<AtomicU8>,
}

// === impl Events ===

impl Events {
    /// Begins with what runs now.
    pub fn watch(&self, only: Option<String>, sight: Sight) -> Watching {
        self.watch_with(only, sight, BUFFER)
    }

    pub(crate) fn watch_with(&self, only: Option<String>, sight: Sight, buffer: usize) -> Watching {
        let mut state = self.state();
        // What runs now is no matter of how quickly it is read: a thousand may be queued.
        let (to, from) = mpsc::channel(buffer + state.running.len());
        let end = Arc::new(AtomicU8::new(if state.is_over { OVER } else { WELL }));
        let watcher = Watcher { only, sight, to, end: end.clone() };
        let is_kept = state.running.values().all(|event| watcher.take(event));
        if is_kept && !state.is_over {
            state.watchers.push(watcher);
        }
        Watching { from, end }
    }

    /// Of this daemon. What waits in the journal may have begun, here or elsewhere, and even ended before it is said to be accepted.
    pub fn publish(&self, event: Event) {
        let mut state = self.state();
        if event.kind == EventKind::Accepted && state.knows(&event) {
            return;
        }
        if let Some(outbox) = &state.outbox {
            // What does not fit is seen here alone.
            let _ = outbox.try_send(event.clone());
        }
        state.spread(event);
    }

    /// Of another daemon on the store.
    pub fn hear(&self, event: Event) {
        let mut state = self.state();
        if !state.ended.contains(&event.operation) {
            state.spread(event);
        }
    }

    /// What is published from here on.
    pub fn outbox(&self) -> mpsc::Receiver<Event> {
        let (to, from) = mpsc::channel(BUFFER);
        self.state().outbox = Some(to);
        from
    }

    /// Of an operation that runs elsewhere, before anything was heard of it. It may have ended since it was looked up.
    pub fn introduce(&self, event: Event) {
        let mut state = self.state();
        if !state.knows(&event) {
            state.spread(event);
        }
    }

    /// Operations that are watched or seem to run, and are not among these.
    pub fn elsewhere(&self, here: &[String]) -> Vec<String> {
        let state = self.state();
        let watched = state.watchers.iter().filter_map(|watcher| watcher.only.as_ref());
        let all: BTreeSet<&String> = state.running.keys().chain(watched).collect();
        all.into_iter().filter(|id| !here.contains(id)).cloned().collect()
    }

    /// The journal says so: whoever said it before was perhaps not heard.
    pub fn ended_elsewhere(&self, operation: &str, at: String, text: String) {
        let mut state = self.state();
        if let Some(last) = state.running.get(operation).cloned() {
            state.spread(Event { at, kind: EventKind::Ended, done: 0, of: 0, text, ..last });
        }
    }

    /// The journal does not hold it.
    pub fn forget(&self, operation: &str) {
        self.state().running.remove(operation);
    }

    /// How far an operation has come.
    pub fn last(&self, operation: &str) -> Option<Event> {
        self.state().running.get(operation).cloned()
    }

    /// Every watcher hears that the daemon ends.
    pub fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        state.watchers.drain(..).for_each(|watcher| watcher.end.store(OVER, Ordering::Release));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    /// Whether something else has happened to its operation.
    fn knows(&self, event: &Event) -> bool {
        self.running.contains_key(&event.operation) || self.ended.contains(&event.operation)
    }

    fn spread(&mut self, event: Event) {
        self.watchers.retain(|watcher| watcher.take(&event));
        if event.operation.is_empty() {
            return;
        }
        match event.kind {
            EventKind::Ended => {
                self.running.remove(&event.operation);
                self.ended.push_back(event.operation);
                let old = self.ended.len().saturating_sub(ENDED);
                self.ended.drain(..old);
            }
            // A cancellation says nothing of how far it has come.
            EventKind::Cancelled => {}
            _ => drop(self.running.insert(event.operation.clone(), event)),
        }
    }
}

// === impl Watcher ===

impl Watcher {
    /// Whether it is still of use.
    fn take(&self, event: &Event) -> bool {
        let is_other = self.only.as_ref().is_some_and(|only| *only != event.operation);
        if is_other || !self.sight.shows(&event.caller, &event.about) {
            return !self.to.is_closed();
        }
        match self.to.try_send(event.clone()) {
            Ok(()) => self.only.is_none() || event.kind != EventKind::Ended,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.end.store(SLOW, Ordering::Release);
                false
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}

// === impl Watching ===

impl Watching {
    /// Of what is over.
    pub fn only(event: Event) -> Self {
        let (to, from) = mpsc::channel(1);
        // There is room for one.
        let _ = to.try_send(event);
        Self { from, end: Arc::new(AtomicU8::new(WELL)) }
    }
}

impl Stream for Watching {
    type Item = Result<WatchResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.from.poll_recv(context).map(|event| match event {
            Some(event) => Some(Ok(message(event))),
            // Said once: then the stream is over.
            None => match self.end.swap(WELL, Ordering::AcqRel) {
                SLOW => Some(Err(refusal::slow_watcher())),
                OVER => Some(Err(refusal::ending())),
                _ => None,
            },
        })
    }
}

fn message(event: Event) -> WatchResponse {
    let Event { at, kind, operation, caller, verb, about, done, of, text } = event;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (done, of) = (count(done), count(of));
    WatchResponse { at, kind: kind.as_str().to_owned(), operation, caller, verb, about, done, of, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    fn event(operation: &str, kind: EventKind, done: usize) -> Event {
        let [at, caller, verb, about, text] = Default::default();
        Event { at, kind, operation: operation.to_owned(), caller, verb, about, done, of: 9, text }
    }

    async fn lines(watching: Watching) -> Vec<String> {
        let shown = watching.map(|event| match event {
            Ok(event) => format!("{} {} {}", event.operation, event.kind, event.done),
            Err(status) => format!("{:?}", status.code()),
        });
        shown.collect().await
    }

    #[tokio::test]
    async fn a_watcher_sees_what_runs_and_what_comes() {
        let events = Events::default();
        events.publish(event("one", EventKind::Step, 3));
        let (all, one) = (events.watch(None, Sight::All), events.watch(Some("one".to_owned()), Sight::All));
        events.publish(event("two", EventKind::Began, 0));
        events.publish(event("one", EventKind::Ended, 0));
        assert_eq!(lines(one).await, ["one step 3", "one ended 0"], "with its operation it is over");
        events.publish(event("", EventKind::Drift, 0));
        events.end();
        assert_eq!(lines(all).await, ["one step 3", "two began 0", "one ended 0", " drift 0", "Unavailable"]);
        assert_eq!(lines(events.watch(None, Sight::All)).await, ["two began 0", "Unavailable"], "the daemon is ending");
    }

    #[tokio::test]
    async fn what_happens_elsewhere_is_seen_once() {
        let events = Events::default();
        let mut outbox = events.outbox();
        let one = events.watch(Some("one".to_owned()), Sight::All);
        events.introduce(event("one", EventKind::Began, 0));
        events.introduce(event("one", EventKind::Began, 0));
        events.hear(event("one", EventKind::Step, 3));
        events.hear(event("two", EventKind::Step, 1));
        assert_eq!(events.elsewhere(&["two".to_owned()]), ["one"]);
        events.ended_elsewhere("one", String::new(), String::new());
        assert_eq!(lines(one).await, ["one began 0", "one step 3", "one ended 0"]);
        let all = events.watch(None, Sight::All);
        for late in [EventKind::Step, EventKind::Ended] {
            events.hear(event("one", late, 0));
        }
        events.introduce(event("one", EventKind::Accepted, 0));
        events.forget("two");
        assert!(events.elsewhere(&[]).is_empty(), "what has ended does not run");
        events.publish(event("own", EventKind::Step, 2));
        assert_eq!(outbox.try_recv().unwrap().operation, "own", "only what happens here is passed on");
        assert!(outbox.try_recv().is_err());
        events.end();
        assert_eq!(lines(all).await, ["two step 1", "own step 2", "Unavailable"]);
    }

    #[tokio::test]
    async fn what_has_begun_before_it_is_said_to_be_accepted_goes_on() {
        let events = Events::default();
        let all = events.watch(None, Sight::All);
        let of =
            |operation, kinds: &[EventKind]| kinds.iter().for_each(|kind| events.publish(event(operation, *kind, 0)));
        use EventKind::{Accepted, Began, Ended};
        of("one", &[Began, Accepted]);
        of("two", &[Began, Ended, Accepted]);
        of("three", &[Accepted, Began]);
        let running = ["one", "two", "three"].map(|operation| events.last(operation).map(|last| last.kind));
        assert_eq!(running, [Some(Began), None, Some(Began)], "what has ended does not run for ever");
        events.end();
        let seen = ["one began 0", "two began 0", "two ended 0", "three accepted 0", "three began 0", "Unavailable"];
        assert_eq!(lines(all).await, seen);
    }

    #[tokio::test]
    async fn however_many_run_a_watcher_sees_all_of_them() {
        let events = Events::default();
        let many = ["a", "b", "c", "d"];
        many.iter().for_each(|operation| events.publish(event(operation, EventKind::Accepted, 0)));
        let all = events.watch_with(None, Sight::All, 2);
        events.publish(event("a", EventKind::Began, 0));
        events.end();
        let mut expected = many.map(|operation| format!("{operation} accepted 0")).to_vec();
        expected.extend(["a began 0", "Unavailable"].map(str::to_owned));
        assert_eq!(lines(all).await, expected);
    }

    #[tokio::test]
    async fn one_that_does_not_read_is_dropped_and_holds_nobody_up() {
        let events = Events::default();
        let (slow, quick) = (events.watch_with(None, Sight::All, 2), events.watch(None, Sight::All));
        for done in 0..4 {
            events.publish(event("one", EventKind::Step, done));
        }
        assert_eq!(lines(slow).await, ["one step 0", "one step 1", "ResourceExhausted"]);
        events.publish(event("one", EventKind::Ended, 0));
        events.end();
        assert_eq!(lines(quick).await.len(), 6, "the other one misses nothing");
    }
}
