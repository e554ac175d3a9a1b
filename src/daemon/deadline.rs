//! How long a call may take: as its client says (`grpc-timeout`), which all of ours do. For one that says nothing the daemon has limits
//! of its own, so that nothing is held for ever for somebody who is long gone.
//!
//! tonic's own server does the first of these, and is not in use here: the API and the page share their connections.

use crate::{contract::READ_LIMIT, refusal};
use goldenpath_core::domain::Problem;
use http::{HeaderMap, Response};
use std::{convert::Infallible, time::Duration};
use tokio::time::timeout;
use tonic::body::Body;

/// Of an Ensure or a Remove whose client sets none. Those of ours go by the resource's `timeouts`, which are shorter unless somebody
/// writes them longer.
const OPERATION_LIMIT: Duration = Duration::from_secs(3600);

/// Until a call has its response: what is watched goes on for as long as somebody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    limit: Duration,
    whose: Whose,
    /// What was accepted goes on when the call ends.
    is_of_operation: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Client,
    Daemon,
}

// === impl Deadline ===

impl Deadline {
    /// `path`: of the request, whose last part is the method.
    pub fn of(path: &str, headers: &HeaderMap) -> Self {
        let own = headers.get("grpc-timeout").and_then(|value| parse(value.to_str().ok()?));
        let is_of_operation = matches!(path.rsplit('/').next(), Some("Ensure" | "Remove"));
        let (limit, whose) = match (own, is_of_operation) {
            (Some(own), true) => (own, Whose::Client),
            (Some(own), false) if own <= READ_LIMIT => (own, Whose::Client),
            (None, true) => (OPERATION_LIMIT, Whose::Daemon),
            (_, false) => (READ_LIMIT, Whose::Daemon),
        };
        Self { limit, whose, is_of_operation }
    }

    /// The call, or that it took too long.
    pub async fn hold(
        self,
        call: impl Future<Output = Result<Response<Body>, Infallible>>,
    ) -> Result<Response<Body>, Infallible> {
        timeout(self.limit, call).await.unwrap_or_else(|_| Ok(refusal::late(&self.problem()).into_http()))
    }

    fn problem(self) -> Problem {
        let Self { limit, whose, is_of_operation } = self;
        let whose = match whose {
            Whose::Client => "its client",
            Whose::Daemon => "the daemon",
        };
        let (step, next) = match is_of_operation {
            true => (
                "follow it with `goldenpath watch`",
                "An operation that was accepted goes on without its client. Send the same request with the same ID again to wait for \
                 it, or follow it with `goldenpath watch`.",
            ),
            false => (
                "look into the daemon's log",
                "What the call has begun goes on. Look into the daemon's log for what it waits for, then ask again.",
            ),
        };
        Problem::error(
            "daemon.deadline",
            format!("The call took longer than the {limit:?} that {whose} gives it: {step}"),
            next,
        )
    }
}

/// As gRPC over HTTP/2 writes it: at most eight digits and a unit. `None`: nobody can tell, which is as if it were not there.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use std::future::{pending, ready};
    use tonic::Code;

    #[test]
    fn a_client_says_how_long_or_the_daemon_does() {
        let (seconds, hour) = (Duration::from_secs, Duration::from_secs(3600));
        for (method, written, limit, whose, reason) in [
            ("Find", Some("30000000u"), seconds(30), Whose::Client, "as tonic writes it"),
            ("Find", Some("5M"), seconds(300), Whose::Client, "as others may"),
            ("Find", None, READ_LIMIT, Whose::Daemon, "a read of a client that says nothing"),
            ("Find", Some("2H"), READ_LIMIT, Whose::Daemon, "no read is held longer"),
            ("Find", Some("soon"), READ_LIMIT, Whose::Daemon, "no time at all"),
            ("Find", Some("123456789S"), READ_LIMIT, Whose::Daemon, "more digits than there may be"),
            ("Find", Some("S"), READ_LIMIT, Whose::Daemon, "fewer"),
            ("Find", Some("\u{e9}"), READ_LIMIT, Whose::Daemon, "nothing that a header holds as text"),
            ("Ensure", Some("2H"), 2 * hour, Whose::Client, "as long as the resource's `timeouts` say"),
            ("Remove", Some("500m"), Duration::from_millis(500), Whose::Client, "or as short"),
            ("Remove", None, hour, Whose::Daemon, "an operation of a client that says nothing"),
            ("Watch", None, READ_LIMIT, Whose::Daemon, "until the stream begins"),
        ] {
            let value = written.map(|text| HeaderValue::from_bytes(text.as_bytes()).unwrap());
            let headers = value.into_iter().map(|value| ("grpc-timeout".parse().unwrap(), value)).collect();
            let deadline = Deadline::of(&format!("/goldenpath.provisioner.v1.Provisioner/{method}"), &headers);
            assert_eq!((deadline.limit, deadline.whose), (limit, whose), "{reason}");
            assert_eq!(deadline.is_of_operation, ["Ensure", "Remove"].contains(&method), "{reason}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_ends_and_says_so() {
        for (method, words, reason) in [("Find", "ask again", "a read"), ("Ensure", "same ID", "it can be joined")] {
            let deadline = Deadline::of(method, &HeaderMap::new());
            let response = deadline.hold(pending()).await.unwrap();
            let status = response.extensions().get::<tonic::Status>().unwrap();
            let problem = refusal::problem_of(status, "");
            assert_eq!((status.code(), problem.code), (Code::DeadlineExceeded, "daemon.deadline"), "{reason}");
            assert!(problem.detail.contains(words), "{reason}: {problem}");
            let response = deadline.hold(ready(Ok(Response::default()))).await.unwrap();
            assert!(response.headers().is_empty(), "{reason}: what is in time is as it is");
        }
    }
}
