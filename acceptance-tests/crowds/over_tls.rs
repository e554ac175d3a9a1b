//! Ten thousand connections over TLS, by clients with certificates and by strangers: those that ask something, that only complete a handshake,
//! that end before or in the middle of it or are reset there, and some that never end theirs.

use super::footprint::Footprint;
use crate::{daemon::Daemon, issuer::Authority};
use acceptance_tests::block_on;
use anyhow::{Context as _, Result, anyhow, ensure};
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use goldenpath_core::provision::DaemonReports as _;
use goldenpath_daemon::{Address, Client, ClientOptions, Pair};
use std::{
    io::Write as _,
    net::{Ipv4Addr, TcpStream as StdStream},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, ClientConnection, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

pub const MANY: usize = 10_000;
/// Far fewer than a daemon lets in, so that those that never end hold nobody up.
const AT_ONCE: usize = 50;
const ENDLESS: usize = 200;

pub fn leave_nothing_behind() -> Result<()> {
    let crowd = Crowd::start()?;
    block_on(crowd.comes_and_goes(MANY / 5))?;
    let before = Footprint::of(crowd.daemon.id())?;
    let endless = (0..ENDLESS).map(|number| crowd.never_ends(number)).collect::<Result<Vec<_>>>()?;
    block_on(crowd.comes_and_goes(MANY))?;
    // The daemon ends those by itself.
    before.comes_back(&crowd.daemon)?;
    drop(endless);
    Ok(())
}

struct Crowd {
    daemon: Daemon,
    port: u16,
    ca: PathBuf,
    own: Pair,
    tls: Arc<ClientConfig>,
    /// The first message of a handshake. A server can't tell that it is always the same.
    hello: Vec<u8>,
}

// === impl Crowd ===

impl Crowd {
    fn start() -> Result<Self> {
        let (folder, authority) = (tempfile::Builder::new().prefix("gp").tempdir()?, Authority::new());
        let ca = authority.write(&folder.path().join("ca.pem"));
        authority.server(folder.path(), "daemon");
        let own = authority.client(folder.path(), "ci", None);
        let own = Pair { certificate: own.certificate, key: own.key };
        let config = format!(
            "listen:
  - tcp: 127.0.0.1:0
    tls: {{ certificate: daemon.crt, key: daemon.key, client_ca: ca.pem }}
journal: journal.db
target:
  sandbox: {{ path: {}/sandbox.db }}
callers:
  - {{ name: ci, when: {{ certificate: {{ common_name: ci }} }}, allow: {{}} }}
",
            folder.path().display()
        );
        let daemon = Daemon::in_folder(folder, &config, vec![])?;
        let port = daemon.https()?.rsplit_once(':').context("no port")?.1.parse()?;
        let tls = Arc::new(config_of(&ca, &own)?);
        let mut hello = vec![];
        ClientConnection::new(tls.clone(), name())?.write_tls(&mut hello)?;
        Ok(Self { daemon, port, ca, own, tls, hello })
    }

    async fn comes_and_goes(&self, count: usize) -> Result<()> {
        iter(0..count).map(Ok).try_for_each_concurrent(AT_ONCE, |number| self.visit(number)).await
    }

    async fn visit(&self, number: usize) -> Result<()> {
        match number % 10 {
            0 => {
                let status = self.client().status().await.map_err(|problem| anyhow!("{problem}"))?;
                ensure!(status.running_operations == 0, "{status:?}");
            }
            1 | 2 => drop(TlsConnector::from(self.tls.clone()).connect(name(), self.connect().await?).await?),
            3..=5 => drop(self.connect().await?),
            6 | 7 => self.connect().await?.write_all(&self.hello[..self.hello.len() / 2]).await?,
            _ => {
                let mut stream = self.connect().await?;
                stream.write_all(&self.hello).await?;
                // The kernel resets a connection that is closed with something left to read.
                stream.readable().await?;
            }
        }
        Ok(())
    }

    /// In the middle of its handshake, or before it.
    fn never_ends(&self, number: usize) -> Result<StdStream> {
        let mut stream = StdStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.write_all(&self.hello[..(number % 2) * self.hello.len() / 2])?;
        Ok(stream)
    }

    async fn connect(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?)
    }

    fn client(&self) -> Client {
        let (host, ca, own) = (Ipv4Addr::LOCALHOST.to_string(), Some(self.ca.clone()), Some(self.own.clone()));
        let address = Address::Https { host, port: self.port, ca, own };
        Client::new(ClientOptions { address, endpoint: String::new(), token: None }, &[])
    }
}

fn name() -> ServerName<'static> {
    ServerName::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST))
}

fn config_of(ca: &Path, own: &Pair) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions()?.with_root_certificates(roots);
    let chain = vec![CertificateDer::from_pem_file(&own.certificate)?];
    let mut config = config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(&own.key)?)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
