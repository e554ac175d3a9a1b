//! Whoever counts this process's requests. Set once, by the composition root; without it nothing is counted.

use goldenpath_core::domain::Class;
use std::{sync::OnceLock, time::Duration};

#[derive(Clone, Debug)]
pub enum Request<'a> {
    /// `code`: a status, or the class of the error.
    Made { service: &'a str, operation: &'a str, code: &'a str },
    /// For a rate limit.
    Waited { service: &'a str, time: Duration },
}

type Counter = Box<dyn Fn(Request<'_>) + Send + Sync>;

static COUNTER: OnceLock<Counter> = OnceLock::new();

/// The first one counts.
pub fn count_requests(counter: impl Fn(Request<'_>) + Send + Sync + 'static) {
    let _ = COUNTER.set(Box::new(counter));
}

pub(crate) fn count(request: Request<'_>) {
    if let Some(counter) = COUNTER.get() {
        counter(request);
    }
}

/// As a label.
pub(crate) fn code(class: Option<Class>) -> &'static str {
    class.map_or("ok", Class::as_str)
}
