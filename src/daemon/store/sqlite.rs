//! The journal as one SQLite file of one daemon.
//!
//! `synchronous=FULL`: what was accepted survives a power cut as well as a kill. The lock on the file is kept for as long as the
//! daemon lives, so that two can't run the same operations; so claims and who waits are in memory, and go with the process.

mod accept;
mod file;
mod present;
mod rows;
#[cfg(test)]
mod tests;

use super::{Accepted, Entry, IfNew, Kept, Lead, News, Pauses, Store, Taken, Which};
use crate::{
    contract::Verb,
    error::JournalError,
    forms::{Document, Forms},
    outcome::Ending,
    sight::Sight,
};
use accept::{accept, operation_of};
use async_trait::async_trait;
use file::JournalFile;
use goldenpath_core::policy::Identity;
use present::Present;
use rows::{SHOWN, now_ms, outcome, recent, request, rows_in_sight, taken_operation};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// More than most operations need.
const PROBE: &str = "INSERT OR REPLACE INTO probe (id, filler) VALUES (1, zeroblob(65536))";

pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
    present: Arc<Present>,
    file: JournalFile,
    retention: Duration,
    forms: Forms,
}

/// There is nobody else.
struct OnlyOne;

// === impl SqliteStore ===

impl SqliteStore {
    pub fn open(path: &Path, retention: Duration, forms: Forms) -> Result<Self, JournalError> {
        let (file, connection) = JournalFile::open(path)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), present: Arc::default(), file, retention, forms })
    }

    /// On a thread that may wait for the disk, one piece of work at a time. It is done even when nobody waits any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &Present) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (mut connection, present) = (self.connection.clone().lock_owned().await, self.present.clone());
        let work = move || work(&mut connection, &present).inspect_err(|_| present.note_failure());
        tokio::task::spawn_blocking(work).await.map_err(|_| JournalError::Ended)?
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn forms(&self) -> Forms {
        self.forms
    }

    async fn accept(&self, entry: &Entry, if_new: IfNew) -> Result<Accepted, JournalError> {
        let (entry, forms, there) = (entry.clone(), self.forms, self.file.is_there());
        self.run(move |connection, present| accept(connection, present, forms, &entry, if_new, there)).await
    }

    fn leave(&self, client: &str) {
        self.present.leave(client);
    }

    async fn take(&self, most: usize, _: bool) -> Result<Vec<Taken>, JournalError> {
        let forms = self.forms;
        self.run(move |connection, present| {
            let mut found = connection
                .prepare("SELECT * FROM operation WHERE ended_at IS NULL AND form <= ?1 ORDER BY accepted_at, id")?;
            let (mut all, mut claimed, now) = (vec![], vec![], now_ms());
            let mut rows = found.query([forms.api()])?;
            while all.len() < most
                && let Some(row) = rows.next()?
            {
                let (id, verb): (String, String) = (row.get("id")?, row.get("verb")?);
                if !present.is_claimed(&id) && Verb::parse(&verb).is_some() {
                    all.extend(Taken::if_readable(taken_operation(row, now, forms)));
                    claimed.push(id);
                }
            }
            present.claim(claimed);
            Ok(all)
        })
        .await
    }

    fn set_back(&self, id: &str) {
        self.present.set_back(id);
    }

    async fn waiting(&self) -> Result<u64, JournalError> {
        self.run(|connection, present| {
            let open = "SELECT count(*) FROM operation WHERE ended_at IS NULL";
            let open: u32 = connection.query_row(open, [], |row| row.get(0))?;
            // All that is claimed is open.
            Ok(u64::from(open).saturating_sub(present.claims() as u64))
        })
        .await
    }

    async fn renew(&self, _: &[String], _: &[String], awaited: &[String]) -> Result<News, JournalError> {
        let awaited = awaited.to_owned();
        self.run(move |connection, _| {
            let mut news = News::default();
            let mut find = connection.prepare("SELECT verb, outcome, outcome_form FROM operation WHERE id = ?1")?;
            for id in awaited {
                let found =
                    find.query_row([&id], |row| Ok((row.get::<_, String>("verb")?, outcome(row)?))).optional()?;
                match found {
                    Some((verb, Some(outcome))) => news.ended.push((id, Verb::parse(&verb), outcome)),
                    Some((_, None)) => {}
                    None => news.unknown.push(id),
                }
            }
            Ok(news)
        })
        .await
    }

    async fn cancel(&self, id: &str, caller: &Identity) -> Result<Option<(String, String)>, JournalError> {
        let (id, caller) = (id.to_owned(), caller.to_string());
        self.run(move |connection, _| {
            let cancel = "UPDATE operation SET cancelled = 1
                WHERE id = ?1 AND caller = ?2 AND cancelled = 0 AND ended_at IS NULL RETURNING id, about";
            let values = [operation_of(connection, &id)?, caller];
            Ok(connection.query_row(cancel, values, |row| Ok((row.get("id")?, row.get("about")?))).optional()?)
        })
        .await
    }

    async fn end(&self, id: &str, ended: &Document, ending: &Ending) -> Result<Option<Document>, JournalError> {
        let (id, is_gone, ended) = (id.to_owned(), ending.is_gone(), ended.clone());
        let oldest = now_ms() - i64::try_from(self.retention.as_millis()).unwrap_or(i64::MAX);
        self.run(move |connection, present| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "UPDATE operation SET ended_at = ?2, outcome = ?3, outcome_form = ?4 WHERE id = ?1",
                params![id, now_ms(), &*ended.bytes, ended.form],
            )?;
            if is_gone {
                let unpause = "DELETE FROM pause WHERE id = (SELECT about FROM operation WHERE id = ?1)";
                transaction.execute(unpause, [&id])?;
            }
            transaction.execute("DELETE FROM operation WHERE ended_at < ?1", [oldest])?;
            transaction.execute("DELETE FROM joined WHERE operation NOT IN (SELECT id FROM operation)", [])?;
            transaction.commit()?;
            present.end(&id);
            Ok(Some(ended))
        })
        .await
    }

    async fn recent(&self, which: Which<'_>, sight: &Sight, most: u32) -> Result<Vec<Kept>, JournalError> {
        let (statement, value) = recent(which);
        let (value, sight, forms) = (value.to_owned(), sight.clone(), self.forms);
        self.run(move |connection, _| {
            let (mut found, mut of_id) = (connection.prepare(statement)?, connection.prepare(SHOWN)?);
            Ok(rows_in_sight((&mut found, &mut of_id), &value, &sight, most as usize, forms)?)
        })
        .await
    }

    async fn last(&self, abouts: &[String]) -> Result<Vec<Kept>, JournalError> {
        let (abouts, forms) = (abouts.to_owned(), self.forms);
        self.run(move |connection, _| {
            let (statement, _) = recent(Which::About(""));
            let (mut found, mut of_id) = (connection.prepare(statement)?, connection.prepare(SHOWN)?);
            let last = abouts.iter().map(|about| rows_in_sight((&mut found, &mut of_id), about, &Sight::All, 1, forms));
            let last: Result<Vec<_>, _> = last.collect();
            Ok(last?.into_iter().flatten().collect())
        })
        .await
    }

    async fn pauses(&self) -> Result<Pauses, JournalError> {
        self.run(|connection, _| {
            let mut found = connection.prepare("SELECT id FROM pause")?;
            let ids = found.query_map([], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn pause(&self, id: &str, is_paused: bool) -> Result<(), JournalError> {
        self.file.is_there()?;
        let id = id.to_owned();
        self.run(move |connection, _| {
            let set = match is_paused {
                true => "INSERT OR IGNORE INTO pause (id) VALUES (?1)",
                false => "DELETE FROM pause WHERE id = ?1",
            };
            Ok(connection.execute(set, [id]).map(drop)?)
        })
        .await
    }

    /// There is nobody to share it with.
    async fn share(&self, _: &str, _: &Document) -> Result<(), JournalError> {
        Ok(())
    }

    async fn comparisons(&self) -> Result<Vec<Document>, JournalError> {
        Ok(vec![])
    }

    async fn request(&self, id: &str) -> Result<Option<(Verb, Document)>, JournalError> {
        let (of_id, id) = ("SELECT verb, form, request FROM operation WHERE id = ?1", id.to_owned());
        self.run(move |connection, _| connection.query_row(of_id, [id], |row| Ok(request(row))).optional()?.transpose())
            .await
    }

    async fn operation_of(&self, client: &str) -> Result<String, JournalError> {
        let client = client.to_owned();
        self.run(move |connection, _| Ok(operation_of(connection, &client)?)).await
    }

    async fn tell(&self, _: &str) -> Result<(), JournalError> {
        Ok(())
    }

    async fn next_message(&self) -> String {
        std::future::pending().await
    }

    async fn wait_for_news(&self) {
        std::future::pending().await
    }

    fn is_shared(&self) -> bool {
        false
    }

    /// What is rolled back never leaves the memory: it meets a file that may only be read or must not grow, and no full disk. That one is
    /// met by the operation that needs the room, and from then on by what is committed here.
    async fn check(&self) -> Result<(), JournalError> {
        self.file.is_there()?;
        self.run(|connection, present| {
            let has_failed = present.take_failure();
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute(PROBE, [])?;
            let ended = if has_failed { transaction.commit() } else { transaction.rollback() };
            Ok(ended?)
        })
        .await
    }

    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, JournalError> {
        Ok(Some(Box::new(OnlyOne)))
    }
}

#[async_trait]
impl Lead for OnlyOne {
    async fn is_held(&self) -> bool {
        true
    }
}
