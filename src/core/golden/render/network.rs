//! Network rules of a namespace. NetworkPolicies only ever add: the default deny closes, every other one opens, and what is
//! not closed needs no opening.
//!
//! Without the recipe for DNS and the Pod Identity agent a default deny of egress breaks every workload on its first call.

use super::namespace::{Inside, NamespaceRequest};
use crate::{
    domain::{Cidr, DefaultDeny, Desired, NetworkEngine, Problem, StableFacts, projection::LABEL_PREFIX},
    golden::{GoldenPath, ParentNetwork, catalogue::filled},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const POLICIES: &str = "networking.k8s.io/v1";

/// NodeLocal DNSCache listens here; with it, and on Auto Mode, no kube-dns pod answers.
const NODE_LOCAL_DNS: &str = "169.254.20.10/32";
/// The agent of EKS Pod Identity, on every node.
const POD_IDENTITY_AGENT: [&str; 2] = ["169.254.170.23/32", "fd00:ec2::23/128"];

pub(in crate::golden) const SAME_ENVIRONMENT: &str = "same_environment";

// === impl DefaultDeny ===

impl DefaultDeny {
    pub(in crate::golden) fn ingress(self) -> bool {
        matches!(self, Self::Both | Self::Ingress)
    }

    pub(in crate::golden) fn egress(self) -> bool {
        matches!(self, Self::Both | Self::Egress)
    }
}

/// `auto` goes by Auto Mode alone and is never detected: the same spec renders the same objects on every day.
pub(super) fn engine(asked: Option<NetworkEngine>, facts: &StableFacts) -> NetworkEngine {
    match asked.unwrap_or(NetworkEngine::Auto) {
        NetworkEngine::Auto if facts.auto_mode => NetworkEngine::EksAuto,
        NetworkEngine::Auto => NetworkEngine::VpcCni,
        named => named,
    }
}

pub(in crate::golden) fn knows_names(engine: NetworkEngine) -> bool {
    matches!(engine, NetworkEngine::EksAuto | NetworkEngine::Cilium)
}

/// Rules that only the cluster's facts decide.
pub(super) fn check_names(engine: NetworkEngine, fqdns: &[String], field: [&str; 2]) -> Option<Problem> {
    (!fqdns.is_empty() && !knows_names(engine)).then(|| {
        Problem::error(
            "network.engine_knows_no_names",
            "egress by domain name needs an engine that knows names",
            "On EKS Auto Mode the engine eks_auto does, elsewhere cilium where it is installed: set the environment's \
             network.engine, or open address ranges with network.egress_cidrs.",
        )
        .at(field)
    })
}

pub(super) fn render(request: &NamespaceRequest<'_>, inside: &Inside<'_>) -> Vec<Desired> {
    let NamespaceRequest { facts, path, network, mark, .. } = request;
    let (ingress, egress) = (network.default_deny.ingress(), network.default_deny.egress());
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
    if network.egress_presets.iter().any(|preset| preset == SAME_ENVIRONMENT) && (ingress || egress) {
        policies.push(policy("gp-allow-same-env", Some(same_environment(mark.environment, ingress, egress))));
    }
    if ingress {
        let ranges = network.ingress_cidrs.as_ref().map(|cidrs| ingress_spec(blocks(cidrs)));
        policies.push(policy("gp-allow-ingress-controller", ranges));
        let scrapers = json!([{"namespaceSelector": {"matchExpressions": [{
            "key": "kubernetes.io/metadata.name", "operator": "In", "values": path.network.monitoring_namespaces
        }]}}]);
        policies.push(policy("gp-allow-monitoring", Some(ingress_spec(scrapers))));
        if !network.allow_from.is_empty() {
            let peers: Vec<Value> =
                network.allow_from.iter().map(|from| environment_peer(from.trim_start_matches("env:"))).collect();
            policies.push(policy("gp-allow-from", Some(ingress_spec(Value::from(peers)))));
        }
    }
    if egress {
        policies.push(policy("gp-allow-dns", Some(egress_spec(vec![dns(facts)]))));
        let agent = json!({"to": blocks(POD_IDENTITY_AGENT), "ports": ports(&[80])});
        policies.push(policy("gp-allow-pod-identity", Some(egress_spec(vec![agent]))));
        policies.push(policy("gp-allow-egress", egress_rules(network, path, facts).map(egress_spec)));
        policies.extend(by_engine(request, inside));
    }
    policies
}

/// What NetworkPolicy itself can't say.
fn by_engine(request: &NamespaceRequest<'_>, inside: &Inside<'_>) -> Vec<Desired> {
    let NamespaceRequest { facts, path, network, .. } = request;
    let mut names: BTreeSet<String> = network.egress_fqdns.iter().cloned().collect();
    if knows_names(network.engine) {
        let presets = network.egress_presets.iter().filter_map(|name| path.network.egress_presets.get(name));
        names.extend(presets.flat_map(|preset| preset.fqdns.iter().map(|name| filled(name, facts))));
    }
    let mut objects = vec![];
    if network.engine == NetworkEngine::Cilium {
        // Cilium takes the node's own addresses for the entity `host`, which no ipBlock matches (cilium/cilium#34387).
        let spec = json!({"endpointSelector": {}, "egress": [{"toEntities": ["host"], "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]}]});
        objects.push(inside.object(
            "cilium.io/v2",
            "CiliumNetworkPolicy",
            "gp-allow-pod-identity",
            json!({ "spec": spec }),
        ));
    }
    objects.extend(names_policy(network.engine, inside, "gp-allow-names", json!({}), &names));
    objects
}

/// HTTPS to hosts by name, in the words of the engine that knows names.
pub(super) fn names_policy(
    engine: NetworkEngine,
    inside: &Inside<'_>,
    name: &str,
    pods: Value,
    names: &BTreeSet<String>,
) -> Option<Desired> {
    if names.is_empty() {
        return None;
    }
    match engine {
        NetworkEngine::EksAuto => {
            let rule = json!({"to": [{"domainNames": names}], "ports": ports(&[443])});
            let spec = json!({"podSelector": pods, "policyTypes": ["Egress"], "egress": [rule]});
            Some(inside.object(
                "networking.k8s.aws/v1alpha1",
                "ApplicationNetworkPolicy",
                name,
                json!({ "spec": spec }),
            ))
        }
        NetworkEngine::Cilium => {
            let hosts: Vec<Value> =
                names
                    .iter()
                    .map(|name| {
                        if name.contains('*') { json!({ "matchPattern": name }) } else { json!({ "matchName": name }) }
                    })
                    .collect();
            // Names are learnt from answers that pass the DNS proxy: without this rule no name is ever known.
            let proxy = json!({
                "toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}}],
                "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}]
            });
            let https = json!({"toFQDNs": hosts, "toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}]});
            let spec = json!({"endpointSelector": pods, "egress": [proxy, https]});
            Some(inside.object("cilium.io/v2", "CiliumNetworkPolicy", name, json!({ "spec": spec })))
        }
        _ => None,
    }
}

fn same_environment(environment: &str, ingress: bool, egress: bool) -> Value {
    let peers = json!([environment_peer(environment)]);
    match (ingress, egress) {
        (true, true) => {
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": peers}], "egress": [{"to": peers}]})
        }
        (true, false) => ingress_spec(peers),
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
pub(super) fn dns(facts: &StableFacts) -> Value {
    let mut to = vec![json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}
    })];
    // EKS gives kube-dns the tenth address of the service range: .10, or ::a.
    to.extend(facts.service_cidr.parse::<Cidr>().ok().map(|range| block(&range.nth(10))));
    to.push(json!({"ipBlock": {"cidr": NODE_LOCAL_DNS}}));
    json!({"to": to, "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]})
}

/// `None` while an address range waits for another resource.
fn egress_rules(network: &ParentNetwork, path: &GoldenPath, facts: &StableFacts) -> Option<Vec<Value>> {
    let mut rules = vec![];
    for preset in network.egress_presets.iter().filter_map(|name| path.network.egress_presets.get(name)) {
        let mut to: Vec<Value> = preset.cidrs.iter().filter_map(|cidr| Some(block(&cidr.parse().ok()?))).collect();
        if preset.kubernetes_service {
            to.extend(facts.service_cidr.parse::<Cidr>().ok().map(|range| block(&range.nth(1))));
        }
        rules.push(json!({"to": to, "ports": ports(&preset.ports)}));
    }
    let cidrs = network.egress_cidrs.as_ref()?;
    if !cidrs.is_empty() {
        rules.push(json!({ "to": blocks(cidrs) }));
    }
    Some(rules)
}

fn blocks<S: AsRef<str>>(cidrs: impl IntoIterator<Item = S>) -> Value {
    cidrs.into_iter().filter_map(|cidr| Some(block(&cidr.as_ref().parse().ok()?))).collect()
}

/// Every range that holds the metadata service excepts it: with it a pod becomes its node.
fn block(cidr: &Cidr) -> Value {
    match cidr.metadata_except() {
        Some(except) if !except.is_empty() => json!({"ipBlock": {"cidr": cidr.to_string(), "except": except}}),
        _ => json!({"ipBlock": {"cidr": cidr.to_string()}}),
    }
}

pub(super) fn ports(ports: &[u16]) -> Value {
    ports.iter().map(|port| json!({"protocol": "TCP", "port": port})).collect()
}
