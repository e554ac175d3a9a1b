//! Daemons on one database, each with a store of its own.

use super::{DAY, end, entry_of, on, place, server, take};
use crate::{
    contract::API,
    error::JournalError,
    forms::{Document, Forms},
    outcome::Ending,
    store::{Accepted, CLAIM, Entry, IfNew, Postgres, open},
    tests::harness::LONG,
};
use goldenpath_core::policy::Identity;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn what_a_dead_daemon_has_claimed_is_taken_over_and_its_word_does_not_count() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let (one, two) = (on(&server, "journal").await, on(&server, "journal").await);
    assert_eq!(one.accept(&entry_of("a"), IfNew::Begin).await.unwrap(), Accepted::Begun);
    assert_eq!(one.accept(&entry_of("b"), IfNew::Begin).await.unwrap(), Accepted::Begun);
    let waits = two.accept(&entry_of("a"), IfNew::Begin).await.unwrap();
    assert_eq!(waits, Accepted::Waits("a".into()), "asked of another daemon it is the same operation");

    // `b` is renewed, `a` is not: as if the daemon had stood still for one of them.
    let begun = Instant::now();
    while begun.elapsed() < CLAIM + Duration::from_millis(500) {
        assert_eq!(one.renew(&ids(&["b"]), &[], &[]).await.unwrap().lost, [""; 0]);
        assert!(take(&*two, 9, false).await.is_empty(), "not without the word that it may be taken over");
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(take(&*two, 9, true).await, [entry_of("a")]);
    assert_eq!(one.renew(&ids(&["a", "b"]), &[], &[]).await.unwrap().lost, ["a"]);
    assert_eq!(end(&*one, "a", b"of the first").await, None, "another one says how it ended");
    assert_eq!(end(&*two, "a", b"of the second").await.as_deref(), Some(&b"of the second"[..]));
    let ended = end(&*one, "a", b"of the first").await;
    assert_eq!(ended.as_deref(), Some(&b"of the second"[..]), "the journal's outcome counts");
    assert_eq!(end(&*one, "b", b"done").await.as_deref(), Some(&b"done"[..]));
    let ended = one.renew(&ids(&["b", "never"]), &[], &[]).await.unwrap();
    assert_eq!(ended.lost, [""; 0], "what has just ended here, or was in a journal before this one, nobody has taken");
}

#[tokio::test]
async fn what_waits_is_counted_at_every_daemon_and_timed_by_the_database() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let (one, two) = (on(&server, "journal").await, on(&server, "journal").await);
    one.accept(&entry_of("a"), IfNew::Begin).await.unwrap();
    one.accept(&entry_of("b"), IfNew::Queue).await.unwrap();
    one.leave("b");
    for store in [&one, &two] {
        assert_eq!(store.waiting().await.unwrap(), 1, "what one daemon carries out does not wait at the other");
    }
    server.run("journal", "UPDATE operation SET accepted_at = now() - interval '15 minutes'").unwrap();
    let taken = two.take(9, false).await.unwrap();
    let minutes: Vec<u64> = taken.iter().map(|taken| taken.waited.as_secs() / 60).collect();
    assert_eq!((taken[0].entry.id.as_str(), &minutes[..]), ("b", &[15][..]), "also where another one had accepted it");
    assert_eq!(one.waiting().await.unwrap(), 0);
    server.run("journal", "UPDATE operation SET claimed_until = now() - interval '1 second' WHERE id = 'b'").unwrap();
    assert_eq!(one.waiting().await.unwrap(), 1, "its daemon is gone");
}

#[tokio::test]
async fn what_nobody_can_read_keeps_nothing_else_in_the_journal() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let store = on(&server, "journal").await;
    for id in ["a", "b", "c"] {
        store.accept(&entry_of(id), IfNew::Queue).await.unwrap();
    }
    server.run("journal", "UPDATE operation SET verb = 'weigh' WHERE id = 'a'").unwrap();
    server.run("journal", "UPDATE operation SET identity = '7' WHERE id = 'b'").unwrap();
    assert_eq!(take(&*store, 9, false).await, [entry_of("c")], "the one that can be read");
    let claimed = "SELECT string_agg(id, ' ' ORDER BY id) FROM operation WHERE claimed_by IS NOT NULL";
    assert_eq!(server.run("journal", claimed).unwrap(), "b c", "what a newer release has brought is left to it");
}

#[tokio::test]
async fn what_is_kept_for_ever_ends_all_the_same() {
    let Some(server) = server() else { return };
    let place = place(&server.database("journal").unwrap());
    let store = open(&place, Duration::from_secs(99_999_999 * 3600), Forms::own()).await.unwrap();
    store.accept(&entry_of("a"), IfNew::Begin).await.unwrap();
    assert_eq!(end(&*store, "a", b"done").await.as_deref(), Some(&b"done"[..]), "whatever `retention` says");
}

