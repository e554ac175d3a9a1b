//! What the pods of a namespace may ask for together.

use crate::{
    domain::pointer::unescape,
    kinds::{
        canonical::quantity,
        kind::Kind,
        words::{Rest, Row, expression, only, value},
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

pub const HARD: &str = "/spec/hard/";

pub const KIND: Kind = Kind {
    atomic: &["scopeSelector"],
    canonical: |path, value| path.starts_with(HARD).then(|| quantity(value)),
    words,
    has_status: true,
    immutable: &["/spec/scopes"],
    ..Kind::namespaced("v1", "ResourceQuota", "resourcequotas")
};

/// What the cluster has counted.
pub fn usage(document: &Value) -> BTreeMap<String, String> {
    let used = document.pointer("/status/used").and_then(Value::as_object).into_iter().flatten();
    used.filter_map(|(name, amount)| Some((name.clone(), amount.as_str()?.to_owned()))).collect()
}

/// `pods 40`, then `zero services.nodeports, secrets`, and `scope PriorityClass:batch` where it is not about all pods.
fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let name = |path: &str| unescape(&path[HARD.len()..]);
    let paths = rest.paths_under(HARD);
    let zero: Vec<_> = paths.iter().copied().filter(|path| rest.get(path) == Some("0")).collect();
    let zero = if zero.len() > 1 { zero } else { vec![] };
    let amounts = paths.into_iter().filter(|path| !zero.contains(path));
    let mut rows: Vec<Row> = amounts.filter_map(|path| rest.take_row(path, &name(path))).collect();
    let taken = zero.into_iter().filter(|path| rest.take(path).is_some());
    let zero: Vec<String> = taken.map(|path| value(&name(path))).collect();
    if !zero.is_empty() {
        rows.push(Row::new("zero", zero));
    }
    rows.extend(rest.take_as("/spec/scopeSelector", |selector| {
        let expressions = only(selector, &["matchExpressions"])?.get("matchExpressions")?.as_array()?;
        let scopes: Option<Vec<String>> = expressions.iter().map(|one| expression(one, "scopeName")).collect();
        Some(Row::new("scope", scopes?))
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_used_is_what_the_cluster_has_counted() {
        let counted = json!({"requests.cpu": "1500m", "pods": "12"});
        for (document, expected, reason) in [
            (
                json!({"status": {"hard": {"pods": "40"}, "used": counted}}),
                vec![("pods", "12"), ("requests.cpu", "1500m")],
                "as it is",
            ),
            (json!({"spec": {"hard": {"pods": "40"}}}), vec![], "a quota that was just made"),
        ] {
            let found = usage(&document);
            let found: Vec<(&str, &str)> =
                found.iter().map(|(name, amount)| (name.as_str(), amount.as_str())).collect();
            assert_eq!(found, expected, "{reason}");
        }
    }
}
