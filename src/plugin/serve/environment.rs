//! What the client wants, from environment variables, parsed once.

use super::address::{ListenAddress, Network};
use std::{ffi::OsString, ops::RangeInclusive, path::PathBuf};

/// go-plugin's cookie for Terraform: not a secret, only a way to distinguish a client from a human who tries the binary.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
pub(super) const PROTOCOL: u32 = 6;

/// Who has started the process.
#[derive(Debug)]
pub enum Launch {
    /// No client: waiting for one would look like a hang.
    NotAPlugin,
    Plugin(Environment),
}

#[derive(Debug)]
pub struct Environment {
    pub address: ListenAddress,
    /// PEM. Absent when the client's user has set `TF_DISABLE_PLUGIN_TLS`, and then the client speaks plaintext: its
    /// having sent none is all that counts, so that variable itself is not read here.
    pub(super) client_certificate: Option<String>,
    /// The client knows broker multiplexing, and expects a field about it in the line.
    pub(super) knows_multiplexing: bool,
    /// Empty: an ancient client that names none.
    pub(super) protocols: Vec<u32>,
}

impl Environment {
    pub(super) fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Launch {
        let text = |name: &str| var(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty());
        if text(COOKIE.0).as_deref() != Some(COOKIE.1) {
            return Launch::NotAPlugin;
        }
        let port = |name: &str| text(name).and_then(|value| value.parse::<u16>().ok());
        let ports: RangeInclusive<u16> = match (port("PLUGIN_MIN_PORT"), port("PLUGIN_MAX_PORT")) {
            (None, None) => 0..=0,
            (low, high) => low.unwrap_or(1024)..=high.unwrap_or(u16::MAX),
        };
        Launch::Plugin(Self {
            address: ListenAddress {
                network: Network::default(),
                ports,
                directory: var("PLUGIN_UNIX_SOCKET_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from),
                socket: None,
                group: text("PLUGIN_UNIX_SOCKET_GROUP"),
            },
            client_certificate: text("PLUGIN_CLIENT_CERT"),
            knows_multiplexing: text("PLUGIN_MULTIPLEX_GRPC").is_some(),
            protocols: text("PLUGIN_PROTOCOL_VERSIONS")
                .map(|list| list.split(',').filter_map(|version| version.trim().parse().ok()).collect())
                .unwrap_or_default(),
        })
    }

    /// A client that doesn't list 6 still gets the line with 6: it then says which versions it wants and which it got,
    /// where an early exit would show as "unrecognized remote plugin message".
    pub(super) fn warn_of_versions(&self) {
        if !self.protocols.is_empty() && !self.protocols.contains(&PROTOCOL) {
            tracing::warn!(offered = ?self.protocols, served = PROTOCOL, "The client speaks no protocol of this provider");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(vars: &[(&str, &str)]) -> Launch {
        Environment::from_vars(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()))
    }

    #[test]
    fn only_the_cookie_makes_a_plugin() {
        let cases = [
            ("a human starts the binary", vec![], false),
            ("another program's plugin", vec![(COOKIE.0, "hello")], false),
            ("an empty cookie", vec![(COOKIE.0, "")], false),
            ("Terraform or OpenTofu", vec![COOKIE], true),
        ];
        for (reason, vars, plugin) in cases {
            assert_eq!(matches!(parse(&vars), Launch::Plugin(_)), plugin, "{reason}");
        }
    }

    #[test]
    fn wishes_are_read() {
        let Launch::Plugin(environment) = parse(&[
            COOKIE,
            ("PLUGIN_PROTOCOL_VERSIONS", "6, 5"),
            ("PLUGIN_MIN_PORT", "10000"),
            ("PLUGIN_MAX_PORT", "25000"),
            ("PLUGIN_UNIX_SOCKET_DIR", "/run/x"),
            ("PLUGIN_UNIX_SOCKET_GROUP", "42"),
            ("PLUGIN_MULTIPLEX_GRPC", "true"),
            ("TF_DISABLE_PLUGIN_TLS", "1"),
        ]) else {
            panic!("the cookie is right")
        };
        assert_eq!(environment.protocols, [6, 5]);
        assert_eq!(environment.address.ports, 10000..=25000);
        assert_eq!(environment.address.directory.as_deref(), Some(std::path::Path::new("/run/x")));
        assert_eq!(environment.address.group.as_deref(), Some("42"));
        assert!(environment.knows_multiplexing);
        assert!(environment.client_certificate.is_none(), "no certificate means plaintext");
    }

    #[test]
    fn what_is_not_set_has_defaults() {
        let Launch::Plugin(environment) = parse(&[COOKIE, ("PLUGIN_UNIX_SOCKET_DIR", "")]) else {
            panic!("the cookie is right")
        };
        assert!(environment.protocols.is_empty());
        assert_eq!(environment.address.ports, 0..=0, "any port");
        assert!(environment.address.directory.is_none(), "empty is absent");
        assert!(!environment.knows_multiplexing);
    }
}