#[tokio::test]
async fn daemons_hear_of_work_cancellations_and_ends() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let (one, two) = (on(&server, "journal").await, on(&server, "journal").await);
    for store in [&one, &two] {
        timeout(LONG, store.wait_for_news()).await.expect("it listens");
    }
    one.accept(&entry_of("a"), IfNew::Begin).await.unwrap();
    two.accept(&entry_of("a"), IfNew::Begin).await.unwrap();
    two.cancel("a", &Identity::Own).await.unwrap();
    timeout(LONG, one.wait_for_news()).await.expect("a cancellation is heard");
    assert_eq!(one.renew(&ids(&["a"]), &[], &[]).await.unwrap().cancelled, ["a"]);
    end(&*one, "a", b"done").await;
    timeout(LONG, two.wait_for_news()).await.expect("an end is heard where somebody waits for it");
    assert_eq!(two.renew(&[], &[], &ids(&["a"])).await.unwrap().ended.len(), 1);
    one.accept(&entry_of("b"), IfNew::Queue).await.unwrap();
    timeout(LONG, two.wait_for_news()).await.expect("work is heard");
    assert_eq!(take(&*two, 9, false).await.len(), 1);
    one.pause("demo/pay", true).await.unwrap();
    assert!(two.pauses().await.unwrap().cover("demo/pay"), "a pause holds at every daemon");
    assert_eq!(two.operation_of("a").await.unwrap(), "a", "by its own id");
    two.tell("[1]").await.unwrap();
    one.tell("[2]").await.unwrap();
    let heard = timeout(LONG, one.next_message()).await.expect("a message is heard");
    assert_eq!(
        (heard.as_str(), two.next_message().await.as_str()),
        ("[1]", "[2]"),
        "of the other one, and not one's own"
    );
    let [first, last] = [(1, "the first"), (2, "the last")].map(|(form, found)| Document::new(form, found.as_bytes()));
    for comparison in [&first, &last] {
        one.share("demo", comparison).await.unwrap();
    }
    assert_eq!(two.comparisons().await.unwrap(), [last], "what one has found, all know");
}

#[tokio::test]
async fn installations_in_one_database_do_not_hear_each_other() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    server.run("journal", "CREATE SCHEMA ours; CREATE SCHEMA theirs").unwrap();
    let mut stores = vec![];
    for schema in ["ours", "theirs", "theirs"] {
        let address = format!("{}?options=-c%20search_path%3D{schema}", server.address("journal"));
        let store = open(&place(&address), DAY, Forms::own()).await.unwrap();
        timeout(LONG, store.wait_for_news()).await.expect("it listens");
        stores.push(store);
    }
    let [ours, theirs, beside] = &stores[..] else { panic!("three") };
    ours.tell("[1]").await.unwrap();
    beside.tell("[2]").await.unwrap();
    let heard = timeout(LONG, theirs.next_message()).await.expect("a message is heard");
    assert_eq!(heard, "[2]", "that of the own schema, and nothing before it");
}

#[tokio::test]
async fn a_thousand_are_shared_and_none_is_taken_twice() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let (one, two) = (on(&server, "journal").await, on(&server, "journal").await);
    for number in 0..1000 {
        let accepted = one.accept(&entry_of(&format!("op-{number}")), IfNew::Queue).await.unwrap();
        assert!(matches!(accepted, Accepted::Waits(_)), "{accepted:?}");
    }
    let work = |store: std::sync::Arc<dyn crate::store::Store>| async move {
        let mut taken = vec![];
        loop {
            // Without those whose claim is over, which on a busy machine are more and more.
            let more = take(&*store, 7, false).await;
            if more.is_empty() {
                return taken;
            }
            taken.extend(more.into_iter().map(|Entry { id, .. }| id));
        }
    };
    let (first, second) = tokio::join!(tokio::spawn(work(one)), tokio::spawn(work(two)));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(!first.is_empty() && !second.is_empty(), "both work");
    let mut all = [first, second].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 1000, "each once");
}

#[tokio::test]
async fn one_leads_until_its_connection_ends() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let (one, two) = (on(&server, "journal").await, on(&server, "journal").await);
    let lead = one.lead().await.unwrap().expect("nobody else leads");
    assert!(lead.is_held().await && two.lead().await.unwrap().is_none());
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory'";
    server.run("journal", ended).unwrap();
    // A server process that is to end does so when it gets to it, and its lock goes last.
    let ends = async {
        while lead.is_held().await {
            sleep(Duration::from_millis(10)).await;
        }
        while two.lead().await.unwrap().is_none() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, ends).await.expect("it knows, and another one follows");
}

