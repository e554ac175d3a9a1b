//! The requests that went through, and what a test wants to happen to them.

use super::intervention::{Intervention, Service};
use hyper::Method;
use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// One request.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    pub service: Service,
    pub method: Method,
    /// With its query.
    pub path: String,
    /// IAM's and STS's operation; empty for EKS and Kubernetes, whose method and path say it.
    pub action: String,
    /// Of IAM and STS, all that was asked for, as a form.
    pub form: String,
    /// The header `User-Agent`, as both sides' logs keep it.
    pub agent: String,
    pub began: Instant,
    /// `None`: still under way, or cut.
    pub ended: Option<Instant>,
    pub status: Option<u16>,
}

pub(super) type Rule = Box<dyn FnMut(&LoggedRequest) -> Intervention + Send>;

#[derive(Default)]
pub(super) struct State {
    pub(super) requests: Mutex<Vec<LoggedRequest>>,
    pub(super) rule: Mutex<Option<Rule>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl LoggedRequest ===

impl LoggedRequest {
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

impl fmt::Display for LoggedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.action.is_empty() { write!(f, "{} {}", self.method, self.path) } else { write!(f, "{}", self.action) }
    }
}

/// The time in which at least one of them was under way.
pub fn busy(requests: &[LoggedRequest]) -> Duration {
    let mut spans: Vec<(Instant, Instant)> =
        requests.iter().filter_map(|request| Some((request.began, request.ended?))).collect();
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
