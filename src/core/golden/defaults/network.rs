//! What a namespace lets in and out: the tier's directions and presets under what the environment says.

use crate::{
    domain::{Cidr, DefaultDeny, EgressRule, Network, NetworkEngine, SAME_ENVIRONMENT, StableFacts},
    golden::{
        blueprint::SaidEngine,
        catalogue::{GoldenPath, Terms, fill_cluster},
        objects::network::{EnvironmentNetwork, NetworkRules, OpenHosts, OpenRanges, Opening, https, ranges},
    },
};
use std::collections::BTreeSet;

/// `auto` goes by Auto Mode alone and is never detected: the same spec renders the same objects on every day.
pub fn engine(asked: Option<NetworkEngine>, facts: &StableFacts) -> NetworkEngine {
    match asked.unwrap_or(NetworkEngine::Auto) {
        NetworkEngine::Auto if facts.auto_mode => NetworkEngine::EksAuto,
        NetworkEngine::Auto => NetworkEngine::VpcCni,
        named => named,
    }
}

/// What a request says of who enforces its rules. `None`: nothing is closed.
pub fn enforcement(asked: Option<&Network>, network: &EnvironmentNetwork) -> Option<SaidEngine> {
    (network.default_deny != DefaultDeny::None).then(|| SaidEngine {
        engine: asked.and_then(|asked| asked.engine).filter(|engine| *engine != NetworkEngine::Auto),
        reason: asked.and_then(|asked| asked.engine_reason.clone()),
    })
}

pub fn network(asked: Option<&Network>, terms: &Terms, facts: &StableFacts) -> EnvironmentNetwork {
    let Terms { path, tier } = terms;
    let tier = &tier.network;
    let Network {
        default_deny,
        allow_from,
        ingress_cidrs,
        ingress_namespaces,
        ingress_ports,
        same_environment,
        monitoring_namespaces,
        egress_presets,
        egress_cidrs,
        egress,
        egress_fqdns,
        ingress_hosts: _,
        engine: named,
        engine_reason: _,
    } = asked.cloned().unwrap_or_default();
    let names_scrapers = monitoring_namespaces.is_written();
    let (allow_from, egress_fqdns) = (allow_from.into_value(), egress_fqdns.into_value());
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    let mut presets: BTreeSet<String> =
        tier.egress_presets.iter().cloned().chain(egress_presets.into_value()).collect();
    match same_environment {
        Some(true) => drop(presets.insert(SAME_ENVIRONMENT.to_owned())),
        Some(false) => drop(presets.remove(SAME_ENVIRONMENT)),
        None => {}
    }
    let has_ingress = !ingress_cidrs.is_empty_list() || !ingress_namespaces.is_empty();
    let scrapers = monitoring_namespaces.into_value();
    let whole = EgressRule { cidrs: egress_cidrs.into_value(), ports: vec![] };
    let opens = |rule: &EgressRule| !rule.cidrs.is_empty_list();
    let egress: Vec<EgressRule> = egress.into_value().into_iter().chain([whole]).filter(opens).collect();
    let has_egress = !egress.is_empty();
    let open = |EgressRule { cidrs, ports }: EgressRule| Some(OpenRanges { cidrs: cidrs.all().map(owned)?, ports });
    let egress = egress.into_iter().map(open).collect();
    EnvironmentNetwork {
        engine: engine(named, facts),
        default_deny: default_deny.unwrap_or(tier.default_deny),
        has_ingress,
        has_egress,
        allow_from,
        ingress_cidrs: ingress_cidrs.all().map(owned),
        ingress_namespaces: ingress_namespaces.into_value(),
        ingress_ports: ingress_ports.into_value(),
        monitoring_namespaces: if names_scrapers { scrapers } else { path.network.monitoring_namespaces.clone() },
        egress_presets: presets.into_iter().collect(),
        egress,
        egress_fqdns,
    }
}

