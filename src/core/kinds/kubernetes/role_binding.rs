//! Who has a role in a namespace.

use crate::kinds::{
    kind::{Kind, NameRule, Unmarked},
    words::{Rest, Row, only, value},
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

/// `roleRef ClusterRole gp-developer`, `subjects Group payments-dev`
fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = vec![];
    rows.extend(rest.take_as("/roleRef", |role| {
        let role = only(role, &["apiGroup", "kind", "name"])?;
        (role.get("apiGroup")? == GROUP).then_some(())?;
        let text = |name: &str| role.get(name)?.as_str().map(value);
        Some(Row::one("roleRef", format!("{} {}", text("kind")?, text("name")?)))
    }));
    rows.extend(rest.take_as("/subjects", |subjects| {
        let subjects: Option<Vec<String>> = subjects.as_array()?.iter().map(subject).collect();
        let subjects = subjects?;
        Some(if subjects.is_empty() { Row::one("subjects", "nobody") } else { Row::new("subjects", subjects) })
    }));
    rows
}

fn subject(subject: &Value) -> Option<String> {
    let subject = only(subject, &["apiGroup", "kind", "name", "namespace"])?;
    let text = |name: &str| subject.get(name)?.as_str().map(value);
    let (kind, name) = (text("kind")?, text("name")?);
    match (kind.as_str(), subject.get("apiGroup").map(Value::as_str), text("namespace")) {
        ("ServiceAccount", None, Some(namespace)) => Some(format!("ServiceAccount {namespace}/{name}")),
        (_, Some(Some(GROUP)), None) => Some(format!("{kind} {name}")),
        _ => None,
    }
}
