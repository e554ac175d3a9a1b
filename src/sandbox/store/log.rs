//! The log of calls: every process appends to it, and faults find their calls by it.

use super::file::Store;
use crate::error::SandboxError;
use goldenpath_core::{
    domain::ObjectKey,
    ports::{Revoked, Scope, Selector},
};
use rusqlite::{params, types::Type};
use std::{fmt, str::FromStr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Observe,
    Apply,
    Delete,
    Facts,
    Policy,
    Quotas,
    /// A look at whether a pod would get its identity.
    Probe,
    /// Only as the condition of a fault: `apply` or `delete`.
    Write,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a verb: observe, apply, delete, facts, policy, quotas, probe, write")]
pub struct VerbError(String);

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLogEntry {
    pub number: u32,
    pub verb: Verb,
    pub kind: String,
    /// The text of the key; for an observation its scope, for `facts` the cluster, for `policy` its ARN, for `quotas` the account.
    pub key: String,
    /// `ok` or the words of the refusal.
    pub outcome: String,
}

/// A call that has no number and no outcome yet.
pub struct PendingCall {
    pub verb: Verb,
    pub kind: String,
    pub key: String,
}

/// Rows of the log that are kept.
const KEPT: u32 = 65_536;

// === impl Verb ===

impl Verb {
    const ALL: [Self; 8] =
        [Self::Observe, Self::Apply, Self::Delete, Self::Facts, Self::Policy, Self::Quotas, Self::Probe, Self::Write];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Apply => "apply",
            Self::Delete => "delete",
            Self::Facts => "facts",
            Self::Policy => "policy",
            Self::Quotas => "quotas",
            Self::Probe => "probe",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = VerbError;
    fn from_str(text: &str) -> Result<Self, VerbError> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == text).ok_or_else(|| VerbError(text.to_owned()))
    }
}

// === impl PendingCall ===

impl PendingCall {
    pub fn observe(selector: &Selector) -> Self {
        let key = match &selector.scope {
            Scope::Everything => "everything".to_owned(),
            Scope::Refresh => "refresh".to_owned(),
            Scope::Environment(environment) => format!("environment/{environment}"),
            Scope::InCluster(environment) => format!("cluster/{environment}"),
            Scope::Records => "records".to_owned(),
            Scope::RecordsOf(environment) => format!("records/{environment}"),
            Scope::Keys => "keys".to_owned(),
            Scope::Granted => "granted".to_owned(),
        };
        Self::about(Verb::Observe, key)
    }

    pub fn of_object(verb: Verb, key: &ObjectKey) -> Self {
        Self { verb, kind: key.kind().to_owned(), key: key.to_string() }
    }

    pub fn revoke(revoked: &Revoked) -> Self {
        Self { verb: Verb::Delete, kind: "AccessPolicy".to_owned(), key: revoked.to_string() }
    }

    pub fn about(verb: Verb, key: impl Into<String>) -> Self {
        Self { verb, kind: String::new(), key: key.into() }
    }
}

// === The table ===

impl CallLogEntry {
    pub fn describe(&self) -> String {
        format!("{} {}", self.verb, self.key)
    }
}

pub fn append(store: &Store, call: &CallLogEntry, throttled: bool) -> Result<(), SandboxError> {
    let connection = store.connection();
    connection
        .prepare_cached(
            "INSERT INTO call (number, at, verb, kind, key, outcome, throttled) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            call.number,
            store.now_ms(),
            call.verb.as_str(),
            call.kind,
            call.key,
            call.outcome,
            throttled
        ])?;
    if call.number.is_multiple_of(KEPT / 16) {
        connection.execute("DELETE FROM call WHERE number <= ?1", [call.number.saturating_sub(KEPT)])?;
    }
    Ok(())
}

pub fn all(store: &Store) -> Result<Vec<CallLogEntry>, SandboxError> {
    let mut statement =
        store.connection().prepare_cached("SELECT number, verb, kind, key, outcome FROM call ORDER BY number")?;
    let rows = statement.query_map([], |row| {
        let verb: String = row.get(1)?;
        let verb = verb
            .parse()
            .map_err(|error: VerbError| rusqlite::Error::FromSqlConversionFailure(1, Type::Text, Box::new(error)))?;
        Ok(CallLogEntry { number: row.get(0)?, verb, kind: row.get(2)?, key: row.get(3)?, outcome: row.get(4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the last but `calls` of those that were not throttled was made.
pub fn made_before(store: &Store, calls: u32) -> Result<Option<i64>, SandboxError> {
    let mut statement = store
        .connection()
        .prepare_cached("SELECT at FROM call WHERE NOT throttled ORDER BY number DESC LIMIT 1 OFFSET ?1")?;
    let mut rows = statement.query([calls])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}
