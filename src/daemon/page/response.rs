//! What each response says besides its body: nothing is loaded from elsewhere, framed, kept or guessed.

use super::templates::{Frame, RefusedPage};
use crate::refusal::problem_of;
use askama::Template;
use goldenpath_core::domain::Problem;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, WWW_AUTHENTICATE,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use tonic::{Code, Status, body::Body};

pub type PageResponse = Response<Body>;

/// Its own style, its own script and its own events. `data:` is the icon that there is not.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";

/// Why there is nothing to see.
pub struct Refused {
    status: StatusCode,
    summary: String,
    detail: String,
}

// === impl Refused ===

impl Refused {
    fn new(status: StatusCode, summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status, summary: summary.into(), detail: detail.into() }
    }

    pub fn method() -> Self {
        let detail = "Nothing can be changed here. Use Terraform, or the command line.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "The page can only be looked at", detail)
    }

    pub fn no_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "No such page", "Begin with the environments.")
    }

    pub fn late() -> Self {
        let detail = "AWS or a cluster takes too long to respond. Load the page again in a moment.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "The target did not respond in time", detail)
    }

    /// Of who asks.
    pub fn of(status: Status) -> Self {
        let code = match status.code() {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::Aborted => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        let Problem { summary, detail, .. } = problem_of(&status, "this address");
        let how = "In a browser use the address that `goldenpath page` prints, or a client certificate.";
        let detail = if code == StatusCode::UNAUTHORIZED { how.to_owned() } else { detail };
        Self::new(code, summary, detail)
    }

    /// Of what was asked for. What lies out of bounds is not said to exist.
    pub fn problem(problem: &Problem) -> Self {
        let Problem { code, summary, detail, .. } = problem;
        let status = match *code {
            "record.not_found" | "daemon.no_operation" => StatusCode::NOT_FOUND,
            code if code.starts_with("bounds.") => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, summary.clone(), detail.clone())
    }
}

pub fn page(template: &impl Template) -> Result<PageResponse, Refused> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "A page can't be rendered");
        let detail = "This is a bug of the daemon. Look into its log, and use the command line meanwhile.";
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "The page can't be rendered", detail)
    })?;
    Ok(response(StatusCode::OK, HTML, Body::new(html)))
}

pub fn refusal_page(Refused { status, summary, detail }: &Refused) -> PageResponse {
    let page = RefusedPage { frame: Frame::of_nobody(), status: status.as_u16(), summary, detail };
    let mut response = response(*status, HTML, Body::new(page.render().unwrap_or_default()));
    match *status {
        StatusCode::UNAUTHORIZED => drop(response.headers_mut().insert(WWW_AUTHENTICATE, text("Bearer"))),
        StatusCode::METHOD_NOT_ALLOWED => drop(response.headers_mut().insert(ALLOW, text("GET, HEAD"))),
        _ => {}
    }
    response
}

pub fn asset(kind: &'static str, body: &'static str) -> PageResponse {
    response(StatusCode::OK, kind, Body::new(body.to_owned()))
}

pub fn response(status: StatusCode, kind: &'static str, body: Body) -> PageResponse {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, text(value));
    }
    response
}

fn text(value: &'static str) -> HeaderValue {
    HeaderValue::from_static(value)
}
