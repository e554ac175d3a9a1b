//! Connections to the database: with the password as its file holds it now, over TLS where the address says so.

use super::settings::{Postgres, session};
use crate::error::JournalError;
use deadpool_postgres::Connect;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{fs, path::Path, pin::Pin, sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{Client, Config, Error, Socket, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Each piece of work takes milliseconds. Within the time that a claim holds a silent server is found out.
pub const LONGEST: Duration = Duration::from_secs(if cfg!(test) { 60 } else { 5 });

pub type Connection = tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

#[derive(Clone)]
pub struct Connector {
    postgres: Postgres,
    tls: MakeRustlsConnect,
}

// === impl Connector ===

impl Connector {
    pub fn new(postgres: &Postgres) -> Result<Self, JournalError> {
        postgres.check()?;
        let tls = MakeRustlsConnect::new(tls(postgres)?);
        Ok(Self { postgres: postgres.clone(), tls })
    }

    pub fn place(&self) -> String {
        self.postgres.place()
    }

    /// A password that is changed in its file counts from the next connection on.
    pub fn config(&self) -> Config {
        let mut config = self.postgres.config().clone();
        if let Some(path) = self.postgres.password_file() {
            match fs::read_to_string(path) {
                Ok(password) => drop(config.password(password.trim_end_matches(['\r', '\n']))),
                Err(error) => tracing::warn!(%error, path = %path.display(), "The password can't be read"),
            }
        }
        config
    }

    pub async fn open(&self) -> Result<(Client, Connection), Error> {
        self.config().connect(self.tls.clone()).await
    }

    /// One that is no part of a pool. It ends when it is dropped.
    pub async fn client(&self) -> Result<Client, JournalError> {
        let away = |error| JournalError::Away { place: self.place(), source: Box::new(error) };
        Ok(self.session().await.map_err(away)?.0)
    }

    async fn session(&self) -> Result<(Client, JoinHandle<()>), Error> {
        let (client, connection) = self.open().await?;
        let running = tokio::spawn(async {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection to the store ended");
            }
        });
        client.batch_execute(&session(LONGEST)).await?;
        Ok((client, running))
    }
}

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(self.session())
    }
}

/// What takes longer has failed.
pub async fn within<T>(place: String, work: impl Future<Output = Result<T, JournalError>>) -> Result<T, JournalError> {
    within_limit(LONGEST, place, work).await
}

pub async fn within_limit<T>(
    longest: Duration,
    place: String,
    work: impl Future<Output = Result<T, JournalError>>,
) -> Result<T, JournalError> {
    timeout(longest, work).await.unwrap_or(Err(JournalError::Silent { place, longest }))
}

/// Always with a look at the server's certificate and name, whatever the address says about that.
fn tls(postgres: &Postgres) -> Result<ClientConfig, JournalError> {
    let mut roots = RootCertStore::empty();
    match postgres.ca_file() {
        Some(path) => read_authorities(path, &mut roots)?,
        None if postgres.needs_tls() => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        None => {}
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder =
        builder.with_safe_default_protocol_versions().map_err(|error| JournalError::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn read_authorities(path: &Path, roots: &mut RootCertStore) -> Result<(), JournalError> {
    let failed = |why: String| JournalError::Tls(format!("{}: {why}", path.display()));
    let found = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() { Err(failed("there is no certificate in it".to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::server;

    #[tokio::test]
    async fn a_server_notices_a_daemon_that_is_gone_as_soon_as_a_daemon_notices_the_server() {
        let Some(server) = server() else { return };
        let postgres = Postgres::new(&server.database("journal").unwrap(), None, None).unwrap();
        let client = Connector::new(&postgres).unwrap().client().await.unwrap();
        for (setting, expected, reason) in [
            ("tcp_keepalives_idle", "6", "a machine that is gone says nothing"),
            ("tcp_keepalives_interval", "4", "it is asked"),
            ("tcp_keepalives_count", "2", "twice"),
            ("statement_timeout", "1min", "what nobody waits for any more"),
            ("idle_in_transaction_session_timeout", "1min", "what is not gone on with holds locks"),
        ] {
            let row = client.query_one("SELECT current_setting($1)", &[&setting]).await.unwrap();
            assert_eq!(row.get::<_, &str>(0), expected, "{reason}");
        }
    }
}
