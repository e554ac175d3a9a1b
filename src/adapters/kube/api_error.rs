//! The errors of the API server, by class. Pure.
//!
//! A 403 is never absence, and of two kinds that are not: a namespace that is being terminated returns 403 for new content,
//! which is a matter of time and not of permissions.

use crate::errors::chain;
use goldenpath_core::{domain::Class, ports::PortError};
use http::StatusCode;
use kube::core::{Status, response::StatusCause};
use std::{borrow::Borrow, time::Duration};

/// 401, which is no matter of permissions.
const NOT_AUTHENTICATED: &str = "The API server does not know the caller: its IAM role or user has no access entry on this cluster, or its \
                                 credentials have expired. Give the caller an access entry with a Kubernetes group, or renew the credentials";
/// 403 of what comes after the permissions.
const NOT_ADMITTED: &str = "The caller has the permission, and admission in the cluster refuses the object whoever writes it. Change what \
                            the message names, or have the webhook, policy or quota there admit the object";
/// The words of those that refuse with 403.
const OF_ADMISSION: [&str; 4] =
    ["admission webhook ", "ValidatingAdmissionPolicy ", "exceeded quota", "violates PodSecurity"];
/// No request was sent: a kubeconfig's user has none, or its program gives none.
pub(super) const NO_CREDENTIALS: &str =
    "Check the credentials of the kubeconfig's user, or the program that it names to get them";
const NO_CONNECTION: &str =
    "Check the network: the endpoint of a cluster may be open to its VPC and to listed addresses alone";

/// A failed request with what only this adapter needs to know of it.
#[derive(Debug)]
pub(super) struct ApiError {
    /// `None`: there was no response, or no request.
    pub status: Option<StatusCode>,
    /// Nothing is served at the path itself: an unknown group, version or resource, not a missing object.
    pub is_unserved: bool,
    /// For field conflicts, in the server's words: (field, manager).
    pub held: Vec<(String, String)>,
    pub error: PortError,
}

// === impl ApiError ===

impl Borrow<PortError> for ApiError {
    fn borrow(&self) -> &PortError {
        &self.error
    }
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        Self { status: None, is_unserved: false, held: vec![], error }
    }
}

impl From<ApiError> for PortError {
    fn from(failed: ApiError) -> Self {
        failed.error
    }
}

// === The kinds of error ===

/// Bodies that are no `Status` come from proxies and load balancers; their first line says enough.
pub(super) fn of_response(call: &str, code: StatusCode, body: &[u8], audit: Option<&str>) -> ApiError {
    let Status { message, reason, details, .. } = serde_json::from_slice(body).unwrap_or_default();
    let (name, causes) = details.map(|details| (details.name, details.causes)).unwrap_or_default();
    let class = class_of(code, &reason, &causes);
    let is_unserved = code == StatusCode::NOT_FOUND && name.is_empty();
    let message = if message.is_empty() {
        let text = String::from_utf8_lossy(body);
        let line = text.lines().next().unwrap_or_default().trim();
        format!("{code}: {}", line.chars().take(300).collect::<String>())
    } else {
        message
    };
    let conflicts = causes.into_iter().filter(|cause| cause.reason == "FieldManagerConflict");
    ApiError {
        status: Some(code),
        is_unserved,
        held: conflicts.map(|cause| (cause.field, manager_in(&cause.message))).collect(),
        error: PortError {
            request_id: audit.map(str::to_owned),
            next: next_step(code, &message).map(str::to_owned),
            ..PortError::new(class, call, message)
        },
    }
}

/// Where the class alone would give the wrong advice.
fn next_step(code: StatusCode, message: &str) -> Option<&'static str> {
    match code {
        StatusCode::UNAUTHORIZED => Some(NOT_AUTHENTICATED),
        StatusCode::FORBIDDEN if OF_ADMISSION.iter().any(|words| message.contains(words)) => Some(NOT_ADMITTED),
        _ => None,
    }
}

fn class_of(code: StatusCode, reason: &str, causes: &[StatusCause]) -> Class {
    let has_cause = |reason: &str| causes.iter().any(|cause| cause.reason == reason);
    match code.as_u16() {
        403 if has_cause("NamespaceTerminating") => Class::Conflict,
        401 | 403 => Class::Denied,
        404 => Class::NotFound,
        409 => Class::Conflict,
        429 => Class::Throttled,
        // 410: a listing that took longer than the server keeps its snapshot.
        408 | 410 | 500.. => Class::Unavailable,
        _ if reason == "Timeout" => Class::Unavailable,
        _ => Class::Invalid,
    }
}

/// `conflict with "kubectl-edit" using v1 at ...`; managers may hold escaped quotes, as Go prints them.
fn manager_in(message: &str) -> String {
    let quoted = message.split_once('"').map_or("", |(_, rest)| rest);
    let mut name = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => name.extend(characters.next()),
            other => name.push(other),
        }
    }
    name
}

