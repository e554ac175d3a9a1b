//! A lock on what one process at a time may change: a Lease in our own namespace, there only while somebody holds it.
//!
//! It stays unchanged when its holder is gone, and whoever waits measures that by his own clock (as client-go's leader election
//! does), since the clocks of two machines never agree. The lock is advisory and no fence: work that lost it goes on, and whoever wanted
//! it hears that it has to check the result.

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection, JSON},
    kinds::{self, Resource},
};
use crate::errors::is_not_found;
use futures_util::future::{Either, select};
use goldenpath_core::{
    domain::{Class, ClusterArn, SYSTEM_NAMESPACE},
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

pub(super) const LEASE: Resource = kinds::resource("coordination.k8s.io/v1", "Lease", "leases", true);
/// A holder whose Lease did not change for so long is gone.
const EXPIRY: Duration = Duration::from_secs(15);
const RENEWAL: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);
/// Many may wait; each holds the lock for a second or two.
const LONGEST_WAIT: Duration = Duration::from_secs(180);

/// Callers of one process wait for each other here, in the order in which they came, without requests to the API server.
#[derive(Default)]
pub(super) struct Queues(Mutex<HashMap<(ClusterArn, String), Arc<Queue>>>);

/// Held by the caller whose turn it is.
type Queue = tokio::sync::Mutex<()>;

/// What became of a lock by the end of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Nobody else had it meanwhile.
    Kept,
    /// Somebody else may have done the same work at the same time, or there was no lock.
    Lost,
}

// === impl Queues ===

impl Queues {
    /// Does the work while holding the lock. Where a Lease cannot exist there is nobody to wait for.
    pub async fn with_lock<T>(
        &self,
        connection: &Connection,
        name: &str,
        work: impl Future<Output = Result<T, PortError>>,
    ) -> Result<(T, Lock), PortError> {
        let until = Instant::now() + LONGEST_WAIT;
        let queue = self.queue(&connection.cluster, name);
        let Ok(_first) = tokio::time::timeout_at(until, queue.lock()).await else {
            return Err(too_long(name, "this process itself"));
        };
        let lock = match LeaseLock::acquire(connection, name, until).await {
            Err(error) if is_not_found(&error) => return Ok((work.await?, Lock::Lost)),
            other => other?,
        };
        let done = match select(pin!(work), pin!(lock.keep())).await {
            Either::Left((done, _)) => done,
            Either::Right((never, _)) => match never {},
        };
        let lock = lock.release().await;
        Ok((done?, lock))
    }

    fn queue(&self, cluster: &ClusterArn, name: &str) -> Arc<Queue> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Everyone who waits or works holds a reference too.
        queues.retain(|_, queue| Arc::strong_count(queue) > 1);
        queues.entry((cluster.clone(), name.to_owned())).or_default().clone()
    }
}

struct LeaseLock<'a> {
    connection: &'a Connection,
    name: &'a str,
    /// A Lease of this name that somebody else made has another one.
    uid: Value,
}

// === impl LeaseLock ===

impl<'a> LeaseLock<'a> {
    async fn acquire(connection: &'a Connection, name: &'a str, until: Instant) -> Result<Self, PortError> {
        let holder = format!("{}-{:08x}", std::process::id(), getrandom::u32().unwrap_or_default());
        let mut seen: Option<(Value, Instant)> = None;
        loop {
            let of = |lease: &Value| Self { connection, name, uid: lease["metadata"]["uid"].clone() };
            let lost = match create(connection, name, &holder).await {
                Ok(made) => return Ok(of(&made)),
                Err(error) if error.status == Some(StatusCode::CONFLICT) => None,
                // It may have been created all the same.
                Err(error) if error.error.class == Class::Unavailable => Some(error),
                Err(error) => return Err(error.into()),
            };
            let theirs = match (connection.document(&ApiRequest::get("GET Lease", path(Some(name)))).await, lost) {
                (Ok(lease), _) if lease["spec"]["holderIdentity"] == *holder => return Ok(of(&lease)),
                (_, Some(lost)) => return Err(lost.into()),
                (Err(error), None) if is_not_found(&error) => continue,
                (other, None) => other?,
            };
            let version = theirs["metadata"]["resourceVersion"].clone();
            let since = match seen {
                Some((before, since)) if before == version => since,
                _ => Instant::now(),
            };
            let who = theirs["spec"]["holderIdentity"].as_str().unwrap_or("someone else");
            if since.elapsed() >= EXPIRY {
                tracing::info!(name, who, "deleting a lock that its holder no longer renews");
                let preconditions = json!({"uid": theirs["metadata"]["uid"], "resourceVersion": version});
                delete(connection, name, preconditions).await?;
            } else if Instant::now() > until {
                return Err(too_long(name, who));
            } else {
                tracing::debug!(name, who, "waiting for the lock");
                sleep(POLL).await;
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
            let request = ApiRequest::with(Method::PATCH, "PATCH Lease", path(Some(self.name)), content);
            if let Err(ApiError { error, .. }) = self.connection.send(&request).await {
                tracing::info!(%error, name = self.name, "the lock could not be renewed");
            }
        }
    }

    /// A Lease that cannot be deleted expires. One that is still there under its uid was nobody else's since it was made.
    async fn release(self) -> Lock {
        match delete(self.connection, self.name, json!({"uid": self.uid})).await {
            Ok(true) => Lock::Kept,
            Ok(false) => Lock::Lost,
            Err(error) => {
                tracing::info!(%error, name = self.name, "the lock could not be released");
                Lock::Lost
            }
        }
    }
}

fn too_long(name: &str, who: &str) -> PortError {
    let message = format!(
        "the Lease {name} in {SYSTEM_NAMESPACE} was held by others for {} s, now by {who}: try again when they are done",
        LONGEST_WAIT.as_secs()
    );
    PortError::new(Class::Unavailable, "POST Lease", message)
}

async fn create(connection: &Connection, name: &str, holder: &str) -> Result<Value, ApiError> {
    let now = now();
    let lease = json!({"apiVersion": LEASE.api_version, "kind": LEASE.kind,
        "metadata": {"name": name, "namespace": SYSTEM_NAMESPACE},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": EXPIRY.as_secs(), "acquireTime": now, "renewTime": now}});
    let request = ApiRequest::with(Method::POST, "POST Lease", path(None), (JSON, lease));
    connection.document(&request).await
}

/// A Lease that somebody else deleted or took over is as good as released: false.
async fn delete(connection: &Connection, name: &str, preconditions: Value) -> Result<bool, PortError> {
    let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions});
    let request = ApiRequest::with(Method::DELETE, "DELETE Lease", path(Some(name)), (JSON, options));
    match connection.send(&request).await {
        Err(error) if matches!(error.error.class, Class::NotFound | Class::Conflict) => Ok(false),
        other => other.map(|_| true).map_err(PortError::from),
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
