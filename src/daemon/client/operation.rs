//! One call of an operation: sent, and cancelled for as long as it runs if its client says so.

use super::connection::{Api, GREETING, with_timeout};
use crate::contract::Verb;
use goldenpath_core::provision::Cancel;
use provisioner_proto::{CancelRequest, OperationRequest};
use std::{convert::Infallible, time::Duration};
use tokio::time::sleep;
use tonic::Status;

/// A cancellation may arrive before the operation does, so it is said until the operation has ended.
const CANCEL_AGAIN: Duration = Duration::from_secs(1);

pub struct Operation<'a> {
    pub verb: Verb,
    pub about: String,
    /// As the types of this release have written it.
    pub document: Vec<u8>,
    pub limit: Duration,
    pub cancel: &'a Cancel,
}

/// The document of its outcome.
pub async fn send(
    mut api: Api,
    id: &str,
    operation: &Operation<'_>,
    document: Vec<u8>,
    left: Duration,
) -> Result<Vec<u8>, Status> {
    let Operation { verb, about, cancel, .. } = operation;
    let canceller = api.clone();
    let message = OperationRequest { operation: id.to_owned(), about: about.clone(), document };
    let call = async {
        match verb {
            Verb::Ensure => api.ensure(with_timeout(message, left)).await,
            Verb::Remove => api.remove(with_timeout(message, left)).await,
        }
    };
    tokio::select! {
        response = call => Ok(response?.into_inner().document),
        never = keep_cancelling(canceller, id, cancel) => match never {},
    }
}

async fn keep_cancelling(mut api: Api, id: &str, cancel: &Cancel) -> Infallible {
    cancel.cancelled().await;
    loop {
        // What comes of it is seen by the operation itself.
        let _ = api.cancel(with_timeout(CancelRequest { operation: id.to_owned() }, GREETING)).await;
        sleep(CANCEL_AGAIN).await;
    }
}
