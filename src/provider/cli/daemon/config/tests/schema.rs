//! The schema for editors, held against what is read: neither knows a field that the other does not know.

use super::{
    super::{Settings, Written, target::WrittenTarget},
    NETWORK, WHOLE,
    keywords::{alternatives, at, faults},
    read,
};
use goldenpath_core::domain::yaml;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
};
use serde_json::{Value as Json, json};

/// Each field of each form.
const EVERYTHING: &str = r#"
listen:
  - unix:///run/gp/daemon.sock
  - tcp: "0.0.0.0:8443"
    tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem, client_crl: ca.crl }
tokens:
  kubernetes: { audiences: [goldenpath], cluster: demo }
  oidc: [{ name: github, issuer: "https://token.example", audiences: [goldenpath], ca: ca.pem }]
callers:
  - { name: own, when: { user: self }, allow: {}, may: change }
  - name: ci
    when: { certificate: { common_name: ci, uri: "spiffe://acme/*" } }
    allow: { teams: [ci], environments: ["ci-*"], tiers: [dev], clusters: [demo], golden_paths: [team-standard] }
  - { name: pods, when: { kubernetes: { service_account: "pay:deployer", group: pay } }, allow: {}, may: read }
  - { name: pay, when: { oidc: { issuer: github, claims: { repository: acme/pay } } }, allow: {} }
sessions: { role_arn: "arn:aws:iam::111122223333:role/gp", duration: 30m }
journal: { postgres: "postgres://gp@db.internal/gp", password_file: password, ca_file: db.pem }
retention: 24h
limits: { aws_per_second: 20, kubernetes_per_second: 50, reads_shared_for: 0s }
http: "127.0.0.1:9464"
audit: audit.jsonl
reconcile: { interval: 10m, jitter: "10%", clusters: [demo], tiers: { dev: { mode: heal, interval: 5m } } }
telemetry: { endpoint: "https://otel.example", ca: ca.pem, headers_file: headers, service_name: gp, sample: "25%" }
target: { aws: { region: eu-west-1, assume_role: [{ role_arn: "arn:aws:iam::111122223333:role/gp" }] }, kubernetes: {} }
catalogue: [paths]
allow: { teams: [pay], environments: ["pay-*"], tiers: [dev], clusters: [demo], golden_paths: [team-standard] }
"#;

fn document(text: &str) -> Json {
    yaml::read(text).unwrap()
}

fn faults_of(document: &Json) -> Vec<String> {
    faults(&Settings::schema(), document, "")
}

#[test]
fn what_is_shown_and_shipped_keeps_to_the_schema() {
    let packaged = document(include_str!("../../../../../../packaging/kubernetes/configuration.yaml"));
    let packaged = packaged["data"]["daemon.yaml"].as_str().unwrap();
    let guide = include_str!("../../../../generate/guides/daemon.md");
    let shown = guide.split("```yaml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let parts = json!({ "listen": "unix:///run/gp/daemon.sock", "journal": "journal.db", "target": { "aws": {} } });
    let mut seen = 0;
    for text in shown.chain([packaged, WHOLE, NETWORK, EVERYTHING]) {
        // Some of the guide's examples are parts.
        let mut whole = parts.clone();
        whole.as_object_mut().unwrap().extend(document(text).as_object().unwrap().clone());
        assert_eq!(faults_of(&whole), Vec::<String>::new(), "{text}");
        seen += 1;
    }
    assert!(seen > 6, "the guide has examples");
    read(packaged).unwrap();
}

#[test]
fn what_is_refused_without_a_look_at_the_rest_is_refused_by_the_schema() {
    for (base, from, to, reason) in [
        (WHOLE, "retention:", "retentoin:", "a misspelt field"),
        (WHOLE, "journal: journal.db", "", "no journal"),
        (WHOLE, "journal: journal.db", "journal: [a]", "a list for a path"),
        (WHOLE, "listen: unix:///run/gp/daemon.sock", "listen: 127.0.0.1:80", "no socket"),
        (WHOLE, "retention: 24h", "limits: { aws: 5 }", "a misspelt limit"),
        (WHOLE, "retention: 24h", "limits: { aws_per_second: 0 }", "no request at all"),
        (WHOLE, "retention: 24h", "http: 9464", "a number"),
        (WHOLE, "retention: 24h", "telemetry: { headers: a }", "a misspelt part"),
        (WHOLE, "retention: 24h", "reconcile: { tiers: { dev: { mode: fix } } }", "no mode"),
        (WHOLE, "{ path: sandbox.db }", "{ pth: sandbox.db }", "a misspelt attribute of the target"),
        (WHOLE, "sandbox: { path: sandbox.db }", "offline: {}", "a target that changes nothing"),
        (WHOLE, "sandbox: { path: sandbox.db }", "kubernetes: {}", "no target"),
        (WHOLE, "teams: [payments]", "team: [payments]", "a misspelt bound is not no bound"),
        (NETWORK, ", tls: { certificate: tls.crt, key: tls.key, client_ca: ca.pem }", "", "no TLS"),
        (NETWORK, "client_ca: ca.pem", "client: ca.pem", "a misspelt file"),
        (NETWORK, "audiences: [goldenpath]", "audiences: []", "a token for anybody"),
        (NETWORK, "https://token.example", "http://token.example", "keys that anybody could send"),
        (NETWORK, "when: { user: self }, allow: {}", "when: { user: self }", "bounds that were forgotten"),
        (NETWORK, "{ user: self }", "{ user: other }", "another user"),
        (NETWORK, "may: read", "may: reed", "a misspelt power"),
    ] {
        assert!(base.contains(from), "{reason}");
        let text = base.replace(from, to);
        assert_ne!(faults_of(&document(&text)), Vec::<String>::new(), "{reason}");
        assert!(read(&text).is_err(), "{reason}");
    }
}

/// What serde asks a type for.
struct Asked<'a>(&'a mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no struct"))
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields);
        Err(Error::custom("its fields are known"))
    }
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn fields_of<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut fields = vec![];
    assert!(T::deserialize(Asked(&mut fields)).is_err());
    fields.sort_unstable();
    fields
}

