//! How many replicas of a slot's workload may be away at once.

use crate::kinds::{
    kind::{Kind, RemovalRank, Unmarked},
    words::{Row, selector},
};
use serde_json::Value;

pub const KIND: Kind = Kind {
    removal: RemovalRank::ActsOnPods,
    has_status: true,
    unmarked: Unmarked::Few,
    words: |rest| rest.take_as(SELECTOR, selector).map(|pods| Row::one("selector", pods)).into_iter().collect(),
    is_tunable: true,
    ..Kind::namespaced("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
};

/// The field that says which pods.
pub const SELECTOR: &str = "/spec/selector";

/// Whether another budget of the namespace selects pods that ours selects, as far as selectors say: it names each label of ours in a
/// way that ours satisfies, or selects all pods. Pods carry more labels than ours names, and its other requirements may hold for them.
///
/// The Eviction API refuses a pod with two budgets, whatever they allow (kubernetes/kubernetes, `pkg/registry/core/pod/storage/eviction.go`),
/// so that no node with such a pod can be drained.
pub fn selects_pods_of(other: &Value, ours: &Value) -> bool {
    let labels = |selector: &'_ Value| selector["matchLabels"].as_object().cloned().unwrap_or_default();
    let expressions = other["matchExpressions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = labels(other);
    if other.is_object() && named.is_empty() && expressions.is_empty() {
        return true;
    }
    let ours = labels(ours);
    !ours.is_empty()
        && ours.iter().all(|(label, value)| {
            let mut about = expressions.iter().filter(|one| one["key"] == **label).peekable();
            let is_named = named.contains_key(label) || about.peek().is_some();
            is_named && named.get(label).is_none_or(|named| named == value) && about.all(|one| admits(one, value))
        })
}

fn admits(expression: &Value, value: &Value) -> bool {
    let is_listed = expression["values"].as_array().is_some_and(|values| values.contains(value));
    match expression["operator"].as_str() {
        Some("In") => is_listed,
        Some("NotIn") => !is_listed,
        Some("Exists") => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn two_budgets_meet_where_their_labels_do() {
        let name = "app.kubernetes.io/name";
        let ours = json!({"matchLabels": {name: "redis"}});
        let expression = |operator: &str, values: Value| json!({"matchExpressions": [{"key": name, "operator": operator, "values": values}]});
        for (other, expected, reason) in [
            (json!({"matchLabels": {name: "redis"}}), true, "the same"),
            (
                json!({"matchLabels": {name: "redis", "app.kubernetes.io/instance": "cache"}}),
                true,
                "a chart's, with its release",
            ),
            (json!({}), true, "all pods of the namespace"),
            (Value::Null, false, "none at all (policy/v1)"),
            (json!({"matchLabels": {name: "kafka"}}), false, "another workload"),
            (json!({"matchLabels": {"app": "redis"}}), false, "nothing says that they are the same pods"),
            (expression("In", json!(["redis", "kafka"])), true, "one of several"),
            (expression("In", json!(["kafka"])), false, "not among them"),
            (expression("NotIn", json!(["redis"])), false, "all but it"),
            (expression("NotIn", json!(["kafka"])), true, "all but another"),
            (expression("Exists", Value::Null), true, "whatever it is"),
            (expression("DoesNotExist", Value::Null), false, "pods without the label"),
        ] {
            assert_eq!(selects_pods_of(&other, &ours), expected, "{reason}");
        }
    }
}
