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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FieldsBuilder, Holder, Owner};
    use serde_json::json;

    #[test]
    fn only_budgets_of_others_in_the_same_namespace_are_beside_ours() {
        let selector = json!({"matchLabels": {"app.kubernetes.io/name": "ledger"}});
        let budget = "k8s/policy/v1/PodDisruptionBudget/payments";
        let foreign = || Ownership::Foreign { by: "helm".to_owned() };
        for (desired, other, ownership, expected, reason) in [
            (format!("{budget}/ledger"), format!("{budget}/chart"), foreign(), 1, "a chart's"),
            (
                format!("{budget}/ledger"),
                format!("{budget}/store"),
                Ownership::Ours(Owner::default()),
                0,
                "one of ours",
            ),
            (format!("{budget}/ledger"), format!("{budget}-dev/chart"), foreign(), 0, "in another namespace"),
            (
                format!("{budget}/ledger"),
                "k8s/apps/v1/Deployment/payments/ledger".to_owned(),
                foreign(),
                0,
                "the workload itself selects its pods, too",
            ),
            (
                "k8s/apps/v1/Deployment/payments/ledger".to_owned(),
                format!("{budget}/chart"),
                foreign(),
                0,
                "what we make is no budget",
            ),
        ] {
            let body = json!({"spec": {"selector": selector}});
            let desired = Desired::new(desired.parse().expect("a key"), Some(Body::Kube(body)));
            let mut fields = FieldsBuilder::default();
            fields.push(SELECTOR, selector.to_string(), Holder::Applied("helm"));
            let observed = [Observed::new(other.parse().expect("a key"), "1", ownership, fields.build())];
            assert_eq!(budgets_beside(&desired, &observed).count(), expected, "{reason}");
        }
    }
}
