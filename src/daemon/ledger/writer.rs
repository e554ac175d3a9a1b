//! Writes a ledger: entries in their order, signed heads, and another key.

use super::{
    chain::{Chain, Expected, Link, Verified, head_text, key_text},
    entry::{Entry, EntryKind, Note},
    file::LedgerFile,
    keys::{SigningKey, head_path_of, path_of, rename, replace},
};
use crate::{
    death,
    error::{BadEntry, EntryFault, LedgerError},
};
use goldenpath_core::ports::Clock;
use serde_json::json;
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Mutex;

pub struct Ledger {
    inner: Arc<Mutex<Inner>>,
    clock: Arc<dyn Clock>,
    entries: AtomicU64,
}

struct Inner {
    file: LedgerFile,
    key: SigningKey,
    sequence: u64,
    hash: String,
    /// The last entry is a head.
    is_signed: bool,
}

// === impl Ledger ===

impl Ledger {
    /// Goes on with what is there, if all of it is as it was written; `each` sees it on the way.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, each: impl FnMut(&Entry, &str)) -> Result<Self, LedgerError> {
        let inner = Inner::open(path, &clock.now(), each)?;
        let entries = AtomicU64::new(inner.sequence);
        Ok(Self { inner: Arc::new(Mutex::new(inner)), clock, entries })
    }

    /// Its number. An error means that what it announces may not be done.
    pub async fn write(&self, note: Note) -> Result<u64, LedgerError> {
        let now = self.clock.now();
        self.run(move |inner| inner.write(note, now)).await
    }

    /// A signature over all that was written.
    pub async fn sign(&self) -> Result<(), LedgerError> {
        let now = self.clock.now();
        self.run(move |inner| inner.sign(now)).await
    }

    /// Whether an entry could be written.
    pub async fn check(&self) -> Result<(), LedgerError> {
        self.run(|inner| inner.file.check()).await
    }

    pub fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// On a thread that may wait for the disk, one entry at a time. It is written even when nobody waits any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inner) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let mut inner = self.inner.clone().lock_owned().await;
        let done = tokio::task::spawn_blocking(move || (work(&mut inner), inner.sequence)).await;
        let (result, entries) = done.map_err(|_| LedgerError::Ended)?;
        self.entries.store(entries, Ordering::Relaxed);
        result
    }
}

/// Makes another key, signed with the one before it. No daemon may have the ledger open.
pub fn rotate_key(path: &Path, clock: &dyn Clock) -> Result<String, LedgerError> {
    let mut inner = Inner::open(path, &clock.now(), |_, _| {})?;
    let (key, text) = SigningKey::make()?;
    // What a kill between the two leaves is a key that the ledger knows or does not know.
    let new = new_key_path(path);
    replace(&new, &text).map_err(|source| LedgerError::File { path: new.clone(), source })?;
    inner.introduce(key.public(), clock.now())?;
    rename(&new, &path_of(path)).map_err(|source| LedgerError::File { path: new, source })?;
    inner.key = key;
    inner.sign(clock.now())?;
    Ok(inner.key.public())
}

/// As it is on the disk now, by what stands beside it; a daemon may be writing it. `heads` are known from elsewhere.
pub fn verify_file(
    path: &Path,
    heads: Vec<(u64, String)>,
    each: impl FnMut(&Entry, &str),
) -> Result<Verified, LedgerError> {
    // Read before the ledger, which may only grow meanwhile.
    let recorded = recorded_head(path)?;
    let key = SigningKey::read(&path_of(path))?.ok_or_else(|| LedgerError::Key { path: path_of(path) })?;
    let ledger = File::open(path).map_err(|source| LedgerError::File { path: path.to_owned(), source })?;
    let damaged = |found| LedgerError::of_entry(path, found);
    let file = || head_path_of(path).display().to_string();
    let recorded =
        recorded.ok_or_else(|| damaged(BadEntry { sequence: 1, fault: EntryFault::NoHead { file: file() } }))?;
    let heads = [vec![recorded], heads].concat();
    verify(path, ledger, Expected { public: Some(key.public()), heads }, each)
}

/// Line by line.
fn verify(
    path: &Path,
    content: impl Read,
    expected: Expected,
    mut each: impl FnMut(&Entry, &str),
) -> Result<Verified, LedgerError> {
    let damaged = |found| LedgerError::of_entry(path, found);
    let (mut content, mut chain, mut line) = (BufReader::new(content), Chain::new(expected), vec![]);
    loop {
        line.clear();
        let read = content.read_until(b'\n', &mut line);
        match read.map_err(|source| LedgerError::File { path: path.to_owned(), source })? {
            0 => return chain.finish().map_err(damaged),
            _ => chain.follow(&line, &mut each).map_err(damaged)?,
        }
    }
}

