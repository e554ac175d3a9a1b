//! The errors of AWS, by class.
//!
//! - The outcome is unknown (`Unavailable`) after a time-out, a cut connection or a failure of the service: the change may have
//!   been made.
//! - Credentials that are missing, expired or rejected are `Denied`, like a permission that is missing: never absence.
//! - A principal that IAM doesn't know (yet) is `NotFound`: right after its creation it is a matter of seconds.

use crate::errors::chain;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use goldenpath_core::{domain::Class, ports::PortError};
use std::error::Error;

/// Adds what the error is about, where AWS does not say so itself.
pub(super) fn about(mut error: PortError, what: &str) -> PortError {
    if !error.message.contains(what) {
        error.message.push_str(&format!(" ({what})"));
    }
    error
}

pub(super) fn of<E>(call: &str, error: SdkError<E, HttpResponse>) -> PortError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    if let Some(error) = credentials_in(&error) {
        return without_credentials(call, error);
    }
    let status = error.raw_response().map(|response| response.status().as_u16());
    let request_id = error.request_id().map(str::to_owned);
    let (class, message, next) = match &error {
        SdkError::ServiceError(error) => {
            let (code, text) = (error.err().code().unwrap_or_default(), error.err().message().unwrap_or_default());
            (class_of(code, status, text), words(code, status, text), next_step(code))
        }
        SdkError::ConstructionFailure(_) => (Class::Invalid, chain(&error), None),
        _ => (Class::Unavailable, chain(&error), None),
    };
    PortError { request_id, next: next.map(str::to_owned), ..PortError::new(class, call, message) }
}

/// Where the class alone would give the wrong advice: another permission helps neither a full quota nor credentials that are over.
fn next_step(code: &str) -> Option<&'static str> {
    Some(match code {
        "LimitExceeded"
        | "LimitExceededException"
        | "ResourceLimitExceededException"
        | "ServiceQuotaExceededException" => {
            "It is a quota of the account. Raise the one that the message names in Service Quotas, or remove what is no longer needed"
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            "The credentials have expired. Renew them, then apply again"
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "MissingAuthenticationToken"
        | "InvalidIdentityToken" => {
            "AWS does not know these credentials. Renew them, or check the profile and the account that they belong to"
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" | "IncompleteSignature" => {
            "The secret key does not fit the access key, or the clock of this machine is wrong. Renew the credentials, and set the clock"
        }
        _ => return None,
    })
}

fn words(code: &str, status: Option<u16>, text: &str) -> String {
    match (code, text) {
        ("", "") => format!("AWS returned HTTP status {}", status.unwrap_or_default()),
        (code, "") => code.to_owned(),
        ("", text) => text.to_owned(),
        (code, text) => format!("{code}: {text}"),
    }
}

/// The codes of the three services' API references; where they are silent, of the SDKs' lists of what may be tried again.
pub(super) fn class_of(code: &str, status: Option<u16>, message: &str) -> Class {
    let about_principal = || {
        let text = message.to_ascii_lowercase();
        text.contains("invalid principal") || text.contains("role provided in the request does not exist")
    };
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown" => Class::Throttled,
        "NoSuchEntity" | "NoSuchEntityException" | "ResourceNotFoundException" | "NotFoundException" => Class::NotFound,
        "InvalidParameterException" | "MalformedPolicyDocument" | "MalformedPolicyDocumentException"
            if about_principal() =>
        {
            Class::NotFound
        }
        "EntityAlreadyExists"
        | "EntityAlreadyExistsException"
        | "ResourceInUseException"
        | "ConcurrentModification"
        | "ConcurrentModificationException"
        | "DeleteConflict"
        | "DeleteConflictException"
        | "EntityTemporarilyUnmodifiable"
        | "EntityTemporarilyUnmodifiableException" => Class::Conflict,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "UnmodifiableEntity"
        | "UnmodifiableEntityException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "InvalidIdentityToken"
        | "OptInRequired" => Class::Denied,
        "LimitExceeded"
        | "LimitExceededException"
        | "ResourceLimitExceededException"
        | "ServiceQuotaExceededException" => Class::Invalid,
        "ResourcePropagationDelayException"
        | "ServiceFailure"
        | "ServiceFailureException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "ServerException"
        | "InternalFailure"
        | "InternalServerError" => Class::Unavailable,
        _ => match status {
            Some(401 | 403) => Class::Denied,
            Some(404) => Class::NotFound,
            Some(409) => Class::Conflict,
            Some(429) => Class::Throttled,
            Some(408 | 500..) => Class::Unavailable,
            _ => Class::Invalid,
        },
    }
}

