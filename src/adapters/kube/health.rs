//! What only a look at the cluster's health asks of the API server: what we may do, and what time it is there.

use super::{
    Kube,
    call::{Ask, Connection, JSON},
    refused::Refused,
};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use goldenpath_core::{domain::ClusterArn, ports::PortError};
use http::Method;
use serde_json::{Value, json};

const AT_ONCE: usize = 8;

/// One right, as RBAC's rules say it.
struct Right {
    namespace: Option<String>,
    group: String,
    resource: String,
    verb: String,
    name: Option<String>,
}

impl Kube {
    /// Of these roles, as `permissions` prints them, what we may not: `verb resource[/name]`.
    pub async fn refused(&self, cluster: &ClusterArn, roles: &[Value]) -> Result<Vec<String>, PortError> {
        let connection = self.connection(cluster).await?;
        let mut asked: Vec<BoxFuture<'_, Result<Option<String>, Refused>>> = vec![];
        for right in rights(roles) {
            asked.push(is_refused(&connection, right).boxed());
        }
        let answers: Vec<Option<String>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// How far the API server's clock is ahead of ours, in seconds.
    pub async fn clock_skew(&self, cluster: &ClusterArn) -> Result<i64, PortError> {
        let connection = self.connection(cluster).await?;
        Ok(connection.clock_skew().await?)
    }
}

fn rights(roles: &[Value]) -> Vec<Right> {
    let texts = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let mut rights = vec![];
    for role in roles {
        let namespace = role["metadata"]["namespace"].as_str();
        for rule in role["rules"].as_array().into_iter().flatten() {
            let names: Vec<Option<String>> = match texts(&rule["resourceNames"]) {
                names if names.is_empty() => vec![None],
                names => names.into_iter().map(Some).collect(),
            };
            for (group, resource, verb, name) in
                products(&texts(&rule["apiGroups"]), &texts(&rule["resources"]), &texts(&rule["verbs"]), &names)
            {
                rights.push(Right { namespace: namespace.map(str::to_owned), group, resource, verb, name });
            }
        }
    }
    rights
}

fn products(
    groups: &[String],
    resources: &[String],
    verbs: &[String],
    names: &[Option<String>],
) -> Vec<(String, String, String, Option<String>)> {
    let mut all = vec![];
    for group in groups {
        for resource in resources {
            for verb in verbs {
                all.extend(names.iter().map(|name| (group.clone(), resource.clone(), verb.clone(), name.clone())));
            }
        }
    }
    all
}

async fn is_refused(connection: &Connection, right: Right) -> Result<Option<String>, Refused> {
    let Right { namespace, group, resource, verb, name } = right;
    let mut attributes = json!({"group": group, "resource": resource, "verb": verb});
    if let Some(namespace) = &namespace {
        attributes["namespace"] = namespace.as_str().into();
    }
    if let Some(name) = &name {
        attributes["name"] = name.as_str().into();
    }
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes}});
    let ask = Ask::with(
        Method::POST,
        "POST SelfSubjectAccessReview",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        (JSON, review),
    );
    let answer = connection.document(&ask).await?;
    let is_allowed = answer.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false);
    let name = name.map(|name| format!("/{name}")).unwrap_or_default();
    Ok((!is_allowed).then(|| format!("{verb} {resource}{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_right_of_a_rule_is_asked_for() {
        let role = json!({"metadata": {"name": "a", "namespace": "n"}, "rules": [
            {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "list"]},
            {"apiGroups": ["x"], "resources": ["y"], "resourceNames": ["one", "two"], "verbs": ["bind"]},
        ]});
        let rights = rights(&[role]);
        assert_eq!(rights.len(), 6, "2 x 2, and one for each name");
        assert!(rights.iter().all(|right| right.namespace.as_deref() == Some("n")));
        assert_eq!(rights[5].name.as_deref(), Some("two"));
    }
}
