//! The journal in a PostgreSQL database that daemons share. All times are the database's, so that clocks of machines are never
//! compared.
//!
//! Work that nobody has claimed is taken with `FOR UPDATE SKIP LOCKED`: daemons that look at the same time take different
//! operations and don't wait for each other. Equal requests at the same time are taken one after another, by an advisory lock on
//! their digest. Who waits for an operation is written as well, under the id that each client has given it, since a client may ask
//! any daemon.

mod accept;
mod connection;
mod lead;
mod listener;
mod rows;
mod schema;
mod settings;
mod statements;

pub use settings::Postgres;

use super::{Accepted, CLAIM, Entry, IfNew, Kept, Lead, News, Pauses, Store, Taken, Which};
use crate::{
    contract::Verb,
    error::JournalError,
    forms::{Document, Forms},
    outcome::Ending,
    sight::Sight,
    store::postgres::{
        accept::accept,
        connection::{Connector, LONGEST, within, within_limit},
        listener::Listener,
        rows::{comparison, kept_operation, number, outcome, request, taken_operation},
        statements::{
            AWAITED, CANCEL, END, LAST, LEAVE, LOST, MAY_WRITE, OPERATION_OF, PAUSE, PAUSES, PROBE, RECENT, RENEW,
            RENEW_CLIENTS, REQUEST, RESUME, SHARE, SHARED, TAKE, WAITING,
        },
    },
};
use async_trait::async_trait;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::TryStreamExt as _;
use goldenpath_core::policy::Identity;
use std::{
    hash::{BuildHasher, RandomState},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};
use tokio_postgres::{Row, types::ToSql};

/// An operation needs a connection for milliseconds, at its begin and at its end.
const CONNECTIONS: usize = 8;
/// What keeps claims must not wait behind a thousand new requests.
const CONNECTIONS_TO_KEEP: usize = 4;
/// For one of them. Of a thousand that ask at once the last gets its connection after seconds, and on a busy machine after many; a server
/// that is away or silent is found out long before.
const LONGEST_QUEUE: Duration = Duration::from_secs(60);

/// Whoever keeps operations for ever writes thousands of years, for which PostgreSQL has no date: then no operation could end.
const LONGEST_RETENTION: Duration = Duration::from_secs(100 * 366 * 86_400);

pub struct PostgresStore {
    /// For what clients ask.
    pool: Pool,
    /// For what is under way.
    keeping: Pool,
    connector: Connector,
    listener: Listener,
    /// Of this process.
    daemon: String,
    retention: Duration,
    forms: Forms,
    /// Something could not be done, and nothing has been written since to see whether it can be.
    has_failed: AtomicBool,
}

// === impl PostgresStore ===

impl PostgresStore {
    pub async fn open(postgres: &Postgres, retention: Duration, forms: Forms) -> Result<Self, JournalError> {
        let connector = Connector::new(postgres)?;
        let pool = |size| {
            let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            let manager = Manager::from_connect(connector.config(), connector.clone(), config);
            let pool = Pool::builder(manager).max_size(size).runtime(Runtime::Tokio1);
            let pool = pool.create_timeout(Some(LONGEST)).wait_timeout(Some(LONGEST_QUEUE)).build();
            pool.map_err(|error| JournalError::Away { place: postgres.place(), source: Box::new(error) })
        };
        let (pool, keeping) = (pool(CONNECTIONS)?, pool(CONNECTIONS_TO_KEEP)?);
        // Daemons on one database tell each other apart by it. The seeds of the hasher are random for each process.
        let (one, two) =
            (RandomState::new().hash_one(SystemTime::now()), RandomState::new().hash_one(std::process::id()));
        let daemon = format!("{one:016x}{two:016x}");
        let listener = Listener::start(connector.clone(), daemon.clone());
        let (has_failed, retention) = (AtomicBool::default(), retention.min(LONGEST_RETENTION));
        let store = Self { pool, keeping, connector, listener, daemon, retention, forms, has_failed };
        let mut connection = store.connection(&store.keeping).await?;
        let migrate = schema::migrate(&mut connection, schema::MIGRATIONS);
        within_limit(schema::LONGEST, store.connector.place(), migrate).await?;
        Ok(store)
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, JournalError>>) -> Result<T, JournalError> {
        let done = within(self.connector.place(), work).await;
        if done.is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        done
    }

    async fn connection(&self, pool: &Pool) -> Result<Object, JournalError> {
        let away = |error| JournalError::Away { place: self.connector.place(), source: Box::new(error) };
        pool.get().await.map_err(away)
    }

