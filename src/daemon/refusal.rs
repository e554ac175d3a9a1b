//! What the daemon returns instead of an outcome: a status with a problem in it, and the problem that a status is.

use crate::{
    error::{JournalError, LedgerError, in_one_line},
    forms::FormError,
};
use goldenpath_core::{domain::Problem, policy::Identity};
use tonic::{Code, Status};

/// Who the caller is.
const TOKEN: &str = "daemon.token";
/// What the caller may do.
const CALLER: &str = "daemon.caller";
/// Of releases that are too far apart.
pub const VERSION: &str = "daemon.version";
const UNAVAILABLE: &str = "target.unavailable";

fn status(code: Code, problem: &Problem) -> Status {
    Status::with_details(code, problem.summary.clone(), serde_json::to_vec(problem).unwrap_or_default().into())
}

/// Every refusal of who asks, in one place and one form. `None`: nobody knows who it is. The trail keeps those of all others.
pub fn note(identity: Option<&Identity>, verb: &str, about: &str, problem: &Problem) {
    let caller = identity.map_or_else(|| "somebody unknown".to_owned(), ToString::to_string);
    tracing::warn!(caller, verb, about, code = problem.code, reason = problem.summary, "A request was refused");
}

/// Whether a problem is of who asks, and not of what was asked for.
pub fn is_refusal(problem: &Problem) -> bool {
    problem.is_error() && ["bounds.", "claims.", CALLER].iter().any(|start| problem.code.starts_with(start))
}

pub fn unreadable(what: &str, error: &dyn std::fmt::Display) -> Status {
    status(Code::InvalidArgument, &unreadable_problem(what, error))
}

pub fn unreadable_problem(what: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::error(
        "daemon.request",
        format!("The daemon can't read the {what}: {error}; use one release of both"),
        "Nothing was changed. Use the provider and the daemon of the same release.",
    )
}

pub fn other_form(what: &str, error: &FormError) -> Status {
    let code = match error {
        FormError::Json(_) => Code::InvalidArgument,
        FormError::Newer { .. } | FormError::Unsayable { .. } => Code::FailedPrecondition,
    };
    status(code, &other_form_problem(what, error))
}

/// Also on the client's side.
pub fn other_form_problem(what: &str, error: &FormError) -> Problem {
    match error {
        FormError::Json(error) => unreadable_problem(what, error),
        FormError::Newer { .. } | FormError::Unsayable { .. } => Problem::error(
            VERSION,
            format!("The {what} can't pass between these releases: {error}; upgrade the older one"),
            "Provider and daemon are of neighbouring releases, and only the newer one knows what it says. Upgrade the older one, then \
             plan again.",
        ),
    }
}

/// A token that proves nothing.
pub fn token(error: &dyn std::fmt::Display) -> Problem {
    Problem::error(
        TOKEN,
        format!("The daemon refuses the token: {error}; get a new one"),
        "It is that of `token_file` or `token` in `daemon` of the provider block, or of GOLDENPATH_DAEMON_TOKEN_FILE or \
         GOLDENPATH_DAEMON_TOKEN. Get a new one, for the audience that the daemon's configuration names.",
    )
}

/// One that may be good.
pub fn unverifiable_token(error: &dyn std::fmt::Display) -> Problem {
    Problem::error(
        UNAVAILABLE,
        format!("The daemon can't verify the token now: {error}; look into its log"),
        "Look into the daemon's log for what it can't reach, then try again.",
    )
}

pub fn nobody() -> Problem {
    Problem::error(
        TOKEN,
        "The daemon does not know who the caller is: set `token_file`, or `client_certificate` and `client_key`",
        "Set `token_file`, `token`, or `client_certificate` and `client_key` in `daemon` of the provider block.",
    )
}

/// The client connects again, with the token that it then has.
pub fn expired_credentials(identity: &Identity) -> Status {
    let problem = Problem::error(
        TOKEN,
        format!("The token or certificate of {identity} has expired: plan again with a new one"),
        "Operations that were accepted go on. Plan again with a new token or certificate.",
    );
    status(Code::Unauthenticated, &problem)
}

pub fn no_rule(identity: &Identity) -> Problem {
    Problem::error(
        CALLER,
        format!("The daemon has no rule for {identity}: ask the platform team to add one"),
        "Nothing was changed. Have the platform team add a rule for it to `callers` in the daemon's configuration.",
    )
}

