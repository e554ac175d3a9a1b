//! One request to the API server and its response.
//!
//! Invariants: every call ends within [`LONGEST`]; nothing is retried here but a token that the server rejects; a
//! response that is no success becomes an [`ApiError`] with the server's words and its audit id.

use super::{
    api_error::{self, ApiError},
    credentials::TokenSource,
    kinds::Discovered,
};
use crate::{
    errors::invalid,
    rate_limit::{self, Api},
    tally::{self, Request as Counted},
};
use futures_util::{AsyncBufReadExt as _, Stream};
use goldenpath_core::{
    domain::{ClusterArn, Who, release},
    ports::{calls, operation},
};
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, DATE, USER_AGENT},
    response::Parts,
};
use kube::client::Body;
use serde_json::Value;
use std::{io, sync::Arc, time::Duration};
use tokio::time::{error::Elapsed, timeout};

/// API servers end a request after 60 s by themselves; one page of a listing takes well under a second.
const LONGEST: Duration = Duration::from_secs(60);

/// A client of one cluster and what was discovered of it.
pub(super) struct Connection {
    pub cluster: ClusterArn,
    pub client: kube::Client,
    /// `None`: the client itself authenticates, by what the kubeconfig says.
    pub tokens: Option<Arc<dyn TokenSource>>,
    pub discovered: Discovered,
}

pub(super) struct ApiRequest {
    /// As errors name it: `PATCH NetworkPolicy`.
    pub call: String,
    pub method: Method,
    pub path: String,
    pub accept: &'static str,
    pub content: Option<(&'static str, Value)>,
    /// The connection ends with the response, so that another server may get the next request.
    pub is_last: bool,
    /// As somebody else, whom the caller may impersonate.
    pub as_who: Option<Who>,
}

const SERVICE: &str = "kubernetes";
pub(super) const JSON: &str = "application/json";
/// JSON is YAML, and all that this name promises.
pub(super) const APPLY: &str = "application/apply-patch+yaml";

// === impl ApiRequest ===

impl ApiRequest {
    pub fn get(call: impl Into<String>, path: impl Into<String>) -> Self {
        let (call, path) = (call.into(), path.into());
        Self { call, method: Method::GET, path, accept: JSON, content: None, is_last: false, as_who: None }
    }

    pub fn with(
        method: Method,
        call: impl Into<String>,
        path: impl Into<String>,
        content: (&'static str, Value),
    ) -> Self {
        Self { method, content: Some(content), ..Self::get(call, path) }
    }

    /// A review only reads, whatever its method.
    fn changes(&self) -> bool {
        self.method != Method::GET && !self.path.ends_with("reviews")
    }
}

// === impl Connection ===

impl Connection {
    /// The body of a successful response.
    pub async fn send(&self, request: &ApiRequest) -> Result<Vec<u8>, ApiError> {
        match self.once(request, false).await {
            // A token that was revoked, or that a clock ahead of ours considers expired.
            Err(error) if error.status == Some(StatusCode::UNAUTHORIZED) && self.tokens.is_some() => {
                self.once(request, true).await
            }
            other => other,
        }
    }

    pub async fn document(&self, request: &ApiRequest) -> Result<Value, ApiError> {
        let body = self.send(request).await?;
        serde_json::from_slice(&body).map_err(|error| api_error::unreadable(&request.call, &error))
    }

    /// The lines of a response that goes on until one of both sides ends it: a watch. Whoever waits for them needs no connection: a
    /// proxy that collects responses whole gives none before the end.
    pub async fn lines(
        &self,
        request: ApiRequest,
    ) -> Result<impl Future<Output = Result<impl Stream<Item = io::Result<String>> + use<>, ApiError>> + use<>, ApiError>
    {
        let sent = self.http_request(&request, false).await?.map(|_| vec![]);
        let (client, bucket) = (self.client.clone(), self.bucket());
        Ok(async move {
            rate_limit::wait(Api::Kubernetes, SERVICE, &bucket).await;
            let opened = timeout(LONGEST, client.request_stream(sent)).await;
            let code = match &opened {
                Ok(Ok(_)) => StatusCode::OK.as_str().to_owned(),
                Ok(Err(kube::Error::Api(status))) => status.code.to_string(),
                Ok(Err(_)) | Err(_) => "no_response".to_owned(),
            };
            tally::count(Counted::Made { service: SERVICE, operation: &request.call, code: &code });
            let opened = opened.map_err(|_| api_error::timed_out(&request.call, LONGEST))?;
            Ok(opened.map_err(|error| api_error::no_response(&request.call, error))?.lines())
        })
    }

