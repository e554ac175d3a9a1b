//! How fast we call: one token bucket for each account, region and API, shared by every client in this process.
//!
//! AWS publishes no rates per operation. So the rate is learned: it grows a little with each success and is halved by a throttle,
//! as TCP does it (additive increase, multiplicative decrease).

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Calls a second. Fresh accounts have been seen to throttle IAM at about 15 to 20.
const FIRST: f64 = 20.0;
const LEAST: f64 = 1.0;
const MOST: f64 = 100.0;
const GROWTH: f64 = 0.2;
/// What may be called at once after a rest.
const BURST: f64 = 40.0;

#[derive(Clone, Debug)]
struct Bucket {
    rate: f64,
    tokens: f64,
    /// Since the registry was made.
    at: Duration,
}

// === impl Bucket ===

impl Bucket {
    fn new(at: Duration) -> Self {
        Self { rate: FIRST, tokens: BURST, at }
    }

    /// Takes a token; returns how long to wait for it.
    fn take(&mut self, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = (self.tokens + passed * self.rate).min(BURST) - 1.0;
        if self.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.tokens / self.rate) }
    }

    fn succeeded(&mut self) {
        self.rate = (self.rate + GROWTH / self.rate.max(1.0)).min(MOST);
    }

    fn throttled(&mut self) {
        self.rate = (self.rate / 2.0).max(LEAST);
        self.tokens = self.tokens.min(0.0);
    }
}

static BUCKETS: LazyLock<(Instant, Mutex<HashMap<String, Bucket>>)> =
    LazyLock::new(|| (Instant::now(), Mutex::default()));

fn with<T>(name: &str, change: impl FnOnce(&mut Bucket, Duration) -> T) -> T {
    let (began, buckets) = &*BUCKETS;
    let now = began.elapsed();
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bucket) = buckets.get_mut(name) {
        return change(bucket, now);
    }
    change(buckets.entry(name.to_owned()).or_insert_with(|| Bucket::new(now)), now)
}

/// Waits until the rate allows another call.
pub(super) async fn wait(name: &str) {
    let wait = with(name, |bucket, now| bucket.take(now));
    if !wait.is_zero() {
        tracing::debug!(bucket = name, milliseconds = wait.as_millis() as u64, "waiting for the rate limit");
        tokio::time::sleep(wait).await;
    }
}

pub(super) fn learn(name: &str, was_throttled: bool) {
    with(name, |bucket, _| if was_throttled { bucket.throttled() } else { bucket.succeeded() });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn after_the_burst_calls_come_at_the_rate() {
        let mut bucket = Bucket::new(Duration::ZERO);
        for _ in 0..BURST as usize {
            assert_eq!(bucket.take(Duration::ZERO), Duration::ZERO, "the burst");
        }
        assert_eq!(bucket.take(Duration::ZERO), seconds(1.0 / FIRST), "the first to wait");
        assert_eq!(bucket.take(Duration::ZERO), seconds(2.0 / FIRST), "each waits behind the others");
        assert_eq!(bucket.take(seconds(10.0)), Duration::ZERO, "a rest fills it again");
    }

    #[test]
    fn a_throttle_halves_and_successes_grow_slowly() {
        let mut bucket = Bucket::new(Duration::ZERO);
        bucket.throttled();
        assert_eq!(bucket.rate, FIRST / 2.0, "halved");
        assert!(bucket.take(Duration::ZERO) > Duration::ZERO, "no burst right after a throttle");
        for _ in 0..20 {
            bucket.throttled();
        }
        assert_eq!(bucket.rate, LEAST, "never to nothing");
        for _ in 0..100_000 {
            bucket.succeeded();
        }
        assert!(bucket.rate > FIRST && bucket.rate <= MOST, "it comes back: {}", bucket.rate);
    }

    #[test]
    fn a_clock_that_stands_still_is_no_refill() {
        let mut bucket = Bucket::new(seconds(5.0));
        bucket.tokens = 0.0;
        assert!(bucket.take(seconds(1.0)) > Duration::ZERO, "time before the last look counts for nothing");
    }
}
