//! Callers over TLS on the loopback: certificates and tokens, the rules that they meet, and what time does to them.

use super::{
    harness::{DaemonFixture, LONG, RunningDaemon, ensure_of, until},
    issuer::{Authority, PemPair, TestIssuer, now},
};
use crate::{
    Address, Client, ClientOptions, EntryKind, LedgerEntry, Listen, OidcIssuer, Pair, TlsFiles, TokenSettings,
    TokenSource,
};
use goldenpath_core::{
    policy::CallerRule,
    provision::{DaemonReports as _, Provisioner},
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{sleep, timeout};

pub struct Network {
    pub fixture: DaemonFixture,
    folder: tempfile::TempDir,
    authority: Authority,
    ca: PathBuf,
    pub issuer: TestIssuer,
    pub daemon: Option<RunningDaemon>,
}

/// Where nobody says otherwise.
pub fn rules() -> Vec<CallerRule> {
    let rules = json!([
        { "name": "payments", "when": { "oidc": { "issuer": "github", "claims": { "repository": "acme/payments", "ref": "refs/heads/*" } } },
          "allow": { "teams": ["payments"] } },
        { "name": "shop", "when": { "certificate": { "uri": "spiffe://acme/shop/*" } }, "allow": { "teams": ["shop"] }, "may": "read" },
        { "name": "platform", "when": { "certificate": { "common_name": "platform" } }, "allow": {} },
    ]);
    serde_json::from_value(rules).unwrap()
}

fn pair(files: PemPair) -> Pair {
    Pair { certificate: files.certificate, key: files.key }
}

impl Network {
    pub async fn start() -> Self {
        Self::start_on(DaemonFixture::new()).await
    }

    pub async fn start_on(fixture: DaemonFixture) -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let ca = authority.write(&folder.path().join("ca.pem"));
        let issuer = TestIssuer::start(&authority.server(folder.path(), "issuer")).await;
        let mut network = Self { fixture, folder, authority, ca, issuer, daemon: None };
        network.daemon = Some(network.serve(rules()).await);
        network
    }

    pub async fn serve(&self, rules: Vec<CallerRule>) -> RunningDaemon {
        let own = pair(self.authority.server(self.folder.path(), "daemon"));
        let client_crl = Some(self.revoke(&[]));
        let tls = TlsFiles { own, client_ca: Some(self.ca.clone()), client_crl };
        self.serve_on(vec![Listen::Tcp { address: "127.0.0.1:0".parse().unwrap(), tls }], rules).await
    }

    pub async fn serve_on(&self, listen: Vec<Listen>, rules: Vec<CallerRule>) -> RunningDaemon {
        let github = OidcIssuer {
            name: "github".into(),
            url: self.issuer.url.clone(),
            audiences: vec!["goldenpath".into()],
            ca: Some(self.ca.clone()),
        };
        let tokens = TokenSettings { kubernetes: None, oidc: vec![github] };
        self.fixture.start_for(listen, Some(rules), tokens).await
    }

    fn endpoint(&self) -> String {
        self.daemon.as_ref().unwrap().endpoints[0].clone()
    }

    fn address(&self) -> Address {
        self.address_of(&self.ca, None)
    }

    fn address_of(&self, ca: &Path, own: Option<Pair>) -> Address {
        let port = self.endpoint().rsplit_once(':').unwrap().1.parse().unwrap();
        Address::Https { host: "127.0.0.1".into(), port, ca: Some(ca.to_owned()), own }
    }

    pub fn options(&self, own: Option<Pair>, token: Option<TokenSource>) -> ClientOptions {
        ClientOptions { address: self.address_of(&self.ca, own), endpoint: self.endpoint(), token }
    }

    pub fn client(&self, own: Option<Pair>, token: Option<TokenSource>) -> Client {
        self.client_of(&self.ca, own, token)
    }

    fn client_of(&self, ca: &Path, own: Option<Pair>, token: Option<TokenSource>) -> Client {
        let (address, endpoint) = (self.address_of(ca, own), self.endpoint());
        Client::new(ClientOptions { address, endpoint, token }, &[])
    }

    pub fn pair(&self, name: &str, uri: Option<&str>) -> Option<Pair> {
        Some(pair(self.authority.client(self.folder.path(), name, uri)))
    }

    fn revoke(&self, names: &[&str]) -> PathBuf {
        self.authority.revoke(&self.folder.path().join("clients.crl"), names)
    }

    /// `""`: served.
    async fn code_for(&self, own: Option<Pair>, token: Option<String>) -> String {
        let client = self.client(own, token.map(TokenSource::Text));
        client.only_cluster().await.err().map(|problem| problem.code.to_owned()).unwrap_or_default()
    }
}

