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
    ports::{Apply, Deleted, Expect, Objects, PortError, Revoked, Selector, operation},
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
    let within = CURRENT.try_with(Within::clone).map_err(|_| refused("the change is of no operation"))?;
    // The engine's own name of it, which the targets' trails show.
    let detail = json!({ "object": object, "digest": digest, "trail": operation::current() });
    let Within { operation, caller, about, .. } = within.clone();
    let note = Note { kind: EntryKind::Change, operation, caller, verb: verb.to_owned(), about, detail };
    match within.ledger.write(note.clone()).await {
        Ok(sequence) => Ok(Announced { within, note, sequence }),
        Err(error) => Err(unwritten(&error)),
    }
}

/// Never tried again: the operation begins nothing more.
fn refused(why: &str) -> PortError {
    let next = "Nothing more is changed without it. Give the audit ledger space, or start the daemon again if its file is gone; then apply \
                again";
    PortError { next: Some(next.to_owned()), ..PortError::new(Class::Denied, "write to the audit ledger", why) }
}

fn unwritten(error: &LedgerError) -> PortError {
    refused(&in_one_line(error))
}

// === impl Announced ===

impl Announced {
    async fn ended_as(self, result: &Result<Observed, PortError>) {
        self.ended(result.as_ref().map_or_else(class, |_| "applied"), result.as_ref().err()).await;
    }

    async fn ended(self, outcome: &str, error: Option<&PortError>) {
        let Self { within, note, sequence } = self;
        let object = note.detail["object"].clone();
        let request_id = error.and_then(|error| error.request_id.clone());
        let mut detail = json!({ "change": sequence, "object": object, "outcome": outcome });
        if let (Some(id), Value::Object(fields)) = (request_id, &mut detail) {
            fields.insert("request_id".to_owned(), id.into());
        }
        // It was made all the same; the next one can't be announced.
        if let Err(error) = within.ledger.write(Note { kind: EntryKind::Changed, detail, ..note }).await {
            tracing::error!(error = in_one_line(&error), "The outcome of a change can't be written");
        }
    }
}

fn class(error: &PortError) -> &'static str {
    match error.class {
        Class::NotFound => "not_found",
        Class::Conflict => "conflict",
        Class::Denied => "denied",
        Class::Throttled => "throttled",
        Class::Unavailable => "unavailable",
        Class::Invalid => "invalid",
        Class::Cancelled => "cancelled",
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
        let result = self.0.apply(apply).await;
        announced.ended_as(&result).await;
        result
    }

    async fn apply_policies(&self, applies: Vec<Apply<'_>>) -> Vec<Result<Observed, PortError>> {
        let mut announced = vec![];
        for apply in &applies {
            match announce_apply(apply).await {
                Ok(one) => announced.push(one),
                Err(error) => {
                    for one in announced {
                        one.ended(class(&error), Some(&error)).await;
                    }
                    return applies.iter().map(|_| Err(error.clone())).collect();
                }
            }
        }
        let results = self.0.apply_policies(applies).await;
        for (one, result) in announced.into_iter().zip(&results) {
            one.ended_as(result).await;
        }
        results
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let announced = announce("delete", key.to_string(), None).await?;
        let result = self.0.delete(cluster, key, expect).await;
        let outcome = match &result {
            Ok(Deleted::Gone) => "deleted",
            Ok(Deleted::Terminating) => "terminating",
            Err(error) => class(error),
        };
        announced.ended(outcome, result.as_ref().err()).await;
        result
    }

    async fn revoke(&self, cluster: &ClusterArn, revoked: &Revoked) -> Result<(), PortError> {
        let announced = announce("revoke", revoked.to_string(), None).await?;
        let result = self.0.revoke(cluster, revoked).await;
        announced.ended(result.as_ref().map_or_else(class, |()| "revoked"), result.as_ref().err()).await;
        result
    }
}