pub fn read_only(identity: &Identity) -> Problem {
    Problem::error(
        CALLER,
        format!("The daemon lets {identity} read, and change nothing: ask the platform team to widen its rule"),
        "Its rule in `callers` of the daemon's configuration says `may: read`. Nothing was changed. Have the platform team widen it.",
    )
}

/// Of an operation that was accepted under a rule that is no more.
pub fn lost_rule(identity: &Identity) -> Problem {
    Problem::error(
        CALLER,
        format!("The daemon no longer lets {identity} finish this: ask a caller whom the rules admit to apply it"),
        "The daemon was started again since, and no rule of its configuration fits this caller any more. What was made is recorded in \
         the target. Have somebody apply it again whom `callers` lets change it.",
    )
}

pub fn admission(problem: &Problem) -> Status {
    let code = match problem.code {
        TOKEN => Code::Unauthenticated,
        CALLER => Code::PermissionDenied,
        // The client must not take it for a connection that was lost.
        UNAVAILABLE => Code::Aborted,
        _ => Code::FailedPrecondition,
    };
    status(code, problem)
}

/// Each side's release and the number of its API.
pub fn wrong_version(provider: (&str, u32), daemon: (&str, u32)) -> Status {
    let ((provider, provider_api), (daemon, daemon_api)) = (provider, daemon);
    let problem = Problem::error(
        VERSION,
        format!(
            "The provider ({provider}, API {provider_api}) and the daemon ({daemon}, API {daemon_api}) are too far apart: upgrade the \
             older one"
        ),
        "Nothing was changed. Releases whose API numbers differ by one at most work together. Upgrade the older one.",
    );
    status(Code::FailedPrecondition, &problem)
}

pub fn no_hello() -> Status {
    let problem = Problem::error(
        "daemon.request",
        "The client did not say Hello: use a client of this project",
        "The first call of each connection exchanges versions. Use a client of this project.",
    );
    status(Code::Unauthenticated, &problem)
}

pub fn other_request(operation: &str) -> Status {
    let problem = Problem::error(
        "daemon.request",
        format!("Operation {operation} was accepted with another request: apply again"),
        "Nothing was changed by this one. Apply again.",
    );
    status(Code::AlreadyExists, &problem)
}

pub fn gives_way(about: &str) -> Status {
    let problem = Problem::error(
        "daemon.busy",
        format!("Another operation works on {about}"),
        "Nothing was changed by this one. The next round looks again.",
    );
    status(Code::Aborted, &problem)
}

pub fn journal(error: &JournalError) -> Status {
    let step = match (error.is_of_postgres(), error.is_away()) {
        (true, true) => "check that it can reach PostgreSQL",
        (true, false) => "check PostgreSQL's space and the daemon's permissions there",
        (false, _) => "give the journal space, or restart the daemon",
    };
    let next = match (error.is_of_postgres(), error.is_away()) {
        (true, true) => {
            "Nothing is begun that is not in the journal. What was accepted before goes on, and its end is written when PostgreSQL \
             is back. Check that the daemon can reach PostgreSQL, then apply again."
        }
        (true, false) => {
            "PostgreSQL responds, and does not take it. Nothing is begun that is not in the journal. What was accepted before goes on, and \
             its end is written as soon as it can be. Give PostgreSQL some space, make it take changes, or let the daemon's user write; then \
             apply again."
        }
        (false, _) => {
            "Nothing was changed: an operation that is not in the journal is not begun. Give the journal some space, \
             or start the daemon again if the file is gone; then apply again."
        }
    };
    let summary = format!("The daemon accepts no operation: {}; {step}", in_one_line(error));
    status(Code::ResourceExhausted, &Problem::error("daemon.journal", summary, next))
}

pub fn ledger(error: &LedgerError) -> Status {
    status(Code::ResourceExhausted, &ledger_problem(error))
}

/// Of what would have been done.
pub fn ledger_problem(error: &LedgerError) -> Problem {
    Problem::error(
        "daemon.ledger",
        format!(
            "The daemon changes nothing without its audit ledger: {}; give it space, or restart the daemon",
            in_one_line(error)
        ),
        "Nothing was changed: what can't be written to the audit ledger is not begun. Give the ledger some space, or start the \
         daemon again if the file is gone; then apply again.",
    )
}

