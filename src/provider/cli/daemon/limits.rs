//! `limits` and `http`: what all clients of a daemon share, and where it is watched.

use anyhow::{Context, ensure};
use plugin::schema::duration;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// An API server takes a few hundred; others want some of it.
const KUBERNETES: u32 = 50;
/// Plans of one pipeline begin within a second of each other, and nobody looks sooner for what they have just changed out of band.
const SHARED_FOR: Duration = Duration::from_secs(1);
const LONGEST_SHARED: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `None`: as it is learned from AWS's throttling.
    pub aws_per_second: Option<u32>,
    pub kubernetes_per_second: u32,
    pub reads_shared_for: Duration,
}

/// Where metrics and health are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Http {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenLimits {
    /// The most requests a second to each API of an account and region. By default the rate is learned from AWS's throttling.
    #[schemars(range(min = 1))]
    aws_per_second: Option<u32>,
    /// The most requests a second to each cluster, 50 by default.
    #[schemars(range(min = 1))]
    kubernetes_per_second: Option<u32>,
    /// How long after its begin a read of a plan serves other clients: `1s` by default, at most `10s`, and `0s` switches it off.
    reads_shared_for: Option<String>,
}

// === impl Limits ===

impl Limits {
    pub(super) fn read(written: Option<WrittenLimits>) -> anyhow::Result<Self> {
        let WrittenLimits { aws_per_second, kubernetes_per_second, reads_shared_for } = written.unwrap_or_default();
        for (name, limit) in [("aws_per_second", aws_per_second), ("kubernetes_per_second", kubernetes_per_second)] {
            ensure!(limit != Some(0), "limits.{name}: at least 1 is needed");
        }
        let reads_shared_for = match reads_shared_for {
            Some(text) if text == "0s" => Duration::ZERO,
            Some(text) => duration(&text).map_err(|error| anyhow::anyhow!("limits.reads_shared_for: {error}"))?,
            None => SHARED_FOR,
        };
        ensure!(
            reads_shared_for <= LONGEST_SHARED,
            "limits.reads_shared_for: at most 10s, or plans would not see what was changed out of band"
        );
        let kubernetes_per_second = kubernetes_per_second.unwrap_or(KUBERNETES);
        Ok(Self { aws_per_second, kubernetes_per_second, reads_shared_for })
    }
}

// === impl Http ===

impl Http {
    pub(super) fn read(written: &str) -> anyhow::Result<Self> {
        match written.strip_prefix("unix://") {
            Some(path) => {
                ensure!(path.starts_with('/'), "http: write `unix://` and an absolute path");
                Ok(Self::Unix(path.into()))
            }
            None => {
                let wrong = || format!("http: write `127.0.0.1:9464` or `unix:///path`, and not {written:?}");
                Ok(Self::Tcp(written.parse().with_context(wrong)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_served_on_a_port_or_a_socket() {
        for (written, expected, reason) in [
            ("127.0.0.1:9464", Some(Http::Tcp(SocketAddr::from(([127, 0, 0, 1], 9464)))), "a port"),
            ("unix:///run/gp/http.sock", Some(Http::Unix("/run/gp/http.sock".into())), "a socket"),
            ("unix://http.sock", None, "a path that means another one elsewhere"),
            ("localhost:9464", None, "a name"),
            ("9464", None, "a port alone"),
        ] {
            assert_eq!(Http::read(written).ok(), expected, "{reason}");
        }
    }
}
