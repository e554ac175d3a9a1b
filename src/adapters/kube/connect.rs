//! How a cluster is reached: endpoint and CA as EKS tells them, with a token of our own making or what a kubeconfig holds.
//!
//! A kubeconfig is taken only if it means the same API server by the same CA as EKS does: a context that points elsewhere would
//! put one cluster's environment into another, and a CA of somebody else's would hand our credentials to it.

use super::{
    call::Connection,
    refused::{chain, invalid},
};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use goldenpath_core::{
    domain::{Class, ClusterArn},
    ports::PortError,
};
use kube::config::{AuthInfo, Config, KubeConfigOptions};
use std::{collections::BTreeSet, fmt, path::PathBuf, sync::Arc, time::Duration};

/// DescribeCluster's `endpoint` and `certificateAuthority.data`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub url: String,
    /// PEM in base64, as EKS and kubeconfigs write it.
    pub ca_data: String,
}

/// Where a cluster's API server is.
#[async_trait]
pub trait EndpointSource: Send + Sync {
    async fn endpoint(&self, cluster: &ClusterArn) -> Result<Endpoint, PortError>;
}

/// Makes bearer tokens; keeps them for as long as they hold.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Asked before every request. With `renew` the last one was refused: a new one, whatever its time.
    async fn token(&self, cluster: &ClusterArn, renew: bool) -> Result<Token, PortError>;
}

/// A secret that cannot be printed.
#[derive(Clone)]
pub struct Token(String);

#[derive(Clone)]
pub enum Credentials {
    Kubeconfig(Kubeconfig),
    Tokens(Arc<dyn TokenSource>),
}

#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    /// `None`: KUBECONFIG, else `~/.kube/config`, as kubectl has it.
    pub path: Option<PathBuf>,
    /// `None`: its current context.
    pub context: Option<String>,
    /// For a proxy or bastion in between: its server and CA need not be those of EKS.
    pub is_proxied: bool,
}

const CALL: &str = "connect";
/// What is not there is told soon; within a region a connection takes milliseconds.
const CONNECT: Duration = Duration::from_secs(10);
const READ: Duration = Duration::from_secs(60);

// === impl Token ===

impl Token {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For a header, and for nothing that is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(...)")
    }
}

// === Opening ===

pub(super) async fn open(
    cluster: &ClusterArn,
    endpoint: &Endpoint,
    credentials: &Credentials,
) -> Result<Connection, PortError> {
    let (mut config, tokens) = match credentials {
        Credentials::Kubeconfig(kubeconfig) => (of_kubeconfig(cluster, endpoint, kubeconfig).await?, None),
        Credentials::Tokens(tokens) => (of_endpoint(cluster, endpoint)?, Some(tokens.clone())),
    };
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(READ);
    config.reset_reader_on_write = true;
    // What is tried again, and how often, is the engine's to say.
    config.default_retry = false;
    // An exec plugin runs here, and may take its time.
    let client = tokio::task::spawn_blocking(|| kube::Client::try_from(config)).await;
    let client = client
        .map_err(|error| wrong(format!("{cluster}: {error}")))?
        .map_err(|error| PortError::new(class_of(&error), CALL, format!("{cluster}: {}", chain(&error))))?;
    Ok(Connection { cluster: cluster.clone(), client, tokens, discovered: Default::default() })
}

fn class_of(error: &kube::Error) -> Class {
    if matches!(error, kube::Error::Auth(_)) { Class::Denied } else { Class::Invalid }
}

fn of_endpoint(cluster: &ClusterArn, endpoint: &Endpoint) -> Result<Config, PortError> {
    let url = endpoint.url.parse();
    let url = url.map_err(|error| wrong(format!("{cluster}: its endpoint {:?} is no URL: {error}", endpoint.url)))?;
    let mut config = Config::new(url);
    config.root_cert = Some(certificates(cluster, &endpoint.ca_data)?.into_iter().collect());
    config.auth_info = AuthInfo::default();
    Ok(config)
}

async fn of_kubeconfig(cluster: &ClusterArn, endpoint: &Endpoint, given: &Kubeconfig) -> Result<Config, PortError> {
    use kube::config::Kubeconfig as File;
    let unreadable =
        |error: kube::config::KubeconfigError| wrong(format!("the kubeconfig cannot be used: {}", chain(&error)));
    let file = match &given.path {
        Some(path) => File::read_from(path),
        None => File::read(),
    }
    .map_err(unreadable)?;
    let options = KubeConfigOptions { context: given.context.clone(), ..KubeConfigOptions::default() };
    let context = given.context.clone().or_else(|| file.current_context.clone());
    let config = Config::from_custom_kubeconfig(file, &options).await.map_err(unreadable)?;
    if !given.is_proxied {
        let context = context.unwrap_or_default();
        is_the_same(cluster, endpoint, &config).map_err(|message| {
            wrong(format!(
                "context {context:?} of the kubeconfig is not {cluster}: {message}. Choose another context, or say that it leads \
                 there through a proxy"
            ))
        })?;
    }
    Ok(config)
}

fn is_the_same(cluster: &ClusterArn, endpoint: &Endpoint, config: &Config) -> Result<(), String> {
    if config.accept_invalid_certs {
        return Err("it does not check the server's certificate (insecure-skip-tls-verify)".to_owned());
    }
    let (theirs, ours) = (config.cluster_url.to_string(), &endpoint.url);
    if plain(&theirs) != plain(ours) {
        return Err(format!("its server is {theirs} and EKS says {ours}"));
    }
    let known = certificates(cluster, &endpoint.ca_data).map_err(|error| error.message)?;
    let given: BTreeSet<Vec<u8>> = config.root_cert.clone().unwrap_or_default().into_iter().collect();
    if given == known { Ok(()) } else { Err("its certificate authority is not the one that EKS names".to_owned()) }
}

/// A URL as it is compared: without regard to case, to the port that https means, or to a slash at the end.
fn plain(url: &str) -> String {
    let url = url.trim_end_matches('/').to_lowercase();
    url.strip_suffix(":443").unwrap_or(&url).to_owned()
}

/// The DER of each certificate of a bundle: two bundles are the same when they trust the same.
fn certificates(cluster: &ClusterArn, data: &str) -> Result<BTreeSet<Vec<u8>>, PortError> {
    let broken = |what: &str| wrong(format!("{cluster}: its certificate authority {what}"));
    let pem = STANDARD.decode(data.trim()).map_err(|_| broken("is not base64"))?;
    let pem = String::from_utf8(pem).map_err(|_| broken("is not PEM"))?;
    let mut found = BTreeSet::new();
    for block in pem.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let body = block.split("-----END CERTIFICATE-----").next().unwrap_or_default();
        let body: String = body.split_whitespace().collect();
        found.insert(STANDARD.decode(body).map_err(|_| broken("is not PEM"))?);
    }
    if found.is_empty() {
        return Err(broken("holds no certificate"));
    }
    Ok(found)
}

fn wrong(message: String) -> PortError {
    invalid(CALL, &message).into()
}
