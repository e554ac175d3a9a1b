//! `listen`: one endpoint or several, and what TCP needs beside its address.

use super::parts::{at, file, read};
use crate::resources::provider_config::Endpoint;
use anyhow::{bail, ensure};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value as Json;
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenOn {
    Unix(PathBuf),
    Tcp { address: SocketAddr, tls: TlsOn },
}

/// PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOn {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub client_ca: Option<PathBuf>,
    pub client_crl: Option<PathBuf>,
}

/// TCP with TLS.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenTcp {
    /// Address and port, such as `0.0.0.0:8443`.
    tcp: SocketAddr,
    /// PEM files. They are read again when they have changed, and hold for new connections.
    #[schemars(required)]
    tls: Option<WrittenTls>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WrittenTls {
    /// The daemon's certificate.
    certificate: PathBuf,
    /// Key of that certificate.
    key: PathBuf,
    /// Authority that signs the certificates of clients. Without it a client needs a token.
    client_ca: Option<PathBuf>,
    /// Revocation lists of that authority.
    client_crl: Option<PathBuf>,
}

// === impl ListenOn ===

impl ListenOn {
    pub fn is_tcp(&self) -> bool {
        matches!(self, Self::Tcp { .. })
    }

    pub fn has_client_ca(&self) -> bool {
        matches!(self, Self::Tcp { tls, .. } if tls.client_ca.is_some())
    }
}

impl fmt::Display for ListenOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { address, .. } => write!(f, "https://{address}"),
        }
    }
}

pub fn listen(written: &Json, folder: &Path, has_tokens: bool) -> anyhow::Result<Vec<ListenOn>> {
    let listen: Vec<ListenOn> = match written {
        Json::Array(entries) => {
            ensure!(!entries.is_empty(), "listen: name at least one endpoint");
            let each = entries.iter().enumerate();
            each.map(|(index, entry)| one(&at("listen", index), entry, folder, has_tokens)).collect::<Result<_, _>>()?
        }
        entry => vec![one("listen", entry, folder, has_tokens)?],
    };
    Ok(listen)
}

/// Of a text, an object, or a list of both.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    let unix = json_schema!({
        "type": "string", "pattern": "^unix:///", "description": "`unix://` and the absolute path of a socket.",
    });
    let tcp = generator.subschema_for::<WrittenTcp>();
    json_schema!({ "anyOf": [unix, tcp, { "type": "array", "minItems": 1, "items": { "anyOf": [unix, tcp] } }] })
}

fn one(place: &str, written: &Json, folder: &Path, has_tokens: bool) -> anyhow::Result<ListenOn> {
    if written.is_string() {
        let endpoint: Endpoint = read(place, written)?;
        let Endpoint::Unix(path) = endpoint else {
            bail!(
                "{place}: TCP needs TLS; write `{{ tcp: \"<address>:<port>\", tls: {{ certificate: <file>, key: <file> }} }}`"
            );
        };
        return Ok(ListenOn::Unix(path));
    }
    let WrittenTcp { tcp: address, tls } = read(place, written)?;
    let Some(WrittenTls { certificate, key, client_ca, client_crl }) = tls else {
        bail!(
            "{place}.tls: TCP needs TLS, or anybody on the way could read and change requests; set `certificate` and `key`"
        );
    };
    ensure!(
        client_ca.is_some() || has_tokens,
        "{place}.tls: nothing says who a client is; set `client_ca` here, or `tokens`"
    );
    ensure!(
        client_ca.is_some() || client_crl.is_none(),
        "{place}.tls.client_crl: set `client_ca`, whose certificates it revokes"
    );
    let [client_ca, client_crl] = [client_ca, client_crl].map(|path| path.map(|path| file(folder, &path)));
    let tls = TlsOn { certificate: file(folder, &certificate), key: file(folder, &key), client_ca, client_crl };
    Ok(ListenOn::Tcp { address, tls })
}
