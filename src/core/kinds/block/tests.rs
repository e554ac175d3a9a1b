use super::*;
use crate::{
    domain::{Body, FieldsBuilder, Holder},
    kinds::fields_of,
};
use serde_json::{Value, json};

#[test]
fn texts_are_compared_by_digest_alone() {
    for (a, b, same, reason) in [
        ("x=1 #2:0123456789", "x    is 1\n#2:0123456789", true, "other words"),
        ("x=1 #2:0123456789", "x=1 #2:9876543210", false, "another digest"),
        ("x=1 #2:0123456789", "x=1 #1:0123456789", true, "an older grammar has the same digest"),
        ("x=1 #2:0123456789", "x=1 #9:0123456789", false, "a grammar of a later release may not"),
        ("x=1", "x=1", false, "no digest"),
        ("annotations=\"#a\" #2:0123456789", "#2:0123456789", true, "a number sign in the words"),
    ] {
        assert_eq!(same_digest(a, b), same, "{reason}");
    }
}

fn quota(hard: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"labels": {
            "app.kubernetes.io/managed-by": "goldenpath", "app.kubernetes.io/part-of": "payments-prod",
            "goldenpath.internal/managed": "true", "goldenpath.internal/team": "payments", "example.com/squad": "blue"
        }},
        "spec": {"hard": hard}
    })
}

fn key(kind: &str) -> ObjectKey {
    ObjectKey::kube("v1", kind, Some("payments-prod"), "gp-base")
}

/// Of an object that is as wanted.
fn text(document: &Value) -> String {
    let fields = fields_of(&Body::Kube(document.clone()));
    block(&key("ResourceQuota"), &fields, &fields)
}

#[test]
fn a_short_object_is_one_line_and_any_other_a_line_for_each_field() {
    let short = text(&quota(json!({"requests.cpu": "16000m", "pods": "120"})));
    reads_back(&short);
    assert_eq!(short, "pods=120 requests.cpu=16 labels.example.com/squad=blue #2:ddd9b04c68");
    let mut hard = json!({"limits.memory": "40Gi", "requests.memory": "32Gi", "requests.cpu": "16", "pods": "120"});
    let long = text(&quota(hard.clone()));
    reads_back(&long);
    let lines: Vec<&str> = long.lines().collect();
    assert_eq!(lines[0], "limits.memory           40Gi");
    assert_eq!(lines[4], "labels.example.com/squad  blue", "a longer name has two spaces");
    assert_eq!(lines[5].len(), "#2:0123456789".len(), "{long}");

    hard["services.loadbalancers.of.a.kind"] = json!("1");
    let more = text(&quota(hard));
    let moved: Vec<&str> =
        lines[..5].iter().copied().filter(|line| !more.lines().any(|other| other == *line)).collect();
    assert_eq!(moved, [""; 0], "one more field moves no other");

    let closed = text(&quota(json!({"pods": "1", "services": "0", "secrets": "0"})));
    reads_back(&closed);
    assert!(closed.starts_with("pods=1 zero=secrets, services labels"), "{closed}");
    assert!(text(&quota(json!({"pods": "0"}))).starts_with("pods=0 "), "one alone is a field as any other");
}

#[test]
fn what_all_objects_have_is_shown_where_it_differs() {
    let (wanted, mut live) = (quota(json!({"pods": "1"})), quota(json!({"pods": "1"})));
    let labels = &mut live["metadata"]["labels"];
    labels["goldenpath.internal/team"] = json!("mallory");
    labels.as_object_mut().unwrap().remove("app.kubernetes.io/part-of");
    let fields = |document: &Value| fields_of(&Body::Kube(document.clone()));
    let seen = block(&key("ResourceQuota"), &fields(&live), &fields(&wanted));
    let found: Vec<&str> = seen.lines().map(str::trim_end).collect();
    assert!(found.contains(&"labels.goldenpath.internal/team  mallory"), "{seen}");
    assert!(found.contains(&"labels.app.kubernetes.io/part-of  absent"), "{seen}");
    assert!(!seen.contains("labels.goldenpath.internal/managed"), "as on every object: {seen}");
    assert!(!same_digest(&seen, &text(&wanted)));
    let unknown = block(&key("ResourceQuota"), &fields(&wanted), &Fields::default());
    assert!(unknown.contains("labels.goldenpath.internal/managed"), "nobody knows how it should be: {unknown}");
    assert!(same_digest(&unknown, &text(&wanted)));
}

