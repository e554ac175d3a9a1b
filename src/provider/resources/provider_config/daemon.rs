//! The daemon as a target: where it is, and how the provider proves who it is.

use super::{
    credentials::Secret,
    environment::FromEnvironment,
    shared::{at, is_absolute},
};
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
    pub ca_certificate: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub token: Option<Secret>,
    pub token_file: Option<PathBuf>,
}

/// `unix:///run/goldenpath/daemon.sock` or `https://goldenpath.example:8443`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Endpoint {
    Unix(PathBuf),
    Https { host: String, port: u16 },
}

const UNIX: &str = "unix://";
const HTTPS: &str = "https://";
/// A daemon may stand behind a load balancer that has the usual one.
const PORT: u16 = 443;

// === impl Daemon ===

impl Daemon {
    fn at(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            ca_certificate: None,
            client_certificate: None,
            client_key: None,
            token: None,
            token_file: None,
        }
    }

    /// The environment's token, where none is written.
    pub fn or(mut self, environment: &FromEnvironment) -> Self {
        if self.token.is_none() && self.token_file.is_none() {
            self.token.clone_from(&environment.daemon_token);
            self.token_file.clone_from(&environment.daemon_token_file);
        }
        self
    }

    pub fn check(&self, is_shared: bool) -> Result<(), Diagnostic> {
        let Self { endpoint, ca_certificate, client_certificate, client_key, token, token_file } = self;
        let wrong =
            |name: &str, summary: &str, detail: &str| Err(Diagnostic::error(summary, detail).at(at(&["daemon", name])));
        if token.is_some() && token_file.is_some() {
            return wrong(
                "token",
                "Two tokens for the daemon: keep one",
                "Keep one of `token` and `token_file`; in the environment one of GOLDENPATH_DAEMON_TOKEN and GOLDENPATH_DAEMON_TOKEN_FILE.",
            );
        }
        match (client_certificate, client_key) {
            (Some(_), None) => {
                return wrong(
                    "client_key",
                    "The client's certificate has no key: set `client_key`",
                    "Set `client_key`, the file with its key.",
                );
            }
            (None, Some(_)) => {
                let detail = "Set `client_certificate`, the file with the certificate.";
                return wrong(
                    "client_certificate",
                    "The client's key has no certificate: set `client_certificate`",
                    detail,
                );
            }
            _ => {}
        }
        let files = [
            ("ca_certificate", ca_certificate),
            ("client_certificate", client_certificate),
            ("client_key", client_key),
            ("token_file", token_file),
        ];
        for (name, path) in files {
            let Some(path) = path else { continue };
            if matches!(endpoint, Endpoint::Unix(_)) && name != "token_file" {
                let detail =
                    format!("A unix socket has no TLS. Remove `{name}`, or set an endpoint that begins with {HTTPS}.");
                return wrong(name, &format!("A unix socket has no TLS: remove `{name}`"), &detail);
            }
            if is_shared {
                is_absolute(path, at(&["daemon", name]))?;
            }
        }
        Ok(())
    }
}

impl FromStr for Endpoint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let unix =
            text.strip_prefix(UNIX).filter(|path| path.len() > 1 && path.starts_with('/') && !path.ends_with('/'));
        let https = text.strip_prefix(HTTPS).and_then(host_and_port);
        match (unix, https) {
            (Some(path), _) => Ok(Self::Unix(path.into())),
            (_, Some((host, port))) => Ok(Self::Https { host, port }),
            _ => Err(format!(
                "{text:?} is not the endpoint of a daemon: write {UNIX} and an absolute path, such as \
                 {UNIX}/run/goldenpath/daemon.sock, or {HTTPS}, a host and a port, such as {HTTPS}goldenpath.example:8443"
            )),
        }
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|port| *port > 0)?),
        _ => (text, PORT),
    };
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    let is_host = inner.map_or_else(|| is_name(host), |address| address.parse::<std::net::Ipv6Addr>().is_ok());
    is_host.then(|| (host.to_owned(), port))
}

impl TryFrom<String> for Endpoint {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
            Self::Https { host, port: PORT } => write!(f, "{HTTPS}{host}"),
            Self::Https { host, port } => write!(f, "{HTTPS}{host}:{port}"),
        }
    }
}

pub fn of_environment(text: &str) -> Result<Daemon, Diagnostic> {
    text.parse().map(Daemon::at).map_err(|error: String| {
        Diagnostic::error(format!("GOLDENPATH_DAEMON can't be used: {error}"), "Correct it, or unset it.")
    })
}

// === schema ===

