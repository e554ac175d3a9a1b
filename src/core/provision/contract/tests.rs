//! What goes over a wire comes back as it was.

use super::*;
use crate::domain::from_document_text;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

fn spec(kind: &str, request: &Value) -> Spec {
    let text = json!({ "kind": kind, "request": request }).to_string();
    from_document_text(text.as_bytes()).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

fn slot() -> Spec {
    let later = json!({ "$late": null });
    let statements = json!([{ "actions": ["s3:GetObject"], "resources": [later, "arn:aws:s3:::pay-x"] }]);
    spec("slot", &json!({ "name": "app", "environment": "demo/pay", "identity": { "statements": statements } }))
}

fn environment() -> Spec {
    let quota = json!({ "total": { "requests.cpu": "4" } });
    spec("environment", &json!({ "name": "pay", "team": "payments", "tier": "dev", "cluster": "demo", "quota": quota }))
}

fn facts() -> StableFacts {
    let facts = json!({
        "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false, "service_cidr": "10.100.0.0/16",
        "ip_family": "ipv4", "pod_security_version": "1.36",
    });
    serde_json::from_value(facts).unwrap()
}

fn outputs() -> Outputs {
    Outputs::default().with("id", "demo/pay").with("uid", Late::<String>::Later)
}

fn problem() -> Problem {
    Problem::warning("record.resume", "It continues", "Nothing is destroyed.").at(["quota", "total", "requests.cpu"])
}

fn ensure() -> EnsureRequest {
    EnsureRequest {
        spec: environment(),
        facts: Some(facts()),
        path: Some(PathVersion { name: "own".into(), version: "1.2.3".parse().unwrap(), digest: "ab".into() }),
        parent: None,
        prior: Some(Prior {
            spec: environment(),
            uid: "u1".into(),
            target: Some("sandbox".into()),
            objects: [("k8s/v1/Namespace/pay".to_owned(), "#2:0123456789".to_owned())].into(),
            incomplete: true,
            identity_ready: None,
        }),
        replacing: Some(Replacing { id: "demo/pay".into(), uid: "u0".into(), protected: true }),
        planned: Some([("a".to_owned(), Late::Now("b".to_owned())), ("c".to_owned(), Late::Later)].into()),
        planned_target: None,
        planned_version: Some("1.2.3".into()),
        timeouts: Some(json!({ "create": "5m" })),
        restores: None,
        timeout: Duration::from_millis(1500),
        cancel: Cancel::new(),
    }
}

/// The text, and the same once read and written again.
fn there_and_back<T: Serialize + DeserializeOwned + Debug>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    let read: T = from_document_text(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!(format!("{read:?}"), format!("{value:?}"));
    text
}

#[test]
fn requests_and_results_come_back_as_they_were() {
    let EnsureRequest { spec: _, facts: known, path, parent, prior, replacing, .. } = ensure();
    let preview = PreviewRequest {
        spec: slot(),
        facts: known.clone(),
        path: path.clone(),
        parent: parent.clone(),
        prior,
        replacing,
        variant: 2,
        again: true,
    };
    assert!(there_and_back(&preview).contains(r#"{"$late":null}"#), "what is not known yet stays so");
    let id = slot().id();
    there_and_back(&ObserveRequest {
        id: id.clone(),
        uid: None,
        target: Some("t".into()),
        spec: Some(slot()),
        facts: known,
        path,
        parent: None,
        objects: [].into(),
    });
    there_and_back(&RemoveRequest {
        id,
        uid: "u".into(),
        target: None,
        facts: None,
        keys: vec!["k8s/v1/Namespace/pay".parse().unwrap()],
        protected: false,
        hand_over: true,
        timeout: Duration::from_secs(60),
        cancel: Cancel::new(),
    });
    there_and_back(&Observation::Gone(vec![problem()]));
    there_and_back(&Observation::Here(Box::new(ObservedInstance {
        uid: "u".into(),
        target: "t".into(),
        objects: [].into(),
        facts: facts(),
        parent: None,
        record: None,
        outputs: Some(outputs()),
        problems: vec![problem()],
    })));
    there_and_back(&Preview {
        decided: Some(Decided { outputs: outputs(), facts: facts(), parent: None, protected: true, variants: 1 }),
        problems: vec![],
    });
    there_and_back(&Outcome { exists: None, problems: vec![problem()] });
    there_and_back(&Removed { gone: false, objects: Some([].into()), problems: vec![problem()] });
    there_and_back(&Result::<Option<ClusterRef>, Problem>::Err(problem()));
    there_and_back(&Result::<Option<bool>, Problem>::Ok(None));
}

/// A released form: a change to it is a new number of the daemon's API.
#[test]
fn the_form_of_an_ensure_stays() {
    let written: Value = serde_json::from_str(&there_and_back(&ensure())).unwrap();
    let request = json!({ "kind": "environment", "request": environment().to_document().unwrap() });
    let expected = json!({
        "spec": request,
        "facts": facts(),
        "path": { "name": "own", "version": "1.2.3", "digest": "ab" },
        "parent": null,
        "prior": {
            "spec": request, "uid": "u1", "target": "sandbox", "objects": { "k8s/v1/Namespace/pay": "#2:0123456789" },
            "incomplete": true, "identity_ready": null,
        },
        "replacing": { "id": "demo/pay", "uid": "u0", "protected": true },
        "planned": { "a": "b", "c": { "$late": null } },
        "planned_target": null,
        "planned_version": "1.2.3",
        "timeouts": { "create": "5m" },
        "timeout": { "secs": 1, "nanos": 500_000_000 },
    });
    assert_eq!(written, expected);
}

#[test]
fn what_is_not_of_the_contract_is_refused() {
    let whole: Value = serde_json::to_value(ensure()).unwrap();
    for (place, value, reason) in [
        ("/surprise", json!(1), "a field of another release"),
        ("/spec/kind", json!("moon"), "a resource that is none"),
        ("/spec/request/surprise", json!(1), "an attribute that is none"),
        ("/spec/request/name", json!("Not a name"), "a name that is none"),
        ("/planned", json!(["a"]), "a list for a map"),
    ] {
        let mut document = whole.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = value;
        let read = from_document_text::<EnsureRequest>(document.to_string().as_bytes());
        assert!(read.is_err(), "{reason}: {read:?}");
    }
}
