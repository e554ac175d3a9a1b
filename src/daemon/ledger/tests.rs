//! A ledger that was tampered with is found out, whatever was done to it; one that was cut off by a kill goes on.

use super::*;
use crate::{error::LedgerError, tests::harness::FakeClock};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, ObjectKey, Observed, digest},
    ports::{Apply, Deleted, Expect, Objects, PortError, Selector, calls},
};
use proptest::{prelude::*, sample::Index};
use serde_json::json;
use std::{
    fs,
    io::Write as _,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

fn note(about: &str) -> Note {
    Note { about: about.to_owned(), ..Note::of(EntryKind::Began, json!({ "a": "b" })) }
}

fn open(path: &Path) -> Result<Ledger, LedgerError> {
    Ledger::open(path, Arc::new(FakeClock::default()), |_, _| {})
}

async fn write(path: &Path, abouts: &[&str]) {
    let ledger = open(path).unwrap();
    for (at, about) in abouts.iter().enumerate() {
        ledger.write(note(about)).await.unwrap();
        if at % 3 == 2 {
            ledger.sign().await.unwrap();
        }
    }
    ledger.sign().await.unwrap();
}

/// Of two daemons, in a folder that stays for all cases.
fn two() -> &'static (tempfile::TempDir, PathBuf, PathBuf) {
    static TWO: OnceLock<(tempfile::TempDir, PathBuf, PathBuf)> = OnceLock::new();
    TWO.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (folder.path().join("own.jsonl"), folder.path().join("other.jsonl"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            write(&own, &["a", "b", "c", "d"]).await;
            rotate_key(&own, &FakeClock::default()).unwrap();
            write(&own, &["e", "f", "g", "h"]).await;
            write(&other, &["a", "b", "c", "d", "e", "f", "g", "h"]).await;
        });
        (folder, own, other)
    })
}

#[derive(Clone, Debug)]
enum Tampering {
    Drop(Index),
    Swap(Index, Index),
    Repeat(Index),
    Edit(Index, u8),
    CutLines(Index),
    CutBytes(Index),
    /// A line of another daemon's ledger in place of its own.
    Replace(Index),
    Replay,
    /// From one entry on written again, by somebody without the key.
    Rewrite(Index),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Tampering::Drop),
        (at(), at()).prop_map(|(one, other)| Tampering::Swap(one, other)),
        at().prop_map(Tampering::Repeat),
        (at(), 1..=255_u8).prop_map(|(at, change)| Tampering::Edit(at, change)),
        at().prop_map(Tampering::CutLines),
        at().prop_map(Tampering::CutBytes),
        at().prop_map(Tampering::Replace),
        Just(Tampering::Replay),
        at().prop_map(Tampering::Rewrite),
    ]
}

fn tamper(own: &[u8], other: &[u8], tampering: &Tampering) -> Vec<u8> {
    let lines_of = |text: &[u8]| text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (mut lines, others) = (lines_of(own), lines_of(other));
    let count = lines.len();
    match tampering {
        Tampering::Drop(at) => drop(lines.remove(at.index(count))),
        Tampering::Swap(one, other) => lines.swap(one.index(count), other.index(count)),
        Tampering::Repeat(at) => lines.insert(at.index(count), lines[at.index(count)].clone()),
        Tampering::Edit(at, change) => {
            let mut whole = own.to_vec();
            whole[at.index(own.len())] ^= change;
            return whole;
        }
        Tampering::CutLines(at) => lines.truncate(at.index(count)),
        Tampering::CutBytes(at) => return own[..at.index(own.len())].to_vec(),
        Tampering::Replace(at) => {
            let at = at.index(count.min(others.len()));
            lines[at].clone_from(&others[at]);
        }
        Tampering::Replay => return other.to_vec(),
        Tampering::Rewrite(at) => {
            let at = at.index(count);
            let mut previous = entry::NOTHING.to_owned();
            for (number, line) in lines.iter_mut().enumerate() {
                let text = String::from_utf8(line.clone()).unwrap();
                let (mut entry, hash) = Entry::read(text.trim_end()).unwrap();
                if number < at {
                    previous = hash;
                    continue;
                }
                entry.caller = "nobody".to_owned();
                entry.previous = previous;
                let (text, hash) = entry.line().unwrap();
                *line = format!("{text}\n").into_bytes();
                previous = hash;
            }
        }
    }
    lines.concat()
}

