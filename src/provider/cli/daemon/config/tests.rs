//! Configurations as text: what is read of them, and which field a fault is reported with.

use super::*;
use crate::resources::provider_config::Target;

mod keywords;
mod schema;

const WHOLE: &str = "
listen: unix:///run/gp/daemon.sock
journal: journal.db
target:
  sandbox: { path: sandbox.db }
catalogue: [paths, /other, 'git::ssh://git@host/a.git//paths?ref=0123456789abcdef0123456789abcdef01234567']
allow: { teams: [payments], environments: [payments-*] }
retention: 24h
";

fn read(text: &str) -> anyhow::Result<Settings> {
    parse(text, Path::new("/etc/gp"), &FromEnvironment::default())
}

#[test]
fn paths_are_relative_to_the_file() {
    let settings = read(WHOLE).unwrap();
    assert_eq!(settings.listen, [ListenOn::Unix("/run/gp/daemon.sock".into())]);
    assert_eq!(settings.journal, Journal::File("/etc/gp/journal.db".into()));
    assert_eq!(settings.retention, Duration::from_secs(86_400));
    assert_eq!(settings.audit, Path::new("/etc/gp/audit.jsonl"), "beside the journal");
    let ProviderConfig { target, catalogue, bounds, .. } = settings.provider;
    assert!(matches!(target, Target::Sandbox { path, .. } if path == Path::new("/etc/gp/sandbox.db")));
    let sources: Vec<String> = catalogue.sources.iter().map(ToString::to_string).collect();
    let git = "git::ssh://git@host/a.git//paths?ref=0123456789abcdef0123456789abcdef01234567";
    assert_eq!(sources, ["/etc/gp/paths", "/other", git]);
    assert_eq!(bounds.len(), 1);
    let identity = "{ role_arn: 'arn:aws:iam::111122223333:role/gp', token_file: token }";
    let real = format!("aws: {{ region: eu-west-1, web_identity: {identity} }}\n  kubernetes: {{ kubeconfig: kc }}");
    let real = WHOLE.replace("sandbox: { path: sandbox.db }", &real);
    let Target::Real { aws, kubernetes } = read(&real).unwrap().provider.target else { panic!("the real target") };
    assert_eq!(kubernetes.unwrap().kubeconfig.as_deref(), Some(Path::new("/etc/gp/kc")));
    assert_eq!(aws.web_identity.unwrap().token_file, Path::new("/etc/gp/token"));
}

#[test]
fn the_guide_shows_a_configuration_that_is_read() {
    let guide = include_str!("../../../generate/guides/daemon.md");
    let shown: Vec<&str> =
        guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(text, _)| text).collect();
    let whole: Vec<&str> = shown.into_iter().filter(|text| text.contains("listen:")).collect();
    assert_eq!(whole.len(), 2, "one for a user, one for teams");
    for text in whole {
        assert!(matches!(read(text).unwrap().provider.target, Target::Real { .. }), "{text}");
    }
}

const NETWORK: &str = "
listen:
  - unix:///run/gp/daemon.sock
  - { tcp: '127.0.0.1:8443', tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem } }
journal: journal.db
target:
  sandbox: {}
