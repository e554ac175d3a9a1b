//! One call as the target meets it: numbered, throttled, met by faults, answered, logged, all in one transaction.
//!
//! A refusal changes nothing, and keeps its log row and the counters of its faults.

use super::{
    error::{SandboxError, refused},
    fault::{self, Action},
    store::Store,
};
use goldenpath_core::{
    domain::{Class, ObjectKey},
    ports::{Scope, Selector},
};
use rusqlite::params;
use std::{fmt, str::FromStr, time::Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Observe,
    Apply,
    Delete,
    Facts,
    Policy,
    /// A look at whether a pod would get its identity.
    Probe,
    /// Only as the condition of a fault: `apply` or `delete`.
    Write,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a verb: observe, apply, delete, facts, policy, probe, write")]
pub struct VerbError(String);

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub number: u32,
    pub verb: Verb,
    pub kind: String,
    /// The text of the key; for an observation its scope, for `facts` the cluster, for `policy` its ARN.
    pub key: String,
    /// `ok` or the words of the refusal.
    pub outcome: String,
}

/// What is asked; becomes a [`Call`] once it has a number and an outcome.
pub(super) struct Ask {
    pub verb: Verb,
    pub kind: String,
    pub key: String,
}

pub(super) struct Answer<T> {
    pub result: Result<T, SandboxError>,
    pub late: Option<Duration>,
}

/// Rows of the log that are kept.
const KEPT: u32 = 65_536;

// === impl Verb ===

impl Verb {
    const ALL: [Self; 7] =
        [Self::Observe, Self::Apply, Self::Delete, Self::Facts, Self::Policy, Self::Probe, Self::Write];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Apply => "apply",
            Self::Delete => "delete",
            Self::Facts => "facts",
            Self::Policy => "policy",
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

// === impl Ask ===

impl Ask {
    pub fn observe(selector: &Selector) -> Self {
        let key = match &selector.scope {
            Scope::Everything => "everything".to_owned(),
            Scope::Environment(environment) => format!("environment/{environment}"),
            Scope::Records => "records".to_owned(),
            Scope::Keys => "keys".to_owned(),
        };
        Self { verb: Verb::Observe, kind: String::new(), key }
    }

    pub fn write(verb: Verb, key: &ObjectKey) -> Self {
        Self { verb, kind: key.kind().to_owned(), key: key.to_string() }
    }

