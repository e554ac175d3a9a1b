//! What the journal of one file is besides its contract: of one daemon, migrated, and a refusal where it is lost.

use super::{
    file::{SCHEMA, TABLE},
    *,
};
use crate::store::{
    CLAIM,
    tests::{end, entry_of, take},
};
use std::{fs, os::unix::fs::MetadataExt};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn one_daemon_has_the_file_and_nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inside").join("journal.db");
    let store = SqliteStore::open(&path, DAY, Forms::own()).unwrap();
    assert!(
        matches!(SqliteStore::open(&path, DAY, Forms::own()), Err(JournalError::InUse { .. })),
        "one daemon has it"
    );
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    store.accept(&entry_of("one"), IfNew::Begin).await.unwrap();
    drop(store);
    let store = SqliteStore::open(&path, DAY, Forms::own()).unwrap();
    assert_eq!(take(&store, 9, false).await, [entry_of("one")], "what it had claimed is free with its end");
}

#[tokio::test]
async fn a_journal_of_the_first_schema_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let first = Connection::open(&path).unwrap();
    first.execute_batch(TABLE).unwrap();
    let insert = "INSERT INTO operation (id, verb, about, digest, allow, request, accepted_at)
                  VALUES ('one', 'ensure', 'demo/pay', 'digest of one', '[]', CAST('{}' AS BLOB), 1)";
    first.execute_batch(insert).unwrap();
    first.pragma_update(None, "user_version", 1).unwrap();
    drop(first);
    let store = SqliteStore::open(&path, DAY, Forms::own()).unwrap();
    assert_eq!(take(&store, 9, false).await, [entry_of("one")], "its own user had asked");
}

#[tokio::test]
async fn what_nobody_can_read_keeps_nothing_else_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("journal.db"), DAY, Forms::own()).unwrap();
    for id in ["one", "two", "three"] {
        store.accept(&entry_of(id), IfNew::Queue).await.unwrap();
    }
    let spoil = |connection: &mut Connection, _: &Present| {
        let spoil = "UPDATE operation SET verb = 'weigh' WHERE id = 'one';
                     UPDATE operation SET identity = '7' WHERE id = 'two';";
        Ok(connection.execute_batch(spoil)?)
    };
    store.run(spoil).await.unwrap();
    assert_eq!(take(&store, 9, false).await, [entry_of("three")], "the one that can be read");
    let unknown = store.request("one").await.unwrap_err().to_string();
    assert!(unknown.contains("unknown kind, weigh"), "{unknown}");
}

#[tokio::test]
async fn a_store_that_is_gone_or_full_is_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = SqliteStore::open(&path, DAY, Forms::own()).unwrap();
    let full = |connection: &mut Connection, _: &Present| {
        let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        Ok(())
    };
    store.run(full).await.unwrap();
    let large = Entry { request: vec![b'x'; 1 << 20], ..entry_of("large") };
    let refused = store.accept(&large, IfNew::Begin).await;
    assert!(matches!(refused, Err(JournalError::Storage(_))), "the disk is full");
    assert_eq!(take(&store, 9, false).await, [], "nothing of it was kept");
    assert!(store.check().await.is_err(), "it is not ready");
    let larger = |connection: &mut Connection, _: &Present| {
        Ok(connection.pragma_update_and_check(None, "max_page_count", 1 << 20, |_| Ok(()))?)
    };
    store.run(larger).await.unwrap();
    store.check().await.unwrap();
    assert_eq!(store.accept(&large, IfNew::Begin).await.unwrap(), Accepted::Begun, "there is room again");
    fs::remove_file(&path).unwrap();
    let refused = store.accept(&entry_of("one"), IfNew::Begin).await;
    assert!(matches!(refused, Err(JournalError::Gone { .. })));
    assert!(store.check().await.is_err(), "it is not ready");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_begun_is_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("journal.db"), DAY, Forms::own()).unwrap();
    store.accept(&entry_of("one"), IfNew::Queue).await.unwrap();
    for _ in 0..2 {
        assert_eq!(take(&store, 9, false).await, [entry_of("one")]);
        assert_eq!(store.waiting().await.unwrap(), 0, "somebody works on it");
        store.set_back("one");
        assert_eq!((take(&store, 9, false).await, store.waiting().await.unwrap()), (vec![], 1), "not at once");
        tokio::time::advance(CLAIM).await;
    }
    assert_eq!(take(&store, 9, false).await, [entry_of("one")], "for as often as it takes");
}

