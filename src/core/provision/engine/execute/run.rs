//! One loop over a ready set: what has all it needs is started, at most so many at once.
//!
//! Stopping (a failure, a cancellation, the end of the time) means "start nothing more, await what runs": a call in flight
//! is never dropped, or its result would be lost. A heartbeat runs beside the steps and never alone.

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{collections::BTreeMap, time::Duration};

/// What waits for what, by position. Pure.
#[derive(Debug)]
pub struct StepOrder {
    /// How many needs of each step are still open.
    open: Vec<usize>,
    /// Who waits for each step.
    waiting: Vec<Vec<usize>>,
}

// === impl StepOrder ===

impl StepOrder {
    /// `needs[i]` are the steps that come before step `i`. Needs that lead in a circle would never start; a blueprint has
    /// none, and `run` reports what was left out.
    pub fn new(needs: &[Vec<usize>]) -> Self {
        let mut waiting = vec![vec![]; needs.len()];
        for (step, needs) in needs.iter().enumerate() {
            for &need in needs {
                waiting[need].push(step);
            }
        }
        Self { open: needs.iter().map(Vec::len).collect(), waiting }
    }

    /// From each step's key and the keys that it needs; needs that are no steps are met already.
    pub fn by_key<K: Ord>(steps: &[(K, Vec<K>)]) -> Self {
        let at: BTreeMap<&K, usize> = steps.iter().enumerate().map(|(i, (key, _))| (key, i)).collect();
        let needs: Vec<Vec<usize>> =
            steps.iter().map(|(_, needs)| needs.iter().filter_map(|need| at.get(need).copied()).collect()).collect();
        Self::new(&needs)
    }

    /// Steps in ranks: each waits for all of the rank before.
    pub fn by_rank(ranks: &[impl Ord]) -> Self {
        let needs: Vec<Vec<usize>> = ranks
            .iter()
            .map(|rank| {
                let before = ranks.iter().filter(|other| *other < rank).max();
                ranks.iter().enumerate().filter(|(_, other)| Some(*other) == before).map(|(i, _)| i).collect()
            })
            .collect();
        Self::new(&needs)
    }

    fn ready(&self) -> Vec<usize> {
        self.open.iter().enumerate().filter(|(_, open)| **open == 0).map(|(i, _)| i).rev().collect()
    }

    /// The steps that became ready because this one is done.
    fn finish(&mut self, step: usize) -> Vec<usize> {
        let mut ready = vec![];
        for &next in &self.waiting[step] {
            self.open[next] -= 1;
            if self.open[next] == 0 {
                ready.push(next);
            }
        }
        ready
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran<T, E> {
    /// By step; `None`: not started, or failed.
    pub done: Vec<Option<T>>,
    pub failures: Vec<E>,
}

enum Ended<T, E> {
    Step(usize, Result<T, E>),
    Beat(Result<(), E>),
}

/// What a run keeps to besides its steps.
pub struct Rules<'r, 'a, E> {
    pub at_most: usize,
    /// Checked before each start.
    pub stop: &'r (dyn Fn() -> Option<E> + Sync),
    pub every: Duration,
    pub sleep: &'r (dyn Fn(Duration) -> BoxFuture<'a, ()> + Sync),
    pub beat: &'r (dyn Fn() -> BoxFuture<'a, Result<(), E>> + Sync),
}

pub async fn run<'a, T: 'a, E: 'a>(
    mut order: StepOrder,
    rules: Rules<'_, 'a, E>,
    start: impl Fn(usize) -> BoxFuture<'a, Result<T, E>>,
) -> Ran<T, E> {
    let mut ran = Ran { done: order.open.iter().map(|_| None).collect(), failures: vec![] };
    let mut ready = order.ready();
    let mut running: FuturesUnordered<BoxFuture<'a, Ended<T, E>>> = FuturesUnordered::new();
    let (mut steps, mut beating) = (0, false);
    let mut timer = (rules.sleep)(rules.every);
    loop {
        while ran.failures.is_empty() && steps < rules.at_most && !ready.is_empty() {
            if let Some(reason) = (rules.stop)() {
                ran.failures.push(reason);
                break;
            }
            let Some(step) = ready.pop() else { break };
            let future = start(step);
            running.push(Box::pin(async move { Ended::Step(step, future.await) }));
            steps += 1;
        }
        let ended = tokio::select! {
            ended = running.next() => ended,
            // No step left: the last heartbeat is awaited above, a new one is not begun.
            () = &mut timer, if steps > 0 => {
                timer = (rules.sleep)(rules.every);
                if !beating {
                    beating = true;
                    let beat = (rules.beat)();
                    running.push(Box::pin(async move { Ended::Beat(beat.await) }));
                }
                continue;
            }
        };
        match ended {
            None => return ran,
            Some(Ended::Step(step, Ok(made))) => {
                steps -= 1;
                ran.done[step] = Some(made);
                ready.extend(order.finish(step));
            }
            Some(Ended::Step(_, Err(failure))) => {
                steps -= 1;
                ran.failures.push(failure);
            }
            Some(Ended::Beat(result)) => {
                beating = false;
                ran.failures.extend(result.err());
            }
        }
    }
}

#[cfg(test)]
mod tests;