/// Of a pause, or of its end.
pub fn pause(error: &JournalError) -> Problem {
    Problem::error(
        "daemon.journal",
        format!("The daemon can't write to its journal: {}; look into its log", in_one_line(error)),
        "Pauses are unchanged. Look into the daemon's log for what is wrong with the journal, then try again.",
    )
}

/// Nothing is healed, whatever is said of it alone.
pub fn outer_pause(id: &str, outer: &str) -> Problem {
    Problem::error(
        "daemon.paused",
        format!("{id} is still paused with everything that is in {outer}: run `resume {outer}`"),
        "A pause of a cluster or of an environment holds for everything in it. Resume that, and pause what is to be left alone by itself.",
    )
}

pub fn no_operation(id: &str) -> Problem {
    Problem::error(
        "daemon.no_operation",
        format!("The daemon knows no operation {id}: look it up with `goldenpath operations`"),
        "Look it up with `goldenpath operations`. One that has ended is kept for as long as `retention` says.",
    )
}

pub fn no_record(id: &str) -> Problem {
    Problem::error(
        "record.not_found",
        format!("No record of {id} in the daemon's target: look it up with `goldenpath environments`"),
        "Nothing was changed. Look up the ID with `goldenpath environments`.",
    )
}

/// A daemon of an earlier release.
pub fn unknown_request(endpoint: &str) -> Problem {
    Problem::error(
        "daemon.version",
        format!("The daemon at {endpoint} does not know this request: upgrade it"),
        "It is of an earlier release. Upgrade it.",
    )
}

pub fn slow_watcher() -> Status {
    let problem = Problem::error(
        "daemon.slow",
        "The watcher did not read in time, and was dropped: watch again",
        "The daemon does not wait for watchers. Watch again.",
    );
    status(Code::ResourceExhausted, &problem)
}

/// The client asks the next daemon.
pub fn ending() -> Status {
    Status::unavailable("the daemon is ending")
}

/// The call has ended, and not what it has begun.
pub fn late(problem: &Problem) -> Status {
    status(Code::DeadlineExceeded, problem)
}

/// A bug of ours. The log has the rest.
pub fn bug(what: &str) -> Status {
    status(Code::Internal, &bug_problem(what))
}

pub fn bug_problem(what: &str) -> Problem {
    Problem::error(
        "daemon.internal",
        format!("The daemon failed to {what}: look into its log, and plan again"),
        "This is a bug of the daemon and not of the configuration. Look into its log, and plan again.",
    )
}

/// Of what a look at the daemon needs, such as its journal.
pub fn failure(problem: &Problem) -> Status {
    status(Code::FailedPrecondition, problem)
}

/// On the client's side. One that another program wrote has no problem in it.
pub fn problem_of(status: &Status, endpoint: &str) -> Problem {
    serde_json::from_slice(status.details()).unwrap_or_else(|_| {
        Problem::error(
            "daemon.refused",
            format!("The daemon at {endpoint} refuses the request: {}; check the endpoint", status.message()),
            "Check that the endpoint is that of a provisioning daemon, and look into its log.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_that_can_not_be_written_says_what_to_look_at() {
        let place = || "db.internal/gp".to_owned();
        for (error, step, reason) in [
            (JournalError::Away { place: place(), source: "no route".into() }, "reach PostgreSQL", "it is away"),
            (JournalError::ReadOnly { place: place() }, "the daemon's permissions", "it responds"),
            (JournalError::Gone { path: "/j".into() }, "give the journal space", "a file"),
        ] {
            let refused = journal(&error);
            assert!(refused.message().contains(step), "{reason}: {refused:?}");
        }
    }

    #[test]
    fn a_problem_arrives_as_it_was_sent() {
        let problem = problem_of(&wrong_version(("9.0.0", 7), ("0.1.0", 1)), "unix:///x");
        assert_eq!(problem.code, "daemon.version");
        assert!(problem.summary.contains("9.0.0, API 7"), "{problem}");
        let foreign = problem_of(&Status::unimplemented("no such service"), "unix:///x");
        assert!(foreign.summary.contains("unix:///x") && foreign.summary.contains("no such service"), "{foreign}");
    }
}
