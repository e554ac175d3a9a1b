//! Disruption budgets of others beside those that we render: with two on one pod, neither lets it be evicted. Pure.

use crate::{
    domain::{Body, Desired, ObjectKey, Observed, Ownership},
    kinds::kubernetes::pod_disruption_budget::{KIND, SELECTOR, selects_pods_of},
};
use serde_json::Value;

/// Each budget of somebody else's that selects pods of this one; none of any other object.
pub fn budgets_beside<'a>(desired: &'a Desired, observed: &'a [Observed]) -> impl Iterator<Item = &'a Observed> {
    let place = |key: &'a ObjectKey| match key {
        ObjectKey::Kube { kind, namespace: Some(namespace), .. } if kind == KIND.name => Some(namespace),
        _ => None,
    };
    let ours = match &desired.body {
        Some(Body::Kube(document)) => place(&desired.key).zip(document.pointer(SELECTOR)),
        _ => None,
    };
    observed.iter().filter(move |object| {
        let selects = |(namespace, ours): (&String, &Value)| {
            let other = object.fields.get(SELECTOR).and_then(|field| serde_json::from_str(field.text).ok());
            place(&object.key) == Some(namespace) && other.is_some_and(|other| selects_pods_of(&other, ours))
        };
        matches!(object.ownership, Ownership::Foreign { .. }) && ours.is_some_and(selects)
    })
}