#[tokio::test]
async fn a_neighbours_schema_is_worked_with_and_one_further_is_not_touched() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let store = on(&server, "journal").await;
    let next = "ALTER TABLE operation ADD COLUMN later text; INSERT INTO goldenpath_migration SELECT max(version) + 1 FROM goldenpath_migration";
    server.run("journal", next).unwrap();
    assert_eq!(
        store.accept(&entry_of("a"), IfNew::Begin).await.unwrap(),
        Accepted::Begun,
        "the next one came meanwhile"
    );
    let store = on(&server, "journal").await;
    assert_eq!(store.accept(&entry_of("b"), IfNew::Begin).await.unwrap(), Accepted::Begun, "it was there at the start");
    server.run("journal", next.split_once(';').unwrap().1).unwrap();
    let refused = open(&place(&server.address("journal")), DAY, Forms::own()).await;
    assert!(matches!(refused.err(), Some(JournalError::NewerSchema { .. })));
}

#[tokio::test]
async fn a_database_that_is_away_is_back_with_all_that_it_held() {
    let Some(mut server) = server() else { return };
    server.database("journal").unwrap();
    let store = on(&server, "journal").await;
    store.accept(&entry_of("a"), IfNew::Begin).await.unwrap();
    server.stop().unwrap();
    let done = Document::new(API, *b"done");
    for failed in
        [store.check().await.err(), store.end("a", &done, &Ending::read(b"")).await.err(), store.lead().await.err()]
    {
        assert!(failed.is_some_and(|error| error.is_away()), "it may be back");
    }
    let away = open(&place(&server.address("journal")), DAY, Forms::own()).await.err().expect("it is away");
    assert!(matches!(away, JournalError::Away { .. }), "{away}");
    server.start_again().unwrap();
    assert_eq!(store.accept(&entry_of("a"), IfNew::Begin).await.unwrap(), Accepted::Waits("a".into()));
    assert_eq!(end(&*store, "a", b"done").await.as_deref(), Some(&b"done"[..]));
}

#[tokio::test]
async fn a_database_that_takes_no_changes_is_not_ready() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    let store = on(&server, "journal").await;
    let probes = || server.run("journal", "SELECT count(*) FROM probe").unwrap();
    store.check().await.unwrap();
    assert_eq!(probes(), "0", "nothing is written as long as all is well");
    let tables = ["operation", "probe"];
    // As a full disk does: it can be read.
    for table in tables {
        server.run("journal", &format!("ALTER TABLE {table} ADD CONSTRAINT no_room CHECK (false) NOT VALID")).unwrap();
    }
    store.check().await.unwrap();
    assert!(store.accept(&entry_of("a"), IfNew::Begin).await.is_err(), "the first operation meets it");
    for _ in 0..2 {
        assert!(store.check().await.is_err(), "from then on it is tried");
    }
    for table in tables {
        server.run("journal", &format!("ALTER TABLE {table} DROP CONSTRAINT no_room")).unwrap();
    }
    store.check().await.unwrap();
    assert_eq!(probes(), "1", "there is room again");
    assert_eq!(store.accept(&entry_of("a"), IfNew::Begin).await.unwrap(), Accepted::Begun);

    server.run("journal", "ALTER SYSTEM SET default_transaction_read_only = on").unwrap();
    server.run("journal", "SELECT pg_reload_conf()").unwrap();
    // Each connection hears of it in its own time.
    let refused = async {
        loop {
            match store.check().await {
                Ok(()) => sleep(Duration::from_millis(10)).await,
                Err(error) => return error,
            }
        }
    };
    let refused = timeout(LONG, refused).await.unwrap();
    assert!(matches!(refused, JournalError::ReadOnly { .. }), "no operation is needed for that: {refused}");
}

#[tokio::test]
async fn a_password_comes_from_its_file() {
    let Some(server) = server() else { return };
    server.database("journal").unwrap();
    server
        .run("journal", "CREATE ROLE secretive LOGIN PASSWORD 'of-the-file'; GRANT ALL ON SCHEMA public TO secretive")
        .unwrap();
    server.want_passwords().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let address = server.address("journal").replace("goldenpath@", "secretive@");
    let takes_anybody = async {
        while open(&place(&address), DAY, Forms::own()).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, takes_anybody).await.expect("the server reads its rules again when it gets to it");
    for (password, is_let_in) in [("of-the-file\n", true), ("another", false)] {
        std::fs::write(&file, password).unwrap();
        let postgres = Postgres::new(&address, Some(file.clone()), None).unwrap();
        let opened = open(&super::JournalPlace::Postgres(Box::new(postgres)), DAY, Forms::own()).await;
        assert_eq!(opened.is_ok(), is_let_in, "{password}");
        if let Err(error) = opened {
            assert!(!crate::error::in_one_line(&error).contains(password), "{error}");
        }
    }
}
