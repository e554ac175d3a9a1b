//! Connecting to a cluster: endpoint and CA as EKS reports them, with a token of our own making or what a kubeconfig holds.
//!
//! A kubeconfig is accepted only if it names the same API server and the same CA as EKS does: a context that points elsewhere would
//! put one cluster's environment into another, and another CA would send our credentials to a stranger.

use super::{
    api_error::NO_CREDENTIALS,
    call::Connection,
    credentials::{Credentials, Endpoint, Kubeconfig},
    proxy::{has_own_proxy, proxy_to},
};
use crate::{
    errors::{chain, invalid},
    proxy::NamedProxy,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use goldenpath_core::{
    domain::{Class, ClusterArn},
    ports::PortError,
};
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig as File, KubeconfigError};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
    time::Duration,
};

const CALL: &str = "connect";
/// An endpoint that is not there fails soon; within a region a connection takes milliseconds.
const CONNECT: Duration = Duration::from_secs(10);
const READ: Duration = Duration::from_secs(60);

pub(super) async fn open(
    cluster: &ClusterArn,
    endpoint: &Endpoint,
    credentials: &Credentials,
) -> Result<Connection, PortError> {
    let environment = &NamedProxy::from_env().matcher();
    let (mut config, tokens) = match credentials {
        Credentials::Kubeconfig(kubeconfig) => {
            (from_kubeconfig(cluster, endpoint, kubeconfig, environment).await?, None)
        }
        Credentials::Tokens(tokens) => (from_endpoint(cluster, endpoint, environment)?, Some(tokens.clone())),
    };
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(READ);
    config.reset_reader_on_write = true;
    // What is retried, and how often, is for the engine to decide.
    config.default_retry = false;
    // An exec plugin runs here, and may take its time.
    let client = tokio::task::spawn_blocking(|| kube::Client::try_from(config)).await;
    let client = client
        .map_err(|error| wrong(format!("{cluster}: {error}")))?
        .map_err(|error| opening_error(cluster, &error))?;
    Ok(Connection { cluster: cluster.clone(), client, tokens, discovered: Default::default() })
}

fn opening_error(cluster: &ClusterArn, error: &kube::Error) -> PortError {
    let (class, next) = match error {
        kube::Error::Auth(_) => (Class::Denied, Some(NO_CREDENTIALS.to_owned())),
        _ => (Class::Invalid, None),
    };
    PortError { next, ..PortError::new(class, CALL, format!("{cluster}: {}", chain(error))) }
}

fn from_endpoint(cluster: &ClusterArn, endpoint: &Endpoint, environment: &Matcher) -> Result<Config, PortError> {
    let url = endpoint.url.parse();
    let url =
        url.map_err(|error| wrong(format!("{cluster}: its endpoint {:?} is not a URL: {error}", endpoint.url)))?;
    let mut config = Config::new(url);
    config.root_cert = Some(certificates(cluster, &endpoint.ca_data)?.into_iter().collect());
    config.auth_info = AuthInfo::default();
    config.proxy_url = proxy(cluster, &config, environment)?;
    Ok(config)
}

async fn from_kubeconfig(
    cluster: &ClusterArn,
    endpoint: &Endpoint,
    given: &Kubeconfig,
    environment: &Matcher,
) -> Result<Config, PortError> {
    let unusable = |error: KubeconfigError| wrong(format!("the kubeconfig can't be used: {}", chain(&error)));
    let file = match &given.path {
        Some(path) => File::read_from(in_home(path, env::home_dir())),
        None => File::read(),
    }
    .map_err(unusable)?;
    let options = KubeConfigOptions { context: given.context.clone(), ..KubeConfigOptions::default() };
    let context = given.context.clone().or_else(|| file.current_context.clone());
    let has_own_proxy = has_own_proxy(&file, context.as_deref());
    let mut config = Config::from_custom_kubeconfig(file, &options).await.map_err(unusable)?;
    if !has_own_proxy {
        config.proxy_url = proxy(cluster, &config, environment)?;
    }
    if !given.is_proxied {
        let context = context.unwrap_or_default();
        check_same_cluster(cluster, endpoint, &config).map_err(|message| {
            wrong(format!(
                "context {context:?} of the kubeconfig is not {cluster}: {message}. Choose another context, or set `proxied` if it \
                 goes through a proxy"
            ))
        })?;
    }
    Ok(config)
}

fn proxy(cluster: &ClusterArn, config: &Config, environment: &Matcher) -> Result<Option<http::Uri>, PortError> {
    proxy_to(&config.cluster_url, environment).map_err(|message| wrong(format!("{cluster}: {message}")))
}

