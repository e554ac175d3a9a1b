//! The connections of all clients to AWS.

use super::ca_bundle;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    connector_metadata::ConnectorMetadata,
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};

/// One for all services: each would read the certificates again.
pub(super) fn client() -> Result<SharedHttpClient, String> {
    let trusted = match ca_bundle::load()? {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem),
        None => TrustStore::default(),
    };
    let tls = TlsContext::builder().with_trust_store(trusted).build();
    let client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls.map_err(|error| error.to_string())?)
        .build_https();
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
