//! What every store promises, on both; and what only a shared one can.

mod contract;
mod shared;

use super::{Entry, JournalPlace, Postgres, Store, open};
use crate::{
    contract::{API, Verb},
    forms::{Document, Forms},
    outcome::Ending,
};
use acceptance_tests::servers::PostgresServer;
use goldenpath_core::policy::Identity;
use std::{sync::Arc, time::Duration};

pub const DAY: Duration = Duration::from_secs(86_400);

pub fn entry_of(id: &str) -> Entry {
    Entry {
        id: id.into(),
        caller: Identity::Own,
        verb: Verb::Ensure,
        about: "demo/pay".into(),
        digest: format!("digest of {id}"),
        other_digests: vec![],
        form: API,
        allow: "[]".into(),
        request: b"{}".to_vec(),
        cancelled: false,
    }
}

/// Without the times that they have waited.
pub async fn take(store: &dyn Store, most: usize, may_take_over: bool) -> Vec<Entry> {
    let taken = store.take(most, may_take_over).await.unwrap();
    taken.into_iter().map(|taken| taken.entry).collect()
}

/// The outcome that the journal then holds.
pub async fn end(store: &dyn Store, id: &str, outcome: &[u8]) -> Option<Vec<u8>> {
    let ended = store.end(id, &Document::new(API, outcome), &Ending::read(outcome)).await.unwrap();
    ended.map(|ended| ended.bytes.to_vec())
}

/// `None`, said: it is not here.
#[allow(clippy::print_stderr, reason = "a unit test has no other way to say that it was skipped")]
pub fn server() -> Option<PostgresServer> {
    let found = PostgresServer::find();
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is not here: see scripts/lib/tools.sh");
        eprintln!("skipped: PostgreSQL is not here: see scripts/lib/tools.sh");
    }
    found.map(|bin| PostgresServer::start(&bin, false).unwrap())
}

pub async fn on(server: &PostgresServer, database: &str) -> Arc<dyn Store> {
    open(&place(&server.address(database)), DAY, Forms::own()).await.unwrap()
}

pub fn place(address: &str) -> JournalPlace {
    JournalPlace::Postgres(Box::new(Postgres::new(address, None, None).unwrap()))
}
