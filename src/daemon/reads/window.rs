//! One read for all who want the same at about the same time: those who come while it is under way, and those who come shortly after.
//!
//! A read is stamped with what was known of changes of its subject when it began. After another change nobody is served by it any
//! more, whether it has ended or not: it may hold what was there before. Nor is anybody served by an error that has arrived.

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use goldenpath_core::{domain::Class, ports::PortError};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

type Found<V> = Result<Arc<V>, PortError>;

/// Cheap to clone.
pub struct Window<K, V> {
    reads: Arc<Mutex<HashMap<K, Read<V>>>>,
    /// From the begin of a read, so that nothing older than this and the time of a read is seen.
    open_for: Duration,
}

/// What is known of changes: another value after each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// How often we have written.
    pub writes: u64,
    /// The target's number of its last report.
    pub reported: u64,
}

struct Read<V> {
    begun: Instant,
    stamp: Stamp,
    found: Shared<BoxFuture<'static, Found<V>>>,
}

// === impl Window ===

impl<K: Clone + Eq + Hash + Send + 'static, V: Send + Sync + 'static> Window<K, V> {
    pub fn new(open_for: Duration) -> Self {
        Self { reads: Arc::default(), open_for }
    }

    /// What was found, and whether somebody else's read has found it.
    pub async fn read(
        &self,
        key: K,
        stamp: Stamp,
        read: impl Future<Output = Result<V, PortError>> + Send + 'static,
    ) -> (Found<V>, bool) {
        let (found, is_shared) = {
            let mut reads = lock(&self.reads);
            match reads.get(&key).filter(|known| known.may_serve(stamp, self.open_for)) {
                Some(known) => (known.found.clone(), true),
                None => {
                    let begun = Instant::now();
                    let found = self.begin(key.clone(), begun, read);
                    reads.insert(key, Read { begun, stamp, found: found.clone() });
                    (found, false)
                }
            }
        };
        (found.await, is_shared)
    }

    /// A task of its own: whoever began it may go away, and others wait for it.
    fn begin(
        &self,
        key: K,
        begun: Instant,
        read: impl Future<Output = Result<V, PortError>> + Send + 'static,
    ) -> Shared<BoxFuture<'static, Found<V>>> {
        let (reads, closes) = (self.reads.clone(), begun + self.open_for);
        let read = tokio::spawn(read);
        let found = async move {
            match read.await {
                Ok(found) => found.map(Arc::new),
                Err(_) => Err(PortError::new(Class::Unavailable, "read", "the read broke off")),
            }
        };
        let found = found.boxed().shared();
        let until_closed = found.clone();
        tokio::spawn(async move {
            // A listing of a whole cluster is not kept for longer than it serves.
            let _ = until_closed.await;
            sleep_until(closes).await;
            let mut reads = lock(&reads);
            if reads.get(&key).is_some_and(|known| known.begun == begun) {
                reads.remove(&key);
            }
        });
        found
    }
}

fn lock<K, V>(reads: &Mutex<HashMap<K, Read<V>>>) -> MutexGuard<'_, HashMap<K, Read<V>>> {
    reads.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Read ===

impl<V> Read<V> {
    fn may_serve(&self, stamp: Stamp, open_for: Duration) -> bool {
        let has_failed = matches!(self.found.peek(), Some(Err(_)));
        self.stamp == stamp && !has_failed && self.begun.elapsed() < open_for
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::time::sleep;

    const SECOND: Duration = Duration::from_secs(1);

    /// Each takes 300 ms and finds its number; the third fails.
    fn reader(count: &Arc<AtomicU32>) -> impl Future<Output = Result<u32, PortError>> + Send + use<> {
        let count = count.clone();
        async move {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            sleep(Duration::from_millis(300)).await;
            if number == 3 { Err(PortError::new(Class::Throttled, "read", "slow down")) } else { Ok(number) }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_serves_those_who_come_soon_and_nobody_after_a_write() {
        let (window, count) = (Window::new(SECOND), Arc::new(AtomicU32::new(0)));
        let begun = Instant::now();
        let after = |writes, reported| Stamp { writes, reported };
        // (milliseconds after the first, what is known of changes, what is found, shared, reason)
        let readers = [
            (0, after(0, 0), Some(1), false, "the first reads"),
            (100, after(0, 0), Some(1), true, "under way"),
            (150, after(1, 0), Some(2), false, "it began before the write"),
            (200, after(1, 0), Some(2), true, "this one after it"),
            (900, after(1, 0), Some(2), true, "it has just been read"),
            (1300, after(1, 0), None, false, "its time is over, and the next one fails"),
            (1400, after(1, 0), None, true, "those who wait for it hear that"),
            (1700, after(1, 0), Some(4), false, "and nobody else does"),
            (2100, after(1, 7), Some(5), false, "the target has reported a change"),
        ];
        let each = readers.map(|(at, stamp, expected, is_shared, reason)| {
            let (window, read) = (&window, reader(&count));
            async move {
                tokio::time::sleep_until(begun + Duration::from_millis(at)).await;
                let (found, shared) = window.read("all", stamp, read).await;
                assert_eq!((found.ok().as_deref(), shared), (expected.as_ref(), is_shared), "{reason}");
            }
        });
        futures_util::future::join_all(each).await;
        assert!(window.read("other", after(1, 7), reader(&count)).await.0.is_ok(), "each subject by itself");
        sleep(2 * SECOND).await;
        assert!(lock(&window.reads).is_empty(), "nothing is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn who_begins_a_read_may_go_away() {
        let (window, count) = (Window::new(SECOND), Arc::new(AtomicU32::new(0)));
        let first =
            tokio::time::timeout(Duration::from_millis(100), window.read("all", Stamp::default(), reader(&count)));
        assert!(first.await.is_err(), "it goes away");
        let (found, is_shared) = window.read("all", Stamp::default(), reader(&count)).await;
        assert!(found.is_ok_and(|found| *found == 1) && is_shared);
    }
}
