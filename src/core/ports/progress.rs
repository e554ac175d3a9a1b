//! How far an operation has come, for whoever watches it: the engine says so, and whoever runs the engine may listen.
//!
//! As with [`operation`](super::operation), nobody's promise depends on it, so that it goes beside the arguments.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

tokio::task_local! {
    static CURRENT: Progress;
}

/// One object is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub done: usize,
    /// As far as it is known yet.
    pub of: usize,
    /// In words.
    pub object: String,
}

/// Called between two steps of the work: it must not wait.
pub type Listener = Arc<dyn Fn(Step) + Send + Sync>;

struct Progress {
    listener: Listener,
    done: AtomicUsize,
    of: AtomicUsize,
}

/// All steps of `work` go there.
pub async fn heard_by<T>(listener: Listener, work: impl Future<Output = T>) -> T {
    let progress = Progress { listener, done: AtomicUsize::new(0), of: AtomicUsize::new(0) };
    CURRENT.scope(progress, work).await
}

/// So many more steps are to come.
pub fn expect(steps: usize) {
    // Nobody may be listening.
    let _ = CURRENT.try_with(|progress| progress.of.fetch_add(steps, Ordering::Relaxed));
}

pub fn advance(object: impl FnOnce() -> String) {
    let _ = CURRENT.try_with(|progress| {
        let done = progress.done.fetch_add(1, Ordering::Relaxed) + 1;
        let of = progress.of.load(Ordering::Relaxed).max(done);
        (progress.listener)(Step { done, of, object: object() });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test]
    async fn steps_are_counted_for_whoever_listens() {
        let heard = Arc::new(Mutex::new(vec![]));
        let own = heard.clone();
        let listener: Listener =
            Arc::new(move |Step { done, of, object }| own.lock().unwrap().push(format!("{done}/{of} {object}")));
        heard_by(listener, async {
            expect(2);
            advance(|| "a".to_owned());
            advance(|| "b".to_owned());
            advance(|| "c".to_owned());
        })
        .await;
        advance(|| unreachable!("nobody listens"));
        assert_eq!(*heard.lock().unwrap(), ["1/2 a", "2/2 b", "3/3 c"]);
    }
}
