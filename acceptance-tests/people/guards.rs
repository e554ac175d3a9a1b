//! What the baseline's guards admit and refuse: by whom it concerns, and by controllers that must not be in their way.

use super::fixture::{OTHERS, People};
use crate::check::none;
use acceptance_tests::servers::{api::ApiCall, real::RUNNER};
use anyhow::{Context as _, Result, bail, ensure};
use goldenpath_core::{
    domain::{self, Guard},
    policy::{
        document::{Case, Operation, Outcome},
        guards,
    },
};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::sync::Arc;

type Headers = Vec<(&'static str, String)>;

/// As whom an administrator tries it; without headers with a token of one's own. The groups of a ServiceAccount are known.
fn impersonation(who: &str) -> Result<Vec<Headers>> {
    let user = |name: String| ("impersonate-user", name);
    let member = |name: &str, group: &str| vec![user(name.to_owned()), ("impersonate-group", group.to_owned())];
    let account = |namespace: &str, name: &str| vec![user(format!("system:serviceaccount:{namespace}:{name}"))];
    Ok(match who {
        "developer" | "deployer" | "admin" | "administrator" => vec![vec![]],
        "provider" => vec![member("a-pipeline", RUNNER)],
        "gitops" => {
            vec![account("argocd", "argocd-application-controller"), account("flux-system", "kustomize-controller")]
        }
        "workload" => vec![account(OTHERS, "workload")],
        "kubelet" => vec![member("system:node:node-1", "system:nodes")],
        controller if controller.ends_with("controller") || controller.ends_with("collector") => {
            vec![account("kube-system", controller)]
        }
        _ => bail!("nobody is called {who}"),
    })
}

/// The kinds of the table.
const KINDS: &[&str] = &[
    "Secret",
    "Service",
    "RoleBinding",
    "ClusterRoleBinding",
    "Namespace",
    "Pod",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Ingress",
    "PersistentVolumeClaim",
];

/// What a request is about, from its path.
struct Place {
    api: String,
    kind: &'static str,
    namespace: Option<String>,
    name: Option<String>,
}

impl Place {
    /// `None`: of a subresource.
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (api, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
            _ => return None,
        };
        let (namespace, plural, name) = match rest {
            ["namespaces", namespace, plural] => (Some(namespace), plural, None),
            ["namespaces", namespace, plural, name] => (Some(namespace), plural, Some(name)),
            [plural] => (None, plural, None),
            [plural, name] => (None, plural, Some(name)),
            _ => return None,
        };
        let kind = KINDS.iter().find(|kind| domain::plural(kind) == *plural)?;
        let text = |text: &&str| (*text).to_owned();
        Some(Self { api, kind, namespace: namespace.map(text), name: name.map(text) })
    }
}

