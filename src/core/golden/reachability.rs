//! Who reaches whom, by a pure evaluation of the rendered NetworkPolicies as `networking.k8s.io/v1` defines them: what no test
//! server shows, since none of them has a CNI.
//!
//! A pod that no policy selects for a direction is open in it. One that is selected is closed but for the rules of all
//! policies that select it. A connection needs both ends.

use super::{Environment, Slot, Spec, fixtures::*};
use crate::domain::{Body, Cidr, Desired, ObjectKey};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One end of a connection.
#[derive(Clone)]
enum End {
    Pod {
        namespace: String,
        labels: Map<String, Value>,
    },
    /// An address outside of the cluster's pods.
    Host(Cidr),
}

struct Cluster {
    policies: Vec<(String, Value)>,
    namespaces: BTreeMap<String, Map<String, Value>>,
}

// === impl Cluster ===

impl Cluster {
    fn of(objects: &[Desired]) -> Self {
        let mut cluster = Self { policies: vec![], namespaces: BTreeMap::new() };
        for name in ["kube-system", "monitoring", "datadog", "ingress-nginx", "stranger"] {
            cluster.namespaces.insert(name.to_owned(), Map::new());
        }
        for object in objects {
            match (&object.key, &object.body) {
                (ObjectKey::Kube { kind, namespace: Some(namespace), .. }, Some(Body::Kube(doc)))
                    if kind == "NetworkPolicy" =>
                {
                    cluster.policies.push((namespace.clone(), doc["spec"].clone()));
                }
                // A slot that shares a namespace writes an annotation of it and no label.
                (ObjectKey::Kube { kind, name, .. }, Some(Body::Kube(doc))) if kind == "Namespace" => {
                    let labels = doc["metadata"]["labels"].as_object().cloned().unwrap_or_default();
                    cluster.namespaces.entry(name.clone()).or_default().extend(labels);
                }
                _ => {}
            }
        }
        for (name, labels) in &mut cluster.namespaces {
            labels.insert("kubernetes.io/metadata.name".to_owned(), json!(name));
        }
        cluster
    }

    fn connects(&self, from: &End, to: &End, protocol: &str, port: u16) -> bool {
        self.admits("Egress", from, to, protocol, port) && self.admits("Ingress", to, from, protocol, port)
    }

    fn admits(&self, direction: &str, end: &End, other: &End, protocol: &str, port: u16) -> bool {
        let End::Pod { namespace, labels } = end else {
            return true;
        };
        let (rules, peers) = if direction == "Egress" { ("egress", "to") } else { ("ingress", "from") };
        let selecting: Vec<&Value> = self
            .policies
            .iter()
            .filter(|(of, spec)| {
                of == namespace && selects(&spec["podSelector"], labels) && has(&spec["policyTypes"], direction)
            })
            .map(|(_, spec)| spec)
            .collect();
        selecting.is_empty()
            || selecting.iter().flat_map(|spec| items(&spec[rules])).any(|rule| {
                let ports = &rule["ports"];
                let port_matches =
                    ports.is_null() || items(ports).any(|p| p["protocol"] == protocol && p["port"] == port);
                port_matches
                    && (rule[peers].is_null() || items(&rule[peers]).any(|peer| self.is_peer(peer, namespace, other)))
            })
    }

