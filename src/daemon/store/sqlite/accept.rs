//! How a request becomes an operation, or one with one that is there already.

use super::{
    present::Present,
    rows::{now_ms, outcome},
};
use crate::{
    error::JournalError,
    forms::Forms,
    store::{Accepted, Entry, IfNew},
};
use rusqlite::{Connection, OptionalExtension, params};

/// `there`: whether the file is.
pub fn accept(
    connection: &Connection,
    present: &Present,
    forms: Forms,
    entry: &Entry,
    if_new: IfNew,
    there: Result<(), JournalError>,
) -> Result<Accepted, JournalError> {
    let (identity, caller) = entry.caller_columns(forms)?;
    let Entry { id, verb, about, digest, form, allow, request, .. } = entry;
    let operation = operation_of(connection, id)?;
    let known = connection
        .query_row("SELECT digest, outcome, outcome_form FROM operation WHERE id = ?1", [&operation], |row| {
            Ok((row.get::<_, String>("digest")?, outcome(row)?))
        })
        .optional()?;
    match known {
        Some((known, _)) if entry.digests().all(|digest| known != *digest) => return Ok(Accepted::OtherRequest),
        Some((_, Some(outcome))) => return Ok(Accepted::Ended(outcome)),
        Some((_, None)) => return Ok(join(present, id, &operation)),
        None => {}
    }
    let mut equal = connection.prepare(
        "SELECT id FROM operation WHERE ended_at IS NULL AND digest = ?1 AND cancelled = 0 ORDER BY accepted_at, id",
    )?;
    for digest in entry.digests() {
        let found: Vec<String> = equal.query_map([digest], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if let Some(abandoned) = found.iter().find(|operation| !present.is_awaited(operation)) {
            connection.execute("INSERT OR REPLACE INTO joined (client, operation) VALUES (?1, ?2)", [id, abandoned])?;
            return Ok(join(present, id, abandoned));
        }
    }
    if if_new == IfNew::Refuse {
        return Ok(Accepted::Refused);
    }
    there?;
    connection.execute(
        "INSERT INTO operation (id, verb, about, digest, allow, request, accepted_at, identity, caller, form)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![id, verb.as_str(), about, digest, allow, request, now_ms(), identity, caller, form],
    )?;
    let waits = join(present, id, id);
    Ok(match if_new {
        IfNew::Begin => {
            present.claim([id.clone()]);
            Accepted::Begun
        }
        IfNew::Queue | IfNew::Refuse => waits,
    })
}

/// Its own, or the one that it has joined.
pub fn operation_of(connection: &Connection, client: &str) -> rusqlite::Result<String> {
    let joined = "SELECT operation FROM joined JOIN operation ON operation.id = joined.operation WHERE client = ?1";
    Ok(connection.query_row(joined, [client], |row| row.get(0)).optional()?.unwrap_or_else(|| client.to_owned()))
}

fn join(present: &Present, client: &str, operation: &str) -> Accepted {
    present.join(client, operation);
    Accepted::Waits(operation.to_owned())
}
