//! Which requests a change took, and what the target calls them: adapters say so, and whoever has the change made may listen.
//!
//! As with [`operation`](super::operation), nobody's promise depends on it, so that it goes beside the arguments.

use super::trace::TRACE;
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{Instrument as _, field::Empty};

tokio::task_local! {
    static MADE: Arc<Mutex<Vec<MadeCall>>>;
    /// Of the request that is under way.
    static REQUEST_ID: Arc<Mutex<Option<String>>>;
}

/// A request that changes something, once it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCall {
    /// `iam:CreateRole`, `PATCH NetworkPolicy`
    pub call: String,
    /// A status, or the class of the error.
    pub code: String,
    /// By which the target's own trail has it. Of several tries the last one.
    pub request_id: Option<String>,
}

/// With all requests that `work` made to change something, in the order in which they ended.
pub async fn collect<T>(work: impl Future<Output = T>) -> (T, Vec<MadeCall>) {
    let made = Arc::<Mutex<Vec<MadeCall>>>::default();
    let done = MADE.scope(made.clone(), work).await;
    let made = std::mem::take(&mut *made.lock().unwrap_or_else(PoisonError::into_inner));
    (done, made)
}

/// Makes such a request. `code`: of its response.
pub fn change<T>(
    call: &str,
    request: impl Future<Output = T>,
    code: impl FnOnce(&T) -> String,
) -> impl Future<Output = T> {
    // The future of an SDK's request is large: it is moved once, and not with each that waits for it.
    let request = Box::pin(request);
    async move {
        let span = tracing::info_span!(
            target: TRACE, "call", otel.name = call, otel.kind = "client", code = Empty, request_id = Empty
        );
        let id = Arc::<Mutex<Option<String>>>::default();
        let response = REQUEST_ID.scope(id.clone(), request).instrument(span.clone()).await;
        let request_id = id.lock().unwrap_or_else(PoisonError::into_inner).take();
        let code = code(&response);
        span.record("code", &code);
        if let Some(id) = &request_id {
            span.record("request_id", id);
        }
        // Nobody may be listening.
        let _ = MADE.try_with(|made| {
            let made_call = MadeCall { call: call.to_owned(), code, request_id };
            made.lock().unwrap_or_else(PoisonError::into_inner).push(made_call);
        });
        response
    }
}

/// The response names the request that is under way.
pub fn is_named(request_id: &str) {
    let _ = REQUEST_ID.try_with(|id| *id.lock().unwrap_or_else(PoisonError::into_inner) = Some(request_id.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join;

    #[tokio::test]
    async fn requests_at_the_same_time_keep_their_own_names() {
        let request = |name: &'static str, id: &'static str| {
            let made = async move {
                tokio::task::yield_now().await;
                is_named(&format!("{id} first try"));
                is_named(id);
            };
            change(name, made, |()| "ok".to_owned())
        };
        let ((), made) = collect(async {
            join(request("iam:CreateRole", "r-1"), request("PATCH Namespace", "r-2")).await;
            is_named("of no request");
        })
        .await;
        let made: Vec<_> = made.iter().map(|made| (made.call.as_str(), made.request_id.as_deref())).collect();
        assert_eq!(made, [("iam:CreateRole", Some("r-1")), ("PATCH Namespace", Some("r-2"))]);
        request("DELETE Namespace", "nobody listens").await;
    }
}