pub fn rules(environment: &str, network: &EnvironmentNetwork, path: &GoldenPath, facts: &StableFacts) -> NetworkRules {
    let services: Option<Cidr> = facts.service_cidr.parse().ok();
    let presets = || network.egress_presets.iter().filter_map(|name| path.network.egress_presets.get(name));
    let mut openings: Vec<Opening> = presets()
        .map(|preset| {
            let mut to = ranges(&preset.cidrs);
            to.extend(services.filter(|_| preset.kubernetes_service).map(|services| services.nth(1)));
            Opening { to, except: ranges(&preset.except), ports: preset.ports.clone() }
        })
        // Kubernetes takes a rule to nowhere for one to everywhere. Some presets open by name alone.
        .filter(|opening| !opening.to.is_empty())
        .collect();
    let mut hosts = OpenHosts::new();
    if network.engine.has_names() {
        hosts = https(&network.egress_fqdns);
        for preset in presets().filter(|preset| !preset.fqdns.is_empty()) {
            let ports: BTreeSet<u16> = preset.ports.iter().copied().collect();
            let names = preset.fqdns.iter().map(|name| fill_cluster(name, &facts.cluster_arn));
            hosts.entry(ports.into_iter().collect()).or_default().extend(names);
        }
    }
    NetworkRules {
        environment: environment.to_owned(),
        network: EnvironmentNetwork { has_egress: network.has_egress || !openings.is_empty(), ..network.clone() },
        same_environment: network.egress_presets.iter().any(|preset| preset == SAME_ENVIRONMENT),
        is_narrowed: false,
        egress: network.egress.as_ref().map(|rules| {
            let opening = |OpenRanges { cidrs, ports }: &OpenRanges| Opening {
                to: ranges(cidrs),
                except: vec![],
                ports: ports.clone(),
            };
            openings.extend(rules.iter().map(opening));
            merge(openings)
        }),
        hosts,
        // EKS gives kube-dns the tenth address of the service range: .10, or ::a.
        dns: services.map(|services| services.nth(10)),
    }
}

