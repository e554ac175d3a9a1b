//! What AWS says for a moment, or to one who may read only a part, against plans and applies that nothing else is wrong with.

use crate::{outside, outside::Outside, server::Server};
use acceptance_tests::{
    ENVIRONMENT, SLOT,
    client::{Action, Instance, no_errors},
    proxy::{Intervention, LoggedRequest, Proxy},
    servers::{Real, ministack},
};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use std::{collections::HashSet, sync::Arc};

fn environment(name: &str, principal: &str) -> Json {
    json!({"name": name, "team": "payments", "tier": "dev", "cluster": ministack::CLUSTER,
        "access": {"viewer": {"principal_arns": [principal], "access_policies": ["AmazonEKSViewPolicy"]}}})
}

fn slot(environment: &str) -> Json {
    json!({"name": "ledger", "environment": format!("{}/{environment}", ministack::CLUSTER),
        "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::payments-led/*"]}]}})
}

pub async fn fail_no_plan(real: Arc<Real>) -> Result<()> {
    let (proxy, server) = (Proxy::start(&real)?, Server::start()?);
    outside::baseline(&real, &server).await?;
    let config = real.provider_config(&proxy.url);
    let principals = Outside::of(&real).await?.principals(["hiccup-mine", "hiccup-theirs"]).await?;
    let client = server.client(&config).await?;
    let (mut instances, mut specs) = (vec![], vec![]);
    for (name, principal) in ["hiccup-mine", "hiccup-theirs"].into_iter().zip(&principals) {
        specs.push((ENVIRONMENT, environment(name, principal)));
        specs.push((SLOT, slot(name)));
    }
    for (resource, spec) in &specs {
        let mut instance = Instance::new(&client, resource);
        no_errors(&instance.plan_and_apply(Some(spec)).await?, "apply")?;
        instances.push(instance);
    }
    let is_read = |request: &LoggedRequest| request.method == "GET" || request.action.starts_with("Get");
    // Both environments are planned, so that all is read by one listing; only the first state's plan counts.
    let theirs = move |request: &LoggedRequest| is_read(request) && about(request).contains("hiccup-theirs");
    proxy.clear();
    proxy.rule(move |request| if theirs(request) { Intervention::Refuse(403) } else { Intervention::Pass });
    let planned = plan(&server, &config, &mut instances, &specs).await?;
    ensure!(proxy.requests().iter().any(theirs), "nothing of another state was read");
    for (reason, problem) in planned.into_iter().take(2) {
        ensure!(problem.is_none(), "a refusal of what another state has: {reason}: {problem:?}");
    }
    let mut refused = HashSet::new();
    proxy.clear();
    proxy.rule(move |request| {
        let is_first = request.is_describe() && refused.insert(about(request));
        if is_first { Intervention::Refuse(404) } else { Intervention::Pass }
    });
    for (reason, problem) in plan(&server, &config, &mut instances, &specs).await? {
        ensure!(problem.is_none(), "each single 404 is once: {reason}: {problem:?}");
    }
    ensure!(proxy.requests().iter().any(LoggedRequest::is_describe), "no 404 was met");
    proxy.pass_all();
    destroy(&server, &config, instances).await
}

/// Of an entry or a role that was made or read a moment ago, AWS says once that it is not there: in each call that needs it.
pub async fn are_waited_for(real: Arc<Real>) -> Result<()> {
    let (proxy, server) = (Proxy::start(&real)?, Server::start()?);
    outside::baseline(&real, &server).await?;
    let config = real.provider_config(&proxy.url);
    let [principal] = Outside::of(&real).await?.principals(["hiccup-late"]).await?;
    let client = server.client(&config).await?;
    let mut changed = slot("hiccup-late");
    changed["identity"]["statements"][0]["actions"] = json!(["s3:GetObject", "s3:PutObject"]);
    let mut instances = vec![Instance::new(&client, ENVIRONMENT), Instance::new(&client, SLOT)];
    for (at, spec, late, reason) in [
        (0, environment("hiccup-late", &principal), &["GET", "POST"][..], "the policies of a new entry"),
        (1, slot("hiccup-late"), &["PutRolePolicy"], "those of a new role"),
        (1, changed, &["PutRolePolicy"], "those of a role that is changed"),
    ] {
        let mut refused = HashSet::new();
        proxy.clear();
        proxy.rule(move |request| {
            let is_first = of_policies(request).is_some_and(|call| refused.insert(call));
            if is_first { Intervention::Refuse(404) } else { Intervention::Pass }
        });
        no_errors(&instances[at].plan_and_apply(Some(&spec)).await?, reason)?;
        for call in late {
            let made = proxy.requests().iter().filter(|request| of_policies(request).as_deref() == Some(*call)).count();
            ensure!(made >= 2, "{reason}: {made} times {call}: {:?}", proxy.requests());
        }
    }
    proxy.pass_all();
    destroy(&server, &config, instances).await
}

/// The call, if it is about the policies of an entry or a role.
fn of_policies(request: &LoggedRequest) -> Option<String> {
    let is_of_entry = request.action.is_empty() && request.path.contains("/access-policies");
    match request.action.as_str() {
        "PutRolePolicy" => Some(request.action.clone()),
        _ => is_of_entry.then(|| request.method.to_string()),
    }
}

async fn destroy(server: &Server, config: &Json, instances: Vec<Instance>) -> Result<()> {
    for mut instance in instances.into_iter().rev() {
        // A run of its own: what one run has made it does not take away.
        instance.client = server.client(config).await?;
        no_errors(&instance.plan_and_apply(None).await?, "destroy")?;
    }
    Ok(())
}

/// What a request is about, in the forms of all services.
fn about(request: &LoggedRequest) -> String {
    format!("{} {} {}", request.method, request.path, request.form)
}

/// Refreshes and plans all over one connection; of each what is wrong with it.
async fn plan(
    server: &Server,
    config: &Json,
    instances: &mut [Instance],
    specs: &[(&'static str, Json)],
) -> Result<Vec<(String, Option<String>)>> {
    let client = server.client(config).await?;
    let mut found = vec![];
    for (instance, (resource, spec)) in instances.iter_mut().zip(specs) {
        instance.client = client.clone();
        let what = format!("{resource} {}", spec["name"]);
        let refreshed = no_errors(&instance.refresh().await?, "refresh");
        let planned = instance.plan(Some(spec)).await.context("plan")?;
        let problem = match (refreshed, no_errors(&planned.said, "plan"), planned.action) {
            (Err(error), _, _) | (_, Err(error), _) => Some(format!("{error:#}")),
            (_, _, Action::Nothing) => None,
            (_, _, action) => Some(format!("{action:?}")),
        };
        found.push((what, problem));
    }
    Ok(found)
}
