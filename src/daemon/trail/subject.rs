//! What an entry of the ledger or an event is about.

use crate::store::Entry;

/// An operation, as entries and events name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub operation: String,
    pub caller: String,
    pub verb: String,
    pub about: String,
}

// === impl Subject ===

impl Subject {
    pub fn of(entry: &Entry) -> Self {
        let (operation, verb) = (entry.id.clone(), entry.verb.as_str().to_owned());
        Self { operation, caller: entry.caller.to_string(), verb, about: entry.about.clone() }
    }
}
