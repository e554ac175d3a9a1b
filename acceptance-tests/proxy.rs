//! Between the provider and both servers: counts what is asked, and lets it fail on order.
//!
//! Each proxy is one test's own: a provider that asks AWS through it is told by DescribeCluster that the cluster's address is the
//! proxy's too, under a certificate of the same authority. Signatures survive, because the Host header goes through as it came.

mod answer;
mod serve;

pub use answer::Action;

use crate::servers::real::Real;
use anyhow::{Context as _, Result};
use http_body_util::BodyExt as _;
use hyper::{Method, body::Bytes};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Aws,
    Kubernetes,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub service: Service,
    pub method: Method,
    /// With its query.
    pub path: String,
    /// IAM's and STS's operation; empty for EKS and Kubernetes, whose method and path say it.
    pub action: String,
    /// The header `User-Agent`, as both sides' logs keep it.
    pub agent: String,
    pub began: Instant,
    /// `None`: still under way, or cut.
    pub ended: Option<Instant>,
    pub status: Option<u16>,
}

type Rule = Box<dyn FnMut(&Asked) -> Action + Send>;

pub(crate) struct State {
    seen: Mutex<Vec<Asked>>,
    rule: Mutex<Option<Rule>>,
}

/// Listening, until dropped.
pub struct Proxy {
    state: Arc<State>,
    /// Where AWS is, for the provider.
    pub url: String,
    /// Its thread ends when this is dropped.
    _running: oneshot::Sender<()>,
}

// === impl Proxy ===

impl Proxy {
    pub fn start(real: &Arc<Real>) -> Result<Self> {
        let state = Arc::new(State { seen: Mutex::default(), rule: Mutex::default() });
        let (running, ended) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let (real, its) = (real.clone(), state.clone());
        // A thread of its own: a test that waits must not stop what it waits for.
        std::thread::spawn(move || {
            crate::block_on(async {
                let _ = tell.send(serve::start(&real, its).await);
                let _ = ended.await;
                Ok(())
            })
        });
        Ok(Self { state, url: told.recv().context("the proxy did not start")??, _running: running })
    }

    /// What becomes of each request from now on.
    pub fn rule(&self, rule: impl FnMut(&Asked) -> Action + Send + 'static) {
        *lock(&self.state.rule) = Some(Box::new(rule));
    }

    pub fn calm(&self) {
        *lock(&self.state.rule) = None;
    }

    pub fn forget(&self) {
        lock(&self.state.seen).clear();
    }

    pub fn seen(&self) -> Vec<Asked> {
        lock(&self.state.seen).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Asked ===

impl Asked {
    /// Whether it may change anything.
    pub fn is_write(&self) -> bool {
        match self.service {
            Service::Kubernetes => self.method != Method::GET,
            Service::Aws if self.action.is_empty() => self.method != Method::GET,
            Service::Aws => !["Get", "List", "Assume"].iter().any(|read| self.action.starts_with(read)),
        }
    }

    /// The one request that each own access entry and association may cost in a refresh.
    pub fn is_describe(&self) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        self.service == Service::Aws
            && self.method == Method::GET
            && matches!(parts.as_slice(), ["clusters", _, "access-entries" | "pod-identity-associations", _])
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.action.is_empty() { write!(f, "{} {}", self.method, self.path) } else { write!(f, "{}", self.action) }
    }
}

/// The time in which at least one of them was under way.
pub fn busy(asked: &[Asked]) -> Duration {
    let mut spans: Vec<(Instant, Instant)> =
        asked.iter().filter_map(|asked| Some((asked.began, asked.ended?))).collect();
    spans.sort_unstable();
    let mut busy = Duration::ZERO;
    let mut until: Option<Instant> = None;
    for (began, ended) in spans {
        let from = until.map_or(began, |until| began.max(until));
        busy += ended.saturating_duration_since(from);
        until = Some(until.map_or(ended, |until| ended.max(until)));
    }
    busy
}

/// A query's or form's `Action`.
fn action(body: &[u8], path: &str) -> String {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let body = std::str::from_utf8(body).unwrap_or_default();
    let pairs = body.split('&').chain(query.split('&'));
    pairs.filter_map(|pair| pair.strip_prefix("Action=")).next().unwrap_or_default().to_owned()
}

async fn whole(body: hyper::body::Incoming) -> Result<Bytes> {
    Ok(body.collect().await?.to_bytes())
}
