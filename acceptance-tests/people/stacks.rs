//! Stacks as teams run them fit into every tier, as their deployer puts them there.

use super::fixture::{DEV, PROD, People, STAGING};
use crate::check::none;
use acceptance_tests::servers::api::{ApiCall, ApiReply};
use anyhow::{Context as _, Result};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const STACKS: &str = include_str!("stacks.yaml");
/// The API server serves a new kind a moment after it has accepted it.
const SERVED: Duration = Duration::from_secs(20);

pub async fn fit(people: Arc<People>) -> Result<()> {
    let stacks: Vec<Json> = serde_saphyr::from_str(STACKS)?;
    stand_ins(&people, &stacks).await?;
    let mut wrong = vec![];
    for namespace in [DEV, STAGING, PROD] {
        for stack in &stacks {
            let name = stack["stack"].as_str().context("stack")?;
            let objects: Vec<Json> =
                serde_json::from_str(&stack["objects"].to_string().replace("{namespace}", namespace))?;
            for object in &objects {
                let reply = people.call(&people.tokens["deployer"], post(&path(namespace, object)?, object)).await?;
                if reply.status != 201 {
                    wrong.push(format!(
                        "{namespace}, {name}: {}: {} {}",
                        object["kind"],
                        reply.status,
                        message(&reply)
                    ));
                }
                for template in ["/spec/template", "/spec/jobTemplate/spec/template"] {
                    let Some(pod) = object.pointer(template) else { continue };
                    let pod =
                        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": pod["spec"]});
                    let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
                    let reply = people.call(&people.administrator, post(&path, &pod)).await?;
                    if reply.status != 201 {
                        wrong.push(format!("{namespace}, {name}: its pod: {} {}", reply.status, message(&reply)));
                    }
                }
            }
            for object in objects.iter().rev() {
                let path =
                    format!("{}/{}", path(namespace, object)?, object["metadata"]["name"].as_str().context("name")?);
                let call = ApiCall { method: Method::DELETE, path: &path, content: None, headers: &[] };
                let reply = people.call(&people.tokens["deployer"], call).await?;
                if reply.status > 202 {
                    wrong.push(format!("{namespace}, {name}: delete {path}: {} {}", reply.status, message(&reply)));
                }
            }
        }
    }
    none(wrong)
}

fn post<'a>(path: &'a str, object: &Json) -> ApiCall<'a> {
    ApiCall { method: Method::POST, path, content: Some(("application/json", object.clone())), headers: &[] }
}

fn message(reply: &ApiReply) -> &str {
    reply.document["message"].as_str().unwrap_or_default()
}

fn path(namespace: &str, object: &Json) -> Result<String> {
    let version = object["apiVersion"].as_str().context("apiVersion")?;
    let root = if version.contains('/') { "/apis" } else { "/api" };
    Ok(format!("{root}/{version}/namespaces/{namespace}/{}", plural(object["kind"].as_str().context("kind")?)))
}

fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

/// Definitions of the operators' kinds, which take any content.
async fn stand_ins(people: &People, stacks: &[Json]) -> Result<()> {
    let objects = stacks.iter().filter_map(|stack| stack["objects"].as_array()).flatten();
    let kinds: BTreeMap<(&str, &str), &str> = objects
        .filter_map(|object| Some((object["apiVersion"].as_str()?.split_once('/')?, object["kind"].as_str()?)))
        .filter(|((group, _), _)| {
            group.contains('.') && !group.ends_with("authorization.k8s.io") && *group != "networking.k8s.io"
        })
        .map(|((group, version), kind)| ((group, kind), version))
        .collect();
    for ((group, kind), version) in kinds {
        let plural = plural(kind);
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let annotations = json!({"api-approved.kubernetes.io": "https://example.com/a-stand-in-of-tests"});
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{group}"), "annotations": annotations},
            "spec": {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
                "versions": [{"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}
        });
        let call = post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition);
        let reply = people.call(&people.administrator, call).await?;
        anyhow::ensure!([201, 409].contains(&reply.status), "{kind}: {} {}", reply.status, message(&reply));
        let list = format!("/apis/{group}/{version}/{plural}");
        let is_served = async {
            while people.call(&people.administrator, ApiCall::get(&list)).await?.status != 200 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(SERVED, is_served).await.with_context(|| format!("{kind} is not served"))??;
    }
    Ok(())
}
