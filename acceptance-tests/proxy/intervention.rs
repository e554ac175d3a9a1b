//! What may happen to a request on its way.

use http_body_util::Full;
use hyper::{Response, body::Bytes};
use serde_json::json;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Aws,
    Kubernetes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intervention {
    Pass,
    /// The connection is cut before the server hears of it.
    Cut,
    /// The server does it, and the response is lost.
    Lose,
    /// The server doesn't hear of it: this status, in its service's own form.
    Refuse(u16),
    /// Later.
    Wait(Duration),
}

/// A refusal as the service words it.
pub(super) fn refusal(service: Service, action: &str, status: u16) -> Response<Full<Bytes>> {
    let code = match status {
        400 => "ExpiredTokenException",
        404 => "ResourceNotFoundException",
        401 | 403 => "AccessDenied",
        429 => "Throttling",
        503 => "ServiceUnavailable",
        _ => "InternalFailure",
    };
    let (kind, body, header) = match service {
        Service::Kubernetes => {
            let reason = match status {
                401 => "Unauthorized",
                403 => "Forbidden",
                404 => "NotFound",
                429 => "TooManyRequests",
                503 => "ServiceUnavailable",
                _ => "InternalError",
            };
            let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status, "reason": reason,
                "message": format!("refused by the test: {reason}")});
            ("application/json", body.to_string(), None)
        }
        Service::Aws if action.is_empty() => {
            let body = json!({"message": "refused by the test"});
            let code = if code == "AccessDenied" { "AccessDeniedException" } else { code };
            let code = if code == "Throttling" { "ThrottlingException" } else { code };
            ("application/json", body.to_string(), Some(code))
        }
        Service::Aws => {
            let code = if status == 404 { "NoSuchEntity" } else { code };
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>refused by the test</Message></Error>\
                 <RequestId>test</RequestId></ErrorResponse>"
            );
            ("text/xml", body, None)
        }
    };
    let mut response = Response::builder().status(status).header("content-type", kind);
    if let Some(code) = header {
        response = response.header("x-amzn-errortype", code);
    }
    response.body(Full::new(Bytes::from(body))).unwrap_or_default()
}
