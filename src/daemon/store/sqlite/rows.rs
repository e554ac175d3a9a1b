//! What is read of the rows, and how those that are shown are found.

use crate::{
    contract::Verb,
    outcome::Ending,
    sight::Sight,
    store::{Entry, Kept, Taken, Which},
};
use rusqlite::{Row, Statement};
use std::time::Duration;

/// Of one by its id: what is shown of it.
pub const SHOWN: &str = "SELECT id, caller, verb, about, accepted_at, ended_at, outcome FROM operation WHERE id = ?1";

/// The latest of those in sight that a statement of [`recent`] finds; `of_id` is [`SHOWN`].
pub fn rows_in_sight(
    (found, of_id): (&mut Statement<'_>, &mut Statement<'_>),
    value: &str,
    sight: &Sight,
    most: usize,
) -> rusqlite::Result<Vec<Kept>> {
    let (mut rows, mut shown) = (found.query([value])?, vec![]);
    while shown.len() < most
        && let Some(row) = rows.next()?
    {
        if sight.shows(&row.get::<_, String>("caller")?, &row.get::<_, String>("about")?) {
            shown.push(of_id.query_row([row.get::<_, String>("id")?], kept_operation)?);
        }
    }
    Ok(shown)
}

/// The latest first, with what decides who sees it, and the value of its `?1`. Each has a text of its own, since SQLite chooses an
/// index before it knows the values. Outcomes are large, and read of those alone that are shown.
pub fn recent(which: Which<'_>) -> (&'static str, &str) {
    match which {
        Which::All => ("SELECT id, caller, about FROM operation WHERE ?1 = '' ORDER BY accepted_at DESC, id", ""),
        Which::Open => (
            "SELECT id, caller, about FROM operation WHERE ?1 = '' AND ended_at IS NULL ORDER BY accepted_at DESC, id",
            "",
        ),
        Which::About(about) => {
            ("SELECT id, caller, about FROM operation WHERE about = ?1 ORDER BY accepted_at DESC, id", about)
        }
        Which::One(id) => ("SELECT id, caller, about FROM operation WHERE id = ?1", id),
    }
}

/// `now`: in milliseconds, as the journal has it.
pub fn taken_operation(row: &Row<'_>, now: i64) -> rusqlite::Result<Taken> {
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

fn kept_operation(row: &Row<'_>) -> rusqlite::Result<Kept> {
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
