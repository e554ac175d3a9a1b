//! The connections of all clients to AWS: through the proxy that HTTPS_PROXY and NO_PROXY name, as every tool of AWS has them.

use super::ca_bundle;
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

/// One for all services: each would read the certificates again.
pub(super) fn client() -> Result<SharedHttpClient, String> {
    client_through(ProxyConfig::from_env())
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

    #[tokio::test]
    async fn a_proxy_is_asked_for_the_way_to_aws() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", proxy.local_addr().expect("an address"));
        let client = client_through(ProxyConfig::all(url.as_str()).expect("a URL")).expect("a client");
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
