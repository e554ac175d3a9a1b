//! What rules look for inside of one document.

use super::iam;
use crate::domain::Cidr;
use serde_json::Value;

/// What no tenant may write, and verbs that give more than they say (RBAC, privilege escalation prevention).
pub(super) fn escalation(doc: &Value) -> Option<String> {
    // Bindings and network policies are granted with the guards that keep them inside, and RBAC itself bounds a Role.
    const BOUNDS: [&str; 5] =
        ["resourcequotas", "limitranges", "clusterroles", "clusterrolebindings", "serviceaccounts/token"];
    let texts = |rule: &Value, name: &str| -> Vec<String> {
        rule.get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    };
    if doc.get("aggregationRule").is_some() {
        return Some("A ClusterRole is aggregated, so that others may add to it".to_owned());
    }
    doc.get("rules").and_then(Value::as_array).into_iter().flatten().find_map(|rule| {
        let (verbs, resources) = (texts(rule, "verbs"), texts(rule, "resources"));
        if let Some(verb) = verbs.iter().find(|verb| ["*", "bind", "escalate", "impersonate"].contains(&verb.as_str()))
        {
            return Some(format!("A ClusterRole has the verb {verb}"));
        }
        let writes = verbs.iter().any(|verb| !["get", "list", "watch"].contains(&verb.as_str()));
        let bound =
            resources.iter().find(|resource| *resource == "*" || (writes && BOUNDS.contains(&resource.as_str())));
        bound.map(|resource| format!("A ClusterRole may write {resource}"))
    })
}

pub(super) fn blocks(doc: &Value) -> Vec<&Value> {
    let rules =
        ["ingress", "egress"].into_iter().filter_map(|name| doc.pointer("/spec")?.get(name)?.as_array()).flatten();
    let peers =
        rules.flat_map(|rule| [rule.get("from"), rule.get("to")]).flatten().filter_map(Value::as_array).flatten();
    peers.filter_map(|peer| peer.get("ipBlock")).collect()
}

pub(super) fn reaches_metadata(block: &Value) -> bool {
    let Some(range) = block["cidr"].as_str().and_then(|text| text.parse::<Cidr>().ok()) else {
        return true;
    };
    let excepts: Vec<Cidr> =
        block["except"].as_array().into_iter().flatten().filter_map(|text| text.as_str()?.parse().ok()).collect();
    let is_excepted = |address: &&str| {
        address.parse::<Cidr>().is_ok_and(|address| excepts.iter().any(|except| except.contains(&address)))
    };
    range.metadata_except().is_none_or(|addresses| !addresses.iter().all(is_excepted))
}

pub(super) fn lint_of(statement: &Value) -> Vec<iam::Lint> {
    let texts = |name: &str| -> Vec<&str> {
        match statement.get(name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => vec![],
        }
    };
    if statement["Effect"] == "Allow" { iam::lint(&texts("Action"), &texts("Resource")) } else { vec![] }
}

#[cfg(test)]
mod tests;
