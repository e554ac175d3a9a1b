//! The beat of a daemon: claims are renewed, work is taken, and news of other daemons is passed on. Also when the store says that
//! there is something, and when a place has become free.

use super::{MakeEngine, Operations, wish::Wish};
use crate::{
    error::{JournalError, in_one_line},
    store::{BEAT, CLAIM, Entry, News},
};
use goldenpath_core::provision::Provisioner;
use std::{collections::HashMap, sync::Arc, time::Instant};
use tokio::time::{MissedTickBehavior, interval};

impl Operations {
    /// For as long as the process lives, also while it ends: what runs must keep its claim.
    pub async fn tend(self: Arc<Self>) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Since when the store has responded without a break.
        let mut there_since = Some(Instant::now());
        loop {
            tokio::select! {
                _ = beat.tick() => {}
                () = self.stir.notified() => {}
                () = self.store.changed() => {}
            }
            // After an outage every claim is over. Whoever is still at work gets the time to renew its own first.
            let may_take_over = there_since.is_some_and(|since| since.elapsed() >= CLAIM);
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
        let News { lost, cancelled, ended, unknown } =
            self.store.renew(&present.running, &present.clients, &present.awaited).await?;
        for id in cancelled {
            if let Some((id, about)) = self.known.cancel(&id) {
                self.trail.cancelled(&id, &about).await;
            }
        }
        for id in lost {
            if self.known.lose(&id) {
                tracing::warn!(operation = id, "Another daemon has taken over an operation that is still at work here");
            }
        }
        for (id, outcome) in ended {
            self.known.end(&id, Some(outcome));
        }
        for id in unknown {
            self.known.drop_awaited(&id);
        }
        let places = self.known.places();
        if self.ending.is_cancelled() || places == 0 {
            self.known.set_queue(true);
            return Ok(0);
        }
        let taken = self.store.take(places, may_take_over).await?;
        self.known.set_queue(taken.len() == places);
        // One engine for all that have the same bounds, as if one client had asked for them.
        let mut made = HashMap::new();
        for entry in &taken {
            self.begin_taken(entry, &mut made);
        }
        Ok(taken.len())
    }

    fn begin_taken(self: &Arc<Self>, entry: &Entry, made: &mut HashMap<String, Arc<dyn Provisioner>>) {
        let engine = match made.get(&entry.allow) {
            Some(engine) => Ok(engine.clone()),
            None => engine_within(&entry.allow, &self.engines),
        };
        let read = Wish::read(entry.verb, &entry.request).map_err(|error| error.to_string());
        match engine.and_then(|engine| Ok((engine, read?))) {
            Ok((engine, wish)) => {
                made.insert(entry.allow.clone(), engine.clone());
                self.start(entry, wish, engine);
            }
            // A later start, or another daemon, may be able to: it stays in the journal.
            Err(error) => tracing::error!(operation = entry.id, error, "An operation can't be resumed"),
        }
    }
}

fn engine_within(allow: &str, engines: &MakeEngine) -> Result<Arc<dyn Provisioner>, String> {
    let bounds = serde_json::from_str(allow).map_err(|error| error.to_string())?;
    engines(bounds).map_err(|problem| problem.to_string())
}
