//! What a persona may do. The baseline alone makes them; environments bind them.

use crate::{
    domain::short_hash,
    kinds::{
        kind::{Kind, NameRule, Writes},
        words::{Row, value},
    },
};
use serde_json::Value;
use std::collections::BTreeSet;

pub const KIND: Kind = Kind {
    baseline: Writes::Rendered,
    environments: Writes::Nothing,
    words: |rest| rest.take_as("/rules", summary).unwrap_or_default(),
    roots: &["aggregationRule", "rules"],
    names: NameRule::PathSegment,
    ..Kind::cluster_wide("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles")
};

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 5] = ["create", "delete", "deletecollection", "patch", "update"];
const EXEC: [&str; 3] = ["pods/attach", "pods/exec", "pods/portforward"];

/// A hundred lines of rules are read by nobody: their number and digest change with every rule, and what people ask for first
/// has a row of its own.
fn summary(rules: &Value) -> Option<Vec<Row>> {
    let grants: Vec<Grant<'_>> = rules.as_array()?.iter().flat_map(grants).collect();
    let other = grants.iter().map(|grant| grant.verb).filter(|verb| !READ.contains(verb) && !WRITE.contains(verb));
    let mut first =
        vec![rules.as_array()?.len().to_string(), format!("digest {}", short_hash([rules.to_string().as_str()], 10))];
    first.extend(text_set(other).into_iter().map(|verb| format!("verb {}", value(verb))));
    let of = |verbs: &'static [&'static str]| {
        let of = grants.iter().filter(move |grant| verbs.contains(&grant.verb) || grant.verb == "*");
        let groups = of.clone().map(|grant| grant.group).collect::<BTreeSet<_>>().len();
        let resources = of.map(|grant| (grant.group, grant.resource)).collect::<BTreeSet<_>>().len();
        (resources > 0).then(|| vec![format!("{resources} resources in {groups} groups")])
    };
    let secrets = grants.iter().filter(|grant| ["secrets", "*"].contains(&grant.resource)).map(|grant| grant.verb);
    let exec = grants.iter().map(|grant| grant.resource).filter(|resource| EXEC.contains(resource));
    let named = |texts: BTreeSet<&str>| (!texts.is_empty()).then(|| texts.into_iter().map(value).collect());
    let rows = [
        ("rules", Some(first)),
        ("read", of(&READ)),
        ("write", of(&WRITE)),
        ("secrets", named(text_set(secrets))),
        ("exec", named(text_set(exec))),
    ];
    Some(rows.into_iter().filter_map(|(name, elements)| Some(Row::new(name, elements?))).collect())
}

struct Grant<'a> {
    group: &'a str,
    resource: &'a str,
    verb: &'a str,
}

fn grants(rule: &Value) -> impl Iterator<Item = Grant<'_>> {
    let list = |name: &str| rule.get(name).and_then(strings).unwrap_or_default();
    let (resources, verbs) = (list("resources"), list("verbs"));
    list("apiGroups").into_iter().flat_map(move |group| {
        let verbs = verbs.clone();
        let each = move |resource| verbs.clone().into_iter().map(move |verb| Grant { group, resource, verb });
        resources.clone().into_iter().flat_map(each)
    })
}

fn strings(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn text_set<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    texts.collect()
}