proptest! {
    #[test]
    fn whatever_is_done_to_a_ledger_is_found(tampering in tampering()) {
        let (_, own, other) = two();
        let (own_bytes, other_bytes) = (fs::read(own).unwrap(), fs::read(other).unwrap());
        let bytes = tamper(&own_bytes, &other_bytes, &tampering);
        prop_assume!(bytes != own_bytes);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for (from, to) in [(keys::path_of(own), keys::path_of(&path)), (keys::head_path_of(own), keys::head_path_of(&path))] {
            fs::copy(from, to).unwrap();
        }
        fs::write(&path, bytes).unwrap();
        let found = verify_file(&path, vec![], |_, _| {});
        prop_assert!(matches!(found, Err(LedgerError::Damaged { .. })), "{tampering:?}: {found:?}");
        prop_assert!(open(&path).is_err(), "and no daemon goes on with it: {tampering:?}");
    }
}

#[test]
fn a_ledger_is_as_it_was_written() {
    let (_, own, _) = two();
    let mut seen = 0;
    let verified = verify_file(own, vec![], |_, _| seen += 1).unwrap();
    assert_eq!((verified.keys, verified.end.sequence), (2, seen), "with both keys");
    let (sequence, hash) = verified.end.head.unwrap();
    assert_eq!(sequence, seen, "signed to its end");
    assert!(verify_file(own, vec![(sequence, hash.clone())], |_, _| {}).is_ok(), "by a head that stands elsewhere");
    for (head, reason) in [((sequence + 5, hash), "cut off since"), ((2, entry::NOTHING.to_owned()), "written again")] {
        assert!(verify_file(own, vec![head], |_, _| {}).is_err(), "{reason}");
    }
    for path in [own.clone(), keys::path_of(own)] {
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn what_a_kill_left_half_written_is_cut_off_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    write(&path, &["a"]).await;
    let ledger = open(&path).unwrap();
    ledger.write(note("b")).await.unwrap();
    assert!(matches!(open(&path), Err(LedgerError::InUse { .. })), "one daemon has it");
    assert!(matches!(rotate_key(&path, &FakeClock::default()), Err(LedgerError::InUse { .. })));
    drop(ledger);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(br#"{"sequence":5,"at":"20"#).unwrap();
    let damaged = verify_file(&path, vec![], |_, _| {}).unwrap_err().to_string();
    assert!(damaged.contains("entry 5") && damaged.contains("repairs"), "{damaged}");
    write(&path, &["c"]).await;
    let mut kinds = vec![];
    verify_file(&path, vec![], |entry, _| kinds.push(entry.kind)).unwrap();
    assert_eq!(
        kinds,
        [
            EntryKind::Key,
            EntryKind::Began,
            EntryKind::Head,
            EntryKind::Began,
            EntryKind::Repaired,
            EntryKind::Began,
            EntryKind::Head
        ]
    );
}

#[tokio::test]
async fn what_a_newer_release_has_written_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    write(&path, &["a"]).await;
    let text = fs::read_to_string(&path).unwrap();
    let (_, hash) = Entry::read(text.lines().last().unwrap()).unwrap();
    for (fields, is_newer, reason) in [
        (r#""kind":"weighed""#, true, "a kind that came later"),
        (r#""kind":"began","cost":1"#, true, "a field that came later"),
        (r#""kind":7"#, false, "what no release writes"),
    ] {
        let before = format!(r#"{{"sequence":4,"at":"",{fields},"previous":"{hash}""#);
        fs::write(&path, format!("{text}{before},\"hash\":\"{}\"}}\n", digest(&before))).unwrap();
        for found in [verify_file(&path, vec![], |_, _| {}).map(drop), open(&path).map(drop)] {
            let found = found.expect_err(reason);
            assert!(found.to_string().contains("entry 4"), "{reason}: {found}");
            assert_eq!(matches!(found, LedgerError::Newer { .. }), is_newer, "{reason}: {found}");
        }
    }
}

#[tokio::test]
async fn a_change_of_keys_that_was_interrupted_is_finished_or_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    write(&path, &["a"]).await;
    let next = path.with_extension("jsonl.next");
    let old = fs::read(keys::path_of(&path)).unwrap();
    rotate_key(&path, &FakeClock::default()).unwrap();
    // As if the new key had not got its name yet.
    fs::rename(keys::path_of(&path), &next).unwrap();
    fs::write(keys::path_of(&path), &old).unwrap();
    write(&path, &["b"]).await;
    assert!(!next.exists() && verify_file(&path, vec![], |_, _| {}).is_ok(), "the ledger knows the new one");
    // As if the ledger had not been written yet.
    fs::write(&next, &old).unwrap();
    write(&path, &["c"]).await;
    assert!(!next.exists() && verify_file(&path, vec![], |_, _| {}).is_ok(), "it does not know that one");
}

#[tokio::test]
async fn without_a_ledger_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let ledger = open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(ledger.write(note("a")).await, Err(LedgerError::Gone { .. })));
    drop(ledger);
    assert!(open(&path).is_ok(), "its key is still there, and begins a new one");
}

#[derive(Default)]
struct CountedObjects(AtomicUsize);

#[async_trait]
impl Objects for CountedObjects {
    async fn observe(&self, _: &ClusterArn, _: &Selector) -> Result<Vec<Observed>, PortError> {
        Ok(vec![])
    }

    async fn apply(&self, _: Apply<'_>) -> Result<Observed, PortError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let throttled = async {
            calls::is_named("r-1");
            Err(PortError::new(Class::Throttled, "PATCH", "slow down"))
        };
        calls::change("PATCH Namespace", throttled, |_| "429".to_owned()).await
    }

    async fn delete(&self, _: &ClusterArn, _: &ObjectKey, _: &Expect) -> Result<Deleted, PortError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Deleted::Gone)
    }
}

