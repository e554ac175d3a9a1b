//! One call to AWS: its turn, its answer or its refusal by class.

use super::{bucket, calls::Call, error, session::Session};
use aws_sdk_sts::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use goldenpath_core::{domain::Class, ports::PortError};
use std::error::Error;

/// `sent` must not have begun: a future of the SDK sends nothing before it is polled.
pub(super) async fn call<O, E>(
    session: &Session,
    call: Call,
    sent: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
) -> Result<O, PortError>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let name = call.name();
    let service = name.split(':').next().unwrap_or_default();
    let bucket = format!("{service} {} {}", session.region, session.bucket);
    bucket::turn(&bucket).await;
    let answer = sent.await.map_err(|refused| error::of(name, refused));
    let was_throttled = answer.as_ref().is_err_and(|error| error.class == Class::Throttled);
    bucket::learn(&bucket, was_throttled);
    if let Err(error) = &answer {
        tracing::debug!(call = name, class = ?error.class, request_id = error.request_id, "{}", error.message);
    }
    answer
}
