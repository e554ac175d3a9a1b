//! An authority, and an OIDC issuer that serves its keys over TLS on the loopback, made for one test. Used by the daemon's own tests too.

use http_body_util::Full;
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData, RevokedCertParams, SanType,
    SerialNumber, date_time_ymd,
};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// PEM.
#[derive(Clone)]
pub struct PemPair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test-ca");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn write(&self, path: &Path) -> PathBuf {
        fs::write(path, self.0.pem()).unwrap();
        path.to_owned()
    }

    pub fn server(&self, folder: &Path, name: &str) -> PemPair {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params, folder, name)
    }

    pub fn client(&self, folder: &Path, common_name: &str, uri: Option<&str>) -> PemPair {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.serial_number = Some(SerialNumber::from_slice(common_name.as_bytes()));
        params.subject_alt_names = uri.into_iter().map(|uri| SanType::URI(uri.try_into().unwrap())).collect();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params, folder, common_name)
    }

    /// Clients by their common names.
    pub fn revoke(&self, path: &Path, clients: &[&str]) -> PathBuf {
        let day = date_time_ymd(2026, 1, 1);
        let revoked = |name: &&str| RevokedCertParams {
            serial_number: SerialNumber::from_slice(name.as_bytes()),
            revocation_time: day,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: day,
            next_update: date_time_ymd(2999, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: clients.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        fs::write(path, list.signed_by(&self.0).unwrap().pem().unwrap()).unwrap();
        path.to_owned()
    }

    fn sign(&self, params: CertificateParams, folder: &Path, name: &str) -> PemPair {
        let key = KeyPair::generate().unwrap();
        let pair = PemPair { certificate: folder.join(format!("{name}.crt")), key: folder.join(format!("{name}.key")) };
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        fs::write(&pair.certificate, params.signed_by(&key, &self.0).unwrap().pem()).unwrap();
        pair
    }
}

/// Signs with one key at a time.
pub struct TestIssuer {
    pub url: String,
    key: Mutex<(String, KeyPair)>,
    served: Arc<Mutex<Value>>,
    requests: Arc<AtomicUsize>,
    is_down: Arc<Mutex<bool>>,
}

impl TestIssuer {
    pub async fn start(pair: &PemPair) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (served, requests) = (Arc::new(Mutex::new(json!({}))), Arc::new(AtomicUsize::new(0)));
        let is_down = Arc::new(Mutex::new(false));
        tokio::spawn(serve(listener, acceptor(pair), url.clone(), served.clone(), requests.clone(), is_down.clone()));
        let key = Mutex::new(("one".to_owned(), KeyPair::generate().unwrap()));
        let issuer = Self { url, key, served, requests, is_down };
        issuer.publish();
        issuer
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub fn rotate(&self, id: &str) {
        *self.key.lock().unwrap() = (id.to_owned(), KeyPair::generate().unwrap());
        self.publish();
    }

    pub fn go_down(&self) {
        *self.is_down.lock().unwrap() = true;
    }

    fn publish(&self) {
        let (id, key) = &*self.key.lock().unwrap();
        let mut jwk = Jwk::from_encoding_key(&signing(key), Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(id.clone());
        *self.served.lock().unwrap() = json!({ "keys": [{ "kty": "unheard-of" }, jwk] });
    }

    /// For the team `payments`, but for what `over` says.
    pub fn token(&self, over: Value) -> String {
        let (id, key) = &*self.key.lock().unwrap();
        let header = Header { kid: Some(id.clone()), ..Header::new(Algorithm::ES256) };
        encode(&header, &self.claims(over), &signing(key)).unwrap()
    }

    /// Signed with what everybody knows.
    pub fn token_signed_with_the_public_key(&self) -> String {
        let (id, key) = &*self.key.lock().unwrap();
        let header = Header { kid: Some(id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, &self.claims(json!({})), &EncodingKey::from_secret(key.der_bytes()).unwrap()).unwrap()
    }

    fn claims(&self, over: Value) -> Value {
        let mut claims = json!({
            "iss": self.url, "aud": "goldenpath", "sub": "repo:acme/payments:ref:refs/heads/main", "exp": now() + 600,
            "repository": "acme/payments", "ref": "refs/heads/main",
        });
        for (name, value) in over.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims
    }
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn signing(key: &KeyPair) -> EncodingKey {
    EncodingKey::from_ec_der(key.serialized_der())
}

fn acceptor(pair: &PemPair) -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(&pair.certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    url: String,
    served: Arc<Mutex<Value>>,
    requests: Arc<AtomicUsize>,
    is_down: Arc<Mutex<bool>>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        requests.fetch_add(1, Ordering::SeqCst);
        if *is_down.lock().unwrap() {
            continue;
        }
        let Ok(stream) = acceptor.accept(stream).await else { continue };
        let (url, served) = (url.clone(), served.clone());
        let respond = service_fn(move |request: Request<Incoming>| {
            let document = match request.uri().path() {
                "/.well-known/openid-configuration" => json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }),
                _ => served.lock().unwrap().clone(),
            };
            async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(document.to_string())))) }
        });
        tokio::spawn(async move { http1::Builder::new().serve_connection(TokioIo::new(stream), respond).await });
    }
}
