//! The journal as one SQLite file of one daemon.
//!
//! `synchronous=FULL`: what was accepted survives a power cut as well as a kill. The lock on the file is kept for as long as the
//! daemon lives, so that two can't run the same operations; so claims and who waits are in memory, and go with the process.

mod file;
mod rows;
#[cfg(test)]
mod tests;

use super::{Accepted, Document, Entry, IfNew, Kept, Lead, News, Pauses, Store, Taken, Which, caller_texts};
use crate::{error::JournalError, outcome::Ending, sight::Sight};
use async_trait::async_trait;
use file::JournalFile;
use goldenpath_core::policy::Identity;
use rows::{SHOWN, recent, rows_in_sight, taken_operation};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex as Lock, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Mutex;

/// More than most operations need.
const PROBE: &str = "INSERT OR REPLACE INTO probe (id, filler) VALUES (1, zeroblob(65536))";

pub struct SqliteStore {
    connection: Arc<Mutex<Connection>>,
    present: Arc<Lock<Present>>,
    file: JournalFile,
    retention: Duration,
}

/// What ends with the process. Changed only by whoever has the connection, but for `leave`.
#[derive(Default)]
struct Present {
    claimed: HashSet<String>,
    /// By the client's id of it: the operation, and whether the client still waits.
    clients: HashMap<String, (String, bool)>,
    /// Something could not be done, and nothing has been written since to see whether it can be.
    has_failed: bool,
}

/// There is nobody else.
struct OnlyOne;

// === impl SqliteStore ===

impl SqliteStore {
    pub fn open(path: &Path, retention: Duration) -> Result<Self, JournalError> {
        let (file, connection) = JournalFile::open(path)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), present: Arc::default(), file, retention })
    }

    /// On a thread that may wait for the disk, one piece of work at a time. It is done even when nobody waits any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &mut Present) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (mut connection, present) = (self.connection.clone().lock_owned().await, self.present.clone());
        let work = move || {
            let mut present = lock(&present);
            let done = work(&mut connection, &mut present);
            present.has_failed |= done.is_err();
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| JournalError::Ended)?
    }
}