    pub fn about(verb: Verb, key: impl Into<String>) -> Self {
        Self { verb, kind: String::new(), key: key.into() }
    }
}

// === The envelope ===

/// Runs one call. `Err` only when the file itself fails; then nothing of the call remains.
pub(super) fn run<T>(
    store: &mut Store,
    ask: Ask,
    work: impl FnOnce(&mut Store) -> Result<T, SandboxError>,
) -> Result<Answer<T>, SandboxError> {
    store.connection().execute_batch("BEGIN IMMEDIATE")?;
    match inside(store, ask, work) {
        Ok((answer, exit)) => {
            store.connection().execute_batch("COMMIT")?;
            if exit {
                // 128 + SIGKILL: to the tests it is a kill at exactly this call.
                std::process::exit(137);
            }
            Ok(answer)
        }
        Err(error) => {
            store.roll_back();
            Err(error)
        }
    }
}

fn inside<T>(
    store: &mut Store,
    ask: Ask,
    work: impl FnOnce(&mut Store) -> Result<T, SandboxError>,
) -> Result<(Answer<T>, bool), SandboxError> {
    let Ask { verb, kind, key } = ask;
    let mut call = Call { number: store.next_call()?, verb, kind, key, outcome: String::new() };
    let met = fault::meet(store, &call)?;
    let late = met.iter().find_map(|action| match action {
        Action::Slow(ms) => Some(Duration::from_millis(*ms)),
        _ => None,
    });
    store.hide = met.iter().find_map(|action| match action {
        Action::Hide(ms) => Some(*ms),
        _ => None,
    });
    if met.contains(&Action::Exit) {
        "the process ended before the change".clone_into(&mut call.outcome);
        log(store, &call)?;
        return Ok((Answer { result: Err(SandboxError::Ended), late: None }, true));
    }
    let result = match refusal(store, &call, &met)? {
        Some(refusal) => Err(refusal),
        None => unchanged_if_refused(store, work),
    };
    let lost = met.contains(&Action::Lost) && result.is_ok();
    let result =
        if lost { Err(unavailable(&call, "the connection was lost before the answer arrived")) } else { result };
    match &result {
        Ok(_) => "ok".clone_into(&mut call.outcome),
        Err(SandboxError::Refused(refusal)) => call.outcome.clone_from(&refusal.message),
        Err(_) => {}
    }
    if let Err(error) = result {
        if !matches!(error, SandboxError::Refused(_)) {
            return Err(error);
        }
        log(store, &call)?;
        return Ok((Answer { result: Err(error), late }, met.contains(&Action::ExitAfter)));
    }
    log(store, &call)?;
    Ok((Answer { result, late }, met.contains(&Action::ExitAfter)))
}

/// The faults and the throttle that answer in place of the target.
fn refusal(store: &Store, call: &Call, met: &[Action]) -> Result<Option<SandboxError>, SandboxError> {
    let what = call.describe();
    for action in met {
        match action {
            Action::Deny => {
                return Ok(Some(refused(
                    Class::Denied,
                    &what,
                    "AccessDenied: not authorized to perform this operation (403, a fault of the sandbox)",
                )));
            }
            Action::Throttle => return Ok(Some(throttled(&what))),
            Action::Unavailable => {
                return Ok(Some(unavailable(call, "503 Service Unavailable (a fault of the sandbox)")));
            }
            Action::Lost | Action::Hide(_) | Action::Slow(_) | Action::Exit | Action::ExitAfter => {}
        }
    }
    let limit = store.calls_per_second();
    if limit == 0 {
        return Ok(None);
    }
    let mut statement = store
        .connection()
        .prepare_cached("SELECT at FROM call WHERE NOT throttled ORDER BY number DESC LIMIT 1 OFFSET ?1")?;
    let mut rows = statement.query([limit - 1])?;
    let full = match rows.next()? {
        Some(row) => row.get::<_, i64>(0)? > store.now_ms() - 1000,
        None => false,
    };
    Ok(full.then(|| throttled(&what)))
}

const THROTTLED: &str = "ThrottlingException: Rate exceeded";

fn throttled(what: &str) -> SandboxError {
    refused(Class::Throttled, what, THROTTLED)
}

fn unavailable(call: &Call, message: &str) -> SandboxError {
    refused(Class::Unavailable, &call.describe(), message)
}

/// A refusal comes before any change, so that its log row can be kept without a savepoint (which would copy every page that
/// a call touches). One that comes later is a fault of ours and undoes the whole call.
fn unchanged_if_refused<T>(
    store: &mut Store,
    work: impl FnOnce(&mut Store) -> Result<T, SandboxError>,
) -> Result<T, SandboxError> {
    let before = store.connection().total_changes();
    match work(store) {
        Err(SandboxError::Refused(refusal)) if store.connection().total_changes() != before => {
            Err(SandboxError::Late(refusal))
        }
        result => result,
    }
}

// === The log ===

impl Call {
    fn describe(&self) -> String {
        format!("{} {}", self.verb, self.key)
    }
}

fn log(store: &Store, call: &Call) -> Result<(), SandboxError> {
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
            call.outcome == THROTTLED
        ])?;
    if call.number.is_multiple_of(KEPT / 16) {
        connection.execute("DELETE FROM call WHERE number <= ?1", [call.number.saturating_sub(KEPT)])?;
    }
    Ok(())
}

pub(super) fn all(store: &Store) -> Result<Vec<Call>, SandboxError> {
    let mut statement =
        store.connection().prepare_cached("SELECT number, verb, kind, key, outcome FROM call ORDER BY number")?;
    let rows = statement.query_map([], |row| {
        let verb: String = row.get(1)?;
        let verb = verb.parse().map_err(|error: VerbError| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
        })?;
        Ok(Call { number: row.get(0)?, verb, kind: row.get(2)?, key: row.get(3)?, outcome: row.get(4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
