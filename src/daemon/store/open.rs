//! From what is configured to the store.

use super::{Postgres, Store, postgres::PostgresStore, sqlite::SqliteStore};
use crate::{error::JournalError, forms::Forms};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Where the journal is.
#[derive(Clone, Debug)]
pub enum JournalPlace {
    /// A SQLite file, which one daemon has open at a time.
    File(PathBuf),
    /// A database that daemons share.
    Postgres(Box<Postgres>),
}

/// `retention`: how long operations that have ended are kept.
pub async fn open(place: &JournalPlace, retention: Duration, forms: Forms) -> Result<Arc<dyn Store>, JournalError> {
    Ok(match place {
        JournalPlace::File(path) => Arc::new(SqliteStore::open(path, retention, forms)?),
        JournalPlace::Postgres(postgres) => Arc::new(PostgresStore::open(postgres, retention, forms).await?),
    })
}
