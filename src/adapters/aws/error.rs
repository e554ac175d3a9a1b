//! The errors of AWS, by class: what a code means [`aws_errors`] says.
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
use goldenpath_core::{
    domain::Class,
    ports::{
        PortError,
        aws_errors::{self, Meaning},
    },
};
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
