//! The errors of AWS, by class: what a code means [`aws_errors`] says.
//!
//! - The outcome is unknown (`Unavailable`) after a time-out, a cut connection or a failure of the service: the change may have
//!   been made.
//! - Credentials that are missing, expired or rejected are `Denied`, like a permission that is missing: never absence. Those that could
//!   not be asked for are `Unavailable`.
//! - A principal that IAM doesn't know (yet) is `NotFound`: right after its creation it is a matter of seconds.

use crate::errors::chain;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use goldenpath_core::{
    domain::Class,
    ports::{
        PortError,
        aws_errors::{self, Meaning},
    },
};
use std::{error::Error, iter::successors};

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
    if let Some(error) = find_in::<CredentialsError>(&error) {
        return without_credentials(call, error);
    }
    let status = error.raw_response().map(|response| response.status().as_u16());
    let request_id = error.request_id().map(str::to_owned);
    let (class, message, next) = match &error {
        SdkError::ServiceError(error) => {
            let (code, text) = (error.err().code().unwrap_or_default(), error.err().message().unwrap_or_default());
            let meaning = aws_errors::meaning(call, code, status, text);
            (meaning.class(), words(code, status, text), meaning.next_step())
        }
        SdkError::ConstructionFailure(_) => (Class::Invalid, chain(&error), None),
        _ => (Class::Unavailable, chain(&error), None),
    };
    PortError { request_id, next, ..PortError::new(class, call, message) }
}

/// What an error that has its class means: its message begins with the code.
pub(super) fn meaning(error: &PortError) -> Meaning {
    let (code, text) = error.message.split_once(": ").unwrap_or((&error.message, ""));
    aws_errors::meaning(&error.call, code, None, text)
}

fn words(code: &str, status: Option<u16>, text: &str) -> String {
    match (code, text) {
        ("", "") => format!("AWS returned HTTP status {}", status.unwrap_or_default()),
        (code, "") => code.to_owned(),
        ("", text) => text.to_owned(),
        (code, text) => format!("{code}: {text}"),
    }
}

// === Credentials ===

/// Where in the chain the SDK puts it differs by who requested them.
fn find_in<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref::<E>())
}

pub(super) fn without_credentials(call: &str, error: &CredentialsError) -> PortError {
    let why = chain(error);
    let (class, next) = match find_in::<PortError>(error) {
        Some(of_role) => without_role(of_role),
        None if is_out_of_reach(error) => (Class::Unavailable, None),
        None => (Class::Denied, Some(source_advice(error, &why).to_owned())),
    };
    PortError { next, ..PortError::new(class, call, format!("no credentials: {why}")) }
}

/// A role that we assume ourselves: it is as the call for it says.
fn without_role(error: &PortError) -> (Class, Option<String>) {
    let fallback = match error.class {
        class if class.may_retry() => return (class, error.next.clone()),
        Class::Denied => "Check that the caller may assume the role, and that the role's trust policy allows it",
        _ => "Check the profile and the role that they come from",
    };
    (Class::Denied, Some(error.next.clone().unwrap_or_else(|| fallback.to_owned())))
}

/// The default chain ends with the metadata of an instance, which no other machine reaches: then there are none.
fn is_out_of_reach(error: &CredentialsError) -> bool {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => false,
        CredentialsError::ProviderTimedOut(_) => true,
        _ => find_in::<ConnectorError>(error).is_some_and(|cause| cause.is_io() || cause.is_timeout()),
    }
}

fn source_advice(error: &CredentialsError, why: &str) -> &'static str {
    let text = why.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    // The exception is that of the portal of IAM Identity Center alone.
    if words.any(|word| ["sso", "unauthorizedexception"].contains(&word)) {
        "Sign in again with `aws sso login`, and with `--profile` if you use one"
    } else if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        "None were found in the environment, a profile, a web identity, a container or the instance metadata. Set `profile` or \
         `assume_role` in the provider's `aws`, or configure credentials as for the AWS CLI"
    } else {
        "Check the profile and the role that they come from"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_credentials_are_refused_and_those_out_of_reach_are_not() {
        let of_role = |class: Class, message: &str, next: Option<&str>| {
            let refusal =
                PortError { next: next.map(str::to_owned), ..PortError::new(class, "sts:AssumeRole", message) };
            CredentialsError::provider_error(refusal)
        };
        let lost = || ConnectorError::io("connection refused".into());
        for (error, class, words, reason) in [
            (CredentialsError::not_loaded_no_source(), Class::Denied, Some("None were found"), "nobody has any"),
            (CredentialsError::not_loaded(lost()), Class::Denied, Some("None were found"), "no instance either"),
            (
                CredentialsError::provider_error("the SSO token has expired and cannot be refreshed"),
                Class::Denied,
                Some("aws sso login"),
                "a session of IAM Identity Center that is over",
            ),
            (
                CredentialsError::provider_error("service error: UnauthorizedException: Session token not found"),
                Class::Denied,
                Some("aws sso login"),
                "as its portal says it",
            ),
            (
                CredentialsError::provider_error("the profile payment-processor names no credential source"),
                Class::Denied,
                Some("Check the profile"),
                "the letters alone are no session",
            ),
            (CredentialsError::provider_error(lost()), Class::Unavailable, None, "a portal that cannot be reached"),
            (
                of_role(Class::Denied, "AccessDenied: User: AWSReservedSSO_Dev_0123456789abcdef/ann may not", None),
                Class::Denied,
                Some("trust policy"),
                "signed in, and not allowed to assume it",
            ),
            (
                of_role(Class::Denied, "ExpiredToken: it is over", Some("Renew the credentials")),
                Class::Denied,
                Some("Renew"),
                "those that the role is assumed with",
            ),
            (
                of_role(Class::Throttled, "Throttling: Rate exceeded", None),
                Class::Throttled,
                None,
                "it may be tried again",
            ),
            (of_role(Class::Unavailable, "connection refused", None), Class::Unavailable, None, "STS is out of reach"),
            (
                of_role(Class::Invalid, "ValidationError: too long", None),
                Class::Denied,
                Some("Check"),
                "a wrong request",
            ),
        ] {
            let PortError { class: found, next, .. } = without_credentials("iam:GetRole", &error);
            assert_eq!(found, class, "{reason}");
            assert_eq!(next.is_some(), words.is_some(), "{reason}: {next:?}");
            assert!(words.is_none_or(|words| next.is_some_and(|next| next.contains(words))), "{reason}");
        }
    }
}
