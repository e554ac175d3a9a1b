//! Whose an object is, by its labels or tags: ours, of one environment or of the cluster as a whole, or somebody else's.
//! The same in every target, so that a rehearsal refuses what the real one would. Pure.

use crate::domain::{LABEL_PREFIX, ObjectKey, Owner, Ownership, TAG_PREFIX};
use serde_json::Value;

/// What labels or tags say of an object: by these a listing finds it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The ARN of the cluster whose mark it carries; `None`: it is not ours.
    pub cluster: Option<String>,
    pub environment: Option<String>,
    pub slot: Option<String>,
}

/// What tools put on their objects: (where, name, who).
const FOREIGN: [(&str, &str, &str); 10] = [
    ("/metadata/annotations", "argocd.argoproj.io/tracking-id", "Argo CD"),
    ("/metadata/labels", "argocd.argoproj.io/instance", "Argo CD"),
    ("/metadata/labels", "kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("/metadata/labels", "helm.toolkit.fluxcd.io/name", "Flux"),
    ("/metadata/annotations", "meta.helm.sh/release-name", "Helm"),
    ("/metadata/labels", "crossplane.io/composite", "Crossplane"),
    ("/metadata/annotations", "crossplane.io/composition-resource-name", "Crossplane"),
    ("/tags", "crossplane-name", "Crossplane"),
    ("/tags", "aws:cloudformation:stack-name", "CloudFormation"),
    ("/metadata/labels", "app.kubernetes.io/managed-by", ""),
];

const OUR_NAME: &str = "goldenpath";

/// `home` is the cluster for everything but what is IAM's, whose cluster only its tags can tell.
pub fn mark(key: &ObjectKey, home: &str, body: &Value) -> Mark {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let (environment, slot, cluster) = if key.is_aws() {
        let tag = |name: &str| text(body.get("tags").and_then(|tags| tags.get(format!("{TAG_PREFIX}{name}"))));
        let cluster = match key.is_iam() {
            true => tag("cluster-arn"),
            false => Some(home.to_owned()).filter(|_| has_our_tags(body)),
        };
        // Access is shared by all environments of its cluster, whatever its tags say.
        match key.principal() {
            Some(_) => (None, None, cluster),
            None => (tag("environment"), tag("slot"), cluster),
        }
    } else {
        let labels = body.pointer("/metadata/labels");
        let label = |name: &str| text(labels.and_then(|labels| labels.get(format!("{LABEL_PREFIX}{name}"))));
        let managed = label("managed").as_deref() == Some("true")
            || label("environment").is_some()
            || labels.and_then(|labels| labels.get("app.kubernetes.io/managed-by")).is_some_and(|by| by == OUR_NAME);
        (label("environment"), label("slot"), managed.then(|| home.to_owned()))
    };
    match cluster {
        Some(cluster) => Mark { cluster: Some(cluster), environment, slot },
        None => Mark::default(),
    }
}

fn has_our_tags(body: &Value) -> bool {
    let tags = body.get("tags").and_then(Value::as_object);
    tags.is_some_and(|tags| tags.keys().any(|name| name.starts_with(TAG_PREFIX)))
}

impl Mark {
    /// As seen from one cluster: what carries another cluster's mark is a stranger here. `foreign_owner` names a stranger.
    pub fn ownership(&self, cluster: &str, foreign_owner: impl FnOnce() -> String) -> Ownership {
        match (&self.cluster, &self.environment) {
            (Some(marked), Some(environment)) if marked == cluster => {
                Ownership::Ours(Owner { environment: environment.clone(), slot: self.slot.clone() })
            }
            (Some(marked), None) if marked == cluster => Ownership::Cluster,
            (Some(marked), _) => Ownership::Foreign { by: format!("goldenpath on {marked}") },
            (None, _) => Ownership::Foreign { by: foreign_owner() },
        }
    }
}

/// The tool that put its mark on an object, in words.
fn tool(body: &Value) -> Option<String> {
    FOREIGN.into_iter().find_map(|(place, name, who)| {
        let value = body.pointer(place)?.get(name)?.as_str()?;
        Some(if who.is_empty() { value.to_owned() } else { format!("{who} ({value})") })
    })
}

/// Who a foreign object belongs to: by what tools put on their objects, else the first manager of its fields.
pub fn foreign_owner(body: &Value, first_manager: Option<&str>) -> String {
    tool(body).unwrap_or_else(|| first_manager.unwrap_or("someone else").to_owned())
}

/// The environment that may adopt this namespace, by an administrator's word. What a tool keeps is not for adoption: the tool
/// would put it back, or take it away.
pub fn adoptable_by(body: &Value) -> Option<&str> {
    let name = format!("{LABEL_PREFIX}adoptable-by");
    if tool(body).is_some() {
        return None;
    }
    body.pointer("/metadata/annotations")?.get(&name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_administrators_word_lets_adopt_what_no_tool_keeps() {
        let adoptable = "goldenpath.internal/adoptable-by";
        for (place, name, value, expected, reason) in [
            ("labels", "team", "pay", Some("demo/pay"), "a label of anybody"),
            ("annotations", "argocd.argoproj.io/tracking-id", "shop", None, "Argo CD would put it back"),
            ("labels", "kustomize.toolkit.fluxcd.io/name", "shop", None, "Flux too"),
            ("annotations", "meta.helm.sh/release-name", "shop", None, "Helm takes it away with its release"),
            ("annotations", "crossplane.io/composition-resource-name", "shop", None, "Crossplane reconciles it"),
            ("labels", "app.kubernetes.io/managed-by", "Tool", None, "any other that says so"),
        ] {
            let mut body = json!({"metadata": {"labels": {}, "annotations": {adoptable: "demo/pay"}}});
            body["metadata"][place][name] = value.into();
            assert_eq!(adoptable_by(&body), expected, "{reason}");
        }
        let label = json!({"metadata": {"labels": {adoptable: "demo/pay"}}});
        assert_eq!(adoptable_by(&label), None, "a label's value cannot be an environment's id");
    }

    #[test]
    fn marks_and_owners_are_read_from_labels_and_tags() {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
        let kube =
            |labels: Value, annotations: Value| json!({"metadata": {"labels": labels, "annotations": annotations}});
        let config_map = ObjectKey::kube("v1", "ConfigMap", Some("a"), "b");
        let role = ObjectKey::role("r");
        let entry = ObjectKey::AccessEntry { principal: "arn:aws:iam::111122223333:role/x".to_owned() };
        let ours = |slot: Option<&str>| {
            Ownership::Ours(Owner { environment: "pay".to_owned(), slot: slot.map(str::to_owned) })
        };
        let foreign = |by: &str| Ownership::Foreign { by: by.to_owned() };
        for (key, home, body, expected, reason) in [
            (
                &config_map,
                cluster,
                kube(json!({"goldenpath.internal/environment": "pay"}), json!({})),
                ours(None),
                "an environment's",
            ),
            (
                &config_map,
                cluster,
                kube(json!({"goldenpath.internal/environment": "pay", "goldenpath.internal/slot": "api"}), json!({})),
                ours(Some("api")),
                "a slot's",
            ),
            (
                &config_map,
                cluster,
                kube(json!({"goldenpath.internal/managed": "true"}), json!({})),
                Ownership::Cluster,
                "the baseline's",
            ),
            (
                &config_map,
                cluster,
                kube(json!({"app.kubernetes.io/managed-by": "Helm"}), json!({})),
                foreign("Helm"),
                "the common label",
            ),
            (
                &config_map,
                cluster,
                kube(json!({}), json!({"argocd.argoproj.io/tracking-id": "shop:v1"})),
                foreign("Argo CD (shop:v1)"),
                "Argo CD's annotation",
            ),
            (&config_map, cluster, kube(json!({}), json!({})), foreign("someone else"), "no mark at all"),
            (
                &role,
                "111122223333",
                json!({"tags": {"goldenpath:environment": "pay", "goldenpath:cluster-arn": cluster}}),
                ours(None),
                "a role of this cluster",
            ),
            (
                &role,
                "111122223333",
                json!({"tags": {"goldenpath:environment": "pay", "goldenpath:cluster-arn": "arn:other"}}),
                foreign("goldenpath on arn:other"),
                "a role of another cluster",
            ),
            (
                &role,
                "111122223333",
                json!({"tags": {"aws:cloudformation:stack-name": "net"}}),
                foreign("CloudFormation (net)"),
                "a stack's role",
            ),
            (
                &entry,
                cluster,
                json!({"tags": {"goldenpath:managed": "true"}}),
                Ownership::Cluster,
                "an entry is shared",
            ),
            (&entry, cluster, json!({"tags": {}}), foreign("someone else"), "somebody's entry"),
        ] {
            let found = mark(key, home, &body).ownership(cluster, || foreign_owner(&body, None));
            assert_eq!(found, expected, "{reason}");
        }
    }
}