fn text(token: &str) -> Option<String> {
    Some(token.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proves_nothing_or_has_no_rule_is_refused() {
    let network = Network::start().await;
    let issuer = &network.issuer;
    let unsigned = format!("{}.{}.", "eyJhbGciOiJub25lIn0", issuer.token(json!({})).split('.').nth(1).unwrap());
    let stranger = pair(Authority::new().client(network.folder.path(), "stranger", None));
    for (own, token, expected, reason) in [
        (None, text(&issuer.token(json!({}))), "", "a token of the repository"),
        (network.pair("platform", None), None, "", "a certificate by its name"),
        (network.pair("ci", Some("spiffe://acme/shop/ci")), None, "", "a certificate by its URI"),
        (None, None, "daemon.token", "nothing"),
        (network.pair("nobody", None), None, "daemon.caller", "a certificate without a rule"),
        (Some(stranger), None, "target.unavailable", "a certificate of another authority"),
        (None, text(&issuer.token(json!({ "repository": "acme/shop" }))), "daemon.caller", "another repository"),
        (None, text(&issuer.token(json!({ "ref": "refs/pull/7/merge" }))), "daemon.caller", "a pull request"),
        (
            network.pair("platform", None),
            text(&issuer.token(json!({ "repository": "acme/shop" }))),
            "daemon.caller",
            "whoever sends a token is whom it names",
        ),
        (None, text(&issuer.token(json!({ "aud": "sts.amazonaws.com" }))), "daemon.token", "for somebody else"),
        (None, text(&issuer.token(json!({ "exp": now() - 60 }))), "daemon.token", "of the past"),
        (None, text(&issuer.token(json!({ "nbf": now() + 600 }))), "daemon.token", "of the future"),
        (None, text(&issuer.token(json!({ "exp": null }))), "daemon.token", "that never ends"),
        (None, text(&issuer.token(json!({ "iss": "https://evil.example" }))), "daemon.token", "of another issuer"),
        (None, text(&issuer.token_signed_with_the_public_key()), "daemon.token", "signed with what everybody knows"),
        (None, text(&unsigned), "daemon.token", "not signed at all"),
        (None, text("opaque"), "daemon.token", "no JSON Web Token"),
    ] {
        assert_eq!(network.code_for(own, token).await, expected, "{reason}");
    }
    assert_eq!(issuer.requests(), 2, "its configuration and its keys, once");
    let bounds = network.fixture.bounds();
    assert!(bounds.iter().any(|bounds| bounds.contains("payments")), "the rule's bounds hold: {bounds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_again_for_a_new_one_and_outlive_their_issuer() {
    let network = Network::start().await;
    assert_eq!(network.code_for(None, text(&network.issuer.token(json!({})))).await, "");
    let before = network.issuer.token(json!({}));
    network.issuer.go_down();
    assert_eq!(network.code_for(None, text(&before)).await, "", "its keys are known");
    network.issuer.rotate("two");
    for _ in 0..5 {
        assert_eq!(network.code_for(None, text(&network.issuer.token(json!({})))).await, "daemon.token", "a new key");
    }
    assert!(network.issuer.requests() <= 3, "tokens of unknown keys ask once a minute: {}", network.issuer.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_changes_nothing() {
    let network = Network::start().await;
    let reader = network.client(network.pair("ci", Some("spiffe://acme/shop/ci")), None);
    let outcome = reader.ensure(ensure_of("demo")).await;
    assert_eq!(outcome.problems[0].code, "daemon.caller", "{:?}", outcome.problems);
    assert!(outcome.problems[0].summary.contains("certificate \"ci\""), "it is named: {:?}", outcome.problems);
    let removed = reader.remove(super::harness::removal_of("demo")).await;
    assert!(!removed.gone && removed.problems[0].code == "daemon.caller");
    assert_eq!(reader.unprotect(&ensure_of("demo").spec.id()).await.unwrap_err().code, "daemon.caller");
    assert_eq!(reader.find(&ensure_of("demo").spec.id()).await.unwrap(), None, "it may look");
    assert_eq!(reader.pause("demo", true).await.unwrap_err().code, "daemon.caller");
    assert_eq!(network.fixture.engine.ensures(), 0);
    let ledger = fs::read_to_string(network.fixture.audit()).unwrap();
    let kinds = |kind: &str| ledger.matches(&format!("\"kind\":\"{kind}\"")).count();
    assert_eq!((kinds("refused"), kinds("unprotected"), kinds("paused")), (4, 0, 0), "{ledger}");
    let platform = network.client(network.pair("platform", None), None);
    assert_eq!((kinds("accepted"), platform.operations().await.unwrap()), (0, vec![]), "nor does it fill the journal");
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_is_lifted_in_a_session_of_its_own_by_whoever_asked() {
    let network = Network::start_on(DaemonFixture::with_sessions()).await;
    let token = network.issuer.token(json!({ "email": "jo@acme.example" }));
    let team = network.client(None, Some(TokenSource::Text(token)));
    let id = ensure_of("demo").spec.id();
    team.unprotect(&id).await.unwrap();
    let in_session = network.fixture.in_session.as_ref().unwrap();
    assert_eq!(
        (network.fixture.engine.unprotected_ids(), in_session.unprotected_ids()),
        (vec![], vec![id.to_string()])
    );

    let caller = "github \"repo:acme/payments:ref:refs/heads/main\"";
    let scope = network.fixture.scopes().into_iter().find(|scope| scope.session.is_some()).unwrap();
    let session = scope.session.unwrap();
    assert_eq!(scope.caller.as_deref(), Some(caller), "whom the record will name");
    assert_eq!((session.about, session.person.as_deref()), (id, Some("jo@acme.example")));
    let ledger = fs::read_to_string(network.fixture.audit()).unwrap();
    let entries = ledger.lines().map(|line| LedgerEntry::read(line).unwrap().0);
    let of_it: Vec<LedgerEntry> = entries.filter(|entry| entry.operation == session.operation).collect();
    let kinds: Vec<EntryKind> = of_it.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Unprotected, EntryKind::Ended], "{ledger}");
    assert!(of_it.iter().all(|entry| (entry.caller.as_str(), entry.about.as_str()) == (caller, "demo")), "{ledger}");
    assert_eq!(of_it[1].detail["outcome"], "done");

    let platform = network.client(network.pair("platform", None), None);
    fs::remove_file(network.fixture.audit()).unwrap();
    assert_eq!(platform.unprotect(&ensure_of("demo").spec.id()).await.unwrap_err().code, "daemon.ledger");
    assert_eq!(in_session.unprotected_ids().len(), 1, "without its entry nothing is lifted");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_no_rule_lets_in_does_not_fill_the_ledger() {
    let mut network = Network::start().await;
    for _ in 0..5 {
        assert_eq!(network.code_for(network.pair("nobody", None), None).await, "daemon.caller");
    }
    network.daemon.take().unwrap().end();
    let ledger = fs::read_to_string(network.fixture.audit()).unwrap();
    let refused: Vec<&str> = ledger.lines().filter(|line| line.contains("\"kind\":\"refused\"")).collect();
    assert!(refused.len() == 2 && refused[1].contains("\"more\":4"), "the first, and a count: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_sees_no_operations_of_others() {
    let network = Network::start().await;
    let team = network.client(None, Some(TokenSource::Text(network.issuer.token(json!({})))));
    let team = std::sync::Arc::new(team);
    let worker = team.clone();
    let waiting = tokio::spawn(async move { worker.ensure(ensure_of("demo")).await });
    until(|| network.fixture.engine.ensures() == 1).await;
    let shop = network.client(network.pair("ci", Some("spiffe://acme/shop/ci")), None);
    let platform = network.client(network.pair("platform", None), None);
    let own = team.operations().await.unwrap();
    assert!(own[0].caller.starts_with("github "), "{own:?}");
    assert_eq!(platform.operations().await.unwrap(), own, "whose bounds are everything");
    assert_eq!(shop.operations().await.unwrap(), []);
    let unknown = shop.watch(Some(&own[0].id), &mut |_| true).await.unwrap_err();
    assert_eq!(unknown.code, "daemon.no_operation", "nor one by its id");
    network.fixture.engine.release(9);
    waiting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_ends_no_operation_and_its_file_is_read_again() {
    let network = Network::start().await;
    let file = network.folder.path().join("token");
    // Within what clocks may differ, for some seconds more.
    fs::write(&file, network.issuer.token(json!({ "exp": now() - 20 }))).unwrap();
    let client = std::sync::Arc::new(network.client(None, Some(TokenSource::File(file.clone()))));
    let worker = client.clone();
    let waiting = tokio::spawn(async move { worker.ensure(ensure_of("demo")).await });
    until(|| network.fixture.engine.ensures() == 1).await;
    let refusal = async {
        loop {
            match client.only_cluster().await {
                Ok(_) => sleep(Duration::from_millis(50)).await,
                Err(refused) => return refused,
            }
        }
    };
    let refused = timeout(LONG, refusal).await.unwrap();
    assert!(refused.summary.contains("expired"), "a new call needs a new token: {refused}");
    fs::write(&file, network.issuer.token(json!({}))).unwrap();
    assert_eq!(client.only_cluster().await.unwrap(), None, "which is read from the file");
    network.fixture.engine.release(9);
    assert_eq!(waiting.await.unwrap().problems[0].code, "fake.done", "what was accepted goes on");
    assert_eq!(network.fixture.engine.ensures(), 1, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_read_again() {
    let network = Network::start().await;
    let platform = || network.pair("platform", None);
    assert_eq!(network.code_for(platform(), None).await, "");
    let next = Authority::new();
    let next_ca = next.write(&network.folder.path().join("next.pem"));
    // In the place of the one before.
    next.server(network.folder.path(), "daemon");
    let later = network.client_of(&next_ca, platform(), None).only_cluster().await;
    assert_eq!(later.unwrap(), None);
    fs::write(network.folder.path().join("daemon.key"), "half").unwrap();
    let later = network.client_of(&next_ca, platform(), None).only_cluster().await;
    assert_eq!(later.unwrap(), None, "a file that is half written is not used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_lets_nobody_in() {
    let network = Network::start().await;
    let platform = || network.pair("platform", None);
    assert_eq!(network.code_for(platform(), None).await, "");
    network.revoke(&["platform"]);
    assert_eq!(network.code_for(platform(), None).await, "target.unavailable", "from the next connection on");
    assert_ne!(
        network.code_for(network.pair("nobody", None), None).await,
        "target.unavailable",
        "others get as far as before"
    );
    fs::write(network.folder.path().join("clients.crl"), "half").unwrap();
    assert_eq!(
        network.code_for(platform(), None).await,
        "target.unavailable",
        "a list that is half written is not used"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_can_send_little() {
    let network = Network::start().await;
    let large = TokenSource::Text("x".repeat(12 << 10));
    let refused = network.client(None, Some(large)).only_cluster().await.unwrap_err();
    assert_eq!(refused.code, "daemon.token", "as long as a token may be: {refused}");
    let bounds = serde_json::from_value(json!({ "teams": vec!["x".repeat(100); 1_000] })).unwrap();
    let options = ClientOptions {
        address: network.address(),
        endpoint: network.endpoint(),
        token: text(&network.issuer.token(json!({}))).map(TokenSource::Text),
    };
    let refused = Client::new(options, &[bounds]).only_cluster().await;
    assert!(refused.is_err(), "100 KB before it is known who sends them");
}
