//! What the daemon says instead of an answer: a status with a problem in it, and the problem that a status is.

use crate::error::{JournalError, LedgerError, in_one_line};
use goldenpath_core::domain::Problem;
use tonic::{Code, Status};

fn status(code: Code, problem: &Problem) -> Status {
    Status::with_details(code, problem.summary.clone(), serde_json::to_vec(problem).unwrap_or_default().into())
}

pub fn unreadable(what: &str, error: &dyn std::fmt::Display) -> Status {
    let problem = Problem::error(
        "daemon.request",
        format!("The daemon can't read the {what}: {error}"),
        "Nothing was changed. Use the provider and the daemon of the same release.",
    );
    status(Code::InvalidArgument, &problem)
}

/// Each side's release and the number of its API.
pub fn wrong_version(provider: (&str, u32), daemon: (&str, u32)) -> Status {
    let ((provider, provider_api), (daemon, daemon_api)) = (provider, daemon);
    let problem = Problem::error(
        "daemon.version",
        format!(
            "The provider ({provider}, API {provider_api}) and the daemon ({daemon}, API {daemon_api}) are too far apart"
        ),
        "Nothing was changed. Releases whose API numbers differ by one at most work together. Upgrade the older one.",
    );
    status(Code::FailedPrecondition, &problem)
}

pub fn no_hello() -> Status {
    let problem = Problem::error(
        "daemon.request",
        "The client did not say Hello",
        "The first call of each connection exchanges versions. Use a client of this project.",
    );
    status(Code::Unauthenticated, &problem)
}

pub fn other_request(operation: &str) -> Status {
    let problem = Problem::error(
        "daemon.request",
        format!("Operation {operation} was accepted with another request"),
        "Nothing was changed by this one. Apply again.",
    );
    status(Code::AlreadyExists, &problem)
}

pub fn gives_way(about: &str) -> Status {
    let problem = Problem::error(
        "daemon.busy",
        format!("Another operation works on {about}"),
        "Nothing was changed by this one. What is still not as it should be is seen in the next round.",
    );
    status(Code::Aborted, &problem)
}

pub fn journal(error: &JournalError) -> Status {
    let next = match error.is_of_postgres() {
        true => {
            "Nothing is begun that is not in the journal. What was accepted before goes on, and its end is written when PostgreSQL \
             is back. Check that the daemon can reach PostgreSQL, then apply again."
        }
        false => {
            "Nothing was changed: an operation that is not in the journal is not begun. Give the journal some space, \
             or start the daemon again if the file is gone; then apply again."
        }
    };
    let summary = format!("The daemon accepts no operation: {}", in_one_line(error));
    status(Code::ResourceExhausted, &Problem::error("daemon.journal", summary, next))
}

pub fn ledger(error: &LedgerError) -> Status {
    status(Code::ResourceExhausted, &unrecorded(error))
}

/// Of what would have been done.
pub fn unrecorded(error: &LedgerError) -> Problem {
    Problem::error(
        "daemon.ledger",
        format!("The daemon changes nothing without its audit ledger: {}", in_one_line(error)),
        "Nothing was changed: what can't be written to the audit ledger is not begun. Give the ledger some space, or start the \
         daemon again if the file is gone; then apply again.",
    )
}

pub fn no_operation(id: &str) -> Problem {
    Problem::error(
        "daemon.no_operation",
        format!("The daemon knows no operation {id}"),
        "Look it up with `terraform-provider-goldenpath operations`. One that has ended is kept for as long as `retention` says.",
    )
}

pub fn no_record(id: &str) -> Problem {
    Problem::error(
        "record.not_found",
        format!("No record of {id} in the daemon's target"),
        "Nothing was changed. Look up the ID with `terraform-provider-goldenpath environments`.",
    )
}

/// A daemon of an earlier release.
pub fn not_known(endpoint: &str) -> Problem {
    Problem::error(
        "daemon.version",
        format!("The daemon at {endpoint} does not know this request"),
        "It is of an earlier release. Upgrade it.",
    )
}

pub fn slow_watcher() -> Status {
    let problem = Problem::error(
        "daemon.slow",
        "The watcher did not read in time, and was dropped",
        "The daemon waits for nobody who watches. Watch again.",
    );
    status(Code::ResourceExhausted, &problem)
}

/// The client asks the next daemon.
pub fn ending() -> Status {
    Status::unavailable("the daemon is ending")
}

/// A bug of ours. The log has the rest.
pub fn broken(what: &str) -> Status {
    status(Code::Internal, &broken_off(what))
}

pub fn broken_off(what: &str) -> Problem {
    Problem::error(
        "daemon.internal",
        format!("The daemon failed to {what}"),
        "This is a bug of the daemon and not of the configuration. Look into its log, and plan again.",
    )
}

/// Of what a request needs, such as an engine for its connection.
pub fn failed(problem: &Problem) -> Status {
    status(Code::FailedPrecondition, problem)
}

/// On the client's side. One that another program wrote has no problem in it.
pub fn problem_of(status: &Status, endpoint: &str) -> Problem {
    serde_json::from_slice(status.details()).unwrap_or_else(|_| {
        Problem::error(
            "daemon.refused",
            format!("The daemon at {endpoint} refuses the request: {}", status.message()),
            "Check that the endpoint is that of a provisioning daemon, and look into its log.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_arrives_as_it_was_sent() {
        let problem = problem_of(&wrong_version(("9.0.0", 7), ("0.1.0", 1)), "unix:///x");
        assert_eq!(problem.code, "daemon.version");
        assert!(problem.summary.contains("9.0.0, API 7"), "{problem}");
        let foreign = problem_of(&Status::unimplemented("no such service"), "unix:///x");
        assert!(foreign.summary.contains("unix:///x") && foreign.summary.contains("no such service"), "{foreign}");
    }
}