// === Credentials ===

/// Where in the chain the SDK puts it differs by who requested them.
fn credentials_in<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CredentialsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<CredentialsError>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

pub(super) fn without_credentials(call: &str, error: &CredentialsError) -> PortError {
    let why = chain(error);
    let text = why.to_ascii_lowercase();
    let next = if text.contains("sso") {
        "Sign in again with `aws sso login`, and with `--profile` if you use one"
    } else if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        "None were found in the environment, a profile, a web identity, a container or the instance metadata. Set `profile` or \
         `assume_role` in the provider's `aws`, or configure credentials as for the AWS CLI"
    } else {
        "Check the profile and the role that they come from"
    };
    PortError { next: Some(next.to_owned()), ..PortError::new(Class::Denied, call, format!("no credentials: {why}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_classes() {
        for (code, status, message, expected, reason) in [
            ("ThrottlingException", 400, "Rate exceeded", Class::Throttled, "EKS and STS"),
            ("Throttling", 400, "Rate exceeded", Class::Throttled, "IAM, though its status is 400"),
            ("TooManyRequestsException", 429, "", Class::Throttled, "EKS of old"),
            ("NoSuchEntity", 404, "The role cannot be found", Class::NotFound, "IAM"),
            ("ResourceNotFoundException", 404, "No cluster found", Class::NotFound, "EKS"),
            (
                "InvalidParameterException",
                400,
                "The specified principalArn is invalid: invalid principal.",
                Class::NotFound,
                "a role that EKS doesn't see yet",
            ),
            (
                "MalformedPolicyDocument",
                400,
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:role/x\"",
                Class::NotFound,
                "a principal that IAM doesn't see yet",
            ),
            ("MalformedPolicyDocument", 400, "Syntax errors in policy.", Class::Invalid, "waiting won't help"),
            ("EntityAlreadyExists", 409, "", Class::Conflict, "IAM"),
            ("ResourceInUseException", 409, "", Class::Conflict, "EKS"),
            ("LimitExceeded", 409, "", Class::Invalid, "a quota of IAM: waiting won't help"),
            ("ResourceLimitExceededException", 400, "", Class::Invalid, "a quota of EKS"),
            ("AccessDenied", 403, "", Class::Denied, "IAM and STS"),
            ("ExpiredToken", 403, "", Class::Denied, "expired credentials are not absence"),
            ("ResourcePropagationDelayException", 428, "", Class::Unavailable, "EKS: try again"),
            ("InvalidRequestException", 400, "No route for GET /x", Class::Invalid, "an emulator's way to say missing"),
            ("", 403, "", Class::Denied, "a proxy"),
            ("", 502, "", Class::Unavailable, "a load balancer"),
            ("", 404, "", Class::NotFound, "a status alone"),
            ("Surprise", 418, "", Class::Invalid, "unknown, and waiting won't help"),
        ] {
            assert_eq!(class_of(code, Some(status), message), expected, "{reason}");
        }
    }
    #[test]
    fn advice_follows_the_cause() {
        for (code, expected, reason) in [
            ("LimitExceeded", Some("Raise"), "a full quota"),
            ("ExpiredToken", Some("Renew"), "a session that is over"),
            ("SignatureDoesNotMatch", Some("clock"), "a key that does not fit"),
            ("AccessDenied", None, "a permission is missing, which the class says"),
        ] {
            let next = next_step(code);
            assert_eq!(next.is_some(), expected.is_some(), "{reason}");
            assert!(expected.is_none_or(|word| next.is_some_and(|next| next.contains(word))), "{reason}: {next:?}");
        }
    }
}