/// What our own engine says of the same request, so that `policy check` and the API server agree. `None`: it can't be asked, as of who
/// is exempt, which the authorizer knows, and of changes, whose result the API server makes.
async fn judge(people: &People, row: &Json, who: &str, headers: &Headers) -> Result<Option<bool>> {
    let guard: Guard = serde_json::from_value(row["guard"].clone())?;
    let (operation, path) = match (row["post"].as_str(), row["delete"].as_str()) {
        (Some(path), _) => (Operation::Create, path),
        (_, Some(path)) => (Operation::Delete, path),
        _ => return Ok(None),
    };
    let is_exempt = matches!(who, "provider" | "administrator") && guard != Guard::ClusterRoles;
    let (false, Some(place)) = (is_exempt, Place::of(path)) else { return Ok(None) };
    let get = async |path: &str| anyhow::Ok(people.call(&people.administrator, ApiCall::get(path)).await?.document);
    let home = match &place.namespace {
        Some(namespace) => Some(get(&format!("/api/v1/namespaces/{namespace}")).await?),
        None => None,
    };
    let object = (operation == Operation::Create).then(|| object_of(row));
    let old = match operation {
        Operation::Delete => Some(get(path).await?),
        _ => None,
    };
    let value = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let user = json!({"username": value("impersonate-user").unwrap_or(who), "groups": [value("impersonate-group").unwrap_or("x")]});
    let case = Case {
        api: &place.api,
        kind: place.kind,
        namespace: place.namespace.as_deref(),
        name: place.name.as_deref().unwrap_or("x"),
        operation,
        object: object.as_ref(),
        old: old.as_ref(),
        namespace_object: home.as_ref(),
        user: Some(&user),
        class: None,
    };
    let policy = guards().get(&guard).context("no such guard")?.clone();
    let reserved = json!({"prefixes": ["kube-"], "namespaces": ["velero"]});
    let is_param = |name: &str| policy.form.params.contains_key(name);
    let params = reserved.as_object().into_iter().flatten().filter(|(name, _)| is_param(name));
    let params = params.map(|(name, value)| (name.clone(), value.clone())).collect();
    let policy = policy.with_params(&params).map_err(anyhow::Error::msg)?;
    Ok(match policy.judge(&case, "9999-12-31".parse()?) {
        Outcome::Found(found) if found.iter().any(|one| one.message.contains("resulted in error")) => {
            bail!("{guard:?}: {found:?}")
        }
        Outcome::Found(_) => Some(false),
        Outcome::Passed | Outcome::NotMatched | Outcome::Exempt { .. } => Some(true),
    })
}

/// What a row makes.
fn object_of(row: &Json) -> Json {
    let mut object = row["with"].clone();
    if object.pointer("/metadata/name").is_none() {
        object["metadata"]["name"] = "x".into();
    }
    object
}

async fn attempt(people: &People, row: &Json, who: &str, headers: &Headers) -> Result<(u16, String)> {
    let text = |name: &str| row[name].as_str();
    let (method, path, kind) = match (text("post"), text("patch"), text("delete")) {
        (Some(path), None, None) => (Method::POST, path, "application/json"),
        (None, Some(path), None) => (Method::PATCH, path, "application/merge-patch+json"),
        (None, None, Some(path)) => (Method::DELETE, path, ""),
        _ => bail!("one of post, patch and delete: {row}"),
    };
    let object = if method == Method::POST { object_of(row) } else { row["with"].clone() };
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("{path}?dryRun=All");
    let content = (method != Method::DELETE).then_some((kind, object));
    let token = people.tokens.get(who).unwrap_or(&people.administrator);
    let reply = people.call(token, ApiCall { method, path: &path, content, headers: &headers }).await?;
    Ok((reply.status, reply.document["message"].as_str().unwrap_or_default().to_owned()))
}

pub async fn hold(people: Arc<People>) -> Result<()> {
    let rows: Vec<Json> = serde_saphyr::from_str(include_str!("guards.yaml"))?;
    let (mut wrong, mut judged) = (vec![], 0);
    for row in &rows {
        let guard = row["guard"].as_str().context("guard")?.replace('_', "-");
        let admitted = row["admitted"].as_bool().context("admitted")?;
        for who in row["who"].as_array().context("who")?.iter().filter_map(Json::as_str) {
            for headers in impersonation(who)? {
                let (status, message) = attempt(&people, row, who, &headers).await?;
                let by_guard = status == 403 && message.contains(&format!("'gp-guard-{guard}'"));
                let is_right = if admitted { status < 300 } else { by_guard };
                if !is_right {
                    wrong.push(format!("{guard}, {who} ({}): {status} {message}", row["reason"]));
                }
                match judge(&people, row, who, &headers).await? {
                    Some(ours) if ours != admitted => {
                        wrong.push(format!("{guard}, {who} ({}): our engine says {ours}", row["reason"]));
                    }
                    Some(_) => judged += 1,
                    None => {}
                }
            }
        }
    }
    ensure!(judged > 100, "our engine was asked {judged} times only");
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
    ensure!(guards.len() == 11, "{} guards", guards.len());
    for guard in guards {
        ensure!(guard["status"]["typeChecking"] == json!({}), "{}: {}", guard["metadata"]["name"], guard["status"]);
    }
    Ok(())
}
