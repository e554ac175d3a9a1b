//! Network rules in words.

use super::{Rest, Row, only, selector, value, values};
use serde_json::Value;

/// An absent rule lets nobody in, and an added one lets somebody in.
pub const OPENINGS: &[&str] = &["/spec/egress", "/spec/ingress"];

/// `ingress namespaces app:shop on TCP/443`. A direction that the policy is about and does not open is closed; one that it is
/// not about has no row. All pods is what a policy is about unless it says so.
pub fn policy(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = vec![];
    match rest.take_as("/spec/podSelector", selector) {
        Some(pods) if pods == "all" => {}
        Some(pods) => rows.push(Row::one("podSelector", pods)),
        None if rest.get("/spec/podSelector").is_none() => rows.push(Row::one("podSelector", "absent")),
        None => {}
    }
    let types = rest.take_as("/spec/policyTypes", values);
    let is_about = |direction: &str| types.iter().flatten().any(|one| one == direction);
    let (mut shown, mut rules) = (vec![], vec![]);
    for (path, name, direction, peers, word) in
        [("/spec/ingress", "ingress", "Ingress", "from", "from"), ("/spec/egress", "egress", "Egress", "to", "to")]
    {
        let opened = rest.take_as(path, |opened| {
            let opened = opened.as_array()?.iter().map(|item| rule(name, item, peers, word));
            Some(opened.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect::<Vec<Row>>())
        });
        match opened {
            Some(opened) if !opened.is_empty() => rules.extend(opened),
            Some(_) if is_about(direction) => rules.push(Row::one(name, "closed")),
            _ => continue,
        }
        shown.push(direction);
    }
    // The rows say which directions it is about; else it says so itself.
    shown.sort_unstable();
    match types {
        Some(types) if types == shown => {}
        Some(types) => rows.push(Row::new("policyTypes", types)),
        None if rest.get("/spec/policyTypes").is_none() => rows.push(Row::one("policyTypes", "absent")),
        None => {}
    }
    rows.extend(rules);
    rows
}

/// One line where that is wide enough, else the ports and then the peers.
fn rule(name: &str, rule: &Value, peers: &str, word: &str) -> Option<Vec<Row>> {
    let rule = only(rule, &[peers, "ports"])?;
    let peers = match rule.get(peers) {
        // Kubernetes: a rule without peers matches everybody.
        None => vec!["everybody".to_owned()],
        Some(list) => everywhere(list.as_array()?.iter().map(peer).collect::<Option<Vec<String>>>()?),
    };
    let ports = match rule.get("ports") {
        None => None,
        Some(ports) => Some(ports.as_array()?.iter().map(port).collect::<Option<Vec<String>>>()?),
    };
    let on = ports.iter().map(|ports| format!(" on {}", ports.join(", ")));
    let whole = Row::one(name, peers.join(", ") + &on.collect::<String>());
    if whole.is_narrow() {
        return Some(vec![whole]);
    }
    let ports = ports.unwrap_or_else(|| vec!["all".to_owned()]);
    Some(vec![Row::new(format!("{name}.on"), ports), Row::new(format!("{name}.{word}"), peers)])
}

/// All pods and all addresses of both families.
fn everywhere(peers: Vec<String>) -> Vec<String> {
    let except = |family: &str| peers.iter().find_map(|peer| peer.strip_prefix(family)?.strip_prefix(" except "));
    let has_pods = peers.iter().any(|peer| peer == "namespaces all");
    match (peers.len(), has_pods, except("0.0.0.0/0"), except("::/0")) {
        (3, true, Some(four), Some(six)) => vec![format!("everywhere except {four}|{six}")],
        _ => peers,
    }
}

fn peer(peer: &Value) -> Option<String> {
    let peer = only(peer, &["ipBlock", "namespaceSelector", "podSelector", "domainNames"])?;
    let part = |name: &str| match peer.get(name) {
        None => Some(None),
        Some(value) => selector(value).map(Some),
    };
    match (peer.get("ipBlock"), peer.get("domainNames"), part("namespaceSelector")?, part("podSelector")?) {
        (Some(block), None, None, None) => {
            let block = only(block, &["cidr", "except"])?;
            let except = match block.get("except") {
                None => String::new(),
                Some(except) => format!(" except {}", values(except)?.join("|")),
            };
            Some(format!("{}{except}", value(block.get("cidr")?.as_str()?)))
        }
        (None, Some(names), None, None) => Some(format!("hosts {}", values(names)?.join("|"))),
        (None, None, Some(namespaces), None) => Some(by_name(namespaces)),
        (None, None, None, Some(pods)) => Some(format!("pods {pods}")),
        (None, None, Some(namespaces), Some(pods)) => Some(format!("pods {pods} in {}", by_name(namespaces))),
        _ => None,
    }
}

/// Every namespace has its name as this label.
fn by_name(namespaces: String) -> String {
    match namespaces.strip_prefix("kubernetes.io/metadata.name:") {
        Some(names) if !names.contains(' ') => format!("namespace {names}"),
        _ => format!("namespaces {namespaces}"),
    }
}

fn port(port: &Value) -> Option<String> {
    let port = only(port, &["protocol", "port", "endPort"])?;
    let text = |name: &str| port.get(name).map(|port| value(port.as_str().unwrap_or(&port.to_string())));
    let end = text("endPort").map(|end| format!("-{end}")).unwrap_or_default();
    Some(format!("{}/{}{end}", text("protocol")?, text("port").unwrap_or_else(|| "*".to_owned())))
}
