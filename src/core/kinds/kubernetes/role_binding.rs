//! Who has a role in a namespace.

use crate::kinds::{
    kind::{Kind, NameRule, Unmarked},
    words::{Rest, only},
};
use serde_json::Value;

pub const KIND: Kind = Kind {
    unmarked: Unmarked::All,
    openings: &["/subjects"],
    atomic: &["roleRef"],
    words,
    roots: &["roleRef", "subjects"],
    immutable: &["/roleRef"],
    names: NameRule::PathSegment,
    ..Kind::namespaced(RBAC, "RoleBinding", "rolebindings")
};

const GROUP: &str = "rbac.authorization.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// `ClusterRole/gp-developer to Group payments-dev`
fn words(rest: &mut Rest<'_>) -> Vec<String> {
    let mut words = vec![];
    words.extend(rest.take_as("/roleRef", |role| {
        let role = only(role, &["apiGroup", "kind", "name"])?;
        (role.get("apiGroup")? == GROUP).then_some(())?;
        Some(format!("{}/{} to", role.get("kind")?.as_str()?, role.get("name")?.as_str()?))
    }));
    words.extend(rest.take_as("/subjects", |subjects| {
        let texts: Option<Vec<String>> = subjects.as_array()?.iter().map(subject).collect();
        let texts = texts?;
        Some(if texts.is_empty() { "nobody".to_owned() } else { texts.join(", ") })
    }));
    words
}

fn subject(subject: &Value) -> Option<String> {
    let subject = only(subject, &["apiGroup", "kind", "name", "namespace"])?;
    let text = |name: &str| subject.get(name).and_then(Value::as_str);
    match (text("kind")?, text("apiGroup"), text("namespace")) {
        ("ServiceAccount", None, Some(namespace)) => Some(format!("ServiceAccount {namespace}/{}", text("name")?)),
        (kind, Some(GROUP), None) => Some(format!("{kind} {}", text("name")?)),
        _ => None,
    }
}
