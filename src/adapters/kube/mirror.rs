//! All listings of a cluster, kept as the API server reports changes (WATCH): plans of a daemon's clients need not list again.
//!
//! ```text
//! the first plan                LIST
//! a second one within a minute  LIST, and WATCH each kind from the version that was listed
//! those after it                what is kept, while all watches run, for a minute at most
//! ```
//!
//! No watch is resumed: the first one that ends, fails or cannot be read ends the mirror, and the next plan lists. So what is
//! kept is behind by the time in which a change is reported, and by a minute where a connection dies without a word.
//!
//! [Efficient detection of changes](https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes)

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection},
    kinds::{Resource, segment},
    list::{Listing, Query},
    listings::{self, AT_ONCE, Found, by_key},
    project,
};
use futures_util::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _, stream};
use goldenpath_core::{
    domain::{ClusterArn, Observed},
    ports::Scope,
};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync, task::JoinSet, time::Instant};

/// How long a mirror lives, and within which time two plans make one worth while.
pub(super) const LIVES: Duration = Duration::from_secs(60);

/// Of one cluster; empty until plans come often.
#[derive(Default)]
pub(super) struct Mirror {
    state: sync::Mutex<State>,
    /// The number of the last change that was reported.
    reported: Arc<AtomicU64>,
}

#[derive(Default)]
struct State {
    listed: Option<Instant>,
    /// Also one that is over, until its minute is: what ends at once is not begun with every plan.
    kept: Option<Kept>,
}

/// The watches end with it.
struct Kept {
    begun: Instant,
    held: Arc<Mutex<Contents>>,
    /// What the cluster did not serve, and may serve by now.
    unserved: Vec<(Resource, Query<'static>)>,
    _watches: JoinSet<()>,
}

/// An object may be in two listings, and leave one of them: each is held by itself.
#[derive(Default)]
struct Contents {
    listings: Vec<Found>,
    /// So many watches have not begun.
    opening: usize,
    is_over: bool,
}

/// `metav1.WatchEvent`
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    what: What,
    object: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum What {
    Added,
    Modified,
    /// Also of what the listing does not select any more.
    Deleted,
}

/// Where the events of one watch go.
struct Watched {
    cluster: ClusterArn,
    resource: Resource,
    /// Of `Contents::listings`.
    at: usize,
    held: Arc<Mutex<Contents>>,
    reported: Arc<AtomicU64>,
}

// === impl Mirror ===

impl Mirror {
    /// What a listing of the scope holds, or held a moment ago.
    pub async fn part(&self, connection: &Connection, scope: &Scope) -> Result<Found, ApiError> {
        let mut state = self.state.lock().await;
        let is_young = |since: Instant| since.elapsed() < LIVES;
        if let Some(kept) = &state.kept
            && is_young(kept.begun)
        {
            return match kept.objects(connection).await? {
                Some(found) => Ok(listings::part(found, scope)),
                None => listings::of_scope(connection, scope).await,
            };
        }
        state.kept = None;
        if !state.listed.replace(Instant::now()).is_some_and(is_young) {
            drop(state);
            return listings::of_scope(connection, scope).await;
        }
        let (kept, found) = Kept::begin(connection, &self.reported).await?;
        state.kept = Some(kept);
        Ok(listings::part(found, scope))
    }