/// No response: the connection, its TLS, or the credentials of the kubeconfig.
pub(super) fn no_response(call: &str, error: kube::Error) -> ApiError {
    let (class, next) = match &error {
        kube::Error::Auth(_) => (Class::Denied, NO_CREDENTIALS),
        _ => (Class::Unavailable, NO_CONNECTION),
    };
    PortError { next: Some(next.to_owned()), ..PortError::new(class, call, chain(&error)) }.into()
}

pub(super) fn timed_out(call: &str, longest: Duration) -> ApiError {
    PortError::new(
        Class::Unavailable,
        call,
        format!("no response within {} s: check that the API server can be reached", longest.as_secs()),
    )
    .into()
}

pub(super) fn unreadable(call: &str, error: &serde_json::Error) -> ApiError {
    PortError::new(Class::Unavailable, call, format!("the response can't be read: {error}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_have_a_class() {
        let status = |reason: &str, causes: serde_json::Value| {
            json!({"kind": "Status", "message": "m", "reason": reason, "details": {"name": "x", "causes": causes}})
                .to_string()
        };
        for (code, body, class, reason) in [
            (401, status("Unauthorized", json!([])), Class::Denied, "not authenticated"),
            (403, status("Forbidden", json!([])), Class::Denied, "never absence"),
            (
                403,
                status(
                    "Forbidden",
                    json!([{"reason": "NamespaceTerminating", "message": "m", "field": "metadata.namespace"}]),
                ),
                Class::Conflict,
                "a namespace that is being terminated",
            ),
            (404, status("NotFound", json!([])), Class::NotFound, "absence"),
            (404, "404 page not found".to_owned(), Class::NotFound, "an unknown group"),
            (409, status("AlreadyExists", json!([])), Class::Conflict, "it exists"),
            (410, status("Expired", json!([])), Class::Unavailable, "an old page"),
            (422, status("Invalid", json!([])), Class::Invalid, "a wrong field"),
            (429, "slow down".to_owned(), Class::Throttled, "priority and fairness"),
            (500, status("InternalError", json!([])), Class::Unavailable, "a webhook that failed"),
            (502, "<html>".to_owned(), Class::Unavailable, "a load balancer"),
            (504, status("Timeout", json!([])), Class::Unavailable, "too slow"),
        ] {
            let code = StatusCode::from_u16(code).expect(reason);
            assert_eq!(of_response("GET X", code, body.as_bytes(), None).error.class, class, "{reason}");
        }
    }

    /// As API servers word them.
    #[test]
    fn what_no_permission_would_help_with_says_what_does() {
        for (code, message, expected, reason) in [
            (401, "Unauthorized", Some("Give the caller an access entry"), "a first run without an access entry"),
            (
                403,
                "configmaps is forbidden: User \"a\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"b\"",
                None,
                "RBAC: a permission is what it needs",
            ),
            (
                403,
                "admission webhook \"validate.kyverno.svc-fail\" denied the request: no",
                Some("Change what the message names"),
                "a webhook",
            ),
            (
                403,
                "pods \"a\" is forbidden: exceeded quota: gp-base, requested: pods=1, used: pods=40, limited: pods=40",
                Some("Change what the message names"),
                "a quota",
            ),
            (
                403,
                "pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\": privileged",
                Some("Change what the message names"),
                "Pod Security",
            ),
            (
                403,
                "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
                Some("Change what the message names"),
                "a policy",
            ),
            (422, "spec.x: Invalid value", None, "the class says it"),
        ] {
            let body = json!({"kind": "Status", "message": message}).to_string();
            let code = StatusCode::from_u16(code).expect(reason);
            let next = of_response("PATCH X", code, body.as_bytes(), None).error.next;
            let said = next.as_deref().map(|next| expected.is_some_and(|words| next.contains(words)));
            assert_eq!(said, expected.map(|_| true), "{reason}: {next:?}");
        }
    }

    #[test]
    fn words_and_ids_are_the_servers() {
        let failed = of_response("GET X", StatusCode::BAD_GATEWAY, b"<html>\nrest", Some("a-1"));
        assert_eq!(failed.error.message, "502 Bad Gateway: <html>");
        assert_eq!(failed.error.request_id.as_deref(), Some("a-1"));
        let unknown = of_response("GET X", StatusCode::NOT_FOUND, b"404 page not found", None);
        assert!(unknown.is_unserved);
    }

    #[test]
    fn managers_are_read_from_the_words_of_a_conflict() {
        for (message, manager, reason) in [
            ("conflict with \"kubectl-edit\" using v1 at 2026-01-01T00:00:00Z", "kubectl-edit", "an edit"),
            ("conflict with \"argocd-controller\"", "argocd-controller", "an applier"),
            ("conflict with \"hpa\" with subresource \"scale\" using v1", "hpa", "through a subresource"),
            ("conflict with \"a \\\"b\\\"\"", "a \"b\"", "quotes in a name"),
            ("nothing quoted", "", "other words"),
        ] {
            assert_eq!(manager_in(message), manager, "{reason}");
        }
    }
}
