//! Which database, as whom. Its address can be shown: there is no password in it.

use crate::error::JournalError;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// A server that does not respond is noticed by then: within the time that a claim holds.
const CONNECT: Duration = Duration::from_secs(4);
const SILENCE: Duration = Duration::from_secs(6);
const SILENT_PROBES: u32 = 2;

#[derive(Clone, Debug)]
pub struct Postgres {
    config: Config,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

// === impl Postgres ===

impl Postgres {
    /// `ca_file`: who signs the server's certificate (PEM), in place of the system's authorities.
    pub fn new(address: &str, password_file: Option<PathBuf>, ca_file: Option<PathBuf>) -> Result<Self, JournalError> {
        let refused = |why: String| Err(JournalError::Address { why });
        if !["postgres://", "postgresql://"].iter().any(|scheme| address.starts_with(scheme)) {
            return refused("it is not of the form `postgres://user@host/database`".to_owned());
        }
        let mut config: Config = match address.parse() {
            Ok(config) => config,
            Err(error) => return refused(crate::error::in_one_line(&error)),
        };
        if config.get_password().is_some() {
            return refused(
                "it contains a password; write the password to a file, and name that in `password_file`".to_owned(),
            );
        }
        if config.get_hosts().is_empty() {
            return refused("it names no host".to_owned());
        }
        if config.get_user().is_none() {
            return refused("it names no user".to_owned());
        }
        // Without TLS only where nobody is on the way, or where the address says so.
        if config.get_ssl_mode() == SslMode::Prefer && config.get_hosts().iter().any(|host| !is_local(host)) {
            config.ssl_mode(SslMode::Require);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config.keepalives_idle(SILENCE).keepalives_interval(CONNECT).keepalives_retries(SILENT_PROBES);
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("goldenpath-daemon");
        }
        Ok(Self { config, password_file, ca_file })
    }

    /// Of the server and the database, for messages.
    pub fn place(&self) -> String {
        let hosts: Vec<String> = self.config.get_hosts().iter().map(display).collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().or(self.config.get_user()).unwrap_or_default())
    }

    /// Whether its files can be read. Connects to nothing.
    pub fn check(&self) -> Result<(), JournalError> {
        for path in self.password_file.iter().chain(&self.ca_file) {
            fs::read(path).map_err(|source| JournalError::Unreadable { path: path.clone(), source })?;
        }
        Ok(())
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn password_file(&self) -> Option<&Path> {
        self.password_file.as_deref()
    }

    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    pub(super) fn needs_tls(&self) -> bool {
        let is_remote = |host: &Host| matches!(host, Host::Tcp(_));
        self.config.get_ssl_mode() != SslMode::Disable && self.config.get_hosts().iter().any(is_remote)
    }
}

/// What the server is to do on a connection. A machine that is gone it would by default notice after two hours, and its daemon would lead
/// and hold its locks until then. What nobody waits for any more ends there as well, or whoever has the connection next would wait
/// behind it.
pub(super) fn session(longest: Duration) -> String {
    let (idle, interval, longest) = (SILENCE.as_secs(), CONNECT.as_secs(), longest.as_millis());
    format!(
        "SET tcp_keepalives_idle = {idle}; SET tcp_keepalives_interval = {interval}; SET tcp_keepalives_count = {SILENT_PROBES}; \
         SET statement_timeout = {longest}; SET idle_in_transaction_session_timeout = {longest}"
    )
}

fn display(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_no_password_and_a_server_elsewhere_needs_tls() {
        for (address, expected, reason) in [
            ("postgres://gp@db.internal/gp", Ok(SslMode::Require), "elsewhere"),
            (
                "postgresql://gp@db.internal:5433,db2.internal/gp?target_session_attrs=read-write",
                Ok(SslMode::Require),
                "two hosts",
            ),
            ("postgres://gp@127.0.0.1/gp", Ok(SslMode::Prefer), "on this machine"),
            ("postgres://gp@%2Frun%2Fpostgresql/gp", Ok(SslMode::Prefer), "a socket"),
            ("postgres://gp@db.internal/gp?sslmode=disable", Ok(SslMode::Disable), "as it says"),
            ("postgres://gp:secret@db.internal/gp", Err("it contains a password"), "a password"),
            ("postgres://db.internal/gp?password=secret&user=gp", Err("it contains a password"), "as a parameter"),
            ("postgres://db.internal/gp", Err("names no user"), "no user"),
            ("postgres://gp@db.internal/gp?sslmod=disable", Err("sslmod"), "a misspelt parameter"),
            ("host=db.internal user=gp", Err("it is not of the form `postgres://"), "another form"),
        ] {
            let found = Postgres::new(address, None, None);
            match (found, expected) {
                (Ok(found), Ok(mode)) => assert_eq!(found.config.get_ssl_mode(), mode, "{reason}"),
                (Err(error), Err(words)) => {
                    let error = crate::error::in_one_line(&error);
                    assert!(error.contains(words) && !error.contains("secret"), "{reason}: {error}");
                }
                (found, _) => panic!("{reason}: {found:?}"),
            }
        }
    }
}
