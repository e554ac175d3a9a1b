//! The beat of a daemon: claims are renewed, work is taken, and news of other daemons is passed on. Also when the store says that
//! there is something, and when a place has become free.

use super::{Operations, wish::Wish};
use crate::{
    error::{JournalError, in_one_line},
    forms::{FormError, Message},
    outcome::Ending,
    refusal,
    store::{BEAT, CLAIM, Entry, News, Taken},
    trail::Subject,
};
use goldenpath_core::{
    domain::Problem,
    policy::Identity,
    ports::operation,
    provision::{Bounds, Provisioner},
};
use std::{sync::Arc, time::Instant};
use tokio::time::{MissedTickBehavior, interval};

/// One for all of one caller that have the same bounds, as if one client had asked for them. By all that is known of the caller and not by
/// its text, which two runs of a pipeline share: the claims decide which rule holds, and which person stands behind it.
struct Made {
    caller: Identity,
    allow: String,
    engine: Arc<dyn Provisioner>,
}

impl Operations {
    /// For as long as the process lives, also while it ends: what runs must keep its claim.
    pub async fn tend(self: Arc<Self>) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Since when the store has responded without a break.
        let mut there_since = Some(Instant::now());
        loop {
            let is_news = tokio::select! {
                _ = beat.tick() => false,
                () = self.stir.notified() => false,
                () = self.store.wait_for_news() => true,
            };
            match (self.store.is_shared(), is_news) {
                // Another daemon has written to what was read here, or may have if its word was lost.
                (true, true) => self.reads.outdate(),
                (true, false) => self.reads.end_window(),
                (false, _) => {}
            }
            // After an outage every claim is over. Whoever is still at work gets the time to renew its own first.
            let may_take_over = there_since.is_some_and(|since| since.elapsed() >= CLAIM);
            self.trail.settle().await;
            match self.look(may_take_over).await {
                Ok(_) => drop(there_since.get_or_insert_with(Instant::now)),
                Err(error) => {
                    if there_since.take().is_some() {
                        tracing::error!(
                            error = in_one_line(&error),
                            "The journal can't be reached: no operation is accepted"
                        );
                    }
                }
            }
        }
    }

    /// Takes what did not end, as far as there are places. The engine goes on by the records in the target.
    pub async fn resume(self: &Arc<Self>) -> Result<usize, JournalError> {
        self.look(false).await
    }

    /// How many were taken.
    async fn look(self: &Arc<Self>, may_take_over: bool) -> Result<usize, JournalError> {
        let present = self.known.present();
        // What is watched here and runs at another daemon ends for its watchers, too, if that one's word for it was lost.
        let watched = if self.store.is_shared() { self.trail.events.elsewhere(&present.running) } else { vec![] };
        let awaited = [present.awaited, watched].concat();
        let News { lost, cancelled, ended, unknown } =
            self.store.renew(&present.running, &present.clients, &awaited).await?;
        for id in cancelled {
            if let Some(of) = self.known.cancel(&id) {
                self.trail.cancel(&of).await;
            }
        }
        for id in lost {
            if self.known.lose(&id) {
                tracing::warn!(operation = id, "Another daemon has taken over an operation that is still at work here");
            }
        }
        if self.store.is_shared() && !ended.is_empty() {
            // Whoever waits for it plans next, and is served by nothing that was read before its end.
            self.reads.outdate();
        }
        for (id, verb, outcome) in ended {
            let ending = Ending::of(self.forms(), verb, &outcome.bytes, outcome.form);
            self.trail.end_elsewhere(&id, &ending);
            self.known.end(&id, Some(outcome));
        }
        for id in unknown {
            self.trail.events.forget(&id);
            self.known.give_up(&id);
        }
        let places = self.known.places();
        if self.ending.is_cancelled() || places == 0 {
            self.known.set_queue(true);
            return Ok(0);
        }
        let taken = self.store.take(places, may_take_over).await?;
        self.known.set_queue(taken.len() == places);
        let mut made = vec![];
        for taken in &taken {
            self.begin(taken, &mut made);
        }
        Ok(taken.len())
    }

    /// Under the rules of now.
    fn begin(self: &Arc<Self>, Taken { entry, waited }: &Taken, made: &mut Vec<Made>) {
        let known = made.iter().find(|made| made.caller == entry.caller && made.allow == entry.allow);
        let engine = match known.map(|made| made.engine.clone()) {
            Some(engine) => Ok(engine),
            None => self.engine(entry).inspect(|engine| {
                made.push(Made { caller: entry.caller.clone(), allow: entry.allow.clone(), engine: engine.clone() });
            }),
        };
        let wish = Wish::read(self.forms(), entry.verb, &entry.request, entry.form);
        let wish = wish.map_err(|error| refusal::other_form_problem("request", &error));
        match engine.and_then(|engine| Ok((engine, wish?))) {
            Ok((engine, wish)) => self.start(entry, wish, engine, *waited),
            Err(problem) if refusal::is_refusal(&problem) => self.stop(entry, problem),
            // This daemon in a moment, a later start or another daemon may be able to: it stays in the journal.
            Err(problem) => {
                tracing::error!(operation = entry.id, error = %problem, "An operation can't be begun yet");
                self.store.set_back(&entry.id);
            }
        }
    }

    fn engine(&self, entry: &Entry) -> Result<Arc<dyn Provisioner>, Problem> {
        let bounds: Result<Vec<Bounds>, FormError> =
            self.forms().read(Message::Bounds, entry.allow.as_bytes(), entry.form);
        let bounds = bounds.map_err(|error| refusal::other_form_problem("bounds of the client", &error))?;
        self.gate.engine(&entry.caller, bounds)
    }

    /// Whoever asked for it has no rule any more: it ends where it stands.
    fn stop(self: &Arc<Self>, entry: &Entry, problem: Problem) {
        let (this, of, caller, busy) = (self.clone(), Subject::of(entry), entry.caller.clone(), self.busy.subscribe());
        let verb = entry.verb;
        let stopped = verb.failure(refusal::lost_rule(&caller));
        let stop = async move {
            this.trail.refuse_request(&caller, &of.verb, &of.about, &problem).await;
            this.conclude(&of, verb, &Ending::read(&stopped), stopped).await;
            drop(busy);
        };
        tokio::spawn(operation::within(&entry.id, stop));
    }
}
