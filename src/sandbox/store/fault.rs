//! Faults: what goes wrong, at which calls. They are rows in the file, so every process meets them and their counters
//! survive a process that a fault ends.

use super::{
    file::Store,
    log::{CallLogEntry, Verb, VerbError},
};
use crate::error::SandboxError;
use rusqlite::params;
use std::{fmt, str::FromStr};

/// What happens to a call that meets the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// 403.
    Deny,
    /// 400 or 422: an admission webhook, or a quota of the account.
    Reject,
    Throttle,
    /// 503 before anything is changed.
    Unavailable,
    /// The change is made and its response lost.
    Lost,
    /// The object is unseen for so many milliseconds after the change.
    Hide(u64),
    /// The response comes so many milliseconds late.
    Slow(u64),
    /// The process ends at once, before the change.
    Exit,
    /// The process ends at once, after the change was made and before its response.
    ExitAfter,
}

/// Every condition that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub action: Action,
    /// Only the call with this number in the log.
    pub call: Option<u32>,
    pub verb: Option<Verb>,
    /// `Role`, `Namespace`, ...
    pub kind: Option<String>,
    /// A glob over the text of the key: `k8s/v1/*`.
    pub key: Option<String>,
    /// So many calls that match pass first.
    pub skip: u32,
    /// So many calls fail; `None`: all of them.
    pub times: Option<u32>,
}

/// A fault as it is in the file, with its counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRow {
    pub id: i64,
    pub fault: Fault,
    pub matched: u32,
    pub fired: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a fault: deny, reject, throttle, unavailable, lost, hide:<ms>, slow:<ms>, exit, exit-after")]
pub struct ActionError(String);

// === impl Action ===

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deny => f.write_str("deny"),
            Self::Reject => f.write_str("reject"),
            Self::Throttle => f.write_str("throttle"),
            Self::Unavailable => f.write_str("unavailable"),
            Self::Lost => f.write_str("lost"),
            Self::Hide(ms) => write!(f, "hide:{ms}"),
            Self::Slow(ms) => write!(f, "slow:{ms}"),
            Self::Exit => f.write_str("exit"),
            Self::ExitAfter => f.write_str("exit-after"),
        }
    }
}

impl FromStr for Action {
    type Err = ActionError;
    fn from_str(text: &str) -> Result<Self, ActionError> {
        let wrong = || ActionError(text.to_owned());
        Ok(match text.split_once(':') {
            Some(("hide", ms)) => Self::Hide(ms.parse().map_err(|_| wrong())?),
            Some(("slow", ms)) => Self::Slow(ms.parse().map_err(|_| wrong())?),
            Some(_) => return Err(wrong()),
            None => match text {
                "deny" => Self::Deny,
                "reject" => Self::Reject,
                "throttle" => Self::Throttle,
                "unavailable" => Self::Unavailable,
                "lost" => Self::Lost,
                "exit" => Self::Exit,
                "exit-after" => Self::ExitAfter,
                _ => return Err(wrong()),
            },
        })
    }
}

// === impl Fault ===

impl Fault {
    /// At every call, until conditions are set.
    pub fn new(action: Action) -> Self {
        Self { action, call: None, verb: None, kind: None, key: None, skip: 0, times: None }
    }

    /// At the n-th call (from 1) that matches the other conditions, once.
    #[must_use]
    pub fn nth(self, n: u32) -> Self {
        Self { skip: n.saturating_sub(1), times: Some(1), ..self }
    }

    #[must_use]
    pub fn verb(self, verb: Verb) -> Self {
        Self { verb: Some(verb), ..self }
    }

    #[must_use]
    pub fn kind(self, kind: &str) -> Self {
        Self { kind: Some(kind.to_owned()), ..self }
    }

    #[must_use]
    pub fn key(self, glob: &str) -> Self {
        Self { key: Some(glob.to_owned()), ..self }
    }
}

// === The table ===

pub fn add(store: &mut Store, fault: &Fault) -> Result<i64, SandboxError> {
    let connection = store.connection();
    connection.execute(
        "INSERT INTO fault (action, at_call, verb, kind, key, skip, times) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            fault.action.to_string(),
            fault.call,
            fault.verb.map(Verb::as_str),
            fault.kind,
            fault.key,
            fault.skip,
            fault.times
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

pub fn list(store: &Store) -> Result<Vec<FaultRow>, SandboxError> {
    let mut statement = store.connection().prepare_cached(
        "SELECT id, action, at_call, verb, kind, key, skip, times, matched, fired FROM fault ORDER BY id",
    )?;
    let rows = statement.query_map([], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn clear(store: &mut Store) -> Result<(), SandboxError> {
    store.connection().execute("DELETE FROM fault", [])?;
    Ok(())
}

/// The faults that this call meets, in the order they were added; their counters move on.
pub fn meet(store: &Store, call: &CallLogEntry) -> Result<Vec<Action>, SandboxError> {
    let connection = store.connection();
    let mut matching = connection.prepare_cached(
        "SELECT id, action, at_call, verb, kind, key, skip, times, matched, fired FROM fault
         WHERE (at_call IS NULL OR at_call = ?1)
           AND (verb IS NULL OR verb = ?2 OR (verb = 'write' AND ?2 IN ('apply', 'delete')))
           AND (kind IS NULL OR kind = ?3)
           AND (key IS NULL OR ?4 GLOB key)
         ORDER BY id",
    )?;
    let rows = matching.query_map(params![call.number, call.verb.as_str(), call.kind, call.key], row)?;
    let matched: Vec<FaultRow> = rows.collect::<Result<_, _>>()?;
    let mut met = vec![];
    for FaultRow { id, fault, matched, fired } in matched {
        let fires = matched >= fault.skip && fault.times.is_none_or(|times| fired < times);
        connection
            .prepare_cached("UPDATE fault SET matched = matched + 1, fired = fired + ?2 WHERE id = ?1")?
            .execute(params![id, fires])?;
        if fires {
            met.push(fault.action);
        }
    }
    Ok(met)
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<FaultRow> {
    let text: String = row.get(1)?;
    let verb: Option<String> = row.get(3)?;
    let unknown = |column: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
    };
    Ok(FaultRow {
        id: row.get(0)?,
        fault: Fault {
            action: text.parse().map_err(|error: ActionError| unknown(1, error.into()))?,
            call: row.get(2)?,
            verb: verb.map(|verb| verb.parse()).transpose().map_err(|error: VerbError| unknown(3, error.into()))?,
            kind: row.get(4)?,
            key: row.get(5)?,
            skip: row.get(6)?,
            times: row.get(7)?,
        },
        matched: row.get(8)?,
        fired: row.get(9)?,
    })
}
