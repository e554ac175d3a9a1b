//! What only a health check reads from the API server: which permissions we have, and what time it is there.

use super::client::Kube;
use goldenpath_core::{
    domain::{ClusterArn, Permission},
    ports::PortError,
};
use serde_json::Value;

impl Kube {
    /// Of these roles, as `permissions` prints them, what we are not allowed: `verb resource[/name]`.
    pub async fn lacking_permissions(&self, cluster: &ClusterArn, roles: &[Value]) -> Result<Vec<String>, PortError> {
        let permissions = permissions(roles);
        let asked = permissions.iter().cloned().map(|permission| (None, permission)).collect();
        let mut lacking = vec![];
        for (permission, allowed) in permissions.into_iter().zip(self.reviews(cluster, asked).await?) {
            let Permission { verb, resource, name, .. } = permission;
            let name = name.map(|name| format!("/{name}")).unwrap_or_default();
            lacking.extend((!allowed?).then(|| format!("{verb} {resource}{name}")));
        }
        Ok(lacking)
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