/// Those that differ in their ranges alone are one, and a range inside of another one says nothing.
fn merge(openings: Vec<Opening>) -> Vec<Opening> {
    let mut merged: Vec<Opening> = vec![];
    for Opening { to, except, ports } in openings {
        let same = merged.iter_mut().find(|one| one.ports == ports && one.except == except);
        match same {
            Some(same) => same.to.extend(to),
            None => merged.push(Opening { to, except, ports }),
        }
    }
    for Opening { to, .. } in &mut merged {
        let all = to.clone();
        let is_inside = |range: &Cidr| all.iter().any(|other| other != range && other.contains(range));
        let mut seen = BTreeSet::new();
        to.retain(|range| seen.insert(*range) && !is_inside(range));
    }
    merged
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Body, EgressRule, Late, Network},
        golden::{Catalogue, Environment, ResolveContext, Spec, fixtures::*},
    };
    use serde_json::json;

    /// The tier's own preset opens no ranges.
    #[test]
    fn ranges_with_or_without_ports_open_egress() {
        let rule = json!({"cidrs": ["10.0.0.0/8"], "ports": [5432]});
        for (network, expected, reason) in [
            (json!({"egress_cidrs": ["10.0.0.0/8"]}), true, "on all ports"),
            (json!({"egress": [rule]}), true, "on some"),
            (json!({"egress": [rule], "egress_cidrs": ["10.0.0.0/8"]}), true, "both"),
            (json!({}), false, "neither"),
            (json!({"egress_cidrs": [], "egress": []}), false, "lists of a module that hold nothing"),
            (
                json!({"egress": [{"cidrs": [], "ports": [5432]}]}),
                false,
                "a rule to nowhere, which is none to everywhere",
            ),
        ] {
            let spec = Spec::of::<Environment>(environment(json!({"tier": "staging", "network": network})));
            let objects = rendered(spec, &facts(), None).objects;
            let opens = objects.iter().any(|object| object.key.to_string().ends_with("/gp-allow-egress"));
            assert_eq!(opens, expected, "{reason}");
        }
    }

    /// As a module passes them on, and as a plan knows them.
    #[test]
    fn empty_lists_have_no_policy_and_unknown_ones_have_one_without_a_body() {
        let empty = json!({"ingress_cidrs": [], "ingress_namespaces": [], "egress_cidrs": [], "egress": []});
        let rule = json!({"egress": [{"cidrs": [], "ports": [5432]}]});
        let late = |network: &mut Network, list: &str| match list {
            "ingress_cidrs" => network.ingress_cidrs = Late::Later.into(),
            "egress_cidrs" => network.egress_cidrs = Late::Later.into(),
            "element" => network.egress_cidrs = Late::Now(vec![Late::Later]).into(),
            _ => network.egress = vec![EgressRule { cidrs: Late::Later, ports: vec![5432] }].into(),
        };
        let doors = ["gp-allow-ingress-controller", "gp-allow-egress"];
        for (unknown, expected, may_be_empty, reason) in [
            (None, [None, None], false, "nothing is opened"),
            (Some("ingress_cidrs"), [Some(false), None], true, "ingress, perhaps"),
            (Some("egress_cidrs"), [None, Some(false)], true, "egress, perhaps"),
            (Some("egress"), [None, Some(false)], true, "on some ports, perhaps"),
            (Some("element"), [None, Some(false)], false, "one range, whichever it is"),
        ] {
            let mut spec = environment(json!({"tier": "staging", "network": empty}));
            let network = spec.network.as_mut().expect("a network");
            unknown.into_iter().for_each(|list| late(network, list));
            let spec = Spec::of::<Environment>(spec);
            let seen = |spec: &Spec| {
                let objects = rendered(spec.clone(), &facts(), None).objects;
                let has_body = |name: &str| {
                    let object = objects.iter().find(|object| object.key.to_string().ends_with(&format!("/{name}")));
                    object.map(|object| object.body.is_some())
                };
                doors.map(has_body)
            };
            assert_eq!(seen(&spec), expected, "{reason}");
            let emptied = spec.with_empty_lists();
            assert_eq!(emptied.is_some(), may_be_empty, "{reason}");
            assert!(emptied.is_none_or(|spec| seen(&spec) == [None, None]), "{reason}: in the end it may open nothing");
        }
        let spec = Spec::of::<Environment>(environment(json!({"network": rule})));
        assert!(spec.with_empty_lists().is_none(), "it is known to be empty");
    }

    /// Of addresses and of names alike.
    #[test]
    fn a_preset_opens_names_on_its_own_ports() {
        let document = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
            network: { egress_presets: { database: { cidrs: [], ports: [5432, 3306, 5432], fqdns: ['*.db.example.com'] }, \
            web: { cidrs: [], ports: [443], fqdns: [web.example.com] }, any: { cidrs: [], ports: [], fqdns: [any.example.com] } } }\n";
        let catalogue = Catalogue::with_documents([("own", document)]).expect("a catalogue");
        let proxy = json!({
            "toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}}],
            "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": [{"matchPattern": "*"}]}}]
        });
        let tcp = |port: u16| json!({"port": port, "protocol": "TCP"});
        let text = |port: &str| json!({"port": port, "protocol": "TCP"});
        let (own, web) = (json!({"matchName": "api.example.com"}), json!({"matchName": "web.example.com"}));
        for (engine, presets, expected, reason) in [
            (
                "eks_auto",
                &["database"][..],
                json!([
                    {"to": [{"domainNames": ["api.example.com"]}], "ports": [tcp(443)]},
                    {"to": [{"domainNames": ["*.db.example.com"]}], "ports": [tcp(3306), tcp(5432)]},
                ]),
                "a rule for each set of ports",
            ),
            (
                "eks_auto",
                &["any", "web"],
                json!([
                    {"to": [{"domainNames": ["any.example.com"]}]},
                    {"to": [{"domainNames": ["api.example.com", "web.example.com"]}], "ports": [tcp(443)]},
                ]),
                "no ports are all of them, and the same ports are one rule",
            ),
            (
                "cilium",
                &["any", "database", "web"],
                json!([
                    proxy,
                    {"toFQDNs": [{"matchName": "any.example.com"}]},
                    {"toFQDNs": [own, web], "toPorts": [{"ports": [text("443")]}]},
                    {"toFQDNs": [{"matchPattern": "*.db.example.com"}], "toPorts": [{"ports": [text("3306"), text("5432")]}]},
                ]),
                "in the words of another engine",
            ),
            ("vpc_cni", &["any", "database", "web"], json!(null), "an engine that knows no names"),
        ] {
            let fqdns: &[&str] = if engine == "vpc_cni" { &[] } else { &["api.example.com"] };
            let network = json!({"egress_presets": presets, "egress_fqdns": fqdns, "engine": engine});
            let spec = environment(json!({"golden_path": "own", "tier": "staging", "network": network}));
            let given = ResolveContext { facts: &facts(), parent: None, catalogue: &catalogue };
            let objects = Spec::of::<Environment>(spec).resolve(&given).expect("renders").render().objects;
            let found = objects.iter().find(|object| object.key.to_string().ends_with("/gp-allow-names"));
            let found = found.map(|object| match &object.body {
                Some(Body::Kube(document)) => document["spec"]["egress"].clone(),
                _ => panic!("a document"),
            });
            let rules = |found: serde_json::Value| match found {
                serde_json::Value::Array(rules) => {
                    let mut rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
                    rules.sort();
                    rules
                }
                _ => vec![],
            };
            assert_eq!(rules(found.unwrap_or_default()), rules(expected), "{engine}: {reason}");
        }
    }

    /// A rule without ranges would open all of them.
    #[test]
    fn a_preset_of_names_alone_opens_no_range() {
        let document = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
            network: { egress_presets: { partner: { cidrs: [], ports: [443], fqdns: [api.example.com] } } }\n";
        let catalogue = Catalogue::with_documents([("own", document)]).expect("a catalogue");
        let network = json!({"egress_presets": ["partner"], "engine": "cilium"});
        let spec = environment(json!({"golden_path": "own", "tier": "staging", "network": network}));
        let given = ResolveContext { facts: &facts(), parent: None, catalogue: &catalogue };
        let objects = Spec::of::<Environment>(spec).resolve(&given).expect("renders").render().objects;
        let has = |name: &str| objects.iter().any(|object| object.key.to_string().ends_with(name));
        assert!(has("/gp-allow-names") && !has("/gp-allow-egress"));
    }
}
