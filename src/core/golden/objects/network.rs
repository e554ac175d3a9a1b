//! Network rules of a namespace. NetworkPolicies only ever add: the default deny closes, every other one opens, and what is
//! not closed needs no opening.
//!
//! Without the recipe for DNS and the Pod Identity agent a default deny of egress breaks every workload on its first call.

use super::document::Inside;
use crate::domain::{Cidr, DefaultDeny, Desired, LABEL_PREFIX, NetworkEngine};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const POLICIES: &str = "networking.k8s.io/v1";

/// NodeLocal DNSCache listens here; with it, and on Auto Mode, no kube-dns pod responds.
const NODE_LOCAL_DNS: &str = "169.254.20.10/32";
/// The agent of EKS Pod Identity, on every node.
const POD_IDENTITY_AGENT: [&str; 2] = ["169.254.170.23/32", "fd00:ec2::23/128"];

/// An environment's network with its defaults filled in, which its slots are held against as well; `None` waits for another resource
/// of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentNetwork {
    /// Never `Auto`.
    pub engine: NetworkEngine,
    pub default_deny: DefaultDeny,
    /// Whether anything opens a direction besides; what waits for another resource of the run may.
    pub has_ingress: bool,
    pub has_egress: bool,
    /// `env:<environment>`
    pub allow_from: Vec<String>,
    pub ingress_cidrs: Option<Vec<String>>,
    pub ingress_namespaces: Vec<String>,
    /// Of what these two open; empty: all of them.
    pub ingress_ports: Vec<u16>,
    pub monitoring_namespaces: Vec<String>,
    pub egress_presets: Vec<String>,
    pub egress: Option<Vec<OpenRanges>>,
    pub egress_fqdns: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRanges {
    pub cidrs: Vec<String>,
    /// Empty: all of them.
    pub ports: Vec<u16>,
}

/// That of one namespace.
#[derive(Clone, Debug)]
pub struct NetworkRules {
    pub environment: String,
    /// Its presets count among what opens egress.
    pub network: EnvironmentNetwork,
    pub same_environment: bool,
    /// The namespace is that of a slot that names who may connect: the environment's doors are not in it, but for monitoring.
    pub is_narrowed: bool,
    pub egress: Option<Vec<Opening>>,
    /// What the engine opens by name.
    pub hosts: OpenHosts,
    /// The address of the cluster's DNS service.
    pub dns: Option<Cidr>,
}

/// Names of hosts by the TCP ports that are open to them; no port: all of them.
pub type OpenHosts = BTreeMap<Vec<u16>, BTreeSet<String>>;

#[derive(Clone, Debug)]
pub struct Opening {
    pub to: Vec<Cidr>,
    /// What stays closed of it.
    pub except: Vec<Cidr>,
    /// Empty: all of them.
    pub ports: Vec<u16>,
}

