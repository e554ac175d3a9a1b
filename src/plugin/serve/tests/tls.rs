//! The client that started us gets in, over either version of TLS. Nobody else does.

use super::harness::{Clients, Server, channel, create};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P521_SHA512,
};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName},
    version::{TLS12, TLS13},
};
use std::{io, sync::Arc};
use tfplugin_proto::tfplugin6::{get_metadata, provider_client::ProviderClient};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
    key: KeyPair,
}

/// As go-plugin makes it: P-521, self-signed, and marked as an authority.
fn go_plugin_certificate() -> Certificate {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).expect("a key");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::KeyAgreement,
        KeyUsagePurpose::KeyCertSign,
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(&key).expect("a certificate");
    Certificate { pem: certificate.pem(), der: certificate.der().clone(), key }
}

/// Trusts the one certificate of the handshake line, as go-plugin's client does.
async fn connect(
    server: &Server,
    version: &'static SupportedProtocolVersion,
    identity: Option<&Certificate>,
) -> io::Result<TlsStream<UnixStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(server.certificate.clone().expect("the server speaks TLS")).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(Certificate { der, key, .. }) => {
            let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
            config.with_client_auth_cert(vec![der.clone()], key).expect("a key")
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, server.stream().await?).await
}

/// In TLS 1.3 a client is done before the server has judged it, so only a call with a response is being let in.
async fn is_accepted(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> bool {
    let Ok(channel) = channel(stream).await else {
        return false;
    };
    ProviderClient::new(channel).get_metadata(get_metadata::Request {}).await.is_ok()
}

#[tokio::test]
async fn the_client_that_started_us_gets_in() {
    let client = go_plugin_certificate();
    for (reason, version) in [("TLS 1.2", &TLS12), ("TLS 1.3", &TLS13)] {
        let server = Server::start(Clients::One, Some(&client.pem)).await;
        let stream = connect(&server, version, Some(&client)).await.expect(reason);
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "{reason}: grpc-go insists on it");
        let mut client = ProviderClient::new(channel(stream).await.expect(reason));
        assert!(create(&mut client, "x").await.diagnostics.is_empty(), "{reason}");
    }
}

#[tokio::test]
async fn a_stranger_is_refused() {
    let (client, stranger) = (go_plugin_certificate(), go_plugin_certificate());
    let server = Server::start(Clients::One, Some(&client.pem)).await;
    for (version, protocol) in [("TLS 1.2", &TLS12), ("TLS 1.3", &TLS13)] {
        for (reason, identity) in [("no certificate", None), ("one like it, of another key", Some(&stranger))] {
            let accepted = match connect(&server, protocol, identity).await {
                Ok(stream) => is_accepted(stream).await,
                Err(_) => false,
            };
            assert!(!accepted, "{version}: {reason}");
        }
    }
    assert!(!is_accepted(server.stream().await.expect("the socket is there")).await, "plaintext");
    let stream = connect(&server, &TLS13, Some(&client)).await.expect("a handshake");
    assert!(is_accepted(stream).await, "the right one still gets in");
}

#[test]
fn a_certificate_that_is_none_is_an_error() {
    use crate::serve::{TlsError, tls::Identity};
    assert!(matches!(Identity::for_client("nonsense"), Err(TlsError::ClientCertificate(_))));
}