#[tokio::test]
async fn what_a_client_has_joined_is_known_after_a_restart_and_forgotten_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let open = |retention| SqliteStore::open(&path, retention, Forms::own()).unwrap();
    let equal = |id: &str| Entry { digest: "equal".into(), ..entry_of(id) };
    let store = open(DAY);
    store.accept(&equal("one"), IfNew::Begin).await.unwrap();
    store.leave("one");
    assert_eq!(store.accept(&equal("two"), IfNew::Begin).await.unwrap(), Accepted::Waits("one".into()));
    end(&store, "one", b"done").await;
    drop(store);
    let store = open(Duration::ZERO);
    assert!(matches!(store.accept(&equal("two"), IfNew::Begin).await.unwrap(), Accepted::Ended(_)), "it has ended");
    store.accept(&entry_of("three"), IfNew::Begin).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    end(&store, "three", b"done").await;
    let kept = |connection: &mut Connection, _: &Present| {
        Ok(connection.query_row("SELECT count(*) FROM joined", [], |row| row.get::<_, u32>(0))?)
    };
    assert_eq!(store.run(kept).await.unwrap(), 0, "no longer than the operation is");
}

#[tokio::test]
async fn whoever_goes_away_waits_for_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("journal.db"), DAY, Forms::own()).unwrap());
    let ((begins, begun), (resume, resumed)) = (tokio::sync::oneshot::channel(), std::sync::mpsc::channel::<()>());
    let slow = store.clone();
    let working = tokio::spawn(async move {
        let work = move |_: &mut Connection, _: &Present| {
            begins.send(()).unwrap();
            // Until it is said, or the test has failed.
            let _ = resumed.recv();
            Ok(())
        };
        slow.run(work).await.unwrap();
    });
    begun.await.unwrap();
    let client = store.clone();
    let leaves = tokio::task::spawn_blocking(move || client.leave("one"));
    assert!(tokio::time::timeout(Duration::from_secs(20), leaves).await.is_ok(), "it holds up no thread meanwhile");
    resume.send(()).unwrap();
    working.await.unwrap();
}

#[tokio::test]
async fn a_check_writes_only_once_something_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let store = SqliteStore::open(&path, DAY, Forms::own()).unwrap();
    store.accept(&entry_of("one"), IfNew::Begin).await.unwrap();
    let on_disk = || [&path, &path.with_extension("db-wal")].map(|path| fs::read(path).unwrap());
    let before = on_disk();
    for _ in 0..9 {
        store.check().await.unwrap();
    }
    assert!(on_disk() == before, "nothing is written as long as all is well");
    // As a full disk does, which is met when something is committed, and not before.
    let failed = store.run(|_, _| Err::<(), _>(JournalError::Ended)).await;
    assert!(failed.is_err());
    store.check().await.unwrap();
    let after = on_disk();
    assert!(after != before, "then a write is tried in earnest");
    store.check().await.unwrap();
    assert!(on_disk() == after, "once it has worked that is over");
    store.run(|connection, _| Ok(connection.pragma_update(None, "query_only", true)?)).await.unwrap();
    for _ in 0..2 {
        assert!(store.check().await.is_err(), "what may only be read is found without any operation");
    }
    store.run(|connection, _| Ok(connection.pragma_update(None, "query_only", false)?)).await.unwrap();
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_neighbours_schema_is_worked_with_and_one_further_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    drop(SqliteStore::open(&path, DAY, Forms::own()).unwrap());
    let next = |version: u32| {
        let journal = Connection::open(&path).unwrap();
        journal.execute_batch(&format!("ALTER TABLE operation ADD COLUMN later_{version} TEXT")).unwrap();
        journal.pragma_update(None, "user_version", version).unwrap();
    };
    next(SCHEMA + 1);
    let store = SqliteStore::open(&path, DAY, Forms::own()).unwrap();
    assert_eq!(
        store.accept(&entry_of("one"), IfNew::Begin).await.unwrap(),
        Accepted::Begun,
        "an upgrade was taken back"
    );
    drop(store);
    let store = SqliteStore::open(&path, DAY, Forms::own()).unwrap();
    assert_eq!(take(&store, 9, false).await, [entry_of("one")], "its schema stays as it is");
    drop(store);
    next(SCHEMA + 2);
    assert!(matches!(SqliteStore::open(&path, DAY, Forms::own()), Err(JournalError::Newer { .. })));
}
