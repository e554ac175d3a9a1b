//! One call as the target meets it: numbered, throttled, met by faults, made, logged, all in one transaction.
//!
//! A refusal changes nothing, and keeps its log row and the counters of its faults.

use super::{
    fault::{self, Action},
    file::Store,
    log::{self, CallLogEntry, PendingCall},
};
use crate::error::{SandboxError, refusal};
use goldenpath_core::domain::Class;
use std::time::Duration;

pub struct CallOutcome<T> {
    /// In the log of calls.
    pub number: u32,
    pub result: Result<T, SandboxError>,
    /// The response comes so late.
    pub late: Option<Duration>,
}

/// Runs one call. `Err` only when the file itself fails; then nothing of the call remains.
pub fn run<T>(
    store: &mut Store,
    call: PendingCall,
    work: impl FnOnce(&mut Store) -> Result<T, SandboxError>,
) -> Result<CallOutcome<T>, SandboxError> {
    let ran = store.transaction(|store| in_transaction(store, call, work));
    store.hide = None;
    let (outcome, exit) = ran?;
    if exit {
        // 128 + SIGKILL: to the tests it is a kill at exactly this call.
        std::process::exit(137);
    }
    Ok(outcome)
}

/// The outcome, and whether the process ends with it.
fn in_transaction<T>(
    store: &mut Store,
    PendingCall { verb, kind, key }: PendingCall,
    work: impl FnOnce(&mut Store) -> Result<T, SandboxError>,
) -> Result<(CallOutcome<T>, bool), SandboxError> {
    let mut call = CallLogEntry { number: store.next_call()?, verb, kind, key, outcome: String::new() };
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
        log::append(store, &call, false)?;
        return Ok((CallOutcome { number: call.number, result: Err(SandboxError::Ended), late: None }, true));
    }
    let mut result = match injected_fault(store, &call, &met)? {
        Some(refusal) => Err(refusal),
        None => forbid_late_refusal(store, work),
    };
    if met.contains(&Action::Lost) && result.is_ok() {
        result =
            Err(refusal(Class::Unavailable, &call.describe(), "the connection was lost before the response arrived"));
    }
    let mut throttled = false;
    match &result {
        Ok(_) => "ok".clone_into(&mut call.outcome),
        Err(SandboxError::Refused(refusal)) => {
            throttled = refusal.class == Class::Throttled;
            call.outcome.clone_from(&refusal.message);
        }
        Err(_) => return result.map(|value| (CallOutcome { number: call.number, result: Ok(value), late }, false)),
    }
    log::append(store, &call, throttled)?;
    Ok((CallOutcome { number: call.number, result, late }, met.contains(&Action::ExitAfter)))
}

/// The faults and the throttle that respond in place of the target.
fn injected_fault(store: &Store, call: &CallLogEntry, met: &[Action]) -> Result<Option<SandboxError>, SandboxError> {
    let no = |class, message: &str| Ok(Some(refusal(class, &call.describe(), message)));
    for action in met {
        match action {
            Action::Deny => {
                return no(
                    Class::Denied,
                    "AccessDenied: not authorized to perform this operation (403, a fault of the sandbox)",
                );
            }
            Action::Reject => {
                return no(Class::Invalid, "the request is invalid (400, a fault of the sandbox)");
            }
            Action::Throttle => return no(Class::Throttled, THROTTLED),
            Action::Unavailable => {
                return no(Class::Unavailable, "503 Service Unavailable (a fault of the sandbox)");
            }
            Action::Lost | Action::Hide(_) | Action::Slow(_) | Action::Exit | Action::ExitAfter => {}
        }
    }
    match store.calls_per_second() {
        0 => Ok(None),
        limit => match log::made_before(store, limit - 1)? {
            Some(at) if at > store.now_ms() - 1000 => no(Class::Throttled, THROTTLED),
            _ => Ok(None),
        },
    }
}

const THROTTLED: &str = "ThrottlingException: Rate exceeded";

/// A refusal comes before any change, so that its log row can be kept without a savepoint (which would copy every page that
/// a call touches). One that comes later is a defect of ours and undoes the whole call.
fn forbid_late_refusal<T>(
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
