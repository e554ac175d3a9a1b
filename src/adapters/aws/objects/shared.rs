//! Listings that are the same for everybody who asks: all our roles of the account, the associations of a cluster.
//!
//! IAM lists no roles by tag and EKS no associations by environment, so one environment's look costs as much as a look at all. Those
//! who look at nearly the same time share one. It is never older than [`FRESH`], which is less than IAM itself may be behind, and ends
//! with the first change that goes through this session; what is about to be changed is always read by itself.

use super::{associations::Summary, roles::Listed};
use goldenpath_core::ports::PortError;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

const FRESH: Duration = Duration::from_secs(10);

/// One listing, and when it was made.
struct Kept<T> {
    /// What it is of: a cluster, or the account.
    of: String,
    at: Instant,
    changes: u64,
    found: Arc<T>,
}

#[derive(Default)]
pub(in crate::aws) struct Shared {
    /// Begun or ended through this session.
    changes: AtomicU64,
    roles: Mutex<Option<Kept<Listed>>>,
    associations: Mutex<Option<Kept<Vec<Summary>>>>,
}

// === impl Shared ===

impl Shared {
    pub(in crate::aws) fn forget(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) async fn roles(
        &self,
        of: &str,
        list: impl Future<Output = Result<Listed, PortError>>,
    ) -> Result<Arc<Listed>, PortError> {
        self.share(&self.roles, of, list).await
    }

    pub(super) async fn associations(
        &self,
        of: &str,
        list: impl Future<Output = Result<Vec<Summary>, PortError>>,
    ) -> Result<Arc<Vec<Summary>>, PortError> {
        self.share(&self.associations, of, list).await
    }

    /// Who comes second waits for the first one's listing.
    async fn share<T>(
        &self,
        place: &Mutex<Option<Kept<T>>>,
        of: &str,
        list: impl Future<Output = Result<T, PortError>>,
    ) -> Result<Arc<T>, PortError> {
        let mut kept = place.lock().await;
        let changes = self.changes.load(Ordering::Acquire);
        if let Some(kept) = &*kept
            && kept.of == of
            && kept.changes == changes
            && kept.at.elapsed() < FRESH
        {
            return Ok(kept.found.clone());
        }
        let at = Instant::now();
        let found = Arc::new(list.await?);
        *kept = Some(Kept {
            of: of.to_owned(),
            at,
            changes,
            found: found.clone(),
        });
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn a_listing_is_shared_until_something_changes() {
        let shared = Shared::default();
        let asked = Cell::new(0);
        let list = || async {
            asked.set(asked.get() + 1);
            Ok(vec![])
        };
        for (of, changed, expected, reason) in [
            ("a", false, 1, "the first"),
            ("a", false, 1, "the second shares it"),
            ("b", false, 2, "another cluster"),
            ("b", true, 3, "after a change"),
            ("b", false, 3, "and then again shared"),
        ] {
            if changed {
                shared.forget();
            }
            shared.associations(of, list()).await.expect(reason);
            assert_eq!(asked.get(), expected, "{reason}");
        }
    }

    #[tokio::test]
    async fn a_listing_that_failed_is_not_kept() {
        let shared = Shared::default();
        let refused = PortError::new(goldenpath_core::domain::Class::Throttled, "list", "slow down");
        assert!(shared.associations("a", async { Err(refused) }).await.is_err());
        assert!(shared.associations("a", async { Ok(vec![]) }).await.is_ok());
    }
}