#[tokio::test]
async fn no_change_is_made_that_the_ledger_does_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let ledger = Arc::new(open(&path).unwrap());
    let counted = Arc::new(CountedObjects::default());
    let objects = AuditedObjects(counted.clone());
    let cluster: ClusterArn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().unwrap();
    let (key, body) = (ObjectKey::kube("v1", "Namespace", None, "pay"), Body::Kube(json!({ "kind": "secret text" })));
    let change = || async {
        let apply =
            Apply { cluster: &cluster, key: &key, body: &body, manager: "goldenpath", expect: Expect::Any, take: &[] };
        let applied = objects.apply(apply).await.map(drop);
        (applied, objects.delete(&cluster, &key, &Expect::Any).await)
    };
    let (applied, _) = change().await;
    assert_eq!((applied.unwrap_err().class, counted.0.load(Ordering::SeqCst)), (Class::Denied, 0), "of no operation");
    let own =
        Within { ledger: ledger.clone(), operation: "op-1".into(), caller: "me".into(), about: "demo/pay".into() };
    let (applied, deleted) = within(own.clone(), change()).await;
    assert_eq!((applied.unwrap_err().class, deleted.unwrap()), (Class::Throttled, Deleted::Gone), "as it was said");
    let text = fs::read_to_string(&path).unwrap();
    let entries: Vec<Entry> = text.lines().skip(1).map(|line| Entry::read(line).unwrap().0).collect();
    let said: Vec<_> = entries.iter().map(|entry| (entry.kind, entry.detail["outcome"].as_str())).collect();
    let (change_kind, changed) = (EntryKind::Change, EntryKind::Changed);
    assert_eq!(
        said,
        [(change_kind, None), (changed, Some("throttled")), (change_kind, None), (changed, Some("deleted"))]
    );
    let made = json!([{ "call": "PATCH Namespace", "code": "429", "request_id": "r-1" }]);
    assert_eq!((entries[1].detail["change"].as_u64(), &entries[1].detail["requests"]), (Some(2), &made));
    assert_eq!(entries[3].detail["requests"], json!([]), "it took none");
    assert!(
        entries[0].detail["digest"].is_string() && !text.contains("secret text"),
        "a body is only a digest: {text}"
    );
    fs::remove_file(&path).unwrap();
    let (applied, deleted) = within(own, change()).await;
    assert_eq!((applied.unwrap_err().class, deleted.unwrap_err().class), (Class::Denied, Class::Denied));
    assert_eq!(counted.0.load(Ordering::SeqCst), 2, "without its ledger nothing more is changed");
}
