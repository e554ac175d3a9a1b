//! The provider with just the rights that `permissions` prints: RBAC and IAM enforce them while a baseline, an environment and a slot are
//! made, healed and destroyed. What is not among them is refused, and what is missing is named.

use crate::{
    BASELINE, ENVIRONMENT, SLOT,
    outside::{Outside, provider_config},
    server::Server,
};
use acceptance_tests::{
    client::{Action, Client, Instance, errors, no_errors, told},
    servers::{
        api::{Api, Ask},
        pod_identity,
        real::{self, Real, put},
        rights,
    },
};
use anyhow::{Result, bail, ensure};
use aws_sdk_eks::config::Credentials;
use goldenpath_adapters::{aws::Aws, kube::TokenSource as _};
use hyper::Method;
use plugin::value::Value;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// One pipeline: who runs it, and as whom Kubernetes knows it.
struct Runner {
    server: Server,
    client: Client,
    token: String,
}

pub async fn are_enough(real: Arc<Real>) -> Result<()> {
    let api = Api::of(&real.cluster)?;
    let makes_baseline = runner(&real, "enough-baseline", "baseline", |policy| policy).await?;
    let mut baseline = Instance::new(&makes_baseline.client, BASELINE);
    let cluster = json!({"cluster": real::CLUSTER});
    no_errors(&baseline.plan_and_apply(Some(&cluster)).await?, "the baseline")?;

    let makes_environments = runner(&real, "enough", "environments", |policy| policy).await?;
    let [principal, ci] = Outside::of(&real).await?.principals(["rights-dev", "rights-ci"]).await?;
    let client = &makes_environments.client;
    let config = |cpu: &str| {
        json!({"name": "rights", "team": "rights", "tier": "dev", "cluster": real::CLUSTER,
        "quota": {"total": {"requests.cpu": cpu}},
        "access": {
            "developer": {"principal_arns": [principal], "access_policies": ["AmazonEKSViewPolicy"]},
            "deployer": {"create_role": true, "trusted_principal_arns": [ci]},
        }})
    };
    let mut environment = Instance::new(client, ENVIRONMENT);
    no_errors(&environment.plan_and_apply(Some(&config("4"))).await?, "an environment")?;
    let slot_config = json!({"name": "ledger", "environment": "demo/rights",
        "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::led/*"]}]}});
    let mut slot = Instance::new(client, SLOT);
    put(&real.cluster, pod_identity::webhook()).await?;
    pod_identity::hears_of(&real.cluster, "rights", "ledger").await?;
    no_errors(&slot.plan_and_apply(Some(&slot_config)).await?, "a slot")?;
    let ready = slot.held.as_ref().map(|held| held.value.child("identity_ready").clone());
    ensure!(ready == Some(Value::Bool(true)), "the look at the identity says {ready:?}");
    no_errors(&environment.refresh().await?, "a refresh")?;
    no_errors(&environment.plan_and_apply(Some(&config("6"))).await?, "a change")?;
    let planned = slot.plan(Some(&slot_config)).await?;
    ensure!(planned.action == Action::Nothing, "the slot's plan is not empty: {}", told(&planned.said));

    is_refused(&api, &makes_environments.token).await?;

    no_errors(&slot.plan_and_apply(None).await?, "the slot's destroy")?;
    no_errors(&environment.plan_and_apply(None).await?, "the environment's destroy")?;
    no_errors(&baseline.plan_and_apply(None).await?, "the baseline's destroy")?;
    drop((makes_baseline.server, makes_environments.server));
    Ok(())
}

/// Without one statement the apply fails, says which call is missing, and keeps what was made.
pub async fn are_needed(real: Arc<Real>) -> Result<()> {
    let all = runner(&real, "needed-baseline", "baseline", |policy| policy).await?;
    let cluster = json!({"cluster": real::CLUSTER});
    let mut baseline = Instance::new(&all.client, BASELINE);
    no_errors(&baseline.plan_and_apply(Some(&cluster)).await?, "the baseline")?;
    let [ci] = Outside::of(&real).await?.principals(["needed-ci"]).await?;
    let without = |sid: &'static str| {
        move |mut policy: Json| {
            if let Some(statements) = policy["Statement"].as_array_mut() {
                statements.retain(|statement| statement["Sid"] != sid);
            }
            policy
        }
    };
    for (name, sid, call) in [
        ("norole", "OurRolesUnderTheBoundary", "iam:CreateRole"),
        ("noentry", "NewAccessEntriesOfOurGroups", "eks:CreateAccessEntry"),
        ("nolist", "ReadTheAccount", "iam:ListRoles"),
    ] {
        let makes = runner(&real, name, "environments", without(sid)).await?;
        let config = json!({"name": name, "team": "rights", "tier": "dev", "cluster": real::CLUSTER,
            "access": {"deployer": {"create_role": true, "trusted_principal_arns": [ci]}}});
        let mut environment = Instance::new(&makes.client, ENVIRONMENT);
        let planned = environment.plan(Some(&config)).await?;
        let said = if errors(&planned.said).is_empty() {
            environment.apply(planned, Some(&config)).await?
        } else {
            planned.said
        };
        let text = told(&said);
        ensure!(!errors(&said).is_empty(), "{sid} is missing and nothing failed");
        ensure!(text.contains(call), "{sid} is missing: the error does not name {call}: {text}");
    }
    Ok(())
}

/// What nobody printed.
async fn is_refused(api: &Api, token: &str) -> Result<()> {
    let binding = |kind: &str, role: &str| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "x"}, "subjects": [],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}})
    };
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let mut wrong = vec![];
    for (method, path, body, reason) in [
        (Method::GET, "/api/v1/secrets".to_owned(), None, "Secrets are nobody's business"),
        (
            Method::POST,
            format!("{rbac}/clusterrolebindings?dryRun=All"),
            Some(binding("ClusterRoleBinding", "gp-admin")),
            "nothing is bound over the whole cluster",
        ),
        (
            Method::POST,
            format!("{rbac}/namespaces/rights/rolebindings?dryRun=All"),
            Some(binding("RoleBinding", "cluster-admin")),
            "the four ClusterRoles are bound and no other",
        ),
        (
            Method::PATCH,
            "/api/v1/namespaces/kube-system/configmaps/aws-auth?dryRun=All".to_owned(),
            Some(json!({"data": {"mapRoles": "[]"}})),
            "records alone are written",
        ),
        (
            Method::PATCH,
            format!("{rbac}/clusterroles/gp-admin?dryRun=All"),
            Some(json!({"rules": []})),
            "ClusterRoles are the baseline's",
        ),
    ] {
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let ask = Ask { method, path: &path, content: body.map(|body| (kind, body)), headers: &[] };
        let answer = api.ask(token, ask).await?;
        if answer.status != 403 {
            wrong.push(format!("{path} ({reason}): {answer:?}"));
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

async fn runner(real: &Arc<Real>, name: &str, part: &'static str, change: impl FnOnce(Json) -> Json) -> Result<Runner> {
    let (root, url) = (real.ministack.root(), real.ministack.url());
    let (key, secret) = rights::runner(&root, &real.cluster, &format!("runs-{name}"), Some(part), change).await?;
    let server = Server::start_in(&real::environment(&url, &key, &secret, None))?;
    let client = server.client(&provider_config(&url)).await?;
    let aws = Aws::with_credentials(real::options(&url), Credentials::new(key, secret, None, None, "runner"));
    let token = aws.token(&real::arn().parse()?, false).await?.reveal().to_owned();
    Ok(Runner { server, client, token })
}
