//! What is read of the rows that the statements find.

use crate::{
    contract::Verb,
    error::JournalError,
    outcome::Ending,
    store::{Entry, Kept, Taken},
};
use std::time::Duration;
use tokio_postgres::{Row, types::FromSqlOwned};

/// How an operation in the journal is found by what is asked for.
pub struct Known {
    pub is_equal: bool,
    pub id: String,
    pub digest: String,
    pub outcome: Option<Vec<u8>>,
}

pub fn known_operation(row: &Row) -> Result<Known, JournalError> {
    Ok(Known {
        is_equal: row.try_get("is_equal")?,
        id: row.try_get("id")?,
        digest: row.try_get("digest")?,
        outcome: row.try_get("outcome")?,
    })
}

pub fn taken_operation(row: &Row) -> Result<Taken, JournalError> {
    // Below zero where the database's clock was set back.
    let waited = Duration::try_from_secs_f64(row.try_get("waited")?).unwrap_or_default();
    Ok(Taken { entry: entry(row)?, waited })
}

fn entry(row: &Row) -> Result<Entry, JournalError> {
    let (verb, identity): (String, String) = (row.try_get("verb")?, row.try_get("identity")?);
    Ok(Entry {
        id: row.try_get("id")?,
        caller: serde_json::from_str(&identity).map_err(|_| JournalError::Identity { identity })?,
        verb: Verb::parse(&verb).ok_or(JournalError::Verb { verb })?,
        about: row.try_get("about")?,
        digest: row.try_get("digest")?,
        allow: row.try_get("allow")?,
        request: row.try_get("request")?,
        cancelled: row.try_get("cancelled")?,
    })
}

/// Of a statement with one column.
pub fn first<T: FromSqlOwned>(row: &Row) -> Result<T, JournalError> {
    Ok(row.try_get(0)?)
}

pub fn kept_operation(row: &Row) -> Result<Kept, JournalError> {
    Ok(Kept {
        id: row.try_get("id")?,
        caller: row.try_get("caller")?,
        verb: row.try_get("verb")?,
        about: row.try_get("about")?,
        accepted_at: row.try_get("accepted_at")?,
        ended_at: row.try_get("ended_at")?,
        ending: row.try_get::<_, Option<&[u8]>>("outcome")?.map(Ending::read),
    })
}
