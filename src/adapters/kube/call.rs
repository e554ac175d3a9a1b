//! One request to the API server and its answer.
//!
//! Invariants: every call ends within [`LONGEST`]; nothing is retried here but a token that the server no longer takes; an
//! answer that is no success becomes a [`Refused`] with the server's words and its audit id.

use super::{
    connect::TokenSource,
    kinds::Discovered,
    refused::{self, Refused},
};
use goldenpath_core::{domain::ClusterArn, ports::operation};
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, USER_AGENT},
};
use kube::client::Body;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// API servers end a request after 60 s by themselves; one page of a listing takes well under a second.
const LONGEST: Duration = Duration::from_secs(60);

/// A client of one cluster and what was learned of it.
pub(super) struct Connection {
    pub cluster: ClusterArn,
    pub client: kube::Client,
    /// `None`: the client itself authenticates, by what the kubeconfig says.
    pub tokens: Option<Arc<dyn TokenSource>>,
    pub discovered: Discovered,
}

pub(super) struct Ask {
    /// In the words of an error: `PATCH NetworkPolicy`.
    pub call: String,
    pub method: Method,
    pub path: String,
    pub accept: &'static str,
    pub content: Option<(&'static str, Value)>,
    /// The connection ends with the answer, so that another server may get the next request.
    pub is_last: bool,
}

pub(super) const JSON: &str = "application/json";
/// JSON is YAML, and all that this name promises.
pub(super) const APPLY: &str = "application/apply-patch+yaml";

// === impl Ask ===

impl Ask {
    pub fn get(call: impl Into<String>, path: impl Into<String>) -> Self {
        Self { call: call.into(), method: Method::GET, path: path.into(), accept: JSON, content: None, is_last: false }
    }

    pub fn with(
        method: Method,
        call: impl Into<String>,
        path: impl Into<String>,
        content: (&'static str, Value),
    ) -> Self {
        Self { method, content: Some(content), ..Self::get(call, path) }
    }
}

// === impl Connection ===

impl Connection {
    /// The body of a success.
    pub async fn send(&self, ask: &Ask) -> Result<Vec<u8>, Refused> {
        let first = self.once(ask, false).await;
        match (&self.tokens, first) {
            // A token that was revoked, or that a clock ahead of ours takes for old.
            (Some(_), Err(refused)) if refused.status == Some(StatusCode::UNAUTHORIZED) => self.once(ask, true).await,
            (_, first) => first,
        }
    }

    pub async fn document(&self, ask: &Ask) -> Result<Value, Refused> {
        let body = self.send(ask).await?;
        serde_json::from_slice(&body).map_err(|error| refused::unreadable(&ask.call, &error))
    }

    /// By the header `Date`, whole seconds.
    pub async fn clock_skew(&self) -> Result<i64, Refused> {
        let ask = Ask::get("GET the time", "/version");
        let request = self.request(&ask, false).await?;
        let answer = match tokio::time::timeout(LONGEST, self.client.send(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(refused::broken(&ask.call, error)),
            Err(_) => return Err(refused::slow(&ask.call, LONGEST)),
        };
        let date = answer.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
        let there = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let there = there.ok_or_else(|| refused::invalid(&ask.call, "the answer tells no time"))?;
        Ok(there.timestamp().as_second() - jiff::Timestamp::now().as_second())
    }

    async fn once(&self, ask: &Ask, renew: bool) -> Result<Vec<u8>, Refused> {
        let request = self.request(ask, renew).await?;
        let call = async {
            let answer = self.client.send(request).await?;
            let (parts, body) = answer.into_parts();
            Ok::<_, kube::Error>((parts, body.collect_bytes().await?))
        };
        let (parts, body) = match tokio::time::timeout(LONGEST, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(refused::broken(&ask.call, error)),
            Err(_) => return Err(refused::slow(&ask.call, LONGEST)),
        };
        if parts.status.is_success() {
            return Ok(body.into());
        }
        let audit = parts.headers.get("audit-id").and_then(|id| id.to_str().ok());
        Err(refused::answer(&ask.call, parts.status, &body, audit))
    }

    async fn request(&self, ask: &Ask, renew: bool) -> Result<Request<Body>, Refused> {
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(&ask.path)
            .header(ACCEPT, ask.accept)
            .header(USER_AGENT, operation::user_agent(env!("CARGO_PKG_VERSION")));
        if ask.is_last {
            request = request.header(CONNECTION, "close");
        }
        if let Some(tokens) = &self.tokens {
            let token = tokens.token(&self.cluster, renew).await?;
            let bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
            let mut bearer =
                bearer.map_err(|_| refused::invalid(&ask.call, "the token holds characters of no header"))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        let body = match &ask.content {
            Some((kind, content)) => {
                request = request.header(CONTENT_TYPE, *kind);
                Body::from(content.to_string().into_bytes())
            }
            None => Body::empty(),
        };
        request.body(body).map_err(|error| refused::invalid(&ask.call, &error.to_string()))
    }
}
