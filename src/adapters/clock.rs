//! The system's time, behind the port.

use async_trait::async_trait;
use goldenpath_core::ports::Clock;
use std::time::{Duration, Instant};

pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> String {
        let now = jiff::Timestamp::now();
        now.round(jiff::Unit::Second).unwrap_or(now).to_string()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_is_utc_in_seconds() {
        let now = SystemClock::default().now();
        assert!(now.len() == "2026-11-25T01:41:48Z".len() && now.ends_with('Z'), "{now}");
    }
}
