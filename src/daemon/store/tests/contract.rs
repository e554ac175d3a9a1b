//! One suite, run on a file and on a database.

use super::{DAY, end, entry_of, on, server, take};
use crate::{
    contract::{API, Verb},
    forms::{Document, Forms},
    outcome::Ending,
    sight::Sight,
    store::{Accepted, Entry, IfNew, JournalPlace, News, Store, Which, open},
};
use goldenpath_core::policy::Identity;
use std::{collections::HashSet, path::Path, sync::Arc, time::Duration};

#[tokio::test]
async fn a_file_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, retention| {
        let place = JournalPlace::File(folder.path().join(Path::new(name)));
        async move { open(&place, retention, Forms::own()).await.unwrap() }
    };
    keeps_what_it_accepts(&*open("one.db", DAY).await).await;
    has_equal_requests_join(&*open("two.db", DAY).await).await;
    pauses(&*open("four.db", DAY).await).await;
    let six = JournalPlace::File(folder.path().join("six.db"));
    leaves_what_is_newer(async |forms| crate::store::open(&six, DAY, forms).await.unwrap()).await;
    shows_what_is_asked_for(&*open("five.db", DAY).await).await;
    forgets_in_time(&*open("three.db", Duration::ZERO).await).await;
}

#[tokio::test]
async fn a_database_keeps_it() {
    let Some(server) = server() else { return };
    for name in ["one", "two", "three", "four", "five"] {
        server.database(name).unwrap();
    }
    keeps_what_it_accepts(&*on(&server, "one").await).await;
    has_equal_requests_join(&*on(&server, "two").await).await;
    pauses(&*on(&server, "two").await).await;
    let five = super::place(&server.address("five"));
    leaves_what_is_newer(async |forms| open(&five, DAY, forms).await.unwrap()).await;
    shows_what_is_asked_for(&*on(&server, "four").await).await;
    let place = super::place(&server.address("three"));
    forgets_in_time(&*open(&place, Duration::ZERO, Forms::own()).await.unwrap()).await;
}

/// Of two that are accepted in the same millisecond the id decides.
async fn keeps_what_it_accepts(store: &dyn Store) {
    let accept = |id: &'static str, if_new| async move { store.accept(&entry_of(id), if_new).await.unwrap() };
    let waits = |id: &str| Accepted::Waits(id.to_owned());
    for (id, if_new, expected, reason) in [
        ("one", IfNew::Refuse, Accepted::Refused, "nothing new while a daemon ends"),
        ("one", IfNew::Begin, Accepted::Begun, "the caller begins it"),
        ("one", IfNew::Begin, waits("one"), "asked again it is the same one"),
        ("two", IfNew::Queue, waits("two"), "written for whoever has a place"),
        ("two-b", IfNew::Queue, waits("two-b"), "behind it"),
        ("two-b", IfNew::Refuse, waits("two-b"), "a known one is no new one"),
    ] {
        assert_eq!(accept(id, if_new).await, expected, "{reason}");
    }
    let other = Entry { digest: "other".into(), ..entry_of("one") };
    assert_eq!(store.accept(&other, IfNew::Begin).await.unwrap(), Accepted::OtherRequest);

    assert_eq!(store.waiting().await.unwrap(), 2, "those that nobody has begun, whoever waits for them");
    let cancelled = Some(("two-b".to_owned(), "demo/pay".to_owned()));
    for (id, caller, expected, reason) in [
        ("two-b", Identity::Reconcile, None, "nobody cancels that of another one"),
        ("two-b", Identity::Own, cancelled, "of its client"),
        ("two-b", Identity::Own, None, "that is known"),
        ("never", Identity::Own, None, "there is none"),
    ] {
        assert_eq!(store.cancel(id, &caller).await.unwrap(), expected, "{reason}");
    }
    assert_eq!(take(store, 1, false).await, [entry_of("two")], "the oldest that nobody has claimed");
    assert_eq!(take(store, 9, false).await, [Entry { cancelled: true, ..entry_of("two-b") }]);
    assert_eq!(take(store, 9, false).await, [], "each is taken once");
    assert_eq!(store.waiting().await.unwrap(), 0);

    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let ended = end(store, "two", b"done").await;
    assert_eq!(ended.as_deref(), Some(&b"done"[..]), "this outcome counts");
    let news = store.renew(&ids(&["one"]), &ids(&["one"]), &ids(&["two", "two-b", "never"])).await.unwrap();
    let done = Document::new(API, *b"done");
    let expected = News {
        ended: vec![("two".into(), Some(Verb::Ensure), done.clone())],
        unknown: ids(&["never"]),
        ..News::default()
    };
    assert_eq!(news, expected);
    assert_eq!(accept("two", IfNew::Refuse).await, Accepted::Ended(done), "an outcome is kept");
    let recent = store.recent(Which::All, &Sight::All, 9).await.unwrap();
    let mut shown: Vec<_> = recent.iter().map(|kept| (kept.id.as_str(), kept.ending.is_some())).collect();
    shown.sort_unstable();
    assert_eq!(shown, [("one", false), ("two", true), ("two-b", false)], "all of them can be listed");
    let ended = recent.iter().find(|kept| kept.id == "two").unwrap();
    assert!(ended.ended_at.is_some_and(|at| at >= ended.accepted_at && at > 1_700_000_000_000), "in milliseconds");
    assert_eq!(ended.caller, Identity::Own.to_string());
    let Entry { verb, form, request, .. } = entry_of("two");
    for (id, request) in [("two", Some((verb, Document::new(form, request)))), ("never", None)] {
        assert_eq!(store.request(id).await.unwrap(), request, "{id}, also after its end");
    }
    store.check().await.unwrap();
    assert!(store.lead().await.unwrap().unwrap().is_held().await, "there is nobody else");
}