/// A shell expands `~`; what a configuration says comes here as it is written.
fn in_home(path: &Path, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn check_same_cluster(cluster: &ClusterArn, endpoint: &Endpoint, config: &Config) -> Result<(), String> {
    if config.accept_invalid_certs {
        return Err("it skips verification of the server's certificate (insecure-skip-tls-verify)".to_owned());
    }
    let (theirs, ours) = (config.cluster_url.to_string(), &endpoint.url);
    if plain(&theirs) != plain(ours) {
        return Err(format!("its server is {theirs}, and EKS reports {ours}"));
    }
    let known = certificates(cluster, &endpoint.ca_data).map_err(|error| error.message)?;
    let given: BTreeSet<Vec<u8>> = config.root_cert.clone().unwrap_or_default().into_iter().collect();
    if given == known { Ok(()) } else { Err("its certificate authority is not the one that EKS reports".to_owned()) }
}

/// A URL as it is compared: without regard to case, to the port that https means, or to a slash at the end.
fn plain(url: &str) -> String {
    let url = url.trim_end_matches('/').to_lowercase();
    url.strip_suffix(":443").unwrap_or(&url).to_owned()
}

/// The DER of each certificate of a bundle: two bundles are the same when they trust the same.
fn certificates(cluster: &ClusterArn, data: &str) -> Result<BTreeSet<Vec<u8>>, PortError> {
    let failed = |what: &str| wrong(format!("{cluster}: its certificate authority {what}"));
    let pem = STANDARD.decode(data.trim()).map_err(|_| failed("is not base64"))?;
    let found: Result<BTreeSet<_>, _> =
        CertificateDer::pem_slice_iter(&pem).map(|certificate| certificate.map(|der| der.to_vec())).collect();
    let found = found.map_err(|_| failed("is not PEM"))?;
    if found.is_empty() {
        return Err(failed("holds no certificate"));
    }
    Ok(found)
}

fn wrong(message: String) -> PortError {
    invalid(CALL, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_is_found_in_the_home() {
        for (path, home, expected, reason) in [
            ("~/.kube/config", Some("/h"), "/h/.kube/config", "as people write it"),
            ("/etc/kubeconfig", Some("/h"), "/etc/kubeconfig", "an absolute path"),
            ("kube/config", Some("/h"), "kube/config", "a path in the working folder"),
            ("~anna/config", Some("/h"), "~anna/config", "somebody else's home is not looked up"),
            ("~/.kube/config", None, "~/.kube/config", "nobody's home"),
        ] {
            assert_eq!(in_home(Path::new(path), home.map(PathBuf::from)), Path::new(expected), "{reason}");
        }
    }

    /// NO_PROXY names servers that are reached without it; a kubeconfig may name a proxy of its own.
    #[tokio::test]
    async fn both_ways_in_take_the_proxy_of_the_environment() {
        let cluster: ClusterArn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        let signed = rcgen::generate_simple_self_signed(["eks.test".to_owned()]).expect("a certificate");
        let endpoint =
            Endpoint { url: "https://eks.test".to_owned(), ca_data: STANDARD.encode(signed.cert.pem().as_bytes()) };
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = |proxy: &str| {
            let path = folder.path().join("config");
            let text = format!(
                "clusters: [{{name: c, cluster: {{server: 'https://eks.test'{proxy}}}}}]\n\
                 contexts: [{{name: x, context: {{cluster: c}}}}]\ncurrent-context: x\n"
            );
            std::fs::write(&path, text).expect("a kubeconfig");
            Kubeconfig { path: Some(path), context: None, is_proxied: true }
        };
        for (no, expected, reason) in
            [("", Some("http://proxy.test:3128/"), "through it"), ("eks.test", None, "a private endpoint")]
        {
            let environment = &Matcher::builder().https("http://proxy.test:3128").no(no).build();
            let found = |config: &Config| config.proxy_url.as_ref().map(ToString::to_string);
            let config = from_endpoint(&cluster, &endpoint, environment).expect(reason);
            assert_eq!(found(&config).as_deref(), expected, "{reason}, by EKS");
            let config = from_kubeconfig(&cluster, &endpoint, &kubeconfig(""), environment).await.expect(reason);
            assert_eq!(found(&config).as_deref(), expected, "{reason}, by a kubeconfig");
            let own = kubeconfig(", proxy-url: 'http://own.test:1'");
            let config = from_kubeconfig(&cluster, &endpoint, &own, environment).await.expect(reason);
            assert_eq!(found(&config).as_deref(), Some("http://own.test:1/"), "{reason}, by a kubeconfig with its own");
        }
    }
}
