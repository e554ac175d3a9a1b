//! A target that is unreachable, refuses, is not the one that it was, or stops in the middle.

use super::fixture::{RealFailureFixture, server};
use crate::{
    daemon::{Daemon, UNSHARED},
    outside,
    server::Server,
    truth::Way,
};
use acceptance_tests::{
    ENVIRONMENT,
    client::{Action, Instance, InstanceState, as_text, errors, no_errors},
    proxy::{Intervention, LoggedRequest, Service},
    servers::{Real, ministack},
};
use anyhow::{Context as _, Result, ensure};
use goldenpath_adapters::kube::{Credentials, Kube, Lock};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Neither a refresh nor an apply loses anything while a target is away or refuses; afterwards all is as it was.
pub async fn targets(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let fixture = RealFailureFixture::new(&real, &server, "fawayq".to_owned()).await?;
    let mut instance = fixture.make(ENVIRONMENT).await?;
    for (reason, service, intervention) in [
        ("the cluster is unreachable", Service::Kubernetes, Intervention::Cut),
        ("AWS is unreachable", Service::Aws, Intervention::Cut),
        ("the credentials have expired", Service::Aws, Intervention::Refuse(400)),
        ("Kubernetes knows the token no more", Service::Kubernetes, Intervention::Refuse(401)),
        ("AWS forbids", Service::Aws, Intervention::Refuse(403)),
        ("Kubernetes forbids", Service::Kubernetes, Intervention::Refuse(403)),
        ("AWS throttles", Service::Aws, Intervention::Refuse(429)),
        ("Kubernetes throttles", Service::Kubernetes, Intervention::Refuse(429)),
        ("Kubernetes fails", Service::Kubernetes, Intervention::Refuse(500)),
        ("the cluster was deleted in EKS", Service::Aws, Intervention::Refuse(404)),
    ] {
        let fails = move |request: &LoggedRequest| {
            let is_met = request.service == service
                && (intervention != Intervention::Refuse(404) || request.path.starts_with("/clusters/"));
            if is_met { intervention } else { Intervention::Pass }
        };
        away(&fixture, &mut instance, fails).await.context(reason)?;
    }
    fixture.destroy(instance).await?;
    fixture.is_gone().await
}

async fn away(
    fixture: &RealFailureFixture,
    instance: &mut Instance,
    fails: impl Fn(&LoggedRequest) -> Intervention + Send + Copy + 'static,
) -> Result<()> {
    let before: Option<InstanceState> = instance.state.clone();
    let mut wider = fixture.config(ENVIRONMENT);
    wider["quota"] = json!({"total": {"requests.cpu": "7"}});
    instance.client = fixture.client().await?;
    let planned = instance.plan(Some(&wider)).await?;
    no_errors(&planned.said, "plan")?;
    fixture.proxy.rule(fails);
    instance.client = fixture.client().await?;
    let said = instance.refresh().await?;
    ensure!(!errors(&said).is_empty(), "a refresh says nothing");
    ensure!(as_text(&said).len() > 40, "an error must help: {}", as_text(&said));
    ensure!(instance.state == before, "a refresh that fails changes the state");
    // A plan that was approved before meets it at its apply.
    let said = instance.apply(planned, None).await?;
    ensure!(!errors(&said).is_empty(), "an apply says nothing");
    ensure!(instance.state.is_some(), "an apply that fails loses the state");
    fixture.finishes(instance).await
}

/// State of one cluster meets another that took its name: nothing of the first is taken for being there.
pub async fn cluster_is_replaced(first: Arc<Real>, second: Arc<Real>) -> Result<()> {
    let old = server(&first).await?;
    let fixture = RealFailureFixture::new(&first, &old, "freplacedq".to_owned()).await?;
    let mut instance = fixture.make(ENVIRONMENT).await?;
    let here = fixture.ours().await?;
    let held = instance.state.clone();

    let new = server(&second).await?;
    let other = RealFailureFixture::new(&second, &new, "freplacedq".to_owned()).await?;
    instance.client = other.client().await?;
    let said = instance.refresh().await?;
    let words = "is not the cluster that this was made on";
    ensure!(as_text(&said).contains(words), "another cluster of the name is not reported: {}", as_text(&said));
    if errors(&said).is_empty() {
        let next = instance.plan(Some(&other.config(ENVIRONMENT))).await?;
        no_errors(&next.said, "plan")?;
        ensure!(next.action != Action::Nothing, "a cluster without our objects plans nothing");
        instance.client = other.client().await?;
        no_errors(&instance.apply(next, None).await?, "apply on the new cluster")?;
        other.is_quiet(&mut instance).await?;
        other.destroy(instance).await?;
        other.is_gone().await?;
    }
    outside::without_baseline(&second, &new).await?;
    ensure!(fixture.ours().await? == here, "the first cluster was touched");
    let mut instance = Instance::new(&fixture.client().await?, ENVIRONMENT);
    instance.state = held;
    fixture.is_quiet(&mut instance).await?;
    fixture.destroy(instance).await?;
    fixture.is_gone().await
}

/// The API server goes away under an apply and comes back: the apply waits or fails, and the next one finishes.
pub async fn api_server_restarts(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    for way in [Way::Itself, Way::Daemon] {
        restarts(&real, &server, way).await.with_context(|| format!("{way:?}"))?;
    }
    outside::without_baseline(&real, &server).await?;
    // Its namespace went with it, and with that the place of every Lease.
    let aws = Arc::new(real.aws(&real.ministack.url()));
    let kube = Kube::new(aws.clone(), Credentials::Tokens(aws));
    let done = kube.with_lock(&ministack::cluster_arn().parse()?, "nowhere", async { Ok(1) }).await;
    ensure!(matches!(done, Ok((1, Lock::Lost))), "without a place for a Lease the work is done: {done:?}");
    Ok(())
}

/// A daemon has connections from before.
async fn restarts(real: &Arc<Real>, server: &Arc<Server>, way: Way) -> Result<()> {
    let fixture = RealFailureFixture::new(real, server, format!("frestart{way:?}").to_lowercase()).await?;
    let daemon = match way {
        Way::Itself => None,
        Way::Daemon => {
            Some(Daemon::with("aws: { region: eu-west-1 }", UNSHARED, real.environment(&fixture.proxy.url))?)
        }
    };
    let client = match &daemon {
        Some(daemon) => server.client(&json!({ "daemon": { "endpoint": daemon.endpoint() } })).await?,
        None => fixture.client().await?,
    };
    let mut instance = Instance::new(&client, ENVIRONMENT);
    let planned = instance.plan(Some(&fixture.config(ENVIRONMENT))).await?;
    no_errors(&planned.said, "plan")?;
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = writes.clone();
    fixture.proxy.rule(move |request| {
        if request.is_write() && request.service == Service::Kubernetes {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Intervention::Wait(Duration::from_millis(20))
    });
    let cluster = real.cluster.clone();
    let restart = std::thread::spawn(move || {
        let started = Instant::now();
        while writes.load(Ordering::SeqCst) < 6 {
            ensure!(started.elapsed() < Duration::from_secs(30), "the apply did not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        cluster.restart_api_server()
    });
    let said = instance.apply(planned, None).await?;
    let restarted = tokio::task::spawn_blocking(move || restart.join()).await?;
    restarted.map_err(|_| anyhow::anyhow!("the restart panicked"))??;
    ensure!(instance.state.is_some(), "what exists is in the state: {}", as_text(&said));
    fixture.finishes(&mut instance).await.with_context(|| format!("after {}", as_text(&said)))?;
    fixture.destroy(instance).await?;
    fixture.is_gone().await
}