    fn is_peer(&self, peer: &Value, own_namespace: &str, other: &End) -> bool {
        match other {
            End::Host(address) => {
                let range = |text: &Value| text.as_str().and_then(|text| text.parse::<Cidr>().ok());
                let block = &peer["ipBlock"];
                range(&block["cidr"]).is_some_and(|range| range.contains(address))
                    && !items(&block["except"]).filter_map(range).any(|except| except.contains(address))
            }
            End::Pod { namespace, labels } => {
                let (namespaces, pods) = (&peer["namespaceSelector"], &peer["podSelector"]);
                let near = if namespaces.is_null() {
                    namespace == own_namespace
                } else {
                    self.namespaces.get(namespace).is_some_and(|labels| selects(namespaces, labels))
                };
                peer["ipBlock"].is_null() && near && (pods.is_null() || selects(pods, labels))
            }
        }
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn has(list: &Value, text: &str) -> bool {
    items(list).any(|item| item == text)
}

fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let equal =
        selector["matchLabels"].as_object().into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
    equal
        && items(&selector["matchExpressions"]).all(|expression| {
            assert_eq!(expression["operator"], "In", "the only operator that we render");
            expression["key"]
                .as_str()
                .and_then(|key| labels.get(key))
                .is_some_and(|value| items(&expression["values"]).any(|v| v == value))
        })
}

fn pod(namespace: &str, name: &str) -> End {
    let label = if namespace == "kube-system" { "k8s-app" } else { "app.kubernetes.io/name" };
    End::Pod { namespace: namespace.to_owned(), labels: Map::from_iter([(label.to_owned(), json!(name))]) }
}

fn host(address: &str) -> End {
    let length = if address.contains(':') { 128 } else { 32 };
    End::Host(format!("{address}/{length}").parse().expect("an address"))
}

/// A production environment with an isolated slot, its edge, a stranger, and a development environment.
fn cluster() -> Cluster {
    let facts = facts();
    let prod = payments_prod();
    let owner = json!({"contact": "a@b", "cost_center": "C"});
    let edge = environment(json!({"name": "edge-prod", "tier": "prod", "owner": owner}));
    let mut objects = rendered(Spec::of::<Slot>(slot(ledger())), &facts, Some(&parent(&prod, &facts))).objects;
    for spec in [prod, edge, environment(json!({}))] {
        objects.extend(rendered(Spec::of::<Environment>(spec), &facts, None).objects);
    }
    Cluster::of(&objects)
}

#[test]
fn production_reaches_what_it_must_and_nothing_else() {
    let cluster = cluster();
    let (api, slot) = (pod("payments-prod-api", "api"), pod("payments-prod-ledger", "ledger"));
    for (from, to, protocol, port, open, reason) in [
        (&api, pod("kube-system", "kube-dns"), "UDP", 53, true, "names, from the pods of kube-dns"),
        (&api, host("10.100.0.10"), "TCP", 53, true, "names, at the service's address"),
        (&api, host("169.254.20.10"), "UDP", 53, true, "names, from NodeLocal DNSCache"),
        (&api, host("169.254.170.23"), "TCP", 80, true, "credentials, from the Pod Identity agent"),
        (&api, host("fd00:ec2::23"), "TCP", 80, true, "credentials, on IPv6"),
        (&slot, host("169.254.170.23"), "TCP", 80, true, "credentials in an isolated namespace"),
        (&api, host("169.254.169.254"), "TCP", 80, false, "not the node's own credentials"),
        (&api, host("fd00:ec2::254"), "TCP", 443, false, "nor on IPv6, inside of a range that is open"),
        (&api, host("10.100.0.1"), "TCP", 443, true, "the API server, by the preset"),
        (&api, host("10.5.0.1"), "TCP", 5432, true, "a range that was asked for"),
        (&api, host("192.168.0.9"), "TCP", 443, true, "AWS by interface endpoints, by the preset"),
        (&api, host("192.168.0.9"), "TCP", 5432, false, "on HTTPS alone"),
        (&api, host("203.0.113.9"), "TCP", 443, false, "not the rest of the target"),
        (&api, pod("payments-prod-jobs", "report"), "TCP", 8080, true, "its own environment"),
        (&slot, pod("payments-prod-api", "api"), "TCP", 8080, true, "an isolated slot is of the environment"),
        (&api, pod("edge-prod", "edge"), "TCP", 8080, false, "the edge lets nobody in"),
        (&api, pod("stranger", "x"), "TCP", 8080, false, "egress is closed to strangers"),
        (&pod("edge-prod", "edge"), api.clone(), "TCP", 8080, false, "let in, but the edge's own egress is closed"),
        (&pod("stranger", "x"), api.clone(), "TCP", 8080, false, "strangers"),
        (&pod("payments-dev", "x"), api.clone(), "TCP", 8080, false, "the same team in another tier"),
        (&pod("monitoring", "prometheus"), api.clone(), "TCP", 9090, true, "the platform's monitoring"),
        (&host("10.1.2.3"), api.clone(), "TCP", 8080, true, "load balancers' subnets"),
        (&host("10.2.2.3"), api.clone(), "TCP", 8080, false, "other subnets"),
    ] {
        assert_eq!(cluster.connects(from, &to, protocol, port), open, "{reason}");
    }
    assert!(cluster.admits("Ingress", &api, &pod("edge-prod", "edge"), "TCP", 8080), "allow_from opens this side");
    assert!(
        !cluster.admits("Ingress", &pod("payments-prod-jobs", "x"), &pod("stranger", "x"), "TCP", 1),
        "every namespace"
    );
}

#[test]
fn development_is_closed_inwards_only() {
    let cluster = cluster();
    let dev = pod("payments-dev", "api");
    for (from, to, open, reason) in [
        (&dev, host("203.0.113.9"), true, "egress is open"),
        (&dev, pod("stranger", "x"), true, "egress is open"),
        (&dev, host("10.100.0.1"), true, "to the API server, too"),
        (&dev, host("169.254.170.23"), true, "and to the Pod Identity agent"),
        (&dev, host("169.254.169.254"), false, "but not to the node's own credentials"),
        (&dev, host("fd00:ec2::254"), false, "nor on IPv6"),
        (&pod("payments-dev", "other"), dev.clone(), true, "its own environment"),
        (&pod("stranger", "x"), dev.clone(), false, "strangers"),
        (&pod("payments-prod-api", "api"), dev.clone(), false, "the same team in another tier"),
    ] {
        assert_eq!(cluster.connects(from, &to, "TCP", 8080), open, "{reason}");
    }
}

/// An environment's own doors, in a tier that closes both directions.
#[test]
fn an_environment_opens_what_it_asks_for() {
    let owner = json!({"contact": "a@b", "cost_center": "C"});
    let network = json!({"same_environment": false, "ingress_namespaces": ["ingress-nginx"], "ingress_ports": [8080],
        "monitoring_namespaces": ["datadog"], "egress_presets": ["internet_https", "aws_services"]});
    let shop = environment(json!({"name": "shop", "tier": "prod", "owner": owner, "network": network}));
    let objects = rendered(Spec::of::<Environment>(shop), &facts(), None).objects;
    let cluster = Cluster::of(&objects);
    let web = pod("shop", "web");
    for (from, to, port, open, reason) in [
        (pod("ingress-nginx", "controller"), web.clone(), 8080, true, "the ingress controller"),
        (pod("ingress-nginx", "controller"), web.clone(), 9090, false, "on the port that was named"),
        (pod("datadog", "agent"), web.clone(), 9090, true, "the monitoring that was named"),
        (pod("monitoring", "prometheus"), web.clone(), 9090, false, "and no other"),
        (pod("shop", "other"), web.clone(), 8080, false, "its own door is closed"),
        (web.clone(), host("52.218.0.1"), 443, true, "S3 behind a gateway endpoint has a public address"),
        (web.clone(), host("2a05:d018::1"), 443, true, "on IPv6, too"),
        (web.clone(), host("52.218.0.1"), 5432, false, "on HTTPS alone"),
        (web.clone(), host("10.5.0.1"), 443, true, "an interface endpoint, by the other preset"),
        (web.clone(), host("169.254.169.254"), 443, false, "never the metadata service"),
        (web.clone(), host("fd00:ec2::254"), 443, false, "nor on IPv6"),
    ] {
        assert_eq!(cluster.connects(&from, &to, "TCP", port), open, "{reason}");
    }
}

#[test]
fn a_policy_that_opens_nothing_is_not_there() {
    let owner = json!({"contact": "a@b", "cost_center": "C"});
    let empty =
        json!({"ingress_cidrs": [], "ingress_namespaces": [], "egress_cidrs": [], "egress": [], "egress_presets": []});
    for (network, reason) in [(json!({}), "nothing was asked for"), (empty, "empty lists ask for nothing")] {
        let quiet = environment(json!({"name": "quiet", "tier": "prod", "owner": owner, "network": network}));
        let objects = rendered(Spec::of::<Environment>(quiet), &facts(), None).objects;
        let names = |name: &str| objects.iter().any(|object| object.key.to_string().ends_with(name));
        assert!(names("/gp-default-deny") && names("/gp-allow-monitoring"), "{reason}");
        assert!(!names("/gp-allow-ingress-controller") && !names("/gp-allow-egress"), "{reason}");
    }
}

/// The `store` of a shop and who calls it, as a team asks for them: a gateway that is behind the environment's doors, and an edge
/// that `allow_from` lets in.
fn shop(network: Value, isolation: &str) -> Cluster {
    let facts = facts();
    let quota = json!({"slots_percent": 50});
    let shop = environment(json!({"name": "shop", "tier": "staging", "network": network, "quota": quota}));
    let edge = environment(json!({"name": "edge", "tier": "staging", "network": {"egress_cidrs": ["10.0.0.0/8"]}}));
    let store = slot(json!({"name": "store", "environment": "demo/shop", "isolation": isolation,
        "ingress": {"from_slots": ["shop/gateway"], "ports": [5432]}}));
    let gateway = slot(json!({"name": "gateway", "environment": "demo/shop", "isolation": "shared",
        "egress": {"to_slots": ["shop/store"]}}));
    let parent = parent(&shop, &facts);
    let slots = [store, gateway].map(|slot| rendered(Spec::of::<Slot>(slot), &facts, Some(&parent)));
    let environments = [shop, edge].map(|spec| rendered(Spec::of::<Environment>(spec), &facts, None));
    let objects: Vec<Desired> = environments.into_iter().chain(slots).flat_map(|blueprint| blueprint.objects).collect();
    Cluster::of(&objects)
}

/// All doors that an environment can have but the one among its own pods.
fn doors() -> Value {
    json!({"same_environment": false, "allow_from": ["env:edge"], "ingress_cidrs": ["10.0.0.0/20"],
        "ingress_namespaces": ["ingress-nginx"]})
}

/// In a namespace of its own, whatever the environment lets in.
#[test]
fn an_isolated_slot_is_reached_by_the_slots_it_names_and_by_monitoring() {
    let store = pod("shop-store", "store");
    for within in [false, true] {
        let mut network = doors();
        network["same_environment"] = json!(within);
        let cluster = shop(network.clone(), "namespace");
        network["monitoring_namespaces"] = json!([]);
        let unwatched = shop(network, "namespace");
        for (from, port, open, watched, reason) in [
            (pod("shop", "gateway"), 5432, true, true, "named"),
            (pod("shop", "gateway"), 8080, false, false, "on another port"),
            (pod("shop", "other"), 5432, false, false, "not named, of the same environment"),
            (pod("edge", "gateway"), 5432, false, false, "of the name, in another environment"),
            (pod("ingress-nginx", "controller"), 5432, false, false, "the ingress controller"),
            (pod("ingress-nginx", "controller"), 8080, false, false, "on any port"),
            (host("10.0.1.1"), 5432, false, false, "a load balancer"),
            (pod("stranger", "x"), 5432, false, false, "a stranger"),
            (pod("shop-store", "store"), 5432, within, within, "its replicas, where the environment is open within"),
            (pod("monitoring", "prometheus"), 9187, false, true, "monitoring, unless it is closed"),
        ] {
            assert_eq!(cluster.connects(&from, &store, "TCP", port), watched, "{within}: {reason}");
            assert_eq!(unwatched.connects(&from, &store, "TCP", port), open, "{within}: {reason}");
        }
        let gateway = pod("shop", "gateway");
        for from in [pod("ingress-nginx", "controller"), host("10.0.1.1")] {
            assert!(unwatched.connects(&from, &gateway, "TCP", 8080), "others keep the environment's doors");
        }
        let edge = pod("edge", "gateway");
        assert!(!unwatched.admits("Ingress", &store, &edge, "TCP", 5432), "nor is `allow_from` a way in");
        assert!(unwatched.admits("Ingress", &gateway, &edge, "TCP", 5432), "which it is to others");
        assert_eq!(unwatched.connects(&store, &gateway, "TCP", 8080), within, "its egress is as the environment's");
    }
}

/// Policies only add: what the environment lets into a namespace reaches every pod of it, and docs and a warning say so.
#[test]
fn a_slot_that_shares_a_namespace_is_reached_by_whom_the_environment_lets_in() {
    let store = pod("shop", "store");
    let quiet = || json!({"same_environment": false, "monitoring_namespaces": []});
    let cases = [
        ("named", pod("shop", "gateway"), 5432, ""),
        ("an address range", host("10.0.1.1"), 5432, "ingress_cidrs"),
        ("an ingress controller", pod("ingress-nginx", "controller"), 8080, "ingress_namespaces"),
        ("monitoring", pod("monitoring", "prometheus"), 9187, "monitoring_namespaces"),
        ("another pod of the environment", pod("shop", "other"), 5432, "same_environment"),
        ("another environment", pod("edge", "gateway"), 5432, "allow_from"),
    ];
    for (reason, from, port, door) in &cases {
        let reaches = |network: Value| shop(network, "shared").admits("Ingress", &store, from, "TCP", *port);
        assert_eq!(reaches(quiet()), door.is_empty(), "{reason}: where nothing else is open");
        if door.is_empty() {
            continue;
        }
        let mut network = quiet();
        match *door {
            "same_environment" => network[door] = json!(true),
            // Left out, all of the path's are open.
            "monitoring_namespaces" => drop(network.as_object_mut().expect("members").remove(*door)),
            _ => network[door] = doors()[door].clone(),
        }
        assert!(reaches(network), "{reason}: by `{door}`");
    }
    let closed = shop(quiet(), "shared");
    assert!(closed.connects(&pod("shop", "gateway"), &store, "TCP", 5432), "both ends are open");
    for (from, port, reason) in [
        (pod("shop", "gateway"), 8080, "on another port"),
        (pod("shop", "other"), 5432, "not named"),
        (pod("edge", "gateway"), 5432, "of the name, in another environment"),
    ] {
        assert!(!closed.admits("Ingress", &store, &from, "TCP", port), "{reason}");
    }
}
