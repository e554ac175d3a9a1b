//! `policy report`: what somebody put into an environment by hand is judged by its policies, custom resources too, and who was let in
//! is listed.

use super::fixture::{OTHERS, People};
use acceptance_tests::{
    servers::{api::ApiCall, ministack},
    tools::command_line,
};
use anyhow::{Context as _, Result, ensure};
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{process::Command, sync::Arc, time::Duration};

/// A new kind is served within a few seconds.
const SERVED: Duration = Duration::from_secs(60);

pub(super) async fn is_made(people: Arc<People>) -> Result<()> {
    let pods = format!("/api/v1/namespaces/{OTHERS}/pods");
    let bindings = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{OTHERS}/rolebindings");
    let clean = Report::of(&people, &[]).await?;
    ensure!(clean.findings_of("Pod people-others/reported").is_empty() && clean.code != 2, "before: {}", clean.text);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reported"},
        "spec": {"containers": [{"name": "main", "image": "registry.example/app:latest"}]}});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "reported"},
        "subjects": [{"kind": "User", "name": "stranger", "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}});
    people.make(&pods, &pod).await?;
    people.make(&bindings, &binding).await?;
    let gadget = gadget(&people).await?;
    let reported = Report::of(&people, &["--environment", OTHERS]).await;
    let whole = Report::of(&people, &[]).await;
    let folder = tempfile::tempdir()?;
    let own = folder.path().join("gadgets.yaml");
    std::fs::write(&own, GADGETS)?;
    let customs = Report::of(&people, &["--policy", &own.display().to_string()]).await;
    for path in [format!("{pods}/reported"), format!("{bindings}/reported"), gadget] {
        let content = Some(("application/json", json!({"gracePeriodSeconds": 0})));
        let call = ApiCall { method: Method::DELETE, path: &path, content, headers: &[] };
        let reply = people.call(&people.administrator, call).await?;
        ensure!(reply.status < 300, "{path}: {reply:?}");
    }
    for report in [reported?, whole?] {
        let found = report.findings_of("Pod people-others/reported");
        let tag = found.iter().find(|finding| finding["policy"] == "image-tags").context(report.text.clone())?;
        ensure!(tag["environment"] == OTHERS && tag["version"] == "1.0.0", "{tag}");
        ensure!(tag["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{tag}");
        let grants = report.json["foreign_grants"].as_array().context("grants")?;
        let grant = grants.iter().find(|grant| grant["object"] == "RoleBinding people-others/reported");
        let grant = grant.context("the stranger's binding is not listed")?;
        ensure!(grant["role"] == "ClusterRole view" && grant["subjects"] == json!(["User stranger"]), "{grant}");
        let denied = report.json["findings"].as_array().context("findings")?.iter().any(|one| one["action"] == "deny");
        ensure!(report.code == i32::from(denied), "exit code {}: {}", report.code, report.text);
    }
    let customs = customs?;
    let found = customs.findings_of("Gadget people-others/reported");
    ensure!(found.len() == 1 && found[0]["policy"] == "gadgets" && customs.code == 1, "{}", customs.text);
    let unseen = &customs.json["not_looked_at"];
    ensure!(*unseen == json!(["report.test/v1 widgets"]), "what the cluster has no kind for is no pass: {unseen}");
    Ok(())
}

const GADGETS: &str = "\
apiVersion: goldenpath.internal/v1
kind: Policy
name: gadgets
version: 1.0.0
description: Gadgets are small.
match:
  - { groups: [report.test], versions: [v1], resources: [gadgets, widgets], operations: [CREATE] }
validations:
  - expression: object.spec.size < 3
    message: A gadget is too large.
    remedy: Make it smaller.
severity: { dev: deny, staging: deny, prod: deny }
";

/// A custom resource in the environment of others; the path of it.
async fn gadget(people: &People) -> Result<String> {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.report.test"},
        "spec": {"group": "report.test", "scope": "Namespaced", "names": {"kind": "Gadget", "plural": "gadgets"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}});
    people.make("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", &definition).await?;
    let gadgets = format!("/apis/report.test/v1/namespaces/{OTHERS}/gadgets");
    let gadget = json!({"apiVersion": "report.test/v1", "kind": "Gadget", "metadata": {"name": "reported"}, "spec": {"size": 5}});
    let made = async {
        while people.make(&gadgets, &gadget).await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(SERVED, made).await.context("gadgets are not served")?;
    Ok(format!("{gadgets}/reported"))
}

struct Report {
    json: Json,
    code: i32,
    text: String,
}

// === impl Report ===

impl Report {
    async fn of(people: &People, more: &[&str]) -> Result<Self> {
        let mut command = Command::new(command_line()?);
        command.args(["policy", "report", ministack::CLUSTER, "--region", ministack::REGION, "--json"]);
        command.args(if more.contains(&"--policy") { &[][..] } else { &["--built-in"] });
        command.args(more).envs(people.platform.iter().cloned());
        let out = tokio::task::spawn_blocking(move || command.output()).await??;
        let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        let json = serde_json::from_slice(&out.stdout).with_context(|| text.clone())?;
        Ok(Self { json, code: out.status.code().context("it was stopped")?, text })
    }

    fn findings_of(&self, object: &str) -> Vec<&Json> {
        self.json["findings"].as_array().into_iter().flatten().filter(|finding| finding["object"] == object).collect()
    }
}
