//! How a request becomes an operation, or one with one that is there already: in a transaction of its own.

use super::{
    listener,
    rows::{Known, known_operation, number},
    statements::{FIND, INSERT, JOIN, ONE_BY_ONE},
};
use crate::{
    error::JournalError,
    forms::Forms,
    store::{Accepted, CLAIM, Entry, IfNew},
};
use tokio_postgres::{Client, types::ToSql};

/// `daemon`: who asks.
pub async fn accept(
    client: &mut Client,
    daemon: &str,
    forms: Forms,
    entry: &Entry,
    if_new: IfNew,
) -> Result<Accepted, JournalError> {
    let (identity, caller) = entry.caller_columns(forms)?;
    let Entry { id, verb, about, digest, form, allow, request, .. } = entry;
    let transaction = client.transaction().await?;
    let mut digests: Vec<&String> = entry.digests().collect();
    // In one order, so that nobody waits for somebody who waits in turn.
    digests.sort();
    for digest in &digests {
        transaction.query_one(ONE_BY_ONE, &[digest]).await?;
    }
    let found = transaction.query_opt(FIND, &[id, &digests]).await?;
    let found = found.as_ref().map(known_operation).transpose()?;
    let operation = match &found {
        Some(known) if !digests.contains(&&known.digest) => return Ok(Accepted::OtherRequest),
        Some(Known { outcome: Some(outcome), is_equal: false, .. }) => return Ok(Accepted::Ended(outcome.clone())),
        Some(known) => &known.id,
        None if if_new == IfNew::Refuse => return Ok(Accepted::Refused),
        None => {
            let claim = (if_new == IfNew::Begin).then_some(daemon);
            let (verb, claimed, form) = (verb.as_str(), CLAIM.as_secs_f64(), number(*form));
            let values: [&(dyn ToSql + Sync); 11] =
                [id, &verb, about, digest, allow, request, &claim, &claimed, &identity, &caller, &form];
            transaction.execute(INSERT, &values).await?;
            id
        }
    };
    transaction.execute(JOIN, &[id, operation, &daemon, &CLAIM.as_secs_f64()]).await?;
    let is_queued = found.is_none() && if_new == IfNew::Queue;
    if is_queued {
        transaction.execute(listener::NOTIFY, &[&daemon]).await?;
    }
    let is_begun = found.is_none() && !is_queued;
    let waits = Accepted::Waits(operation.clone());
    transaction.commit().await?;
    Ok(if is_begun { Accepted::Begun } else { waits })
}
