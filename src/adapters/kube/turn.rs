//! A turn at what one process at a time may change: a Lease in our own namespace, there only while somebody holds it.
//!
//! It stands still when its holder is gone, and whoever waits judges that by his own clock (as client-go's leader election
//! does), since the clocks of two machines agree about nothing. A turn is a guide and no fence: work that lost it goes on, and
//! has to look afterwards at what came of it.

use super::{
    Kube,
    call::{Ask, Connection, JSON},
    kinds::{self, Resource},
    refused::Refused,
};
use futures_util::future::{Either, select};
use goldenpath_core::{
    domain::{Class, ClusterArn, projection::SYSTEM_NAMESPACE},
    ports::PortError,
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};

pub(super) const LEASE: Resource = kinds::known("coordination.k8s.io/v1", "Lease", "leases", true);
/// A holder whose Lease did not change for so long is gone.
const EXPIRY: Duration = Duration::from_secs(15);
const RENEWAL: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(200);
/// Many may wait; each turn takes a second or two.
const PATIENCE: Duration = Duration::from_secs(180);

/// Those of one process wait for each other here, in the order in which they came, and ask the API server nothing meanwhile.
#[derive(Default)]
pub(super) struct Queues(Mutex<HashMap<(ClusterArn, String), Arc<Waiting>>>);

/// Held by the one whose turn it is.
type Waiting = tokio::sync::Mutex<()>;

impl Queues {
    fn of(&self, cluster: &ClusterArn, name: &str) -> Arc<Waiting> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who waits or works holds one too.
        queues.retain(|_, queue| Arc::strong_count(queue) > 1);
        queues.entry((cluster.clone(), name.to_owned())).or_default().clone()
    }
}

struct Turn<'a> {
    connection: &'a Connection,
    name: &'a str,
    /// A Lease of this name that somebody else made has another one.
    uid: Value,
}

impl Kube {
    /// Does the work while nobody else does work of this name in the cluster. Where there is no place for a Lease (our
    /// namespace, or the whole cluster, is gone) there is nobody to wait for.
    pub async fn in_turn<T>(
        &self,
        cluster: &ClusterArn,
        name: &str,
        work: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let connection = match self.connection(cluster).await {
            Err(error) if error.class == Class::NotFound => return work.await,
            other => other?,
        };
        let until = Instant::now() + PATIENCE;
        let queue = self.turns.of(cluster, name);
        let Ok(_first) = tokio::time::timeout_at(until, queue.lock()).await else {
            return Err(too_long(name, "this process itself"));
        };
        let turn = match Turn::take(&connection, name, until).await {
            Err(error) if error.class == Class::NotFound => return work.await,
            other => other?,
        };
        let done = match select(pin!(work), pin!(turn.keep())).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => match never {},
        };
        turn.end().await;
        done
    }
}

// === impl Turn ===

impl<'a> Turn<'a> {
    async fn take(connection: &'a Connection, name: &'a str, until: Instant) -> Result<Self, PortError> {
        let holder = format!("{}-{:08x}", std::process::id(), getrandom::u32().unwrap_or_default());
        let mut seen: Option<(Value, Instant)> = None;
        loop {
            let of = |lease: &Value| Self { connection, name, uid: lease["metadata"]["uid"].clone() };
            let lost = match make(connection, name, &holder).await {
                Ok(made) => return Ok(of(&made)),
                Err(refused) if refused.status == Some(StatusCode::CONFLICT) => None,
                // It may have been made all the same.
                Err(refused) if refused.error.class == Class::Unavailable => Some(refused),
                Err(refused) => return Err(refused.into()),
            };
            let theirs = match (connection.document(&Ask::get("GET Lease", path(Some(name)))).await, lost) {
                (Ok(lease), _) if lease["spec"]["holderIdentity"] == *holder => return Ok(of(&lease)),
                (_, Some(lost)) => return Err(lost.into()),
                (Err(refused), None) if refused.error.class == Class::NotFound => continue,
                (other, None) => other?,
            };
            let version = theirs["metadata"]["resourceVersion"].clone();
            let since = match seen {
                Some((before, since)) if before == version => since,
                _ => Instant::now(),
            };
            let who = theirs["spec"]["holderIdentity"].as_str().unwrap_or("somebody");
            if since.elapsed() >= EXPIRY {
                tracing::info!(name, who, "a turn that nobody keeps is ended");
                let as_seen = json!({"uid": theirs["metadata"]["uid"], "resourceVersion": version});
                delete(connection, name, as_seen).await?;
            } else if Instant::now() > until {
                return Err(too_long(name, who));
            } else {
                tracing::debug!(name, who, "waits for its turn");
                sleep(LOOK).await;
            }
            seen = Some((version, since));
        }
    }

    /// Never ends.
    async fn keep(&self) -> std::convert::Infallible {
        loop {
            sleep(RENEWAL).await;
            let renewed = json!({"metadata": {"uid": self.uid}, "spec": {"renewTime": now()}});
            let content = ("application/merge-patch+json", renewed);
            let ask = Ask::with(Method::PATCH, "PATCH Lease", path(Some(self.name)), content);
            if let Err(Refused { error, .. }) = self.connection.send(&ask).await {
                tracing::info!(%error, name = self.name, "a turn could not be kept");
            }
        }
    }

    /// One that can't be deleted expires.
    async fn end(self) {
        if let Err(error) = delete(self.connection, self.name, json!({"uid": self.uid})).await {
            tracing::info!(%error, name = self.name, "a turn could not be ended");
        }
    }
}

fn too_long(name: &str, who: &str) -> PortError {
    let message =
        format!("Lease {name} in {SYSTEM_NAMESPACE} was held by others for {} s, now by {who}", PATIENCE.as_secs());
    PortError::new(Class::Unavailable, "POST Lease", message)
}

async fn make(connection: &Connection, name: &str, holder: &str) -> Result<Value, Refused> {
    let now = now();
    let lease = json!({"apiVersion": LEASE.api_version, "kind": LEASE.kind,
        "metadata": {"name": name, "namespace": SYSTEM_NAMESPACE},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": EXPIRY.as_secs(), "acquireTime": now, "renewTime": now}});
    let ask = Ask::with(Method::POST, "POST Lease", path(None), (JSON, lease));
    connection.document(&ask).await
}

/// What somebody else ended, or took over, is as good as ended.
async fn delete(connection: &Connection, name: &str, as_seen: Value) -> Result<(), PortError> {
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": as_seen});
    let ask = Ask::with(Method::DELETE, "DELETE Lease", path(Some(name)), (JSON, options));
    match connection.send(&ask).await {
        Err(refused) if matches!(refused.error.class, Class::NotFound | Class::Conflict) => Ok(()),
        other => other.map(|_| ()).map_err(PortError::from),
    }
}

fn path(name: Option<&str>) -> String {
    match name {
        Some(name) => LEASE.object(Some(SYSTEM_NAMESPACE), name),
        None => LEASE.collection(Some(SYSTEM_NAMESPACE)),
    }
}

/// A `MicroTime`: six digits, no more and no less.
fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}