    /// Of the API server against ours, by the header `Date`, in whole seconds.
    pub async fn clock_skew(&self) -> Result<i64, ApiError> {
        let request = ApiRequest::get("GET the time", "/version");
        let (parts, _) = self.exchange(&request, false).await?;
        let date = parts.headers.get(DATE).and_then(|date| date.to_str().ok());
        let there = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let there = there.ok_or_else(|| invalid(&request.call, "the response has no date"))?;
        Ok(there.timestamp().as_second() - jiff::Timestamp::now().as_second())
    }

    async fn once(&self, request: &ApiRequest, renew: bool) -> Result<Vec<u8>, ApiError> {
        let (parts, body) = self.exchange(request, renew).await?;
        if parts.status.is_success() {
            return Ok(body);
        }
        Err(api_error::of_response(&request.call, parts.status, &body, audit_id(&parts)))
    }

    async fn exchange(&self, request: &ApiRequest, renew: bool) -> Result<(Parts, Vec<u8>), ApiError> {
        let sent = self.http_request(request, renew).await?;
        let bucket = self.bucket();
        rate_limit::wait(Api::Kubernetes, SERVICE, &bucket).await;
        let exchange = async {
            let (parts, body) = self.client.send(sent).await?.into_parts();
            if let Some(id) = audit_id(&parts) {
                calls::is_named(id);
            }
            Ok((parts, body.collect_bytes().await?.into()))
        };
        let response = match request.changes() {
            true => calls::change(&request.call, within_limit(exchange), code).await,
            false => within_limit(exchange).await,
        };
        rate_limit::learn(&bucket, status(&response) == Some(StatusCode::TOO_MANY_REQUESTS));
        tally::count(Counted::Made { service: SERVICE, operation: &request.call, code: &code(&response) });
        match response {
            Ok(response) => response.map_err(|error| api_error::no_response(&request.call, error)),
            Err(_) => Err(api_error::timed_out(&request.call, LONGEST)),
        }
    }

    fn bucket(&self) -> String {
        format!("{SERVICE} {}", self.cluster)
    }

    async fn http_request(&self, request: &ApiRequest, renew: bool) -> Result<Request<Body>, ApiError> {
        let ApiRequest { call, method, path, accept, content, is_last, as_who } = request;
        let mut http = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(ACCEPT, *accept)
            .header(USER_AGENT, operation::user_agent(release()));
        if *is_last {
            http = http.header(CONNECTION, "close");
        }
        if let Some(Who { user, groups }) = as_who {
            http = http.header("impersonate-user", user);
            for group in groups {
                http = http.header("impersonate-group", group);
            }
        }
        if let Some(tokens) = &self.tokens {
            let token = tokens.token(&self.cluster, renew).await?;
            let bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
            let mut bearer =
                bearer.map_err(|_| invalid(call, "the token holds characters that a header can't hold"))?;
            bearer.set_sensitive(true);
            http = http.header(AUTHORIZATION, bearer);
        }
        let body = match content {
            Some((content_type, content)) => {
                http = http.header(CONTENT_TYPE, *content_type);
                Body::from(content.to_string().into_bytes())
            }
            None => Body::empty(),
        };
        Ok(http.body(body).map_err(|error| invalid(call, error.to_string()))?)
    }
}

type Exchanged = Result<Result<(Parts, Vec<u8>), kube::Error>, Elapsed>;

async fn within_limit(exchange: impl Future<Output = Result<(Parts, Vec<u8>), kube::Error>>) -> Exchanged {
    timeout(LONGEST, exchange).await
}

fn status(response: &Exchanged) -> Option<StatusCode> {
    response.as_ref().ok().and_then(|response| response.as_ref().ok()).map(|(parts, _)| parts.status)
}

fn code(response: &Exchanged) -> String {
    status(response).map_or_else(|| "no_response".to_owned(), |status| status.as_str().to_owned())
}

fn audit_id(parts: &Parts) -> Option<&str> {
    parts.headers.get("audit-id").and_then(|id| id.to_str().ok())
}
