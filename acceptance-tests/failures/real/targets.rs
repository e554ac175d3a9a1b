//! A target that is away, refuses, is another than it was, or stops in the middle.

use super::*;
use goldenpath_adapters::kube::{Credentials, Kube};

/// Neither a refresh nor an apply loses anything while a target is away or refuses; afterwards all is as it was.
pub async fn targets(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let bench = Bench::new(&real, &server, "fworldq".to_owned()).await?;
    let mut instance = bench.make(ENVIRONMENT).await?;
    for (reason, service, action) in [
        ("the cluster is unreachable", Service::Kubernetes, proxy::Action::Cut),
        ("AWS is unreachable", Service::Aws, proxy::Action::Cut),
        ("the credentials have expired", Service::Aws, proxy::Action::Refuse(400)),
        ("Kubernetes knows the token no more", Service::Kubernetes, proxy::Action::Refuse(401)),
        ("AWS forbids", Service::Aws, proxy::Action::Refuse(403)),
        ("Kubernetes forbids", Service::Kubernetes, proxy::Action::Refuse(403)),
        ("AWS throttles", Service::Aws, proxy::Action::Refuse(429)),
        ("Kubernetes throttles", Service::Kubernetes, proxy::Action::Refuse(429)),
        ("Kubernetes fails", Service::Kubernetes, proxy::Action::Refuse(500)),
        ("the cluster was deleted in EKS", Service::Aws, proxy::Action::Refuse(404)),
    ] {
        let fails = move |asked: &Asked| {
            let is_met = asked.service == service
                && (action != proxy::Action::Refuse(404) || asked.path.starts_with("/clusters/"));
            if is_met { action } else { proxy::Action::Pass }
        };
        away(&bench, &mut instance, fails).await.context(reason)?;
    }
    bench.destroy(instance).await?;
    bench.is_gone().await
}

async fn away(
    bench: &Bench,
    instance: &mut Instance,
    fails: impl Fn(&Asked) -> proxy::Action + Send + Copy + 'static,
) -> Result<()> {
    let before: Option<Held> = instance.held.clone();
    let mut wider = bench.config(ENVIRONMENT);
    wider["quota"] = json!({"total": {"requests.cpu": "7"}});
    instance.client = bench.client().await?;
    let planned = instance.plan(Some(&wider)).await?;
    no_errors(&planned.said, "plan")?;
    bench.proxy.rule(fails);
    instance.client = bench.client().await?;
    let said = instance.refresh().await?;
    ensure!(!errors(&said).is_empty(), "a refresh says nothing");
    ensure!(told(&said).len() > 40, "an error must help: {}", told(&said));
    ensure!(instance.held == before, "a refresh that fails changes the state");
    // A plan that was approved before meets it at its apply.
    let said = instance.apply(planned, None).await?;
    ensure!(!errors(&said).is_empty(), "an apply says nothing");
    ensure!(instance.held.is_some(), "an apply that fails loses the state");
    bench.finishes(instance).await
}

/// State of one cluster meets another that took its name: nothing of the first is taken for being there.
pub async fn replaced(first: Arc<Real>, second: Arc<Real>) -> Result<()> {
    let old = server(&first).await?;
    let bench = Bench::new(&first, &old, "freplacedq".to_owned()).await?;
    let mut instance = bench.make(ENVIRONMENT).await?;
    let here = bench.ours().await?;
    let held = instance.held.clone();

    let new = server(&second).await?;
    let other = Bench::new(&second, &new, "freplacedq".to_owned()).await?;
    instance.client = other.client().await?;
    let said = instance.refresh().await?;
    let is_told = told(&said).contains("is not the cluster that this was made on");
    ensure!(is_told, "another cluster of the name is not told: {}", told(&said));
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
    ensure!(bench.ours().await? == here, "the first cluster was touched");
    let mut instance = Instance::new(&bench.client().await?, ENVIRONMENT);
    instance.held = held;
    bench.is_quiet(&mut instance).await?;
    bench.destroy(instance).await?;
    bench.is_gone().await
}

/// The API server goes away under an apply and comes back: the apply waits or fails, and the next one finishes.
pub async fn restarted(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let bench = Bench::new(&real, &server, "frestartq".to_owned()).await?;
    let mut instance = Instance::new(&bench.client().await?, ENVIRONMENT);
    let planned = instance.plan(Some(&bench.config(ENVIRONMENT))).await?;
    no_errors(&planned.said, "plan")?;
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = writes.clone();
    bench.proxy.rule(move |asked| {
        if asked.is_write() && asked.service == Service::Kubernetes {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        proxy::Action::Wait(Duration::from_millis(20))
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
    ensure!(instance.held.is_some(), "what exists is in the state: {}", told(&said));
    bench.finishes(&mut instance).await.with_context(|| format!("after {}", told(&said)))?;
    bench.destroy(instance).await?;
    bench.is_gone().await?;
    outside::without_baseline(&real, &server).await?;
    // Its namespace went with it, and with that the place of every Lease.
    let aws = Arc::new(real.aws(&real.ministack.url()));
    let kube = Kube::new(aws.clone(), Credentials::Tokens(aws));
    let done = kube.in_turn(&real.arn().parse()?, "nowhere", async { Ok(1) }).await;
    ensure!(done == Ok(1), "without a place for a Lease the work is done: {done:?}");
    Ok(())
}