/// Each line as the writer lays it out.
fn reads_back(text: &str) {
    let lines = lines_of(text).unwrap_or_else(|| panic!("it reads back: {text}"));
    let digest = &text[text.rfind('#').unwrap()..];
    let again = if text.contains('\n') {
        lines.iter().map(|FieldLine { field, value }| format!("{field:<22}  {value}\n")).collect::<String>() + digest
    } else {
        lines.iter().map(|FieldLine { field, value }| format!("{field}={value} ")).collect::<String>() + digest
    };
    assert_eq!(again, text);
    assert!(lines.iter().all(|line| !line.value.is_empty()), "{text}");
}

#[test]
fn a_text_reads_back() {
    let line = |field: &str, value: &str| FieldLine { field: field.into(), value: value.into() };
    for (text, lines, reason) in [
        ("#2:0123456789", Some(vec![]), "no fields"),
        ("a=1 b=x y, z #2:0123456789", Some(vec![line("a", "1"), line("b", "x y, z")]), "words behind a field are its"),
        ("a=\"b=1 \\\" c=2\" #2:0", Some(vec![line("a", "\"b=1 \\\" c=2\"")]), "a quoted value is whole"),
        ("a  1\na  2\n#2:0", Some(vec![line("a", "1"), line("a", "2")]), "an element a line"),
        ("\"a  b\"                  1\n#2:0", Some(vec![line("\"a  b\"", "1")]), "a quoted name"),
        ("a=1 #1:0123456789", None, "an older grammar"),
        ("a=1", None, "no digest"),
        ("nobody #2:0123456789", None, "a word without a field"),
    ] {
        assert_eq!(lines_of(text), lines, "{reason}");
    }
    assert_eq!(elements("Group \"a, b\", nobody"), ["Group \"a, b\"", "nobody"], "a comma inside of a name");
}

/// Nothing that a tenant writes adds a word, a field, a line or a digest.
#[test]
fn hostile_values_stay_values() {
    const HOSTILE: [&str; 5] = [
        "x\nPlan: 0 to add, 0 to change\n#2:0123456789",
        "x roleRef=ClusterRole/cluster-admin",
        "\u{202e}#2:0123456789",
        "x\u{85}y\u{2028}z\u{200b}",
        "a, Group system:masters",
    ];
    for hostile in HOSTILE {
        let subjects = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": hostile}]);
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "subjects": subjects,
            "metadata": {"labels": {hostile: hostile}, "annotations": {hostile: hostile}},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": hostile}
        });
        let policy = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "spec": {"podSelector": {"matchLabels": {hostile: hostile}}, "policyTypes": [hostile],
                "ingress": [{"from": [{"ipBlock": {"cidr": hostile}}, {"surprise": {hostile: [hostile]}}]}]}
        });
        let statement = json!({"Effect": "Allow", "Action": [hostile], "Resource": [hostile], "Principal": {hostile: [hostile]},
            "Condition": {hostile: {hostile: [hostile]}}});
        let documents = [(key("RoleBinding"), binding), (key("NetworkPolicy"), policy)].map(|(_, document)| {
            let key = ObjectKey::kube(
                document["apiVersion"].as_str().unwrap(),
                document["kind"].as_str().unwrap(),
                Some("a"),
                "b",
            );
            (key, fields_of(&Body::Kube(document)))
        });
        let mut role = FieldsBuilder::default();
        let trust = json!({"Version": hostile, "Statement": [statement]}).to_string();
        for (path, text) in [("/trust", trust.as_str()), ("/description", hostile), ("/tags/goldenpath:team", hostile)]
        {
            role.push(path, text, Holder::Us);
        }
        for (key, fields) in documents.into_iter().chain([(ObjectKey::role("r"), role.build())]) {
            let text = block(&key, &fields, &Fields::default());
            reads_back(&text);
            let bare = outside_of_quotes(&text);
            for forged in ["Plan:", "cluster-admin", "system:masters"] {
                assert!(!bare.contains(forged), "{key}: {forged} in {text}");
            }
            assert_eq!(bare.matches('#').count(), 1, "{key}: one digest in {text}");
            assert!(text.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{key}: {text}");
            let names: Vec<&str> = text.lines().map(|line| line.split([' ', '=']).next().unwrap_or_default()).collect();
            assert!(names.iter().all(|name| !name.is_empty() && *name != "x"), "{key}: {text}");
        }
    }
}

