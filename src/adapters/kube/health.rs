//! What only a health check reads from the API server: which permissions we have, and what time it is there.

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection, JSON},
    client::Kube,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use goldenpath_core::{domain::ClusterArn, ports::PortError};
use http::Method;
use serde_json::{Value, json};

const AT_ONCE: usize = 8;

/// One permission, as RBAC's rules grant it.
struct Permission {
    namespace: Option<String>,
    group: String,
    resource: String,
    verb: String,
    name: Option<String>,
}

impl Kube {
    /// Of these roles, as `permissions` prints them, what we are not allowed: `verb resource[/name]`.
    pub async fn lacking_permissions(&self, cluster: &ClusterArn, roles: &[Value]) -> Result<Vec<String>, PortError> {
        let connection = self.connection(cluster).await?;
        let reviews = permissions(roles).into_iter().map(|permission| review(&connection, permission));
        let lacking: Vec<Option<String>> = stream::iter(reviews).buffered(AT_ONCE).try_collect().await?;
        Ok(lacking.into_iter().flatten().collect())
    }

    /// How far the API server's clock is ahead of ours, in seconds.
    pub async fn clock_skew(&self, cluster: &ClusterArn) -> Result<i64, PortError> {
        let connection = self.connection(cluster).await?;
        Ok(connection.clock_skew().await?)
    }
}

fn permissions(roles: &[Value]) -> Vec<Permission> {
    let texts = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let mut permissions = vec![];
    for role in roles {
        let namespace = role["metadata"]["namespace"].as_str();
        for rule in role["rules"].as_array().into_iter().flatten() {
            let names: Vec<Option<String>> = match texts(&rule["resourceNames"]) {
                names if names.is_empty() => vec![None],
                names => names.into_iter().map(Some).collect(),
            };
            for group in texts(&rule["apiGroups"]) {
                for resource in texts(&rule["resources"]) {
                    for verb in texts(&rule["verbs"]) {
                        permissions.extend(names.iter().map(|name| Permission {
                            namespace: namespace.map(str::to_owned),
                            group: group.clone(),
                            resource: resource.clone(),
                            verb: verb.clone(),
                            name: name.clone(),
                        }));
                    }
                }
            }
        }
    }
    permissions
}

/// `None`: it is allowed.
async fn review(connection: &Connection, permission: Permission) -> Result<Option<String>, ApiError> {
    let Permission { namespace, group, resource, verb, name } = permission;
    let mut attributes = json!({"group": group, "resource": resource, "verb": verb});
    if let Some(namespace) = &namespace {
        attributes["namespace"] = namespace.as_str().into();
    }
    if let Some(name) = &name {
        attributes["name"] = name.as_str().into();
    }
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes}});
    let request = ApiRequest::with(
        Method::POST,
        "POST SelfSubjectAccessReview",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        (JSON, review),
    );
    let response = connection.document(&request).await?;
    let is_allowed = response.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false);
    let name = name.map(|name| format!("/{name}")).unwrap_or_default();
    Ok((!is_allowed).then(|| format!("{verb} {resource}{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_permission_of_a_rule_is_reviewed() {
        let role = json!({"metadata": {"name": "a", "namespace": "n"}, "rules": [
            {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "list"]},
            {"apiGroups": ["x"], "resources": ["y"], "resourceNames": ["one", "two"], "verbs": ["bind"]},
        ]});
        let permissions = permissions(&[role]);
        assert_eq!(permissions.len(), 6, "2 x 2, and one for each name");
        assert!(permissions.iter().all(|permission| permission.namespace.as_deref() == Some("n")));
        assert_eq!(permissions[5].name.as_deref(), Some("two"));
    }
}
