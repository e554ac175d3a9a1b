//! The tables, as a list of migrations that only grows. A migration only adds: tables, indexes, columns that are null or have a
//! default. So a daemon works with a schema that is one migration ahead of it, which is what a neighbouring release has brought
//! while daemons are replaced one by one. What is no longer used is removed two releases later.

use crate::error::JournalError;
use std::time::Duration;
use tokio_postgres::Client;

/// An index of a large journal takes minutes. Whoever breaks it off breaks off every start, since the next one begins where this one did.
pub const LONGEST: Duration = Duration::from_secs(600);

pub const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE operation (
    id text PRIMARY KEY,
    verb text NOT NULL,
    about text NOT NULL,
    digest text NOT NULL,
    allow text NOT NULL,
    request bytea NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    cancelled boolean NOT NULL DEFAULT false,
    claimed_by text,
    claimed_until timestamptz,
    ended_at timestamptz,
    outcome bytea
);
CREATE INDEX operation_open ON operation (accepted_at, id) WHERE ended_at IS NULL;
CREATE INDEX operation_equal ON operation (digest) WHERE ended_at IS NULL;
CREATE INDEX operation_ended ON operation (ended_at);
CREATE TABLE operation_client (
    id text PRIMARY KEY,
    operation text NOT NULL REFERENCES operation ON DELETE CASCADE,
    daemon text NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX operation_client_operation ON operation_client (operation);
",
    "
ALTER TABLE operation ADD COLUMN identity text NOT NULL DEFAULT '\"own\"';
ALTER TABLE operation ADD COLUMN caller text NOT NULL DEFAULT 'the daemon''s own user';
",
    "
CREATE TABLE pause (id text PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE comparison (cluster text PRIMARY KEY, found text NOT NULL);
",
    "CREATE INDEX operation_about ON operation (about, accepted_at DESC, id)",
    "CREATE TABLE probe (id integer PRIMARY KEY, written_at timestamptz NOT NULL)",
    // Whoever knows of no forms writes the first one.
    "
ALTER TABLE operation ADD COLUMN form integer NOT NULL DEFAULT 1;
ALTER TABLE operation ADD COLUMN outcome_form integer NOT NULL DEFAULT 1;
ALTER TABLE comparison ADD COLUMN form integer NOT NULL DEFAULT 1;
",
];

/// Until the end of the transaction.
const WITHOUT_LIMIT: &str = "SET LOCAL statement_timeout = 0";

/// One daemon at a time.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' goldenpath migration', 0))";

const VERSIONS: &str = "
CREATE TABLE IF NOT EXISTS goldenpath_migration (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())";

/// `migrations`: those that this release knows.
pub async fn migrate(client: &mut Client, migrations: &[&str]) -> Result<(), JournalError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(WITHOUT_LIMIT).await?;
    transaction.query_one(LOCK, &[]).await?;
    transaction.batch_execute(VERSIONS).await?;
    let found = transaction.query_one("SELECT coalesce(max(version), 0) FROM goldenpath_migration", &[]).await?;
    let found = usize::try_from(found.try_get::<_, i32>(0)?).unwrap_or_default();
    let known = migrations.len();
    if found > known + 1 {
        return Err(JournalError::NewerSchema { found, known });
    }
    for (number, migration) in (1_i32..).zip(migrations).skip(found) {
        transaction.batch_execute(migration).await?;
        transaction.execute("INSERT INTO goldenpath_migration (version) VALUES ($1)", &[&number]).await?;
    }
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        postgres::{connection::Connector, settings::Postgres},
        tests::server,
    };

    #[tokio::test]
    async fn a_migration_takes_as_long_as_it_needs() {
        let Some(server) = server() else { return };
        let postgres = Postgres::new(&server.database("journal").unwrap(), None, None).unwrap();
        let mut client = Connector::new(&postgres).unwrap().client().await.unwrap();
        let migration = "CREATE TABLE limits AS SELECT current_setting('statement_timeout') AS found";
        migrate(&mut client, &[migration]).await.unwrap();
        assert_eq!(server.run("journal", "SELECT found FROM limits").unwrap(), "0", "whatever limits other work");
    }
}