fn lock(present: &Lock<Present>) -> MutexGuard<'_, Present> {
    present.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn operation(&self, client: &str) -> String {
        self.clients.get(client).map_or(client, |(operation, _)| operation).to_owned()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn accept(&self, entry: &Entry, if_new: IfNew) -> Result<Accepted, JournalError> {
        let Entry { id, caller, verb, about, digest, allow, request, .. } = entry.clone();
        let (identity, caller) = caller_texts(&caller);
        let there = self.file.is_there();
        self.run(move |connection, present| {
            let operation = present.operation(&id);
            let known = connection
                .query_row("SELECT digest, outcome FROM operation WHERE id = ?1", [&operation], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, Option<Vec<u8>>>(1)?))
                })
                .optional()?;
            match known {
                Some((known, _)) if known != digest => return Ok(Accepted::OtherRequest),
                Some((_, Some(outcome))) => return Ok(Accepted::Ended(outcome.into())),
                Some((_, None)) => return Ok(present.join(&id, &operation)),
                None => {}
            }
            let equal: Vec<String> = connection
                .prepare(
                    "SELECT id FROM operation WHERE ended_at IS NULL AND digest = ?1 AND cancelled = 0 ORDER BY accepted_at, id",
                )?
                .query_map([&digest], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            if let Some(abandoned) = equal.iter().find(|operation| !present.is_awaited(operation)) {
                return Ok(present.join(&id, abandoned));
            }
            if if_new == IfNew::Refuse {
                return Ok(Accepted::Refused);
            }
            there?;
            connection.execute(
                "INSERT INTO operation (id, verb, about, digest, allow, request, accepted_at, identity, caller)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![id, verb.as_str(), about, digest, allow, request, now_ms(), identity, caller],
            )?;
            let waits = present.join(&id, &id);
            Ok(match if_new {
                IfNew::Begin => {
                    present.claimed.insert(id);
                    Accepted::Begun
                }
                IfNew::Queue | IfNew::Refuse => waits,
            })
        })
        .await
    }

    fn leave(&self, client: &str) {
        if let Some((_, waits)) = lock(&self.present).clients.get_mut(client) {
            *waits = false;
        }
    }

    async fn take(&self, most: usize, _: bool) -> Result<Vec<Taken>, JournalError> {
        self.run(move |connection, present| {
            let mut found =
                connection.prepare("SELECT * FROM operation WHERE ended_at IS NULL ORDER BY accepted_at, id")?;
            let (mut all, now) = (vec![], now_ms());
            let mut rows = found.query([])?;
            while all.len() < most
                && let Some(row) = rows.next()?
            {
                if !present.claimed.contains(&row.get::<_, String>("id")?) {
                    all.push(taken_operation(row, now)?);
                }
            }
            present.claimed.extend(all.iter().map(|taken| taken.entry.id.clone()));
            Ok(all)
        })
        .await
    }

    async fn waiting(&self) -> Result<u64, JournalError> {
        self.run(|connection, present| {
            let open = "SELECT count(*) FROM operation WHERE ended_at IS NULL";
            let open: u32 = connection.query_row(open, [], |row| row.get(0))?;
            // All that is claimed is open.
            Ok(u64::from(open).saturating_sub(present.claimed.len() as u64))
        })
        .await
    }

    async fn renew(&self, _: &[String], _: &[String], awaited: &[String]) -> Result<News, JournalError> {
        let awaited = awaited.to_owned();
        self.run(move |connection, _| {
            let mut news = News::default();
            let mut find = connection.prepare("SELECT outcome FROM operation WHERE id = ?1")?;
            for id in awaited {
                match find.query_row([&id], |row| row.get::<_, Option<Vec<u8>>>(0)).optional()? {
                    Some(Some(outcome)) => news.ended.push((id, outcome.into())),
                    Some(None) => {}
                    None => news.unknown.push(id),
                }
            }
            Ok(news)
        })
        .await
    }

    async fn cancel(&self, id: &str, caller: &Identity) -> Result<(), JournalError> {
        let (id, caller) = (id.to_owned(), caller.to_string());
        self.run(move |connection, present| {
            connection.execute(
                "UPDATE operation SET cancelled = 1 WHERE id = ?1 AND caller = ?2 AND cancelled = 0 AND ended_at IS NULL",
                [present.operation(&id), caller],
            )?;
            Ok(())
        })
        .await
    }

    async fn end(&self, id: &str, outcome: &[u8]) -> Result<Option<Document>, JournalError> {
        let (id, is_gone, outcome) = (id.to_owned(), Ending::read(outcome).is_gone(), Document::from(outcome));
        let oldest = now_ms() - i64::try_from(self.retention.as_millis()).unwrap_or(i64::MAX);
        self.run(move |connection, present| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "UPDATE operation SET ended_at = ?2, outcome = ?3 WHERE id = ?1",
                params![id, now_ms(), &*outcome],
            )?;
            if is_gone {
                let unpause = "DELETE FROM pause WHERE id = (SELECT about FROM operation WHERE id = ?1)";
                transaction.execute(unpause, [&id])?;
            }
            transaction.execute("DELETE FROM operation WHERE ended_at < ?1", [oldest])?;
            transaction.commit()?;
            present.claimed.remove(&id);
            present.clients.retain(|_, (operation, _)| *operation != id);
            Ok(Some(outcome))
        })
        .await
    }

    async fn recent(&self, which: Which<'_>, sight: &Sight, most: u32) -> Result<Vec<Kept>, JournalError> {
        let (statement, value) = recent(which);
        let (value, sight) = (value.to_owned(), sight.clone());
        self.run(move |connection, _| {
            let (mut found, mut of_id) = (connection.prepare(statement)?, connection.prepare(SHOWN)?);
            Ok(rows_in_sight((&mut found, &mut of_id), &value, &sight, most as usize)?)
        })
        .await
    }

    async fn last(&self, abouts: &[String]) -> Result<Vec<Kept>, JournalError> {
        let abouts = abouts.to_owned();
        self.run(move |connection, _| {
            let (statement, _) = recent(Which::About(""));
            let (mut found, mut of_id) = (connection.prepare(statement)?, connection.prepare(SHOWN)?);
            let last = abouts.iter().map(|about| rows_in_sight((&mut found, &mut of_id), about, &Sight::All, 1));
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
    async fn share(&self, _: &str, _: &str) -> Result<(), JournalError> {
        Ok(())
    }

    async fn comparisons(&self) -> Result<Vec<String>, JournalError> {
        Ok(vec![])
    }

    async fn request(&self, id: &str) -> Result<Option<Vec<u8>>, JournalError> {
        let (of_id, id) = ("SELECT request FROM operation WHERE id = ?1", id.to_owned());
        self.run(move |connection, _| Ok(connection.query_row(of_id, [id], |row| row.get(0)).optional()?)).await
    }

    async fn operation_of(&self, client: &str) -> Result<String, JournalError> {
        Ok(lock(&self.present).operation(client))
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
            let has_failed = std::mem::take(&mut present.has_failed);
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

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
