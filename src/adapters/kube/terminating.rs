//! Why an object that is being deleted is still there: a namespace's conditions as its controller words them, finalizers, and
//! which objects hold it up.

use super::{
    call::{ApiRequest, Connection},
    kinds::{NAMESPACE, group_path, segment},
};
use goldenpath_core::domain::{ObjectKey, Observed};
use serde_json::Value;

/// Enough to act on; the condition itself has the counts.
const KINDS: usize = 5;
const NAMES: usize = 5;

const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const REMAINING: &str = "NamespaceContentRemaining: ";

/// `None`: it is not being deleted.
pub(super) fn reason(document: &Value) -> Option<String> {
    document.pointer("/metadata/deletionTimestamp")?;
    let list = |pointer: &str| document.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let holds = |condition: &&Value| text(condition, "status") == "True";
    let mut words: Vec<String> = list("/status/conditions")
        .filter(holds)
        .map(|condition| format!("{}: {}", text(condition, "type"), text(condition, "message")))
        .collect();
    let finalizers: Vec<&str> = list("/metadata/finalizers").filter_map(Value::as_str).collect();
    if !finalizers.is_empty() {
        words.push(format!("waits for its finalizers: {}", finalizers.join(", ")));
    }
    if words.is_empty() {
        words.push("deletion has started".to_owned());
    }
    Some(words.join("; "))
}

/// Adds the names of the objects whose finalizers hold up a namespace. It is advice: what cannot be read is left out.
pub(super) async fn name_what_blocks(connection: &Connection, observed: &mut Observed) {
    let ObjectKey::Kube { kind, name, .. } = &observed.key else {
        return;
    };
    let Some(why) = observed.deleting.as_mut() else { return };
    if *kind != NAMESPACE.kind || !why.contains("NamespaceFinalizersRemaining") {
        return;
    }
    let mut blocking = vec![];
    for resource in remaining(why).into_iter().take(KINDS) {
        blocking.extend(objects_with_finalizers(connection, name, &resource).await.unwrap_or_default());
    }
    if !blocking.is_empty() {
        why.push_str("; held up by ");
        why.push_str(&blocking.join(", "));
    }
}

/// `configmaps.` or `widgets.example.com`, out of "Some resources are remaining: configmaps. has 1 resource instances, ...".
fn remaining(why: &str) -> Vec<String> {
    let words = why.split("; ").find_map(|words| words.strip_prefix(REMAINING));
    let listed = words.and_then(|words| words.split_once(": ")).map_or("", |(_, list)| list);
    let resource = |item: &str| item.split_once(" has ").map(|(resource, _)| resource.trim().to_owned());
    listed.split(", ").filter_map(resource).collect()
}

/// `configmaps/name (finalizer, finalizer)`
async fn objects_with_finalizers(connection: &Connection, namespace: &str, resource: &str) -> Option<Vec<String>> {
    let (plural, group) = resource.split_once('.')?;
    let version = if group.is_empty() {
        "v1".to_owned()
    } else {
        let group = ApiRequest::get("discover a group", format!("/apis/{}", segment(group)));
        let group = connection.document(&group).await.ok()?;
        group.pointer("/preferredVersion/groupVersion")?.as_str()?.to_owned()
    };
    let path = format!("{}/namespaces/{}/{plural}?limit=500", group_path(&version), segment(namespace));
    let listing = ApiRequest { accept: METADATA_ONLY, ..ApiRequest::get(format!("LIST {plural}"), path) };
    let listing = connection.document(&listing).await.ok()?;
    let name = |item: &Value| {
        let finalizers = item.pointer("/metadata/finalizers")?.as_array()?;
        let finalizers: Vec<&str> = finalizers.iter().filter_map(Value::as_str).collect();
        let name = item.pointer("/metadata/name")?.as_str()?;
        (!finalizers.is_empty()).then(|| format!("{plural}/{name} ({})", finalizers.join(", ")))
    };
    Some(listing.get("items")?.as_array()?.iter().filter_map(name).take(NAMES).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_are_quoted_verbatim() {
        let deleted = "2026-01-01T00:00:00Z";
        for (document, expected, case) in [
            (json!({"metadata": {"finalizers": ["a"]}}), None, "alive, whatever its finalizers"),
            (
                json!({"metadata": {"deletionTimestamp": deleted, "finalizers": ["a/b", "c"]}}),
                Some("waits for its finalizers: a/b, c"),
                "finalizers",
            ),
            (json!({"metadata": {"deletionTimestamp": deleted}}), Some("deletion has started"), "no condition yet"),
            (
                json!({"metadata": {"deletionTimestamp": deleted}, "status": {"conditions": [
                    {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "all good"},
                    {"type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: configmaps. has 1 resource instances"},
                ]}}),
                Some("NamespaceContentRemaining: Some resources are remaining: configmaps. has 1 resource instances"),
                "only what holds",
            ),
        ] {
            assert_eq!(reason(&document).as_deref(), expected, "{case}");
        }
    }

    #[test]
    fn what_remains_is_read_from_the_words() {
        let why = "NamespaceContentRemaining: Some resources are remaining: configmaps. has 1 resource instances, widgets.example.com has 2 resource instances; NamespaceFinalizersRemaining: x";
        assert_eq!(remaining(why), ["configmaps.", "widgets.example.com"]);
        assert!(remaining("waits for its finalizers: a").is_empty());
    }
}
