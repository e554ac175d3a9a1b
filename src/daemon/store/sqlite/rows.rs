//! What is read of the rows, and how those that are shown are found.

use crate::{
    contract::Verb,
    error::JournalError,
    forms::{Document, Forms, Message},
    sight::Sight,
    store::{Entry, Kept, Taken, Which},
};
use rusqlite::{Row, Statement};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Of one by its id: what is shown of it.
pub const SHOWN: &str =
    "SELECT id, caller, verb, about, accepted_at, ended_at, outcome, outcome_form FROM operation WHERE id = ?1";

/// The latest of those in sight that a statement of [`recent`] finds; `of_id` is [`SHOWN`].
pub fn rows_in_sight(
    (found, of_id): (&mut Statement<'_>, &mut Statement<'_>),
    value: &str,
    sight: &Sight,
    most: usize,
    forms: Forms,
) -> rusqlite::Result<Vec<Kept>> {
    let (mut rows, mut shown) = (found.query([value])?, vec![]);
    while shown.len() < most
        && let Some(row) = rows.next()?
    {
        if sight.shows(&row.get::<_, String>("caller")?, &row.get::<_, String>("about")?) {
            shown.push(of_id.query_row([row.get::<_, String>("id")?], |row| kept_operation(row, forms))?);
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
pub fn taken_operation(row: &Row<'_>, now: i64, forms: Forms) -> Result<Taken, JournalError> {
    // Below zero where the clock was set back.
    let waited = u64::try_from(now - row.get::<_, i64>("accepted_at")?).unwrap_or_default();
    Ok(Taken { entry: entry(row, forms)?, waited: Duration::from_millis(waited) })
}

/// `None`: it has not ended.
pub fn outcome(row: &Row<'_>) -> rusqlite::Result<Option<Document>> {
    let (bytes, form): (Option<Vec<u8>>, u32) = (row.get("outcome")?, row.get("outcome_form")?);
    Ok(bytes.map(|bytes| Document::new(form, bytes)))
}

pub fn request(row: &Row<'_>) -> Result<(Verb, Document), JournalError> {
    let (verb, form, bytes): (String, u32, Vec<u8>) = (row.get("verb")?, row.get("form")?, row.get("request")?);
    Ok((Verb::parse(&verb).ok_or(JournalError::Verb { verb })?, Document::new(form, bytes)))
}

fn entry(row: &Row<'_>, forms: Forms) -> Result<Entry, JournalError> {
    let (verb, identity, form): (String, String, u32) = (row.get("verb")?, row.get("identity")?, row.get("form")?);
    let caller = forms.read(Message::Identity, identity.as_bytes(), form);
    Ok(Entry {
        id: row.get("id")?,
        caller: caller.map_err(|_| JournalError::Identity { identity })?,
        verb: Verb::parse(&verb).ok_or(JournalError::Verb { verb })?,
        about: row.get("about")?,
        digest: row.get("digest")?,
        other_digests: vec![],
        form,
        allow: row.get("allow")?,
        request: row.get("request")?,
        cancelled: row.get("cancelled")?,
    })
}

fn kept_operation(row: &Row<'_>, forms: Forms) -> rusqlite::Result<Kept> {
    // The documents of outcomes are large: one at a time.
    let (verb, outcome): (String, Option<Vec<u8>>) = (row.get("verb")?, row.get("outcome")?);
    Ok(Kept {
        id: row.get("id")?,
        caller: row.get("caller")?,
        ending: Kept::ending(forms, &verb, outcome.as_deref(), row.get("outcome_form")?),
        verb,
        about: row.get("about")?,
        accepted_at: row.get("accepted_at")?,
        ended_at: row.get("ended_at")?,
    })
}

/// In milliseconds since 1970.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
