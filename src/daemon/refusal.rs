//! What the daemon says instead of an answer: a status with a problem in it, and the problem that a status is.

use crate::error::{JournalError, in_one_line};
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

/// Of the engine that a connection or an operation would have had.
pub fn no_engine(problem: &Problem) -> Status {
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