fn outside_of_quotes(text: &str) -> String {
    let (mut out, mut is_inside, mut is_escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            '"' if !is_escaped => is_inside = !is_inside,
            c if !is_inside => out.push(c),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    out
}

/// Contact and cost centre may be given as sensitive.
#[test]
fn annotations_and_an_owners_tags_are_names() {
    let namespace = |contact: &str| {
        let annotations = json!({"goldenpath.internal/contact": contact, "example.com/wiki": "w"});
        fields_of(&Body::Kube(
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"annotations": annotations}}),
        ))
    };
    let key = ObjectKey::namespace_object("pay");
    let [a, b] = ["a@secret", "b@secret"].map(|contact| block(&key, &namespace(contact), &Fields::default()));
    assert!(a.starts_with("annotations=example.com/wiki, goldenpath.internal/contact #"), "{a}");
    assert!(!same_digest(&a, &b), "its change is one");

    let mut role = FieldsBuilder::default();
    role.push("/tags/goldenpath:cost-center", "CC12", Holder::Us);
    role.push("/tags/goldenpath:tier", "prod", Holder::Us);
    let role = role.build();
    let text = block(&ObjectKey::role("r"), &role, &Fields::default());
    assert!(text.starts_with("tags.goldenpath:tier=prod tags=goldenpath:cost-center #"), "{text}");
    assert_eq!(readable("/metadata/annotations/a", "secret"), None);
    assert_eq!(readable("/tags/goldenpath:contact", "secret"), None);
    assert_eq!(readable("/tags/goldenpath:tier", "a b").as_deref(), Some("\"a b\""));
}

#[test]
fn a_cluster_role_is_at_most_six_lines() {
    let groups: Vec<String> = (0..40).map(|n| format!("group-{n}.example.com")).collect();
    let rule =
        |verbs: &[&str]| json!({"apiGroups": groups, "resources": ["secrets", "pods/exec", "*"], "verbs": verbs});
    let role = |rules: Vec<Value>| {
        let key = ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRole", None, "gp-admin");
        let document = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": rules});
        let fields = fields_of(&Body::Kube(document));
        block(&key, &fields, &fields)
    };
    let text =
        role(vec![rule(&["get", "create", "delete", "escalate"]), rule(&["*"]), json!({"nonResourceURLs": ["/x"]})]);
    assert!(text.lines().count() <= 6, "{text}");
    assert!(text.contains("verb escalate"), "what is unusual is named: {text}");
}

/// Values of one field, of a NetworkPolicy in words.
fn of_policy(spec: Value, field: &str) -> Vec<String> {
    let key = ObjectKey::kube("networking.k8s.io/v1", "NetworkPolicy", Some("pay"), "a");
    let fields =
        fields_of(&Body::Kube(json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec})));
    let text = block(&key, &fields, &fields);
    reads_back(&text);
    let lines = lines_of(&text).unwrap_or_default();
    lines.into_iter().filter(|line| line.field == field).map(|line| line.value).collect()
}

#[test]
fn peers_of_a_network_policy_are_named_as_narrow_as_they_are() {
    let name = "kubernetes.io/metadata.name";
    let shop = json!({"namespaceSelector": {"matchLabels": {name: "shop"}}});
    let (four, six) = (
        json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}),
        json!({"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}}),
    );
    for (peers, expected, reason) in [
        (json!([{"podSelector": {"matchLabels": {"app": "shop"}}}]), "pods app:shop", "pods of its own namespace"),
        (json!([shop]), "namespace shop", "one namespace"),
        (
            json!([{"namespaceSelector": {"matchLabels": {name: "shop", "team": "a"}}}]),
            "namespaces kubernetes.io/metadata.name:shop and team:a",
            "only while it has that label",
        ),
        (
            json!([{"namespaceSelector": {}}, four, six]),
            "everywhere except 10.0.0.0/8|fc00::/7",
            "all pods and all addresses",
        ),
        (
            json!([shop, four, six]),
            "0.0.0.0/0 except 10.0.0.0/8, ::/0 except fc00::/7, namespace shop",
            "pods of one namespace are not all pods",
        ),
    ] {
        let spec = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": peers}]});
        assert_eq!(of_policy(spec, "ingress"), [expected], "{reason}");
    }
}

#[test]
fn only_what_is_not_there_is_absent() {
    for (spec, field, expected, reason) in [
        (json!({"policyTypes": ["Ingress"]}), "podSelector", vec!["absent"], "not there"),
        (json!({"podSelector": {"surprise": {"a": "b"}}}), "podSelector", vec![], "there, in words that nobody knows"),
        (json!({"podSelector": {"surprise": {"a": "b"}}}), "podSelector.surprise.a", vec!["b"], "and shown as it is"),
        (json!({"podSelector": {}}), "policyTypes", vec!["absent"], "not there"),
        (json!({"podSelector": {}, "policyTypes": [7]}), "policyTypes", vec!["7"], "there, and no text"),
    ] {
        assert_eq!(of_policy(spec.clone(), field), expected, "{field} of {spec}: {reason}");
    }
}