    /// Another number after each change that was reported; 0: none was.
    pub fn revision(&self) -> u64 {
        self.reported.load(Ordering::Acquire)
    }
}

// === impl Kept ===

impl Kept {
    async fn begin(connection: &Connection, reported: &Arc<AtomicU64>) -> Result<(Self, Found), ApiError> {
        let begun = Instant::now();
        let wanted = listings::everywhere();
        let mut listed = vec![];
        for (resource, query) in &wanted {
            listed.push(listings::observe(connection, resource, *query).boxed());
        }
        let listed: Vec<Listing<Observed>> = stream::iter(listed).buffered(AT_ONCE).try_collect().await?;
        let held = Arc::new(Mutex::new(Contents::default()));
        let (mut to_watch, mut unserved) = (vec![], vec![]);
        for ((resource, query), Listing { items, version }) in wanted.into_iter().zip(listed) {
            let at = lock(&held).add(by_key(items));
            match version {
                Some(version) => to_watch.push((watch(&resource, query, &version), resource, at)),
                None => unserved.push((resource, query)),
            }
        }
        let mut watches = JoinSet::new();
        lock(&held).opening = to_watch.len();
        for (request, resource, at) in to_watch {
            let (cluster, held, reported) = (connection.cluster.clone(), held.clone(), reported.clone());
            let lines = connection.lines(request).await?;
            watches.spawn(Watched { cluster, resource, at, held, reported }.follow(lines));
        }
        let found = lock(&held).all();
        Ok((Self { begun, held, unserved, _watches: watches }, found))
    }

    /// `None`: not all watches run.
    async fn objects(&self, connection: &Connection) -> Result<Option<Found>, ApiError> {
        let mut served = vec![];
        for (resource, query) in &self.unserved {
            served.extend(listings::observe(connection, resource, *query).await?.items);
        }
        let held = lock(&self.held);
        Ok((held.opening == 0 && !held.is_over).then(|| {
            let mut all = held.all();
            all.extend(by_key(served));
            all
        }))
    }
}

fn watch(resource: &Resource, query: Query<'_>, version: &str) -> ApiRequest {
    let how = format!("watch=true&resourceVersion={}&timeoutSeconds={}", segment(version), LIVES.as_secs());
    ApiRequest::get(format!("WATCH {}", resource.kind), query.path(resource, &how))
}

fn lock(held: &Mutex<Contents>) -> MutexGuard<'_, Contents> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Contents ===

impl Contents {
    fn add(&mut self, listing: Found) -> usize {
        self.listings.push(listing);
        self.listings.len() - 1
    }

    fn all(&self) -> Found {
        self.listings.iter().flatten().map(|(key, observed)| (key.clone(), observed.clone())).collect()
    }
}

// === impl Watched ===

impl Watched {
    async fn follow(
        self,
        lines: impl Future<Output = Result<impl Stream<Item = io::Result<String>> + Send, ApiError>> + Send,
    ) {
        match lines.await {
            Ok(lines) => self.take_all(lines).await,
            // Without the permission to watch, plans list as they do without a daemon.
            Err(error) => tracing::debug!(error = %error.error, "nothing is kept of this cluster"),
        }
        lock(&self.held).is_over = true;
    }

    async fn take_all(&self, lines: impl Stream<Item = io::Result<String>> + Send) {
        lock(&self.held).opening -= 1;
        let mut lines = pin!(lines);
        // The other types are ERROR, as when the version is too old, and BOOKMARK, which was not asked for.
        while let Some(Ok(line)) = lines.next().await
            && let Ok(event) = serde_json::from_str(&line)
            && let Some(()) = self.take(event)
        {}
    }

    /// `None`: no object that could be kept, or nobody keeps any more.
    fn take(&self, Event { what, object }: Event) -> Option<()> {
        /// Of the process, so that no number of one mirror is another one's.
        static CHANGES: AtomicU64 = AtomicU64::new(0);

        let observed = project::observation(&self.cluster, &self.resource, object)?;
        let mut held = lock(&self.held);
        if held.is_over {
            return None;
        }
        let listing = held.listings.get_mut(self.at)?;
        let (was, is) = match what {
            What::Deleted => (listing.remove(&observed.key), None),
            What::Added | What::Modified => (listing.insert(observed.key.clone(), observed.clone()), Some(observed)),
        };
        if was.map(lasting) != is.map(lasting) {
            self.reported.store(CHANGES.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Release);
        }
        Some(())
    }
}

/// Without what changes whenever a pod comes or goes: quotas count, budgets and autoscalers write their status.
fn lasting(observed: Observed) -> Observed {
    Observed { version: String::new(), used: BTreeMap::new(), ..observed }
}

#[cfg(test)]
mod tests;
