//! Follows the lines of a ledger and names the first one that is not as it was written. Pure.

use super::{
    entry::{Entry, EntryKind, NOTHING},
    keys::is_signed,
};
use crate::error::{BadEntry, EntryFault};
use serde_json::Value;

/// Where a chain has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Of the last entry; 0: there is none.
    pub sequence: u64,
    pub hash: String,
    /// The key that signs from here on.
    pub public: Option<String>,
    /// The last entry that is a head, and its hash.
    pub head: Option<(u64, String)>,
}

/// What is known of a ledger from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The daemon's own key.
    pub public: Option<String>,
    /// An entry and its hash.
    pub heads: Vec<(u64, String)>,
}

/// A ledger that is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Where it ends.
    pub end: Link,
    pub keys: usize,
}

/// What the holder of a key signs of a head.
pub fn head_text(sequence: u64, previous: &str) -> String {
    format!("goldenpath audit head\n{sequence}\n{previous}")
}

/// And of the key that takes over.
pub fn key_text(sequence: u64, previous: &str, public: &str) -> String {
    format!("goldenpath audit key\n{sequence}\n{previous}\n{public}")
}

/// A ledger on the way from its first line to its last. No more of it is kept than where it has come to: a ledger only grows, and is larger
/// than what a process may have.
pub struct Chain {
    end: Link,
    keys: usize,
    expected: Expected,
}

// === impl Chain ===

impl Chain {
    pub fn new(expected: Expected) -> Self {
        Self { end: Link::default(), keys: 0, expected }
    }

    /// The next line, whose entry is shown. The last one has no end if the daemon was killed as it wrote it.
    pub fn follow(&mut self, line: &[u8], each: &mut impl FnMut(&Entry, &str)) -> Result<(), BadEntry> {
        let sequence = self.end.sequence + 1;
        let bad = |fault| BadEntry { sequence, fault };
        let line = line.strip_suffix(b"\n").ok_or_else(|| bad(EntryFault::Unfinished))?;
        let line = std::str::from_utf8(line).map_err(|_| bad(EntryFault::NoEntry))?;
        let (next, entry) = self.end.next(line).map_err(bad)?;
        let heads = &mut self.expected.heads;
        if heads.iter().any(|(at, hash)| *at == sequence && *hash != next.hash) {
            return Err(bad(EntryFault::OtherHead));
        }
        heads.retain(|(at, _)| *at != sequence);
        self.keys += usize::from(entry.kind == EntryKind::Key);
        each(&entry, line);
        self.end = next;
        Ok(())
    }

    /// There are no more lines.
    pub fn finish(self) -> Result<Verified, BadEntry> {
        let Self { end, keys, expected: Expected { public, heads } } = self;
        if let Some((head, _)) = heads.first() {
            return Err(BadEntry { sequence: end.sequence + 1, fault: EntryFault::CutOff { head: *head } });
        }
        if public.is_some() && end.public != public {
            return Err(BadEntry { sequence: end.sequence.max(1), fault: EntryFault::OtherKey });
        }
        Ok(Verified { end, keys })
    }
}

// === impl Link ===

impl Default for Link {
    fn default() -> Self {
        Self { sequence: 0, hash: NOTHING.to_owned(), public: None, head: None }
    }
}

impl Link {
    fn next(&self, line: &str) -> Result<(Self, Entry), EntryFault> {
        let (entry, hash) = Entry::read(line)?;
        if entry.sequence != self.sequence + 1 {
            return Err(EntryFault::Misplaced { found: entry.sequence });
        }
        if entry.previous != self.hash {
            return Err(EntryFault::Unchained);
        }
        let mut next = Self { sequence: entry.sequence, hash, ..self.clone() };
        let text = |name: &str| entry.detail.get(name).and_then(Value::as_str).unwrap_or_default();
        match (entry.kind, &self.public) {
            (EntryKind::Key, before) => {
                let public = text("public");
                let message = key_text(entry.sequence, &entry.previous, public);
                if !is_signed(before.as_deref().unwrap_or(public), &message, text("signature")) {
                    return Err(EntryFault::Signature);
                }
                next.public = Some(public.to_owned());
            }
            (_, None) => return Err(EntryFault::NoKey),
            (EntryKind::Head, Some(public)) => {
                if !is_signed(public, &head_text(entry.sequence, &entry.previous), text("signature")) {
                    return Err(EntryFault::Signature);
                }
                next.head = Some((next.sequence, next.hash.clone()));
            }
            _ => {}
        }
        Ok((next, entry))
    }
}
