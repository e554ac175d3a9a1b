//! `doctor environment` as a person runs it: a promise that is kept, one that somebody broke out of band, and one that the caller
//! may not ask about.

use crate::{check::none, outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Instance, no_errors},
    servers::{
        Real,
        api::{Api, ApiCall},
        ministack, permissions, real, seed,
    },
    tools::command_line,
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_adapters::kube::TokenSource as _;
use goldenpath_core::domain::short_hash;
use hyper::Method;
use serde_json::{Value as Json, json};
use std::{process::Command, sync::Arc};

const NAME: &str = "promised";

/// What the command printed.
pub struct Report {
    pub rows: Vec<Json>,
    pub code: i32,
    errors: String,
}

// === impl Report ===

impl Report {
    pub async fn of(variables: &[(String, String)], id: &str) -> Result<Self> {
        let mut command = Command::new(command_line()?);
        command.args(["doctor", "environment", id, "--region", ministack::REGION, "--json"]);
        command.envs(variables.iter().cloned());
        let out = tokio::task::spawn_blocking(move || command.output()).await??;
        Ok(Self {
            rows: serde_json::from_slice(&out.stdout).unwrap_or_default(),
            code: out.status.code().context("it was stopped")?,
            errors: String::from_utf8_lossy(&out.stderr).into_owned(),
        })
    }

    pub fn not_ok(&self) -> Vec<String> {
        let not_ok = self.rows.iter().filter(|row| row["status"] != "ok").map(Json::to_string);
        not_ok.chain((!self.errors.is_empty()).then(|| self.errors.clone())).collect()
    }

    pub fn row(&self, check: &str) -> Result<&Json> {
        let row = self.rows.iter().find(|row| row["check"] == check);
        row.with_context(|| format!("no row {check:?}: {} {:?}", self.errors, self.rows))
    }

    /// One row: its status, one answer, and words of what was found and of what to do.
    fn has(&self, check: &str, status: &str, (by, answer): (&str, &str), words: [&str; 2]) -> Result<()> {
        let row = self.row(check)?;
        let contains = |field: &str, word: &str| row[field].as_str().is_some_and(|text| text.contains(word));
        ensure!(row["status"] == status && row["answers"][by] == answer, "{check} is not {status}, {answer}: {row}");
        ensure!(contains("found", words[0]) && contains("remedy", words[1]), "{check}: not {words:?}: {row}");
        Ok(())
    }
}

pub async fn is_asked(real: Arc<Real>) -> Result<()> {
    let url = real.ministack.url();
    let server = Server::start()?;
    outside::baseline(&real, &server).await?;
    seed::create_role(&real.ministack.root(), "/people/", NAME).await?;
    let client = server.client(&real.provider_config(&url)).await?;
    let access = json!({"developer": {"principal_arns": [real.role(&format!("people/{NAME}"))]}});
    let config = json!({"name": NAME, "team": NAME, "tier": "dev", "cluster": ministack::CLUSTER, "access": access});
    let mut environment = Instance::new(&client, ENVIRONMENT);
    no_errors(&environment.plan_and_apply(Some(&config)).await?, NAME)?;
    let asked = ask_doctor(&real).await;
    no_errors(&environment.plan_and_apply(None).await?, "destroy")?;
    outside::without_baseline(&real, &server).await?;
    asked
}

async fn ask_doctor(real: &Real) -> Result<()> {
    let url = real.ministack.url();
    let (key, secret) = &real.platform;
    let platform = real::environment(&url, key, secret, None);
    let id = format!("{}/{NAME}", ministack::CLUSTER);
    let kept = Report::of(&platform, &id).await?;
    none(kept.not_ok())?;
    kept.has("exec into a pod", "ok", ("developer", "yes"), ["developer yes", ""])?;
    kept.has("quotas and limits", "ok", (NAME, "yes"), ["pods 0 of 40, 40 left", ""])?;
    ensure!(kept.code == 0, "exit code {}", kept.code);

    let unknown = Report::of(&platform, &format!("{}/nowhere", ministack::CLUSTER)).await?;
    ensure!(unknown.code == 2 && unknown.errors.contains(&id), "the known ones are named: {}", unknown.errors);

    // Who makes environments may try a pod, for the probe of identities, and neither a Service nor an access review.
    let root = real.ministack.root();
    let (key, secret) = permissions::runner(&root, &real.cluster, NAME, Some("environments"), |policy| policy).await?;
    let runner = Report::of(&real::environment(&url, &key, &secret, None), &id).await?;
    let not_asked = "could not ask";
    let words = ["SubjectAccessReviews", "subjectaccessreviews"];
    runner.has("exec into a pod", "warning", ("developer", not_asked), words)?;
    runner.has("admission of a privileged container", "ok", (NAME, "no"), ["no", ""])?;
    let words = ["neither create services", "Run this as"];
    runner.has("admission of a Service of type NodePort", "warning", (NAME, not_asked), words)?;
    ensure!(runner.code == 0, "what is not known is not broken: exit code {}", runner.code);

    let stranger = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "stranger", "namespace": NAME}, "subjects": [{"kind": "User", "name": "stranger"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}});
    seed::put(&real.cluster, stranger).await?;
    let (group, undo) = break_promises(real).await?;
    let broken = Report::of(&platform, &id).await?;
    undo.await?;
    broken.has("read nodes", "error", ("developer", "yes"), ["not as promised", &group])?;
    broken.has("change quotas", "error", ("developer", "yes"), [&group, &group])?;
    broken.has("network rules", "error", (NAME, "no"), ["gp-default-deny is missing", "Plan"])?;
    broken.has("labels and annotations of namespaces", "error", (NAME, "no"), ["privileged, not baseline", "Plan"])?;
    broken.has("admission of a privileged container", "error", (NAME, "yes"), ["not as promised", "labels"])?;
    broken.has("role bindings", "warning", (NAME, "no"), ["/stranger let others in", "delete"])?;
    broken.has("exec into a pod", "ok", ("developer", "yes"), ["developer yes", ""])?;
    ensure!(broken.code == 1, "exit code {}", broken.code);
    Ok(())
}

/// As somebody does who may. The group that was let in, and what takes the binding back.
async fn break_promises(real: &Real) -> Result<(String, impl Future<Output = Result<()>>)> {
    let group = format!("gp:p:{}", short_hash([real.role(&format!("people/{NAME}")).as_str()], 16));
    seed::bind(&real.cluster, &group, "cluster-admin").await?;
    let token = real.aws(&real.ministack.url()).token(&ministack::cluster_arn().parse()?, false).await?;
    let (token, api) = (token.reveal().to_owned(), Api::of(&real.cluster)?);
    let policy = format!("/apis/networking.k8s.io/v1/namespaces/{NAME}/networkpolicies/gp-default-deny");
    let removed = ApiCall { method: Method::DELETE, path: &policy, content: None, headers: &[] };
    let labels = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}});
    let namespace = format!("/api/v1/namespaces/{NAME}");
    let content = Some(("application/merge-patch+json", labels));
    let raised = ApiCall { method: Method::PATCH, path: &namespace, content, headers: &[] };
    for call in [removed, raised] {
        let reply = api.call(&token, call).await?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    let binding = format!("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{group}-cluster-admin");
    let undo = async move {
        let call = ApiCall { method: Method::DELETE, path: &binding, content: None, headers: &[] };
        let reply = api.call(&token, call).await?;
        ensure!(reply.status == 200, "{reply:?}");
        Ok(())
    };
    Ok((group, undo))
}
