//! What is read of the rows that the statements find.

use crate::{
    contract::Verb,
    error::JournalError,
    forms::{Document, Forms, Message},
    store::{Entry, Kept, Taken},
};
use std::time::Duration;
use tokio_postgres::Row;

/// How an operation in the journal is found by what is asked for.
pub struct Known {
    pub is_equal: bool,
    pub id: String,
    pub digest: String,
    pub outcome: Option<Document>,
}

/// As a column has it.
pub fn number(form: u32) -> i32 {
    i32::try_from(form).unwrap_or(i32::MAX)
}

fn form(row: &Row) -> Result<u32, JournalError> {
    Ok(u32::try_from(row.try_get::<_, i32>("form")?).unwrap_or_default())
}

pub fn known_operation(row: &Row) -> Result<Known, JournalError> {
    Ok(Known {
        is_equal: row.try_get("is_equal")?,
        id: row.try_get("id")?,
        digest: row.try_get("digest")?,
        outcome: outcome(row)?,
    })
}

/// `None`: it has not ended.
pub fn outcome(row: &Row) -> Result<Option<Document>, JournalError> {
    let (bytes, form) = (row.try_get::<_, Option<&[u8]>>("outcome")?, form(row)?);
    Ok(bytes.map(|bytes| Document::new(form, bytes)))
}

pub fn comparison(row: &Row) -> Result<Document, JournalError> {
    Ok(Document::new(form(row)?, row.try_get::<_, &str>("found")?.as_bytes()))
}

pub fn taken_operation(row: &Row, forms: Forms) -> Result<Taken, JournalError> {
    // Below zero where the database's clock was set back.
    let waited = Duration::try_from_secs_f64(row.try_get("waited")?).unwrap_or_default();
    Ok(Taken { entry: entry(row, forms)?, waited })
}

fn entry(row: &Row, forms: Forms) -> Result<Entry, JournalError> {
    let (verb, identity): (String, String) = (row.try_get("verb")?, row.try_get("identity")?);
    let form = form(row)?;
    let caller = forms.read(Message::Identity, identity.as_bytes(), form);
    Ok(Entry {
        id: row.try_get("id")?,
        caller: caller.map_err(|_| JournalError::Identity { identity })?,
        verb: Verb::parse(&verb).ok_or(JournalError::Verb { verb })?,
        about: row.try_get("about")?,
        digest: row.try_get("digest")?,
        other_digests: vec![],
        form,
        allow: row.try_get("allow")?,
        request: row.try_get("request")?,
        cancelled: row.try_get("cancelled")?,
    })
}

pub fn request(row: &Row) -> Result<(Verb, Document), JournalError> {
    let (verb, bytes): (String, &[u8]) = (row.try_get("verb")?, row.try_get("request")?);
    Ok((Verb::parse(&verb).ok_or(JournalError::Verb { verb })?, Document::new(form(row)?, bytes)))
}

pub fn kept_operation(row: &Row, forms: Forms) -> Result<Kept, JournalError> {
    let (verb, outcome): (String, Option<&[u8]>) = (row.try_get("verb")?, row.try_get("outcome")?);
    Ok(Kept {
        id: row.try_get("id")?,
        caller: row.try_get("caller")?,
        ending: Kept::ending(forms, &verb, outcome, form(row)?),
        verb,
        about: row.try_get("about")?,
        accepted_at: row.try_get("accepted_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}
