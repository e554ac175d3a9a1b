//! Each operation of a daemon as AWS sees it: under a session of its own, which may change nothing of others.

use crate::{daemon::Daemon, outside::Outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Instance, no_errors},
    proxy::{LoggedRequest, Proxy},
    servers::{
        Real,
        ministack::{self, EVERYTHING},
        permissions, real, seed,
    },
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_core::domain::{PersonaName, role_name};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, sync::Arc};

const ROLE: &str = "operations";

pub async fn are_of_one_operation(real: Arc<Real>) -> Result<()> {
    let (proxy, root) = (Proxy::start(&real)?, real.ministack.root());
    seed::create_role(&root, "/", ROLE).await?;
    root.iam.put_role_policy().role_name(ROLE).policy_name("all").policy_document(EVERYTHING).send().await?;
    seed::enter(&root, &real.role(ROLE), ROLE).await?;
    permissions::grant(&real.cluster, ROLE, None).await?;
    let server = Server::start()?;
    crate::outside::baseline(&real, &server).await?;
    let [ci] = Outside::of(&real).await?.principals(["sessions-ci"]).await?;

    let folder = tempfile::Builder::new().prefix("gp").tempdir()?;
    let config = format!(
        "listen: unix://{}/daemon.sock\njournal: journal.db\ntarget:\n  aws: {{ region: {} }}\nsessions: {{ role_arn: {:?} }}\n",
        folder.path().display(),
        ministack::REGION,
        real.role(ROLE),
    );
    let (key, secret) = &real.platform;
    let daemon = Daemon::in_folder(folder, &config, real::environment(&proxy.url, key, secret, None))?;
    let client = server.client(&json!({ "daemon": { "endpoint": daemon.endpoint() } })).await?;
    let mut environment = Instance::new(&client, ENVIRONMENT);
    let config = json!({"name": "sessions", "team": "sessions", "tier": "dev", "cluster": ministack::CLUSTER,
        "access": {"deployer": {"create_role": true, "trusted_principal_arns": [ci]}}});

    let planned = environment.plan(Some(&config)).await?;
    ensure!(sessions(&proxy.requests()).is_empty(), "a plan is no operation");
    proxy.clear();
    no_errors(&environment.apply(planned, Some(&config)).await?, "the apply")?;
    let made = one_session(&proxy.requests())?;
    is_in_all_trails(&made, &proxy.requests(), &daemon.ledger()?)?;
    proxy.clear();
    let mut wider = config.clone();
    wider["quota"] = json!({ "total": { "requests.cpu": "6" } });
    wider["deletion_protection"] = true.into();
    no_errors(&environment.plan_and_apply(Some(&wider)).await?, "a change")?;
    let changed = one_session(&proxy.requests())?;
    ensure!(made != changed, "each operation has a session of its own: {made}");
    proxy.clear();
    daemon.query(&["unprotect", &format!("{}/sessions", ministack::CLUSTER)])?;
    let lifted = one_session(&proxy.requests())?;
    let has_entry = |line: &str| line.contains("\"kind\":\"unprotected\"") && line.contains(&lifted);
    ensure!(daemon.ledger()?.lines().any(has_entry), "{lifted} lifted protection, and the ledger does not know of it");
    ensure!(proxy.requests().iter().any(|request| request.is_write()), "the record was written");
    // ministack knows of access entries no ARN of their own, which the session's policy names, so that it would refuse to delete one.
    environment.client = server.client(&real.provider_config(&real.ministack.url())).await?;
    no_errors(&environment.plan_and_apply(None).await?, "the destroy")
}

/// The session's name is what the targets' logs, by the user agent, and the daemon's ledger call the operation; the ledger has the
/// targets' own names of each request, too.
fn is_in_all_trails(operation: &str, seen: &[LoggedRequest], ledger: &str) -> Result<()> {
    let agent = format!("operation/{operation}");
    for write in seen.iter().filter(|request| request.is_write() && request.action != "AssumeRole") {
        ensure!(write.agent.contains(&agent), "{write} is of {:?}", write.agent);
    }
    let mut calls = BTreeSet::new();
    for line in ledger.lines() {
        let entry: Json = serde_json::from_str(line)?;
        if entry["kind"] == "changed" && entry["operation"] == operation {
            let requests = entry["detail"]["requests"].as_array().context("no requests")?;
            for request in requests {
                let is_named = request["request_id"].as_str().is_some_and(|id| id.len() > 8);
                ensure!(is_named && request["code"].is_string(), "a request without a name: {entry}");
                calls.insert(request["call"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    for call in ["iam:CreateRole", "PATCH Namespace", "PATCH NetworkPolicy"] {
        ensure!(calls.contains(call), "{call} is not among {calls:?}");
    }
    Ok(())
}

fn sessions(seen: &[LoggedRequest]) -> Vec<&LoggedRequest> {
    seen.iter().filter(|request| request.action == "AssumeRole").collect()
}

/// Its name. Each service's client keeps credentials of its own.
fn one_session(seen: &[LoggedRequest]) -> Result<String> {
    let cluster = ministack::cluster_arn().parse()?;
    let own = role_name(&cluster, "sessions", None, Some(PersonaName::Deployer));
    let mut names = BTreeSet::new();
    for session in sessions(seen) {
        let form = &session.form;
        ensure!(form.contains("Policy=") && form.contains(&own), "it may change its own role alone: {form}");
        let name = form.split('&').find_map(|pair| pair.strip_prefix("RoleSessionName="));
        let name = name.filter(|name| name.starts_with("op-"));
        names.insert(name.with_context(|| format!("it has the operation's id: {form}"))?.to_owned());
    }
    ensure!(names.len() == 1, "one operation has one session: {names:?}");
    names.pop_first().context("no session")
}
