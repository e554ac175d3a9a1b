//! How a request becomes an operation, or one with one that is there already; and what of that ends with the process.

use super::rows::{now_ms, outcome};
use crate::{
    error::JournalError,
    forms::Forms,
    store::{Accepted, Entry, IfNew},
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{HashMap, HashSet};

/// What ends with the process. Changed only by whoever has the connection, but for `leave`.
#[derive(Default)]
pub struct Present {
    pub claimed: HashSet<String>,
    /// By the client's id of it: the operation, and whether the client still waits.
    pub clients: HashMap<String, (String, bool)>,
    /// Something could not be done, and nothing has been written since to see whether it can be.
    pub has_failed: bool,
}

// === impl Present ===

impl Present {
    fn is_awaited(&self, operation: &str) -> bool {
        self.clients.values().any(|(own, waits)| own == operation && *waits)
    }

    fn join(&mut self, client: &str, operation: &str) -> Accepted {
        self.clients.insert(client.to_owned(), (operation.to_owned(), true));
        Accepted::Waits(operation.to_owned())
    }

    pub fn operation(&self, client: &str) -> String {
        self.clients.get(client).map_or(client, |(operation, _)| operation).to_owned()
    }
}

/// `there`: whether the file is.
pub fn accept(
    connection: &Connection,
    present: &mut Present,
    forms: Forms,
    entry: &Entry,
    if_new: IfNew,
    there: Result<(), JournalError>,
) -> Result<Accepted, JournalError> {
    let (identity, caller) = entry.caller_columns(forms)?;
    let Entry { id, verb, about, digest, form, allow, request, .. } = entry;
    let operation = present.operation(id);
    let known = connection
        .query_row("SELECT digest, outcome, outcome_form FROM operation WHERE id = ?1", [&operation], |row| {
            Ok((row.get::<_, String>("digest")?, outcome(row)?))
        })
        .optional()?;
    match known {
        Some((known, _)) if entry.digests().all(|digest| known != *digest) => return Ok(Accepted::OtherRequest),
        Some((_, Some(outcome))) => return Ok(Accepted::Ended(outcome)),
        Some((_, None)) => return Ok(present.join(id, &operation)),
        None => {}
    }
    let mut equal = connection.prepare(
        "SELECT id FROM operation WHERE ended_at IS NULL AND digest = ?1 AND cancelled = 0 ORDER BY accepted_at, id",
    )?;
    for digest in entry.digests() {
        let found: Vec<String> = equal.query_map([digest], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if let Some(abandoned) = found.iter().find(|operation| !present.is_awaited(operation)) {
            return Ok(present.join(id, abandoned));
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
    let waits = present.join(id, id);
    Ok(match if_new {
        IfNew::Begin => {
            present.claimed.insert(id.clone());
            Accepted::Begun
        }
        IfNew::Queue | IfNew::Refuse => waits,
    })
}
