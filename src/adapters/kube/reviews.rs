//! What the API server would do: its authenticator by token reviews, its authorizer by access reviews, its admission by dry runs. Nothing
//! is stored.

use super::{
    api_error::ApiError,
    call::{ApiRequest, Connection, JSON},
    client::Kube,
};
use futures_util::{StreamExt, stream};
use goldenpath_core::{
    domain::{Class, ClusterArn, Permission, Who},
    ports::PortError,
};
use http::Method;
use serde_json::{Value, json};

const AT_ONCE: usize = 8;

impl Kube {
    /// Of each whether it is allowed, in their order; to the caller where nobody is named.
    pub async fn reviews(
        &self,
        cluster: &ClusterArn,
        asked: Vec<(Option<Who>, Permission)>,
    ) -> Result<Vec<Result<bool, PortError>>, PortError> {
        let connection = self.connection(cluster).await?;
        let reviews = asked.into_iter().map(|(who, permission)| review(&connection, who, permission));
        Ok(stream::iter(reviews).buffered(AT_ONCE).collect().await)
    }

    /// Whose token it is, if it was made for one of these audiences. `None`: nobody's.
    pub async fn review_token(
        &self,
        cluster: &ClusterArn,
        token: &str,
        audiences: &[String],
    ) -> Result<Option<Who>, PortError> {
        let connection = self.connection(cluster).await?;
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": token, "audiences": audiences}});
        let path = "/apis/authentication.k8s.io/v1/tokenreviews";
        let request = ApiRequest::with(Method::POST, "POST TokenReview", path, (JSON, review));
        let status = connection.document(&request).await?["status"].take();
        let texts = |list: &Value| -> Vec<String> {
            list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        // A server that knows no audiences responds without them, and would accept a token for anybody.
        let is_for_us = texts(&status["audiences"]).iter().any(|audience| audiences.contains(audience));
        let user = status.pointer("/user/username").and_then(Value::as_str);
        let is_known = status["authenticated"].as_bool() == Some(true) && is_for_us;
        Ok(user
            .filter(|_| is_known)
            .map(|user| Who { user: user.to_owned(), groups: texts(&status["user"]["groups"]) }))
    }

    /// Of each why it would not be created, in their order; `None`: it would.
    pub async fn dry_runs(
        &self,
        cluster: &ClusterArn,
        documents: Vec<Value>,
        as_who: Option<&Who>,
    ) -> Result<Vec<Result<Option<String>, PortError>>, PortError> {
        let connection = self.connection(cluster).await?;
        let runs = documents.into_iter().map(|document| dry_run(&connection, document, as_who.cloned()));
        Ok(stream::iter(runs).buffered(AT_ONCE).collect().await)
    }
}

async fn review(connection: &Connection, who: Option<Who>, permission: Permission) -> Result<bool, PortError> {
    let Permission { verb, group, resource, namespace, name } = permission;
    let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
    let attributes = json!({"verb": verb, "group": group, "resource": resource, "subresource": subresource,
        "namespace": namespace, "name": name});
    let mut spec = json!({"resourceAttributes": attributes});
    let kind = match who {
        None => "SelfSubjectAccessReview",
        Some(Who { user, groups }) => {
            let groups: Vec<String> = groups.into_iter().chain(["system:authenticated".to_owned()]).collect();
            spec["user"] = user.into();
            spec["groups"] = json!(groups);
            "SubjectAccessReview"
        }
    };
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec});
    let path = format!("/apis/authorization.k8s.io/v1/{}s", kind.to_lowercase());
    let request = ApiRequest::with(Method::POST, format!("POST {kind}"), path, (JSON, review));
    let response = connection.document(&request).await?;
    Ok(response.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false))
}

/// A caller who may create it is refused by admission alone.
async fn dry_run(connection: &Connection, document: Value, as_who: Option<Who>) -> Result<Option<String>, PortError> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = text("/kind");
    let resource = connection.resource(&text("/apiVersion"), &kind).await?;
    let path = format!("{}?dryRun=All", resource.collection(Some(&text("/metadata/namespace"))));
    let request = ApiRequest::with(Method::POST, format!("POST {kind} (dry run)"), path, (JSON, document));
    match connection.send(&ApiRequest { as_who, ..request }).await {
        Ok(_) => Ok(None),
        Err(ApiError { error, .. }) if matches!(error.class, Class::Denied | Class::Invalid) => Ok(Some(error.message)),
        Err(ApiError { error, .. }) => Err(error),
    }
}
