//! Network rules in words.

use super::{Rest, list, only, selector, strings};
use serde_json::Value;

/// An absent rule lets nobody in, and an added one lets somebody in.
pub const OPENINGS: &[&str] = &["/spec/egress", "/spec/ingress"];

/// `all pods, Egress; out to 10.0.0.0/8 on TCP/443`; a direction that is named and not opened is closed.
pub fn policy(rest: &mut Rest<'_>) -> Vec<String> {
    let pods = rest.take_as("/spec/podSelector", selector);
    let pods = pods.map(|pods| if pods == "*" { "all pods".to_owned() } else { format!("pods {pods}") });
    let types = rest.take_as("/spec/policyTypes", |types| Some(strings(types)?.join("+")));
    let subject: Vec<String> = pods.into_iter().chain(types).collect();
    let mut words = vec![subject.join(", ")];
    let is_closed = |rest: &Rest<'_>, path| matches!(rest.get(path), None | Some("[]"));
    let closed = is_closed(rest, "/spec/ingress") && is_closed(rest, "/spec/egress");
    for (path, peers, word) in [("/spec/ingress", "from", "in from"), ("/spec/egress", "to", "out to")] {
        let opened = rest.take_as(path, |rules| {
            let texts: Option<Vec<String>> = rules.as_array()?.iter().map(|item| rule(item, peers, word)).collect();
            Some(texts?.join("; "))
        });
        words.extend(opened.filter(|words| !words.is_empty()));
    }
    if closed {
        words.push("nothing is open".to_owned());
    }
    vec![words.join("; ")]
}

fn rule(rule: &Value, peers: &str, word: &str) -> Option<String> {
    let rule = only(rule, &[peers, "ports"])?;
    let from = match rule.get(peers) {
        // Kubernetes: a rule without peers matches everybody.
        None => "anywhere".to_owned(),
        Some(list) => list.as_array()?.iter().map(peer).collect::<Option<Vec<String>>>()?.join(", "),
    };
    let ports = match rule.get("ports") {
        None => String::new(),
        Some(ports) => {
            let texts: Option<Vec<String>> = ports.as_array()?.iter().map(port).collect();
            format!(" on {}", texts?.join(", "))
        }
    };
    Some(format!("{word} {from}{ports}"))
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
                Some(except) => format!(" except {}", strings(except)?.join(" and ")),
            };
            Some(format!("{}{except}", block.get("cidr")?.as_str()?))
        }
        (None, Some(names), None, None) => Some(format!("hosts {}", list(names)?)),
        (None, None, Some(namespaces), None) => Some(format!("namespaces {namespaces}")),
        (None, None, None, Some(pods)) => Some(format!("pods {pods}")),
        (None, None, Some(namespaces), Some(pods)) => Some(format!("pods {pods} in namespaces {namespaces}")),
        _ => None,
    }
}

fn port(port: &Value) -> Option<String> {
    let port = only(port, &["protocol", "port", "endPort"])?;
    let text = |name: &str| port.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let end = text("endPort").map(|end| format!("-{end}")).unwrap_or_default();
    Some(format!("{}/{}{end}", text("protocol")?, text("port").unwrap_or_else(|| "*".to_owned())))
}
