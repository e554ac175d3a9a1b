//! A port through which no change goes that was not announced in the ledger.
//!
//! Whose change it is stands beside the arguments: the engine is the same for all operations of a connection. Only the digest of a body
//! is kept; what it says of people and policies stands in the target.

use super::{
    entry::{EntryKind, Note},
    writer::Ledger,
};
use crate::error::{LedgerError, in_one_line};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey, Observed, digest},
    ports::{
        Apply, Deleted, Expect, Objects, PortError, Revoked, Selector,
        calls::{self, MadeCall},
    },
};
use serde_json::{Value, json};
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Within;
}

/// The operation that changes are made for.
#[derive(Clone)]
pub struct Within {
    pub ledger: Arc<Ledger>,
    pub operation: String,
    pub caller: String,
    pub about: String,
}

/// All changes that `work` makes are of this operation.
pub async fn within<T>(within: Within, work: impl Future<Output = T>) -> T {
    CURRENT.scope(within, work).await
}

pub struct AuditedObjects(pub Arc<dyn Objects>);

/// A change that was announced.
struct Announced {
    within: Within,
    note: Note,
    sequence: u64,
}

async fn announce(verb: &str, object: String, digest: Option<String>) -> Result<Announced, PortError> {
    let within = CURRENT.try_with(Within::clone).map_err(|_| refusal("the change is of no operation"))?;
    let detail = json!({ "object": object, "digest": digest });
    let Within { operation, caller, about, .. } = within.clone();
    let note = Note { kind: EntryKind::Change, operation, caller, verb: verb.to_owned(), about, detail };
    match within.ledger.write(note.clone()).await {
        Ok(sequence) => Ok(Announced { within, note, sequence }),
        Err(error) => Err(unwritable(&error)),
    }
}

/// Never tried again: the operation begins nothing more.
fn refusal(why: &str) -> PortError {
    let next = "Nothing more is changed without it. Give the audit ledger space, or start the daemon again if its file is gone; then apply \
                again";
    PortError { next: Some(next.to_owned()), ..PortError::new(Class::Denied, "write to the audit ledger", why) }
}

fn unwritable(error: &LedgerError) -> PortError {
    refusal(&in_one_line(error))
}

// === impl Announced ===

/// The requests that a change took.
enum Requests {
    Own(Vec<MadeCall>),
    /// Several changes were made together: they stand in the entry of the first one.
    OfChange(u64),
}

impl Announced {
    async fn end_as(self, result: &Result<Observed, PortError>, requests: Requests) {
        self.end(result.as_ref().map_or_else(|error| error.class.as_str(), |_| "applied"), requests).await;
    }

    async fn end(self, outcome: &str, requests: Requests) {
        let Self { within, note, sequence } = self;
        let mut detail = json!({ "change": sequence, "object": note.detail["object"], "outcome": outcome });
        match requests {
            Requests::Own(made) => detail["requests"] = made.iter().map(request).collect(),
            Requests::OfChange(first) => detail["requests_of_change"] = first.into(),
        }
        // It was made all the same; the next one can't be announced.
        if let Err(error) = within.ledger.write(Note { kind: EntryKind::Changed, detail, ..note }).await {
            tracing::error!(error = in_one_line(&error), "The outcome of a change can't be written");
        }
    }
}

fn request(made: &MadeCall) -> Value {
    let MadeCall { call, code, request_id } = made;
    match request_id {
        Some(id) => json!({ "call": call, "code": code, "request_id": id }),
        None => json!({ "call": call, "code": code }),
    }
}

async fn announce_apply(apply: &Apply<'_>) -> Result<Announced, PortError> {
    let body = serde_json::to_string(apply.body).unwrap_or_default();
    announce("apply", apply.key.to_string(), Some(digest(&body))).await
}

#[async_trait]
impl Objects for AuditedObjects {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        self.0.observe(cluster, selector).await
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let announced = announce_apply(&apply).await?;
        let (result, made) = calls::collect(self.0.apply(apply)).await;
        announced.end_as(&result, Requests::Own(made)).await;
        result
    }

    async fn apply_policies(&self, applies: Vec<Apply<'_>>) -> Vec<Result<Observed, PortError>> {
        let mut announced = vec![];
        for apply in &applies {
            match announce_apply(apply).await {
                Ok(one) => announced.push(one),
                Err(error) => {
                    for one in announced {
                        one.end(error.class.as_str(), Requests::Own(vec![])).await;
                    }
                    return applies.iter().map(|_| Err(error.clone())).collect();
                }
            }
        }
        let (results, made) = calls::collect(self.0.apply_policies(applies)).await;
        let (mut made, first) = (Some(made), announced.first().map_or(0, |one| one.sequence));
        for (one, result) in announced.into_iter().zip(&results) {
            one.end_as(result, made.take().map_or(Requests::OfChange(first), Requests::Own)).await;
        }
        results
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let announced = announce("delete", key.to_string(), None).await?;
        let (result, made) = calls::collect(self.0.delete(cluster, key, expect)).await;
        let outcome = match &result {
            Ok(Deleted::Gone) => "deleted",
            Ok(Deleted::Terminating) => "terminating",
            Err(error) => error.class.as_str(),
        };
        announced.end(outcome, Requests::Own(made)).await;
        result
    }

    async fn revoke(&self, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        let announced = announce("revoke", revoked.to_string(), None).await?;
        let (result, made) = calls::collect(self.0.revoke(cluster, revoked)).await;
        let outcome = result.as_ref().map_or_else(|error| error.class.as_str(), |()| "revoked");
        announced.end(outcome, Requests::Own(made)).await;
        result
    }
}