async fn has_equal_requests_join(store: &dyn Store) {
    let equal = |id: &str| Entry { digest: "equal".into(), ..entry_of(id) };
    let accept = |id: &'static str| async move { store.accept(&equal(id), IfNew::Begin).await.unwrap() };
    assert_eq!(accept("one").await, Accepted::Begun);
    assert_eq!(accept("two").await, Accepted::Begun, "the first one's client waits, so this is another operation");
    store.leave("one");
    // A store may need a moment to know that nobody waits.
    let joined = async {
        while store.accept(&equal("three"), IfNew::Refuse).await.unwrap() == Accepted::Refused {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        accept("three").await
    };
    assert_eq!(joined.await, Accepted::Waits("one".into()), "it joins what nobody waits for");
    assert_eq!(accept("four").await, Accepted::Begun, "and is waited for from then on");
    store.leave("four");
    store.cancel("four", &Identity::Own).await.unwrap();
    assert_eq!(accept("five").await, Accepted::Begun, "what is cancelled is not wanted");
    let cancelled = store.cancel("three", &Identity::Own).await.unwrap();
    assert_eq!(cancelled.map(|(operation, _)| operation).as_deref(), Some("one"), "by the id of whoever joined it");
    store.leave("three");
    assert_eq!(accept("three").await, Accepted::Waits("one".into()), "by its own id it is the one that it joined");
    assert_eq!(accept("six").await, Accepted::Begun, "who joined has cancelled it");
    end(store, "one", b"done").await;
    assert_eq!(store.operation_of("three").await.unwrap(), "one", "also after its end");
    let done = Accepted::Ended(Document::new(API, *b"done"));
    assert_eq!(accept("three").await, done, "whoever asks again for what it has joined begins nothing");
}

/// As one release after another opens it.
async fn leaves_what_is_newer(open: impl AsyncFn(Forms) -> Arc<dyn Store>) {
    let (one, two) = (Forms::of(1), Forms::of(2));
    let [older, newer] = [("older", 1), ("newer", 2)].map(|(id, form)| Entry { form, ..entry_of(id) });
    let store = open(two).await;
    for entry in [&older, &newer] {
        assert_eq!(store.accept(entry, IfNew::Queue).await.unwrap(), Accepted::Waits(entry.id.clone()));
    }
    drop(store);
    let store = open(one).await;
    assert_eq!(
        take(&*store, 9, false).await,
        std::slice::from_ref(&older),
        "the other one is in a form that it does not know"
    );
    assert_eq!(store.waiting().await.unwrap(), 1, "and waits for who knows it");
    let again = |digest: &str| Entry {
        digest: "in another form".into(),
        other_digests: vec![digest.into()],
        ..entry_of("older")
    };
    for (entry, expected, reason) in [
        (again(&older.digest), Accepted::Waits("older".into()), "the same, as a neighbour says it"),
        (again("other"), Accepted::OtherRequest, "another one"),
    ] {
        assert_eq!(store.accept(&entry, IfNew::Begin).await.unwrap(), expected, "{reason}");
    }
    drop(store);
    let store = open(two).await;
    assert!(take(&*store, 9, false).await.contains(&newer), "the release that wrote it is back");
    let outcome = Document::new(2, *br#"{"wrapped":{"exists":{"complete":true},"problems":[]}}"#);
    let ended = store.end("newer", &outcome, &Ending::of(two, Some(Verb::Ensure), &outcome.bytes, 2)).await.unwrap();
    assert_eq!(ended, Some(outcome.clone()), "with the form that it has");
    assert_eq!(store.accept(&newer, IfNew::Refuse).await.unwrap(), Accepted::Ended(outcome.clone()));
    let news = store.renew(&[], &[], &["newer".to_owned()]).await.unwrap();
    assert_eq!(news.ended, [("newer".to_owned(), Some(Verb::Ensure), outcome)]);
    let shown = store.recent(Which::One("newer"), &Sight::All, 1).await.unwrap();
    assert_eq!(shown[0].ending.as_ref().unwrap().in_words(), "done", "it is shown by what it says");
}

async fn pauses(store: &dyn Store) {
    for (is_paused, reason) in [(true, "set"), (true, "again"), (false, "ended"), (false, "there is none")] {
        store.pause("demo/pay", is_paused).await.unwrap();
        assert_eq!(store.pauses().await.unwrap().cover("demo/pay/api"), is_paused, "{reason}");
    }
    store.pause("demo/pay", true).await.unwrap();
    let kept: &[u8] = br#"{"gone":false,"objects":{},"problems":[]}"#;
    let gone: &[u8] = br#"{"gone":true,"objects":null,"problems":[]}"#;
    for (about, outcome, is_paused, reason) in [
        ("demo/pay", kept, true, "something of it is left"),
        ("demo/shop", gone, true, "another environment is gone"),
        ("demo/pay/api", gone, true, "a slot of it is gone"),
        ("demo/pay", gone, false, "it is gone"),
    ] {
        let entry = Entry { verb: Verb::Remove, about: about.to_owned(), ..entry_of(&reason.replace(' ', "-")) };
        assert_eq!(store.accept(&entry, IfNew::Begin).await.unwrap(), Accepted::Begun, "{reason}");
        end(store, &entry.id, outcome).await;
        assert_eq!(store.pauses().await.unwrap().cover("demo/pay"), is_paused, "{reason}");
    }
}

/// With places for few, as if each were a thousand.
async fn shows_what_is_asked_for(store: &dyn Store) {
    for (id, caller, about) in [
        ("a", Identity::Own, "demo/pay"),
        ("b", Identity::Reconcile, "demo/pay"),
        ("c", Identity::Own, "demo/new"),
        ("d", Identity::Reconcile, "demo/shop"),
        ("e", Identity::Reconcile, "demo/shop"),
    ] {
        let entry = Entry { caller, about: about.into(), ..entry_of(id) };
        assert_eq!(store.accept(&entry, IfNew::Begin).await.unwrap(), Accepted::Begun);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    end(store, "b", b"done").await;
    let within = |caller: &str, recorded: &[&str]| {
        let recorded: HashSet<String> = recorded.iter().map(|id| (*id).to_owned()).collect();
        Sight::Within { caller: caller.to_owned(), recorded: Arc::new(recorded) }
    };
    let team = within(&Identity::Own.to_string(), &["demo/pay"]);
    let (reader, nobody) = (within("reader", &["demo/pay", "demo/shop"]), within("nobody", &[]));
    for (which, sight, most, expected, reason) in [
        (Which::All, &Sight::All, 9, &["e", "d", "c", "b", "a"][..], "the latest first"),
        (Which::All, &Sight::All, 2, &["e", "d"], "and no more than that"),
        (Which::All, &team, 3, &["c", "b", "a"], "what it asked for and what is in its bounds, after two of others"),
        (Which::All, &reader, 9, &["e", "d", "b", "a"], "what is in its bounds alone"),
        (Which::All, &nobody, 9, &[], "nothing of others"),
        (Which::Open, &Sight::All, 4, &["e", "d", "c", "a"], "what has ended takes no place"),
        (Which::Open, &team, 2, &["c", "a"], "of its own"),
        (Which::About("demo/pay"), &Sight::All, 2, &["b", "a"], "the history of one instance"),
        (Which::About("demo/pay"), &team, 1, &["b"], "its latest"),
        (Which::About("demo/new"), &team, 1, &["c"], "not recorded yet, and its own"),
        (Which::About("demo/pay"), &nobody, 9, &[], "an instance out of bounds"),
        (Which::One("a"), &Sight::All, 1, &["a"], "the oldest, by its id"),
        (Which::One("a"), &team, 1, &["a"], "in sight"),
        (Which::One("d"), &team, 1, &[], "out of sight"),
        (Which::One("x"), &Sight::All, 1, &[], "there is none"),
    ] {
        let shown = store.recent(which, sight, most).await.unwrap();
        assert!(shown.iter().all(|kept| sight.shows(&kept.caller, &kept.about)), "{reason}");
        let shown: Vec<&str> = shown.iter().map(|kept| kept.id.as_str()).collect();
        assert_eq!(shown, expected, "{reason}: {which:?}");
    }
    let last = store.last(&["demo/shop", "demo/pay", "demo/none"].map(str::to_owned)).await.unwrap();
    let mut last: Vec<_> = last.iter().map(|kept| (kept.about.as_str(), kept.id.as_str())).collect();
    last.sort_unstable();
    assert_eq!(last, [("demo/pay", "b"), ("demo/shop", "e")], "the last one on each");
}

async fn forgets_in_time(store: &dyn Store) {
    for id in ["one", "two"] {
        assert_eq!(store.accept(&entry_of(id), IfNew::Begin).await.unwrap(), Accepted::Begun);
        end(store, id, b"done").await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.accept(&entry_of("three"), IfNew::Begin).await.unwrap(), Accepted::Begun);
    end(store, "three", b"done").await;
    let again = store.accept(&entry_of("one"), IfNew::Refuse).await.unwrap();
    assert_eq!(again, Accepted::Refused, "what has ended is kept for so long and no longer");
}