pub fn daemon() -> Attribute {
    let endpoint =
        required("endpoint", Type::String).parses::<Endpoint>().example("https://goldenpath.example:8443").describe(
            "Endpoint of the daemon: `unix://` and the absolute path of its socket, or `https://`, a host and a port.",
        );
    let text =
        |name, example: &str, what: &str| optional(name, Type::String).not_empty().example(example).describe(what);
    let attributes = [
        endpoint,
        text(
            "ca_certificate",
            "/etc/goldenpath/ca.pem",
            "Path of the authority that signed the daemon's certificate (PEM), instead of those that the system trusts.",
        ),
        text(
            "client_certificate",
            "/etc/goldenpath/tls.crt",
            "Path of the client's certificate (PEM). Needs `client_key`.",
        ),
        text("client_key", "/etc/goldenpath/tls.key", "Path of the key of `client_certificate` (PEM)."),
        text(
            "token",
            "eyJhbGciOiJSUzI1NiIsEXAMPLE",
            "Token that authenticates the client, from an OIDC issuer or a Kubernetes ServiceAccount. Environment \
             variable: `GOLDENPATH_DAEMON_TOKEN`.",
        )
        .sensitive(),
        text(
            "token_file",
            "/var/run/secrets/goldenpath/token",
            "Path of a file with the token. It is read again for each connection. Environment variable: \
             `GOLDENPATH_DAEMON_TOKEN_FILE`.",
        ),
    ];
    optional("daemon", object(attributes)).describe(
        "A provisioning daemon with its own target, credentials, catalogue and bounds. It finishes what it has \
         accepted, even if Terraform is killed; see the guide \"Provisioning daemon\". Over a unix socket, it serves \
         its own user; over TLS, every client with a certificate or token that matches its rules. `allow` can narrow \
         its bounds; `catalogue` can't be set. Environment variable: `GOLDENPATH_DAEMON`, with the endpoint.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_socket_by_its_whole_path_or_a_host() {
        let https = |host: &str, port| Some(Endpoint::Https { host: host.into(), port });
        for (text, expected, reason) in [
            ("unix:///run/gp/daemon.sock", Some(Endpoint::Unix("/run/gp/daemon.sock".into())), "the usual socket"),
            ("unix://run/daemon.sock", None, "a path that depends on the working folder"),
            ("unix:///", None, "no file"),
            ("unix:///run/gp/", None, "a folder"),
            ("/run/gp/daemon.sock", None, "no scheme"),
            ("https://daemon.example:8443", https("daemon.example", 8443), "a host and a port"),
            ("https://daemon.example", https("daemon.example", 443), "the usual port"),
            ("https://[::1]:8443", https("[::1]", 8443), "an address of IPv6"),
            ("https://[::1]", https("[::1]", 443), "the same with the usual port"),
            ("https://daemon.example:0", None, "no port"),
            ("https://daemon.example/path", None, "a path"),
            ("https://user@daemon.example", None, "a user"),
            ("http://daemon.example", None, "without TLS anybody on the way has the token"),
        ] {
            let parsed: Option<Endpoint> = text.parse().ok();
            assert_eq!(parsed, expected, "{reason}");
            assert!(parsed.is_none_or(|endpoint| endpoint.to_string() == text), "{reason}");
        }
    }

    #[test]
    fn a_client_that_contradicts_itself_is_refused_at_its_attribute() {
        let path = |text: &str| Some(PathBuf::from(text));
        let https = || Daemon::at("https://daemon.example".parse().unwrap());
        let unix = || Daemon::at("unix:///daemon.sock".parse().unwrap());
        let secret = || Some(Secret::new("t".to_owned()));
        for (daemon, is_shared, expected, reason) in [
            (Daemon { token_file: path("t"), ..https() }, false, "", "a token"),
            (Daemon { token_file: path("t"), token: secret(), ..https() }, false, "daemon.token", "two"),
            (Daemon { client_certificate: path("c"), ..https() }, false, "daemon.client_key", "half a pair"),
            (Daemon { client_key: path("k"), ..https() }, false, "daemon.client_certificate", "the other half"),
            (Daemon { ca_certificate: path("c"), ..unix() }, false, "daemon.ca_certificate", "no TLS there"),
            (Daemon { token_file: path("t"), ..unix() }, false, "", "a token means the same there"),
            (Daemon { token_file: path("t"), ..https() }, true, "daemon.token_file", "whose folder?"),
        ] {
            let found = daemon.check(is_shared).err().map(|error| error.path.to_string()).unwrap_or_default();
            assert_eq!(found, expected, "{reason}");
        }
        let environment = FromEnvironment { daemon_token: secret(), ..FromEnvironment::default() };
        assert_eq!(https().or(&environment).token, secret(), "where none is written");
        let written = Daemon { token_file: path("t"), ..https() }.or(&environment);
        assert_eq!((written.token, written.token_file), (None, path("t")), "what is written goes first");
    }
}