fn names(schemas: &[&Json]) -> Vec<String> {
    let members = schemas.iter().filter_map(|schema| schema["properties"].as_object());
    let mut names: Vec<String> = members.flat_map(|members| members.keys().cloned()).collect();
    names.sort();
    names
}

#[test]
fn every_field_that_is_read_is_in_the_schema() {
    let (schema, everything) = (Settings::schema(), document(EVERYTHING));
    read(EVERYTHING).unwrap();
    assert_eq!(names(&at(&schema, "")), fields_of::<Written>());
    assert_eq!(names(&at(&schema, "/target")), fields_of::<WrittenTarget>());
    let not_listed = json!({ "listen": everything["listen"][1] });
    assert_eq!(unset(&schema, &[&everything, &not_listed], ""), Vec::<String>::new(), "each is read");
    for pointer in objects(&everything, "") {
        let mut document = everything.clone();
        document.pointer_mut(&pointer).unwrap()["unheard_of"] = json!(1);
        assert_ne!(faults_of(&document), Vec::<String>::new(), "{pointer:?}");
        let error = format!("{:#}", read(&document.to_string()).err().unwrap_or_else(|| panic!("{pointer:?}")));
        let (_, expected) = error.split_once("unknown field `unheard_of`, expected").unwrap_or_default();
        let known = names(&at(&schema, &pointer));
        for field in expected.split('`').skip(1).step_by(2) {
            assert!(known.iter().any(|name| name == field), "{pointer:?}: {field}, of {error}");
        }
    }
}

/// JSON pointers.
fn objects(value: &Json, pointer: &str) -> Vec<String> {
    let inner: Vec<(String, &Json)> = match value {
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Json::Array(elements) => elements.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return vec![],
    };
    let own = value.is_object().then(|| pointer.to_owned());
    own.into_iter().chain(inner.iter().flat_map(|(name, value)| objects(value, &format!("{pointer}/{name}")))).collect()
}

/// What none of the values has. The target's attributes are the provider block's, where other tests see to them.
fn unset(schema: &Json, values: &[&Json], at: &str) -> Vec<String> {
    let mut missing = vec![];
    for schema in alternatives(schema) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let here = format!("{at}/{name}");
            let found: Vec<&Json> = values.iter().filter_map(|value| value.get(name)).collect();
            match found.as_slice() {
                _ if here.starts_with("/target/") => {}
                [] => missing.push(here),
                found => missing.extend(unset(inner, found, &here)),
            }
        }
        if let Some(items) = schema.get("items") {
            let elements: Vec<&Json> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
            missing.extend(unset(items, &elements, &format!("{at}[]")));
        }
        if let Some(more) = schema.get("additionalProperties").filter(|more| more.is_object()) {
            let entries = values.iter().filter_map(|value| value.as_object()).flat_map(|entries| entries.values());
            missing.extend(unset(more, &entries.collect::<Vec<_>>(), &format!("{at}/*")));
        }
    }
    missing
}

#[test]
fn each_field_is_described_in_words_of_the_daemon() {
    let (schema, mut count) = (Settings::schema(), 0);
    let mut rest = vec![(String::new(), &schema)];
    while let Some((place, here)) = rest.pop() {
        for form in alternatives(here) {
            for (name, field) in form["properties"].as_object().into_iter().flatten() {
                let place = format!("{place}/{name}");
                assert!(field["description"].as_str().is_some_and(|text| text.len() > 3), "{place} is not described");
                count += 1;
                rest.push((place, field));
            }
            let inner = ["items", "additionalProperties"].into_iter().filter_map(|inner| form.get(inner));
            rest.extend(inner.map(|inner| (place.clone(), inner)));
        }
    }
    assert!(count > 60, "{count} fields");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let text = schema.to_string();
    for words in ["GOLDENPATH_", "the working folder", "[`", "$ref"] {
        assert!(!text.contains(words), "{words}");
    }
}
