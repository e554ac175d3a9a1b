//! The daemon as a target: where its socket is.

use plugin::{
    Diagnostic, Type,
    schema::{Attribute, object, optional, required},
};
use serde::Deserialize;
use std::{fmt, path::PathBuf, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Daemon {
    pub endpoint: Endpoint,
}

/// `unix:///run/goldenpath/daemon.sock`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Endpoint(PathBuf);

const SCHEME: &str = "unix://";

// === impl Endpoint ===

impl Endpoint {
    pub fn socket(&self) -> PathBuf {
        self.0.clone()
    }
}

impl FromStr for Endpoint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix(SCHEME) {
            Some(path) if path.len() > 1 && path.starts_with('/') && !path.ends_with('/') => Ok(Self(path.into())),
            _ => Err(format!(
                "{text:?} is not the endpoint of a daemon: write {SCHEME} and an absolute path, such as \
                 {SCHEME}/run/goldenpath/daemon.sock"
            )),
        }
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0.display())
    }
}

pub fn of_environment(text: &str) -> Result<Endpoint, Diagnostic> {
    text.parse().map_err(|error| {
        Diagnostic::error(format!("GOLDENPATH_DAEMON can't be used: {error}"), "Correct it, or unset it.")
    })
}

// === schema ===

pub fn daemon() -> Attribute {
    let endpoint = required("endpoint", Type::String)
        .parses::<Endpoint>()
        .example("unix:///run/goldenpath/daemon.sock")
        .describe("Endpoint of the daemon: `unix://` and the absolute path of its socket.");
    optional("daemon", object([endpoint])).describe(
        "A provisioning daemon, which has a target, credentials, catalogue and bounds of its own. It runs as the same user and \
         finishes what it has accepted, even when Terraform is killed; see the guide \"Provisioning daemon\". `allow` can narrow \
         its bounds; `catalogue` can't be set. Environment variable: `GOLDENPATH_DAEMON`, with the endpoint.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_socket_by_its_whole_path() {
        for (text, expected, reason) in [
            ("unix:///run/gp/daemon.sock", Some("/run/gp/daemon.sock"), "the usual"),
            ("unix://run/daemon.sock", None, "a path that depends on the working folder"),
            ("unix:///", None, "no file"),
            ("unix:///run/gp/", None, "a folder"),
            ("/run/gp/daemon.sock", None, "no scheme"),
            ("https://daemon.example", None, "TCP, which needs an identity"),
        ] {
            let parsed: Option<Endpoint> = text.parse().ok();
            assert_eq!(parsed.as_ref().map(Endpoint::socket), expected.map(PathBuf::from), "{reason}");
            assert!(parsed.is_none_or(|endpoint| endpoint.to_string() == text), "{reason}");
        }
    }
}
