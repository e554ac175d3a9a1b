//! One entry, and its line in the file: JSON whose last field is the SHA-256 of all that stands before that field. So there is no
//! canonical form to agree on: what was written is what is hashed, to the byte.

use crate::error::EntryFault;
use goldenpath_core::domain::digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const HASH: &str = ",\"hash\":\"";
const END: &str = "\"}";
/// What the first entry has before it.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A public key, signed with the one before it; the first one by itself.
    Key,
    /// A signature over all entries before it.
    Head,
    Started,
    Stopped,
    /// The start found half a line, which a kill left behind.
    Repaired,
    Accepted,
    /// Is the same as another operation, which it waits for.
    Joined,
    Refused,
    Began,
    /// Begins again what a daemon that was killed has left.
    Resumed,
    /// A call that is about to change an object.
    Change,
    /// What came of it.
    Changed,
    Cancelled,
    Ended,
    /// Deletion protection is about to be lifted. `Ended` says whether it was.
    Unprotected,
    Drift,
    Healed,
    /// It is about to be left alone between applies, or no longer. `Ended` says whether it is.
    Paused,
    Unpaused,
}

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Note {
    pub kind: EntryKind,
    pub operation: String,
    /// Who asked for it.
    pub caller: String,
    pub verb: String,
    /// The id of an instance.
    pub about: String,
    /// By kind. Never anything that opens something.
    pub detail: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1 on, without a gap.
    pub sequence: u64,
    /// RFC 3339.
    pub at: String,
    pub kind: EntryKind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub operation: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caller: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub verb: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
    /// The hash of the entry before it.
    pub previous: String,
}

/// What an entry of any release has, whatever a later one adds.
#[derive(Deserialize)]
struct AnyEntry {
    #[serde(rename = "sequence")]
    _sequence: u64,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "previous")]
    _previous: String,
}

// === impl EntryKind ===

impl EntryKind {
    /// Nothing may be done before it is on the disk. What is only reported afterwards is there once the next one is.
    pub fn announces(self) -> bool {
        !matches!(self, Self::Changed | Self::Drift)
    }
}

// === impl Note ===

impl Note {
    /// Of no operation.
    pub fn of(kind: EntryKind, detail: Value) -> Self {
        let [operation, caller, verb, about] = Default::default();
        Self { kind, operation, caller, verb, about, detail }
    }
}

// === impl Entry ===

impl Entry {
    /// Its line without the break, and its hash.
    pub fn line(&self) -> Result<(String, String), serde_json::Error> {
        let whole = serde_json::to_string(self)?;
        let before = whole.strip_suffix('}').unwrap_or(&whole);
        let hash = digest(before);
        Ok((format!("{before}{HASH}{hash}{END}"), hash))
    }

    /// With its hash.
    pub fn read(line: &str) -> Result<(Self, String), EntryFault> {
        let (before, rest) = line.rsplit_once(HASH).ok_or(EntryFault::NoEntry)?;
        let hash = rest.strip_suffix(END).ok_or(EntryFault::NoEntry)?;
        if digest(before) != hash {
            return Err(EntryFault::Changed);
        }
        let entry = format!("{before}}}");
        let fault = |_| match serde_json::from_str::<AnyEntry>(&entry) {
            Ok(_) => EntryFault::Newer,
            Err(_) => EntryFault::NoEntry,
        };
        Ok((serde_json::from_str(&entry).map_err(fault)?, hash.to_owned()))
    }
}
