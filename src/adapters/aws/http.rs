//! The connections of all clients to AWS: through the proxy that HTTPS_PROXY and NO_PROXY name, as every tool of AWS has them.

use super::ca_bundle;
use crate::proxy::NamedProxy;
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    connector_metadata::ConnectorMetadata,
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};
use http::Uri;

/// What stands for all services in NO_PROXY, in most partitions and in China.
const SERVICES: [&str; 2] = ["https://amazonaws.com", "https://amazonaws.com.cn"];

/// One for all services: each would read the certificates again.
pub(super) fn client() -> Result<SharedHttpClient, String> {
    client_through(settings(&NamedProxy::from_env())?)
}

/// Not the SDK's own look at the environment, which would send a proxy what a machine or a pod has its credentials from.
fn settings(named: &NamedProxy) -> Result<ProxyConfig, String> {
    let Some(url) = named.url() else { return Ok(ProxyConfig::disabled()) };
    let is_needed = || SERVICES.into_iter().all(|url| named.matcher().intercept(&Uri::from_static(url)).is_some());
    match ProxyConfig::https(url.as_str()) {
        Ok(proxy) => Ok(proxy.no_proxy(&named.no)),
        Err(_) if !is_needed() => Ok(ProxyConfig::disabled()),
        Err(error) => Err(format!(
            "the proxy in HTTPS_PROXY can't be used ({error}): set HTTPS_PROXY to one of http or https, or name amazonaws.com in NO_PROXY"
        )),
    }
}

/// A client with a TLS context of its own knows of no proxy unless it is given one: only the SDK's default one asks the environment.
fn client_through(proxy: ProxyConfig) -> Result<SharedHttpClient, String> {
    let trusted = match ca_bundle::load()? {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem),
        None => TrustStore::default(),
    };
    let tls = TlsContext::builder().with_trust_store(trusted).build().map_err(|error| error.to_string())?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone())
            .proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    });
    Ok(SharedHttpClient::new(AtFirstUse(client)))
}

/// The SDK's own client makes a connector, and parses all certificates for it, whenever a client of a service is built, only to
/// throw it away: so that what is slow is slow at the start. We have a client for each of three services, and more in the chain
/// of credentials. The one that is kept is made by the first request.
#[derive(Debug)]
struct AtFirstUse(SharedHttpClient);

impl HttpClient for AtFirstUse {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
    use aws_credential_types::Credentials;
    use tokio::{io::AsyncReadExt, net::TcpListener};

    fn proxy_of(variables: &[(&str, &str)]) -> NamedProxy {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        NamedProxy::of(|name| value(name).map(str::to_owned))
    }

    /// `None`: an error.
    #[test]
    fn only_a_proxy_for_https_is_taken() {
        let socks = ("HTTPS_PROXY", "socks5://anna:secret@proxy.test:1080");
        for (variables, has_proxy, reason) in [
            (&[][..], Some(false), "none is named"),
            (&[("HTTPS_PROXY", "proxy.test:3128")], Some(true), "as curl takes it"),
            (
                &[("HTTP_PROXY", "http://proxy.test:3128"), ("ALL_PROXY", "socks5://127.0.0.1:1080")],
                Some(false),
                "the agents of this machine are reached without one, and browsers have their own",
            ),
            (&[socks], None, "a protocol that can't be used"),
            (&[socks, ("NO_PROXY", ".amazonaws.com")], Some(false), "and need not be"),
            (&[socks, ("NO_PROXY", ".amazonaws.com.cn")], Some(false), "nor in China"),
        ] {
            let found = settings(&proxy_of(variables));
            assert_eq!(found.as_ref().ok().map(|proxy| !proxy.is_disabled()), has_proxy, "{reason}");
            let error = found.err().unwrap_or_default();
            assert!(error.is_empty() || error.contains("NO_PROXY") && !error.contains("secret"), "{reason}: {error}");
        }
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_the_way_to_aws() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", proxy.local_addr().expect("an address"));
        let client =
            client_through(settings(&proxy_of(&[("HTTPS_PROXY", url.as_str())])).expect("a URL")).expect("a client");
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(client)
            .build();
        let request = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send();
        let heard = async {
            let (mut connection, _) = proxy.accept().await.expect("a connection");
            let mut heard = [0; 64];
            let length = connection.read(&mut heard).await.expect("a request");
            String::from_utf8_lossy(&heard[..length]).into_owned()
        };
        // Whoever hears it hangs up, so that the request itself ends in an error.
        let (response, heard) = tokio::join!(request, heard);
        assert!(heard.starts_with("CONNECT sts.eu-west-1.amazonaws.com:443 "), "{heard}");
        assert!(response.is_err(), "nobody went on");
    }
}