    /// One row after another: outcomes are large, and of a thousand no two are needed at once.
    async fn all<T>(
        &self,
        (statement, values): (&str, &[&(dyn ToSql + Sync)]),
        read: impl Fn(&Row) -> Result<T, JournalError>,
    ) -> Result<Vec<T>, JournalError> {
        let connection = self.connection(&self.pool).await?;
        let work = async {
            let values = values.iter().map(|value| *value as &dyn ToSql);
            let mut rows = pin!(connection.query_raw(statement, values).await?);
            let mut all = vec![];
            while let Some(row) = rows.try_next().await? {
                all.push(read(&row)?);
            }
            Ok(all)
        };
        self.within(work).await
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[async_trait]
impl Store for PostgresStore {
    fn forms(&self) -> Forms {
        self.forms
    }

    async fn accept(&self, entry: &Entry, if_new: IfNew) -> Result<Accepted, JournalError> {
        let mut connection = self.connection(&self.pool).await?;
        self.within(accept(&mut connection, &self.daemon, self.forms, entry, if_new)).await
    }

    /// In the background. If it fails, the client is thought to wait for as long as a claim holds.
    fn leave(&self, client: &str) {
        let (pool, client, daemon) = (self.pool.clone(), client.to_owned(), self.daemon.clone());
        tokio::spawn(async move {
            if let Ok(connection) = pool.get().await
                && let Err(error) = connection.execute(LEAVE, &[&client, &daemon]).await
            {
                tracing::debug!(%error, "That a client waits no longer can't be written");
            }
        });
    }

    async fn take(&self, most: usize, may_take_over: bool) -> Result<Vec<Taken>, JournalError> {
        let connection = self.connection(&self.keeping).await?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.within(async {
            let take = connection.prepare_cached(TAKE).await?;
            let (claimed, newest) = (seconds(CLAIM), number(self.forms.api()));
            let verbs = Verb::ALL.map(Verb::as_str).to_vec();
            let values: [&(dyn ToSql + Sync); 6] = [&self.daemon, &may_take_over, &most, &claimed, &newest, &verbs];
            let mut rows = connection.query(&take, &values).await?;
            rows.sort_by_key(|row| row.get::<_, SystemTime>("accepted_at"));
            // They are claimed by now, whatever is wrong with one of them.
            let taken = rows.iter().map(|row| taken_operation(row, self.forms));
            Ok(taken.filter_map(Taken::if_readable).collect())
        })
        .await
    }

    /// Nobody renews its claim.
    fn set_back(&self, _: &str) {}

    async fn waiting(&self) -> Result<u64, JournalError> {
        let connection = self.connection(&self.keeping).await?;
        self.within(async {
            let count: i64 = connection.query_one(WAITING, &[]).await?.try_get(0)?;
            Ok(u64::try_from(count).unwrap_or_default())
        })
        .await
    }

    async fn renew(&self, running: &[String], clients: &[String], awaited: &[String]) -> Result<News, JournalError> {
        let mut news = News { unknown: awaited.to_vec(), ..News::default() };
        let mut not_renewed = running.to_vec();
        let connection = self.connection(&self.keeping).await?;
        let work = async {
            if !running.is_empty() {
                for row in connection.query(RENEW, &[&running, &self.daemon, &seconds(CLAIM)]).await? {
                    let (id, cancelled): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
                    not_renewed.retain(|other| *other != id);
                    news.cancelled.extend(cancelled.then_some(id));
                }
            }
            if !not_renewed.is_empty() {
                for row in connection.query(LOST, &[&not_renewed]).await? {
                    news.lost.push(row.try_get(0)?);
                }
            }
            if !clients.is_empty() {
                connection.execute(RENEW_CLIENTS, &[&clients, &self.daemon, &seconds(CLAIM)]).await?;
            }
            if !awaited.is_empty() {
                for row in connection.query(AWAITED, &[&awaited]).await? {
                    let (id, verb): (String, &str) = (row.try_get("id")?, row.try_get("verb")?);
                    news.unknown.retain(|unknown| *unknown != id);
                    news.ended.extend(outcome(&row)?.map(|outcome| (id, Verb::parse(verb), outcome)));
                }
            }
            Ok(())
        };
        self.within(work).await?;
        Ok(news)
    }

    async fn cancel(&self, id: &str, caller: &Identity) -> Result<Option<(String, String)>, JournalError> {
        let connection = self.connection(&self.pool).await?;
        self.within(async {
            let Some(row) = connection.query_opt(CANCEL, &[&id, &caller.to_string()]).await? else { return Ok(None) };
            connection.execute(listener::NOTIFY, &[&self.daemon]).await?;
            Ok(Some((row.try_get("id")?, row.try_get("about")?)))
        })
        .await
    }

    async fn end(&self, id: &str, ended: &Document, ending: &Ending) -> Result<Option<Document>, JournalError> {
        let connection = self.connection(&self.keeping).await?;
        let (bytes, form, is_gone) = (&*ended.bytes, number(ended.form), ending.is_gone());
        self.within(async {
            let end = connection.prepare_cached(END).await?;
            let retention = seconds(self.retention);
            let values: [&(dyn ToSql + Sync); 6] = [&id, &bytes, &self.daemon, &retention, &is_gone, &form];
            if connection.execute(&end, &values).await? > 0 {
                // Whether it is heard decides nothing.
                let _ = connection.execute(listener::NOTIFY, &[&self.daemon]).await;
                return Ok(Some(ended.clone()));
            }
            // Either an earlier try was written and only its response lost, or somebody else has it. What the journal does not hold
            // at all, as after it was restored, nobody else will end.
            Ok(match connection.query_opt(AWAITED, &[&&[id][..]]).await? {
                Some(row) => outcome(&row)?,
                None => Some(ended.clone()),
            })
        })
        .await
    }

    async fn recent(&self, which: Which<'_>, sight: &Sight, most: u32) -> Result<Vec<Kept>, JournalError> {
        let (about, id, is_open) = match which {
            Which::All => (None, None, false),
            Which::Open => (None, None, true),
            Which::About(about) => (Some(about), None, false),
            Which::One(id) => (None, Some(id), false),
        };
        let (caller, recorded) = sight.limits().unzip();
        let recorded: Vec<&str> = recorded.into_iter().flatten().map(String::as_str).collect();
        let values: [&(dyn ToSql + Sync); 6] = [&i64::from(most), &about, &id, &is_open, &caller, &recorded];
        self.all((RECENT, &values), |row| kept_operation(row, self.forms)).await
    }

    async fn last(&self, abouts: &[String]) -> Result<Vec<Kept>, JournalError> {
        self.all((LAST, &[&abouts]), |row| kept_operation(row, self.forms)).await
    }

    async fn pauses(&self) -> Result<Pauses, JournalError> {
        let connection = self.connection(&self.keeping).await?;
        self.within(async { connection.query(PAUSES, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect() })
            .await
    }

    async fn pause(&self, id: &str, is_paused: bool) -> Result<(), JournalError> {
        let connection = self.connection(&self.pool).await?;
        let set = if is_paused { PAUSE } else { RESUME };
        self.within(async { Ok(connection.execute(set, &[&id]).await.map(drop)?) }).await
    }

    async fn share(&self, cluster: &str, comparison: &Document) -> Result<(), JournalError> {
        let connection = self.connection(&self.keeping).await?;
        let (found, form) = (String::from_utf8_lossy(&comparison.bytes), number(comparison.form));
        self.within(async { Ok(connection.execute(SHARE, &[&cluster, &found, &form]).await.map(drop)?) }).await
    }

    async fn comparisons(&self) -> Result<Vec<Document>, JournalError> {
        self.all((SHARED, &[]), comparison).await
    }

    async fn request(&self, id: &str) -> Result<Option<(Verb, Document)>, JournalError> {
        Ok(self.all((REQUEST, &[&id]), request).await?.into_iter().next())
    }

    async fn operation_of(&self, client: &str) -> Result<String, JournalError> {
        let connection = self.connection(&self.pool).await?;
        self.within(async {
            let found = connection.query_opt(OPERATION_OF, &[&client]).await?;
            found.map_or_else(|| Ok(client.to_owned()), |row| Ok(row.try_get(0)?))
        })
        .await
    }

    async fn tell(&self, message: &str) -> Result<(), JournalError> {
        let connection = self.connection(&self.keeping).await?;
        let message = format!("{}{message}", self.daemon);
        self.within(async { Ok(connection.execute(listener::TELL, &[&message]).await.map(drop)?) }).await
    }

    async fn next_message(&self) -> String {
        self.listener.message().await
    }

    async fn wait_for_news(&self) {
        self.listener.wait().await;
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn check(&self) -> Result<(), JournalError> {
        let connection = self.connection(&self.keeping).await?;
        self.within(async {
            let has_failed = self.has_failed.swap(false, Ordering::Relaxed);
            let may_write: bool = connection.query_one(MAY_WRITE, &[]).await?.try_get(0)?;
            if !may_write {
                return Err(JournalError::ReadOnly { place: self.connector.place() });
            }
            if has_failed {
                connection.execute(PROBE, &[]).await?;
            }
            Ok(())
        })
        .await
    }

    async fn lead(&self) -> Result<Option<Box<dyn Lead>>, JournalError> {
        self.within(lead::take(&self.connector)).await
    }
}
