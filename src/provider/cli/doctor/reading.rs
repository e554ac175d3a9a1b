//! What was read of a cluster, and how long that may take. What does not respond is said to, and takes no other reading with it.

use std::time::Duration;
use tokio::time::timeout;

/// What was read, or why it could not be.
pub type Reading<T> = Result<T, String>;

/// Of one check: a listing of all that a large cluster has, or a simulation of all permissions, takes less than a minute.
const LIMIT: Duration = Duration::from_secs(120);

pub async fn in_time<T>(work: impl Future<Output = Reading<T>>) -> Reading<T> {
    timeout(LIMIT, work).await.unwrap_or_else(|_| Err(silence()))
}

/// So many readings at once.
pub async fn all_in_time<T>(count: usize, work: impl Future<Output = Vec<Reading<T>>>) -> Vec<Reading<T>> {
    timeout(LIMIT, work).await.unwrap_or_else(|_| (0..count).map(|_| Err(silence())).collect())
}

fn silence() -> String {
    format!("no response within {} s", LIMIT.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[tokio::test(start_paused = true)]
    async fn what_does_not_respond_is_waited_for_and_then_named() {
        let silence = || Err("no response within 120 s".to_owned());
        assert_eq!(in_time(pending::<Reading<u8>>()).await, silence());
        assert_eq!(in_time(async { Ok(1) }).await, Ok(1));
        assert_eq!(all_in_time(2, pending::<Vec<Reading<u8>>>()).await, [silence(), silence()]);
        assert_eq!(all_in_time(2, async { vec![Ok(1), Err("403".to_owned())] }).await, [Ok(1), Err("403".to_owned())]);
    }
}