/// Of the last head that was written.
fn recorded_head(path: &Path) -> Result<Option<(u64, String)>, LedgerError> {
    let file = head_path_of(path);
    match fs::read_to_string(&file) {
        Ok(text) => Ok(text.trim().split_once(':').and_then(|(at, hash)| Some((at.parse().ok()?, hash.to_owned())))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LedgerError::File { path: file, source }),
    }
}

fn new_key_path(path: &Path) -> PathBuf {
    path_of(path).with_extension("next")
}

// === impl Inner ===

impl Inner {
    fn open(path: &Path, now: &str, each: impl FnMut(&Entry, &str)) -> Result<Self, LedgerError> {
        let (mut file, torn) = LedgerFile::open(path)?;
        let heads = recorded_head(path)?.into_iter().collect();
        let content = file.content().map_err(|source| LedgerError::File { path: path.to_owned(), source })?;
        let end = verify(path, content, Expected { public: None, heads }, each)?.end;
        let key = key_of(path, &end)?;
        let Link { sequence, hash, public, head } = end;
        let is_signed = head.is_some_and(|(at, _)| at == sequence);
        let mut inner = Self { file, key, sequence, hash, is_signed };
        if let Some(bytes) = torn {
            tracing::warn!(bytes, "The audit ledger ended in the middle of an entry, which is cut off");
        }
        if public.is_none() {
            inner.introduce(inner.key.public(), now.to_owned())?;
        }
        if let Some(bytes) = torn {
            inner.write(Note::of(EntryKind::Repaired, json!({ "bytes": bytes })), now.to_owned())?;
        }
        Ok(inner)
    }

    fn write(&mut self, note: Note, at: String) -> Result<u64, LedgerError> {
        let Note { kind, operation, caller, verb, about, detail } = note;
        let (sequence, previous) = (self.sequence + 1, self.hash.clone());
        let (line, hash) = Entry { sequence, at, kind, operation, caller, verb, about, detail, previous }.line()?;
        self.file.append(&line, kind.announces())?;
        death::maybe_die();
        (self.sequence, self.hash, self.is_signed) = (sequence, hash, kind == EntryKind::Head);
        Ok(sequence)
    }

    fn sign(&mut self, at: String) -> Result<(), LedgerError> {
        if self.is_signed {
            return Ok(());
        }
        let signature = self.key.sign(&head_text(self.sequence + 1, &self.hash));
        self.write(Note::of(EntryKind::Head, json!({ "signature": signature })), at)?;
        let head = head_path_of(self.file.path());
        let written = replace(&head, &format!("{}:{}\n", self.sequence, self.hash));
        written.map_err(|source| LedgerError::Write { path: head, source })?;
        death::maybe_die();
        tracing::info!(head = format!("{}:{}", self.sequence, self.hash), "The audit ledger is signed");
        Ok(())
    }

    /// The key that signs from now on, signed with the one that signs until now: the first one with itself.
    fn introduce(&mut self, public: String, at: String) -> Result<(), LedgerError> {
        let signature = self.key.sign(&key_text(self.sequence + 1, &self.hash, &public));
        self.write(Note::of(EntryKind::Key, json!({ "public": public, "signature": signature })), at).map(drop)
    }
}

/// The one that signs from now on; made for a ledger that has none yet.
fn key_of(path: &Path, end: &Link) -> Result<SigningKey, LedgerError> {
    let (file, next) = (path_of(path), new_key_path(path));
    let failed = |path: &Path, source| LedgerError::File { path: path.to_owned(), source };
    // A change of keys was interrupted: the ledger says whether the new one has taken over.
    if let Some(new) = SigningKey::read(&next)? {
        if end.public.as_ref() == Some(&new.public()) {
            rename(&next, &file).map_err(|source| failed(&next, source))?;
            return Ok(new);
        }
        fs::remove_file(&next).map_err(|source| failed(&next, source))?;
    }
    let own = SigningKey::read(&file)?;
    match (&end.public, own) {
        (None, Some(own)) => Ok(own),
        (None, None) => {
            let (key, text) = SigningKey::make()?;
            replace(&file, &text).map_err(|source| failed(&file, source))?;
            Ok(key)
        }
        (Some(_), None) => Err(LedgerError::Key { path: file }),
        (Some(public), Some(own)) if *public == own.public() => Ok(own),
        (Some(_), Some(_)) => {
            let found = BadEntry { sequence: end.sequence, fault: EntryFault::OtherKey };
            Err(LedgerError::Damaged { path: path.to_owned(), found })
        }
    }
}
