//! The provider with just the permissions that `permissions` prints: RBAC and IAM enforce them while a baseline, an environment and a slot are
//! made, healed and destroyed. What is not among them is refused, and what is missing is named.

use crate::{check::none, outside::Outside, server::Server};
use acceptance_tests::{
    BASELINE, ENVIRONMENT, SLOT,
    client::{Action, Client, Instance, as_text, errors, no_errors},
    servers::{
        Real,
        api::{Api, ApiCall},
        ministack, permissions, pod_identity, real,
        seed::put,
    },
};
use anyhow::{Result, ensure};
use goldenpath_adapters::{
    aws::{Aws, CredentialSource},
    kube::TokenSource as _,
};
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
    let cluster = json!({"cluster": ministack::CLUSTER});
    no_errors(&baseline.plan_and_apply(Some(&cluster)).await?, "the baseline")?;

    let makes_environments = runner(&real, "enough", "environments", |policy| policy).await?;
    let [principal, ci] = Outside::of(&real).await?.principals(["permitted-dev", "permitted-ci"]).await?;
    let client = &makes_environments.client;
    let config = |cpu: &str| {
        json!({"name": "permitted", "team": "permitted", "tier": "dev", "cluster": ministack::CLUSTER,
        "quota": {"total": {"requests.cpu": cpu}},
        "access": {
            "developer": {"principal_arns": [principal], "access_policies": ["AmazonEKSViewPolicy"]},
            "deployer": {"create_role": true, "trusted_principal_arns": [ci]},
        }})
    };
    let mut environment = Instance::new(client, ENVIRONMENT);
    no_errors(&environment.plan_and_apply(Some(&config("4"))).await?, "an environment")?;
    let slot_config = json!({"name": "ledger", "environment": "demo/permitted",
        "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::permitted-led/*"]}]}});
    let mut slot = Instance::new(client, SLOT);
    put(&real.cluster, pod_identity::webhook()).await?;
    pod_identity::hears_of(&real.cluster, "permitted", "ledger").await?;
    no_errors(&slot.plan_and_apply(Some(&slot_config)).await?, "a slot")?;
    let ready = slot.state.as_ref().map(|held| held.value.child("identity_ready").clone());
    ensure!(ready == Some(Value::Bool(true)), "the probe of the identity says {ready:?}");
    no_errors(&environment.refresh().await?, "a refresh")?;
    no_errors(&environment.plan_and_apply(Some(&config("6"))).await?, "a change")?;
    let planned = slot.plan(Some(&slot_config)).await?;
    ensure!(planned.action == Action::Nothing, "the slot's plan is not empty: {}", as_text(&planned.said));

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
    let cluster = json!({"cluster": ministack::CLUSTER});
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
        let config = json!({"name": name, "team": "permitted", "tier": "dev", "cluster": ministack::CLUSTER,
            "access": {"deployer": {"create_role": true, "trusted_principal_arns": [ci]}}});
        let mut environment = Instance::new(&makes.client, ENVIRONMENT);
        let planned = environment.plan(Some(&config)).await?;
        let said = if errors(&planned.said).is_empty() {
            environment.apply(planned, Some(&config)).await?
        } else {
            planned.said
        };
        let text = as_text(&said);
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
    let bind_all = format!("{rbac}/clusterrolebindings?dryRun=All");
    let bind_one = format!("{rbac}/namespaces/permitted/rolebindings?dryRun=All");
    let edit_auth = "/api/v1/namespaces/kube-system/configmaps/aws-auth?dryRun=All";
    let edit_role = format!("{rbac}/clusterroles/gp-admin?dryRun=All");
    let over_all = Some(binding("ClusterRoleBinding", "gp-admin"));
    let admin = Some(binding("RoleBinding", "cluster-admin"));
    let mut wrong = vec![];
    for (method, path, body, reason) in [
        (Method::GET, "/api/v1/secrets", None, "Secrets are nobody's business"),
        (Method::POST, &bind_all, over_all, "nothing is bound over the whole cluster"),
        (Method::POST, &bind_one, admin, "the four ClusterRoles are bound and no other"),
        (Method::PATCH, edit_auth, Some(json!({"data": {"mapRoles": "[]"}})), "records alone are written"),
        (Method::PATCH, &edit_role, Some(json!({"rules": []})), "ClusterRoles are the baseline's"),
    ] {
        let kind = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let content = body.map(|body| (kind, body));
        let reply = api.call(token, ApiCall { method, path, content, headers: &[] }).await?;
        if reply.status != 403 {
            wrong.push(format!("{path} ({reason}): {reply:?}"));
        }
    }
    none(wrong)
}

async fn runner(real: &Arc<Real>, name: &str, part: &'static str, change: impl FnOnce(Json) -> Json) -> Result<Runner> {
    let (root, url) = (real.ministack.root(), real.ministack.url());
    let (key, secret) = permissions::runner(&root, &real.cluster, &format!("runs-{name}"), Some(part), change).await?;
    let server = Server::start()?;
    let client = server.client(&real::provider_config(&url, &key, &secret)).await?;
    let aws = Aws::new(real::options(&url, CredentialSource::keys(&key, &secret, None)));
    let token = aws.token(&ministack::cluster_arn().parse()?, false).await?.reveal().to_owned();
    Ok(Runner { server, client, token })
}