tokens:
  oidc: [{ name: github, issuer: https://token.example, audiences: [goldenpath] }]
callers:
  - { name: own, when: { user: self }, allow: {} }
  - { name: pay, when: { oidc: { issuer: github, claims: { repository: acme/pay } } }, allow: { teams: [pay] } }
  - { name: ci, when: { certificate: { common_name: ci } }, allow: { teams: [ci] }, may: read }
";

#[test]
fn listeners_tokens_and_callers_are_read() {
    let settings = read(NETWORK).unwrap();
    let places: Vec<String> = settings.listen.iter().map(ToString::to_string).collect();
    assert_eq!(places, ["unix:///run/gp/daemon.sock", "https://127.0.0.1:8443"]);
    let ListenOn::Tcp { tls, .. } = &settings.listen[1] else { panic!("TCP") };
    assert_eq!(tls.client_ca.as_deref(), Some(Path::new("/etc/gp/ca.pem")), "beside the configuration");
    assert_eq!(settings.callers.unwrap().len(), 3);
    assert_eq!(settings.tokens.oidc[0].audiences, ["goldenpath"]);
}

#[test]
fn a_door_without_a_keeper_is_refused() {
    let callers = NETWORK.find("callers:").unwrap();
    let no_tokens = format!("{}{}", &NETWORK[..NETWORK.find("tokens:").unwrap()], &NETWORK[callers..]);
    let edited = |from: &str, to: &str| {
        assert!(NETWORK.contains(from), "{from}");
        NETWORK.replace(from, to)
    };
    for (text, expected, reason) in [
        (edited(", tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem }", ""), "listen[1].tls: ", "no TLS"),
        (no_tokens.replace(", client_ca: ca.pem", ""), "listen[1].tls: ", "nothing says who a client is"),
        (edited(", client_ca: ca.pem", ""), "callers[2].when.certificate: ", "nobody can show a certificate"),
        (no_tokens, "callers[1].when.oidc.issuer: ", "no such issuer"),
        (NETWORK[..callers].to_owned(), "callers: ", "TCP for everybody"),
        (edited("unix:///run/gp/daemon.sock", "https://127.0.0.1:80"), "listen[0]: ", "TCP written as an endpoint"),
        (edited("'127.0.0.1:8443'", "'daemon.example:8443'"), "listen[1]: ", "a name instead of an address"),
        (edited("client_ca: ca.pem", "client: ca.pem"), "listen[1]: ", "a misspelt file"),
        (edited("client_ca:", "client_crl:"), "listen[1].tls.client_crl: ", "of no authority"),
        (edited("audiences: [goldenpath]", "audiences: []"), "tokens.oidc[0].audiences: ", "a token for anybody"),
        (
            edited("https://token.example", "http://token.example"),
            "tokens.oidc[0].issuer: ",
            "keys that anybody could send",
        ),
        (
            edited("oidc: [", "kubernetes: { audiences: [a] }\n  oidc: ["),
            "tokens.kubernetes: ",
            "the sandbox knows no tokens",
        ),
        (
            edited("issuer: github, claims: { repository: acme/pay }", "issuer: github, claims: {}"),
            "callers[1].when: ",
            "everybody",
        ),
        (
            edited("when: { user: self }, allow: {}", "when: { user: self }"),
            "callers[0]: ",
            "bounds that were forgotten",
        ),
        (edited("name: ci,", "name: pay,"), "callers[2].name: ", "one name for two rules"),
        (edited("may: read", "may: reed"), "callers[2]: ", "a misspelt power"),
    ] {
        let error = read(&text).err().unwrap_or_else(|| panic!("{reason}"));
        let text = format!("{error:#}");
        assert!(text.contains(expected), "{reason}: {text}");
    }
}

#[test]
fn a_fault_is_named_with_its_field() {
    for (from, to, expected, reason) in [
        ("listen: unix:///run/gp/daemon.sock", "listen: 127.0.0.1:80", "listen: ", "no socket"),
        ("journal: journal.db", "", "journal", "no journal"),
        ("journal: journal.db", "journal: [a]", "journal: ", "a list for a path"),
        ("retention: 24h", "sessions: { role_arn: x }", "sessions: ", "the sandbox has no roles"),
        ("retention: 24h", "tokens: { oidc: [] }\ncallers: {}", "callers: ", "no list"),
        ("retention: 24h", "retention: 7d", "retention: ", "days are no unit"),
        ("retention: 24h", "retention: 1m", "retention: ", "too short"),
        ("retention: 24h", "retentoin: 24h", "retentoin", "a misspelt field"),
        ("retention: 24h", "limits: { aws_per_second: 0 }", "limits.aws_per_second: ", "no request at all"),
        ("retention: 24h", "limits: { aws: 5 }", "limits", "a misspelt limit"),
        ("retention: 24h", "limits: { reads_shared_for: 1m }", "limits.reads_shared_for: ", "too long"),
        ("retention: 24h", "http: 9464", "http: ", "a port alone"),
        ("retention: 24h", "telemetry: { endpoint: localhost }", "telemetry.endpoint: ", "no URL"),
        ("retention: 24h", "telemetry: { sample: most }", "telemetry.sample: ", "no share"),
        ("retention: 24h", "telemetry: { headers: a }", "telemetry", "a misspelt field"),
        ("retention: 24h", "reconcile: { interval: often }", "reconcile.interval: ", "no duration"),
        ("retention: 24h", "reconcile: { jitter: much }", "reconcile.jitter: ", "no share"),
        ("retention: 24h", "reconcile: { clusters: [a b] }", "reconcile.clusters: ", "no cluster"),
        ("retention: 24h", "reconcile: { tiers: { dev: { mode: fix } } }", "mode", "no mode"),
        ("retention: 24h", "reconcile: { tiers: { Dev: {} } }", "reconcile.tiers: ", "no tier"),
        ("{ path: sandbox.db }", "{ pth: x }", "sandbox", "a misspelt attribute"),
        ("sandbox: { path: sandbox.db }", "offline: {}", "offline", "a target that changes nothing"),
        ("sandbox: { path: sandbox.db }", "aws: { region: here }", "target.aws.region: ", "no region"),
        ("  sandbox: { path: sandbox.db }", "  kubernetes: {}", "target: ", "no target"),
        ("teams: [payments]", "team: [payments]", "allow", "a misspelt bound is not no bound"),
        ("allow: {", "allow: [", "", "no YAML"),
        ("ref=0123456789", "ref=", "catalogue[2]: ", "a short id of a commit"),
    ] {
        assert!(WHOLE.contains(from), "{reason}");
        let error = read(&WHOLE.replace(from, to)).err().unwrap_or_else(|| panic!("{reason}"));
        let text = format!("{error:#}");
        assert!(text.contains(expected), "{reason}: {text}");
    }
}
