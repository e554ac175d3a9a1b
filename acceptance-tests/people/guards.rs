//! What the baseline's guards admit and refuse: by whom it concerns, and by controllers that must not be in their way.

use super::fixture::People;
use crate::check::none;
use acceptance_tests::servers::{api::ApiCall, real::RUNNER};
use anyhow::{Context as _, Result, bail, ensure};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::sync::Arc;

type Headers = Vec<(&'static str, String)>;

/// As whom an administrator tries it; without headers with a token of one's own. The groups of a ServiceAccount are known.
fn impersonated(who: &str) -> Result<Vec<Headers>> {
    let user = |name: String| ("impersonate-user", name);
    let member = |name: &str, group: &str| vec![user(name.to_owned()), ("impersonate-group", group.to_owned())];
    let account = |namespace: &str, name: &str| vec![user(format!("system:serviceaccount:{namespace}:{name}"))];
    Ok(match who {
        "developer" | "deployer" | "admin" | "administrator" => vec![vec![]],
        "provider" => vec![member("a-pipeline", RUNNER)],
        "gitops" => {
            vec![account("argocd", "argocd-application-controller"), account("flux-system", "kustomize-controller")]
        }
        "kubelet" => vec![member("system:node:node-1", "system:nodes")],
        controller if controller.ends_with("controller") || controller.ends_with("collector") => {
            vec![account("kube-system", controller)]
        }
        _ => bail!("nobody is called {who}"),
    })
}

async fn attempt(people: &People, row: &Json, who: &str, headers: &Headers) -> Result<(u16, String)> {
    let text = |name: &str| row[name].as_str();
    let (method, path, kind) = match (text("post"), text("patch"), text("delete")) {
        (Some(path), None, None) => (Method::POST, path, "application/json"),
        (None, Some(path), None) => (Method::PATCH, path, "application/merge-patch+json"),
        (None, None, Some(path)) => (Method::DELETE, path, ""),
        _ => bail!("one of post, patch and delete: {row}"),
    };
    let mut object = row["with"].clone();
    if method == Method::POST && object.pointer("/metadata/name").is_none() {
        object["metadata"]["name"] = "x".into();
    }
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("{path}?dryRun=All");
    let content = (method != Method::DELETE).then_some((kind, object));
    let token = people.tokens.get(who).unwrap_or(&people.administrator);
    let reply = people.call(token, ApiCall { method, path: &path, content, headers: &headers }).await?;
    Ok((reply.status, reply.document["message"].as_str().unwrap_or_default().to_owned()))
}

pub async fn hold(people: Arc<People>) -> Result<()> {
    let rows: Vec<Json> = serde_saphyr::from_str(include_str!("guards.yaml"))?;
    let mut wrong = vec![];
    for row in &rows {
        let guard = row["guard"].as_str().context("guard")?.replace('_', "-");
        let admitted = row["admitted"].as_bool().context("admitted")?;
        for who in row["who"].as_array().context("who")?.iter().filter_map(Json::as_str) {
            for headers in impersonated(who)? {
                let (status, message) = attempt(&people, row, who, &headers).await?;
                let by_guard = status == 403 && message.contains(&format!("'gp-guard-{guard}'"));
                let is_right = if admitted { status < 300 } else { by_guard };
                if !is_right {
                    wrong.push(format!("{guard}, {who} ({}): {status} {message}", row["reason"]));
                }
            }
        }
    }
    none(wrong)
}

/// The API server has looked at every expression, and found no field that a kind does not have.
pub async fn are_sound(people: Arc<People>) -> Result<()> {
    let path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    let all = people.call(&people.administrator, ApiCall::get(path)).await?;
    let guards = all.document["items"].as_array().context("no list")?.iter();
    let guards: Vec<&Json> = guards
        .filter(|one| one["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("gp-guard-")))
        .collect();
    ensure!(guards.len() == 10, "{} guards", guards.len());
    for guard in guards {
        ensure!(guard["status"]["typeChecking"] == json!({}), "{}: {}", guard["metadata"]["name"], guard["status"]);
    }
    Ok(())
}