pub fn render(rules: &NetworkRules, inside: &Inside<'_>) -> Vec<Desired> {
    let network = &rules.network;
    let (ingress, egress) = (network.default_deny.has_ingress(), network.default_deny.has_egress());
    let policy = |name: &str, spec: Option<Value>| {
        inside.maybe_object(POLICIES, "NetworkPolicy", name, spec.map(|spec| json!({ "spec": spec })))
    };
    let mut policies = vec![];
    if ingress || egress {
        let types: Vec<&str> = [("Ingress", ingress), ("Egress", egress)]
            .into_iter()
            .filter_map(|(name, on)| on.then_some(name))
            .collect();
        policies.push(policy("gp-default-deny", Some(json!({"podSelector": {}, "policyTypes": types}))));
    }
    if !egress {
        policies.push(match network.engine {
            // The entities of Cilium (the node, the API server) match no range, so opening all ranges would close them.
            NetworkEngine::Cilium => {
                let deny = json!([{"toCIDR": Cidr::METADATA}]);
                let spec = json!({"endpointSelector": {}, "enableDefaultDeny": {"egress": false}, "egressDeny": deny});
                inside.object("cilium.io/v2", "CiliumNetworkPolicy", "gp-deny-metadata", json!({ "spec": spec }))
            }
            _ => policy("gp-deny-metadata", Some(all_but_metadata())),
        });
    }
    if rules.same_environment && (ingress || egress) {
        policies.push(policy("gp-allow-same-env", Some(same_environment(rules))));
    }
    if ingress {
        let doors = network.ingress_cidrs.as_deref().map(|cidrs| {
            let ranges = ranges(cidrs).into_iter().map(|range| block(&range, &[]));
            ranges.chain(namespaces_peer(&network.ingress_namespaces)).collect::<Vec<Value>>()
        });
        if network.has_ingress && !rules.is_narrowed {
            let doors = doors.map(|doors: Vec<Value>| {
                let mut spec = ingress_spec(doors.into());
                if !network.ingress_ports.is_empty() && !spec["ingress"].is_null() {
                    spec["ingress"][0]["ports"] = ports(&network.ingress_ports);
                }
                spec
            });
            policies.push(policy("gp-allow-ingress-controller", doors));
        }
        let scrapers = namespaces_peer(&network.monitoring_namespaces);
        policies.extend(scrapers.map(|scrapers| policy("gp-allow-monitoring", Some(ingress_spec(json!([scrapers]))))));
        if !network.allow_from.is_empty() && !rules.is_narrowed {
            let environments = network.allow_from.iter().map(|from| from.trim_start_matches("env:"));
            let peers = environments.map(environment_peer).collect();
            policies.push(policy("gp-allow-from", Some(ingress_spec(peers))));
        }
    }
    if egress {
        policies.push(policy("gp-allow-dns", Some(egress_spec(vec![dns(rules.dns.as_ref())]))));
        let addresses = POD_IDENTITY_AGENT.map(|address| json!({"ipBlock": {"cidr": address}}));
        let agent = json!({"to": addresses, "ports": ports(&[80])});
        policies.push(policy("gp-allow-pod-identity", Some(egress_spec(vec![agent]))));
        if network.has_egress {
            let openings = rules.egress.as_ref().map(|openings| egress_spec(openings.iter().map(opening).collect()));
            policies.push(policy("gp-allow-egress", openings));
        }
        if network.engine == NetworkEngine::Cilium {
            // Cilium takes the node's own addresses for the entity `host`, which no ipBlock matches (cilium/cilium#34387).
            let spec = json!({"endpointSelector": {}, "egress": [{"toEntities": ["host"], "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]}]});
            let content = json!({ "spec": spec });
            policies.push(inside.object("cilium.io/v2", "CiliumNetworkPolicy", "gp-allow-pod-identity", content));
        }
        policies.extend(names_policy(network.engine, inside, "gp-allow-names", json!({}), &rules.hosts));
    }
    policies
}

/// What a request opens by name, which has no ports of its own.
pub fn https(names: &[String]) -> OpenHosts {
    let names: BTreeSet<String> = names.iter().cloned().collect();
    if names.is_empty() { OpenHosts::new() } else { [(vec![443], names)].into() }
}

/// Hosts by name, in the words of the engine that knows names.
pub fn names_policy(
    engine: NetworkEngine,
    inside: &Inside<'_>,
    name: &str,
    pods: Value,
    hosts: &OpenHosts,
) -> Option<Desired> {
    if hosts.is_empty() {
        return None;
    }
    match engine {
        NetworkEngine::EksAuto => {
            let rule = |(open, names): (&Vec<u16>, &BTreeSet<String>)| {
                let mut rule = json!({"to": [{"domainNames": names}]});
                if !open.is_empty() {
                    rule["ports"] = ports(open);
                }
                rule
            };
            let rules: Vec<Value> = hosts.iter().map(rule).collect();
            let spec = json!({"podSelector": pods, "policyTypes": ["Egress"], "egress": rules});
            let content = json!({ "spec": spec });
            Some(inside.object("networking.k8s.aws/v1alpha1", "ApplicationNetworkPolicy", name, content))
        }
        NetworkEngine::Cilium => {
            let key = |name: &str| if name.contains('*') { "matchPattern" } else { "matchName" };
            let rule = |(open, names): (&Vec<u16>, &BTreeSet<String>)| {
                let names: Vec<Value> = names.iter().map(|name| json!({ key(name): name })).collect();
                let mut rule = json!({ "toFQDNs": names });
                if !open.is_empty() {
                    let port = |port: &u16| json!({"port": port.to_string(), "protocol": "TCP"});
                    rule["toPorts"] = json!([{ "ports": open.iter().map(port).collect::<Value>() }]);
                }
                rule
            };
            // Names are learnt from responses that pass the DNS proxy: without this rule no name is ever known.
            let proxy = json!({
                "toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}}],
                "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}]
            });
            let rules: Vec<Value> = [proxy].into_iter().chain(hosts.iter().map(rule)).collect();
            let spec = json!({"endpointSelector": pods, "egress": rules});
            Some(inside.object("cilium.io/v2", "CiliumNetworkPolicy", name, json!({ "spec": spec })))
        }
        _ => None,
    }
}

/// Where egress is open: a pod that reaches the metadata service becomes its node. Pods by their namespaces, since not every engine
/// takes their addresses for addresses.
fn all_but_metadata() -> Value {
    let everywhere = Cidr::EVERYWHERE.iter().map(|range| block(range, &[]));
    let to: Vec<Value> = [json!({"namespaceSelector": {}})].into_iter().chain(everywhere).collect();
    egress_spec(vec![json!({ "to": to })])
}

fn same_environment(rules: &NetworkRules) -> Value {
    let peers = json!([environment_peer(&rules.environment)]);
    // Replicas of a slot that names who may connect still reach each other.
    let from = if rules.is_narrowed { json!([{"podSelector": {}}]) } else { peers.clone() };
    match (rules.network.default_deny.has_ingress(), rules.network.default_deny.has_egress()) {
        (true, true) => {
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": from}], "egress": [{"to": peers}]})
        }
        (true, false) => ingress_spec(from),
        _ => egress_spec(vec![json!({ "to": peers })]),
    }
}

fn environment_peer(environment: &str) -> Value {
    json!({"namespaceSelector": {"matchLabels": {format!("{LABEL_PREFIX}environment"): environment}}})
}

fn ingress_spec(peers: Value) -> Value {
    let mut spec = json!({"podSelector": {}, "policyTypes": ["Ingress"]});
    // A rule without peers would admit everybody.
    if peers.as_array().is_some_and(|peers| !peers.is_empty()) {
        spec["ingress"] = json!([{ "from": peers }]);
    }
    spec
}

fn egress_spec(rules: Vec<Value>) -> Value {
    let mut spec = json!({"podSelector": {}, "policyTypes": ["Egress"]});
    if !rules.is_empty() {
        spec["egress"] = Value::from(rules);
    }
    spec
}

/// The cluster's DNS by its pods and, since Auto Mode and NodeLocal have none, by its addresses.
fn dns(service: Option<&Cidr>) -> Value {
    let mut to = vec![json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}
    })];
    to.extend(service.map(|service| block(service, &[])));
    to.push(json!({"ipBlock": {"cidr": NODE_LOCAL_DNS}}));
    json!({"to": to, "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]})
}

fn opening(Opening { to, except, ports: open }: &Opening) -> Value {
    let mut rule = json!({ "to": to.iter().map(|range| block(range, except)).collect::<Value>() });
    if !open.is_empty() {
        rule["ports"] = ports(open);
    }
    rule
}

/// Every range that holds the metadata service excepts it: with it a pod becomes its node.
fn block(range: &Cidr, except: &[Cidr]) -> Value {
    let mut except: Vec<Cidr> = except.iter().filter(|except| range.contains(except)).copied().collect();
    let metadata = range.metadata_except().unwrap_or_default();
    let metadata: Vec<Cidr> = metadata.iter().filter_map(|address| address.parse().ok()).collect();
    except.retain(|one| !metadata.contains(one));
    let open = metadata.into_iter().filter(|address| !except.iter().any(|except| except.contains(address)));
    let all: Vec<String> =
        open.collect::<Vec<_>>().into_iter().chain(except.clone()).map(|one| one.to_string()).collect();
    match all.is_empty() {
        true => json!({"ipBlock": {"cidr": range.to_string()}}),
        false => json!({"ipBlock": {"cidr": range.to_string(), "except": all}}),
    }
}

/// Any pod of these namespaces.
fn namespaces_peer(names: &[String]) -> Option<Value> {
    let by_name = json!([{"key": "kubernetes.io/metadata.name", "operator": "In", "values": names}]);
    (!names.is_empty()).then(|| json!({"namespaceSelector": {"matchExpressions": by_name}}))
}

/// What is no range was refused by `check`.
pub fn ranges(cidrs: &[String]) -> Vec<Cidr> {
    cidrs.iter().filter_map(|cidr| cidr.parse().ok()).collect()
}

pub fn ports(ports: &[u16]) -> Value {
    ports.iter().map(|port| json!({"protocol": "TCP", "port": port})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{Environment, Spec, fixtures::*};

    /// Cilium's entities match no range, so that opening all ranges would close the node and the API server.
    #[test]
    fn each_engine_closes_the_metadata_service_its_own_way() {
        for (engine, key, reason) in [
            ("vpc_cni", "k8s/networking.k8s.io/v1/NetworkPolicy/payments-dev/gp-deny-metadata", "opens all the rest"),
            ("cilium", "k8s/cilium.io/v2/CiliumNetworkPolicy/payments-dev/gp-deny-metadata", "denies it alone"),
        ] {
            let spec = environment(serde_json::json!({"network": {"engine": engine}}));
            let objects = rendered(Spec::of::<Environment>(spec), &facts(), None).objects;
            let keys: Vec<String> = objects.iter().map(|object| object.key.to_string()).collect();
            let found: Vec<&String> = keys.iter().filter(|key| key.ends_with("/gp-deny-metadata")).collect();
            assert_eq!(found, [key], "{engine}: {reason}");
        }
    }

    #[test]
    fn what_a_range_must_not_open_is_excepted_once() {
        let metadata = "169.254.169.254/32";
        for (range, except, expected, reason) in [
            ("0.0.0.0/0", vec![], vec![metadata], "everything holds the metadata service"),
            ("0.0.0.0/0", vec!["10.0.0.0/8"], vec![metadata, "10.0.0.0/8"], "what stays closed besides"),
            ("0.0.0.0/0", vec!["169.254.0.0/16"], vec!["169.254.0.0/16"], "it is inside of that"),
            ("0.0.0.0/0", vec![metadata], vec![metadata], "named already"),
            ("10.0.0.0/8", vec!["10.1.0.0/16", "192.168.0.0/16"], vec!["10.1.0.0/16"], "only parts of the range"),
            ("10.0.0.0/8", vec![], vec![], "nothing"),
        ] {
            let cidr = |text: &str| text.parse::<Cidr>().expect("a range");
            let except: Vec<Cidr> = except.into_iter().map(cidr).collect();
            let found = block(&cidr(range), &except);
            let found: Vec<&str> =
                found["ipBlock"]["except"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(found, expected, "{range}: {reason}");
        }
    }
}
