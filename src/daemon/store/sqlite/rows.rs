//! What is read of the rows, and how those that are shown are found.

use crate::{
    contract::Verb,
    outcome::Ending,
    store::{Entry, Kept, Taken, Which},
};
use rusqlite::Row;
use std::time::Duration;

/// The latest first, and the value of its `?2`; the others are the most, who asks, and as JSON what is recorded within its bounds.
/// Each has a text of its own, since SQLite chooses an index before it knows the values.
pub fn recent(which: Which<'_>) -> (String, String) {
    let (condition, value) = match which {
        Which::All => ("?2 = ''", ""),
        Which::Open => ("?2 = '' AND ended_at IS NULL", ""),
        Which::About(about) => ("about = ?2", about),
        Which::One(id) => ("id = ?2", id),
    };
    let statement = format!(
        "SELECT id, caller, verb, about, accepted_at, ended_at, outcome FROM operation
         WHERE {condition} AND (?3 IS NULL OR caller = ?3 OR about IN (SELECT value FROM json_each(?4)))
         ORDER BY accepted_at DESC, id LIMIT ?1"
    );
    (statement, value.to_owned())
}

/// `now`: in milliseconds, as the journal has it.
pub fn taken(row: &Row<'_>, now: i64) -> rusqlite::Result<Taken> {
    // Below zero where the clock was set back.
    let waited = u64::try_from(now - row.get::<_, i64>("accepted_at")?).unwrap_or_default();
    Ok(Taken { entry: entry(row)?, waited: Duration::from_millis(waited) })
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (verb, identity): (String, String) = (row.get("verb")?, row.get("identity")?);
    Ok(Entry {
        id: row.get("id")?,
        caller: serde_json::from_str(&identity).map_err(|_| rusqlite::Error::InvalidQuery)?,
        verb: Verb::parse(&verb).ok_or(rusqlite::Error::InvalidQuery)?,
        about: row.get("about")?,
        digest: row.get("digest")?,
        allow: row.get("allow")?,
        request: row.get("request")?,
        cancelled: row.get("cancelled")?,
    })
}

pub fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    // The documents of outcomes are large: one at a time.
    let outcome: Option<Vec<u8>> = row.get("outcome")?;
    Ok(Kept {
        id: row.get("id")?,
        caller: row.get("caller")?,
        verb: row.get("verb")?,
        about: row.get("about")?,
        accepted_at: row.get("accepted_at")?,
        ended_at: row.get("ended_at")?,
        ending: outcome.as_deref().map(Ending::read),
    })
}
