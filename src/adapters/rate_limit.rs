//! How fast we call: one token bucket for each account, region and API of AWS, and for each cluster where that is limited, shared by
//! every client in this process. Whoever comes first goes first, and a client has few calls under way at once: so one that plans
//! many environments delays another by what it has under way and not by all of its plan.
//!
//! AWS publishes no rates per operation, and an API server has its own idea of fairness. So the rate is learned: it grows a little
//! with each success and is halved by a throttle, as TCP does it (additive increase, multiplicative decrease).

use crate::tally::{self, Request};
use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// Calls a second. Fresh accounts have been seen to throttle IAM at about 15 to 20.
const FIRST: f64 = 20.0;
const LEAST: f64 = 1.0;
const MOST: f64 = 100.0;
const GROWTH: f64 = 0.2;
/// What may be called at once after a rest, in seconds of the first rate.
const BURST: f64 = 2.0;

/// The most calls a second, of a process that serves many clients. `None`: AWS as it is learned, Kubernetes without a limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// To each API of an account and region.
    pub aws_per_second: Option<u32>,
    /// To each cluster.
    pub kubernetes_per_second: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Aws,
    Kubernetes,
}

static LIMITS: OnceLock<Limits> = OnceLock::new();

/// For the whole process; the first ones count.
pub fn limit(limits: Limits) {
    let _ = LIMITS.set(limits);
}

#[derive(Clone, Debug)]
struct Bucket {
    rate: f64,
    most: f64,
    burst: f64,
    tokens: f64,
    /// Since the registry was made.
    at: Duration,
}

// === impl Limits ===

impl Limits {
    /// `None`: without a limit.
    fn most(self, api: Api) -> Option<f64> {
        match api {
            Api::Aws => Some(self.aws_per_second.map_or(MOST, f64::from)),
            Api::Kubernetes => self.kubernetes_per_second.map(f64::from),
        }
    }
}

// === impl Bucket ===

impl Bucket {
    fn new(api: Api, most: f64, at: Duration) -> Self {
        let rate = match api {
            Api::Aws => most.min(FIRST),
            Api::Kubernetes => most,
        };
        Self { rate, most, burst: rate * BURST, tokens: rate * BURST, at }
    }

    /// Takes a token; returns how long to wait for it.
    fn take(&mut self, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = (self.tokens + passed * self.rate).min(self.burst) - 1.0;
        if self.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.tokens / self.rate) }
    }

    fn speed_up(&mut self) {
        self.rate = (self.rate + GROWTH / self.rate.max(1.0)).min(self.most);
    }

    fn slow_down(&mut self) {
        self.rate = (self.rate / 2.0).max(LEAST.min(self.most));
        self.tokens = self.tokens.min(0.0);
    }
}

static BUCKETS: LazyLock<(Instant, Mutex<HashMap<String, Bucket>>)> =
    LazyLock::new(|| (Instant::now(), Mutex::default()));

fn with<T>(name: &str, change: impl FnOnce(Option<&mut Bucket>, Duration) -> T) -> T {
    let (began, buckets) = &*BUCKETS;
    let now = began.elapsed();
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    change(buckets.get_mut(name), now)
}

fn make(api: Api, name: &str) {
    let Some(most) = LIMITS.get().copied().unwrap_or_default().most(api) else { return };
    let (began, buckets) = &*BUCKETS;
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    if !buckets.contains_key(name) {
        buckets.insert(name.to_owned(), Bucket::new(api, most, began.elapsed()));
    }
}

/// Waits until the rate allows another call.
pub(crate) async fn wait(api: Api, service: &str, name: &str) {
    make(api, name);
    let wait = with(name, |bucket, now| bucket.map_or(Duration::ZERO, |bucket| bucket.take(now)));
    if !wait.is_zero() {
        tracing::debug!(bucket = name, milliseconds = wait.as_millis() as u64, "waiting for the rate limit");
        tally::count(Request::Waited { service, time: wait });
        tokio::time::sleep(wait).await;
    }
}

pub(crate) fn learn(name: &str, was_throttled: bool) {
    with(name, |bucket, _| match bucket {
        Some(bucket) if was_throttled => bucket.slow_down(),
        Some(bucket) => bucket.speed_up(),
        None => {}
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn after_the_burst_calls_come_at_the_rate() {
        let mut bucket = Bucket::new(Api::Aws, MOST, Duration::ZERO);
        for _ in 0..(BURST * FIRST) as usize {
            assert_eq!(bucket.take(Duration::ZERO), Duration::ZERO, "the burst");
        }
        assert_eq!(bucket.take(Duration::ZERO), seconds(1.0 / FIRST), "the first to wait");
        assert_eq!(bucket.take(Duration::ZERO), seconds(2.0 / FIRST), "each waits behind the others");
        assert_eq!(bucket.take(seconds(10.0)), Duration::ZERO, "a rest fills it again");
    }

    #[test]
    fn a_limit_is_what_is_called_at_most() {
        let limits = |aws_per_second, kubernetes_per_second| Limits { aws_per_second, kubernetes_per_second };
        for (limits, api, most, first, reason) in [
            (limits(None, None), Api::Aws, Some(MOST), FIRST, "learned"),
            (limits(Some(5), None), Api::Aws, Some(5.0), 5.0, "less than the first rate"),
            (limits(Some(50), None), Api::Aws, Some(50.0), FIRST, "it is learned up to there"),
            (limits(Some(5), None), Api::Kubernetes, None, 0.0, "no limit of the other"),
            (limits(None, Some(50)), Api::Kubernetes, Some(50.0), 50.0, "from the start"),
        ] {
            assert_eq!(limits.most(api), most, "{reason}");
            let Some(most) = most else { continue };
            let mut bucket = Bucket::new(api, most, Duration::ZERO);
            assert_eq!(bucket.rate, first, "{reason}");
            (0..100_000).for_each(|_| bucket.speed_up());
            assert_eq!(bucket.rate.round(), most, "{reason}");
        }
    }

    #[test]
    fn one_with_much_under_way_delays_another_by_that_alone() {
        let mut bucket = Bucket::new(Api::Kubernetes, 50.0, Duration::ZERO);
        // A plan of many: ten resources at a time, each with eight calls under way.
        for _ in 0..100 + 80 {
            bucket.take(Duration::ZERO);
        }
        assert!(bucket.take(Duration::ZERO) < seconds(2.0), "the single call of somebody else");
    }

    #[test]
    fn a_throttle_halves_and_successes_grow_slowly() {
        let mut bucket = Bucket::new(Api::Aws, MOST, Duration::ZERO);
        bucket.slow_down();
        assert_eq!(bucket.rate, FIRST / 2.0, "halved");
        assert!(bucket.take(Duration::ZERO) > Duration::ZERO, "no burst right after a throttle");
        for _ in 0..20 {
            bucket.slow_down();
        }
        assert_eq!(bucket.rate, LEAST, "never to nothing");
        for _ in 0..100_000 {
            bucket.speed_up();
        }
        assert!(bucket.rate > FIRST && bucket.rate <= MOST, "it comes back: {}", bucket.rate);
    }

    #[test]
    fn a_clock_that_stands_still_is_no_refill() {
        let mut bucket = Bucket::new(Api::Aws, MOST, seconds(5.0));
        bucket.tokens = 0.0;
        assert!(bucket.take(seconds(1.0)) > Duration::ZERO, "time before the last look counts for nothing");
    }
}
