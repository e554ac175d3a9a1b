//! Failures on the real servers, made by a proxy between them and the provider. The sandbox's walk meets every write; here each
//! kind of write is met once, and what only real servers can do: a cluster that is away, deleted, replaced, or restarted.
//!
//! Whatever happens: the state keeps what exists, the next apply finishes, and nothing is left after a destroy.

mod deleted;

pub use deleted::deleted;

use crate::{
    ENVIRONMENT, SLOT,
    outside::{self, Outside, provider_config},
    server::Server,
};
use acceptance_tests::{
    client::{Action, Client, Held, Instance, errors, no_errors, told},
    proxy::{self, Asked, Proxy, Service},
    servers::real::Real,
};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Lives that wait for their namespaces to end, most of the time.
const SIDE_BY_SIDE: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Once.
    AnswerLost,
    /// This write and all after it, until the next run; what is known to pass only for [`A_WHILE`].
    From(proxy::Action),
}

/// The engine asks again, with growing pauses, until the resource's time is over.
const A_WHILE: Duration = Duration::from_secs(4);

impl How {
    fn passes(self) -> bool {
        self != Self::From(proxy::Action::Refuse(403))
    }
}

const LASTING: [How; 5] = [
    How::From(proxy::Action::Refuse(403)),
    How::From(proxy::Action::Cut),
    How::From(proxy::Action::Refuse(500)),
    How::From(proxy::Action::Refuse(429)),
    How::From(proxy::Action::Refuse(503)),
];

/// One provider for all; each life has a name, a proxy and a principal of its own.
struct Bench {
    outside: Outside,
    server: Arc<Server>,
    proxy: Proxy,
    name: String,
    principal: String,
}

impl Bench {
    async fn new(real: &Arc<Real>, server: &Arc<Server>, name: String) -> Result<Self> {
        let outside = Outside::of(real).await?;
        let [principal] = outside.principals([&format!("{name}-ci")]).await?;
        Ok(Self {
            outside,
            server: server.clone(),
            proxy: Proxy::start(real)?,
            name,
            principal,
        })
    }

    async fn client(&self) -> Result<Client> {
        self.server.client(&provider_config(&self.proxy.url)).await
    }

    fn config(&self, resource: &str) -> Json {
        if resource == SLOT {
            return json!({
                "name": "ledger", "environment": format!("demo/{}", self.name),
                "identity": {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::led/*"]}]},
            });
        }
        json!({
            "name": self.name, "team": "payments", "tier": "dev", "cluster": "demo",
            "access": {"deployer": {"create_role": true, "trusted_principal_arns": [self.principal]}},
        })
    }

    async fn make(&self, resource: &'static str) -> Result<Instance> {
        let mut instance = Instance::new(&self.client().await?, resource);
        no_errors(&instance.plan_and_apply(Some(&self.config(resource))).await?, "apply")?;
        Ok(instance)
    }

    async fn ours(&self) -> Result<BTreeSet<String>> {
        self.outside.ours(&self.name).await
    }

    async fn is_gone(&self) -> Result<()> {
        let left = self.ours().await?;
        ensure!(left.is_empty(), "after a destroy there is {left:?}");
        Ok(())
    }

    async fn destroy(&self, mut instance: Instance) -> Result<()> {
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        no_errors(&instance.plan_and_apply(None).await?, "destroy")
    }

    /// Without the fault: the apply finishes, and what was there is still the same object.
    async fn finishes(&self, instance: &mut Instance) -> Result<()> {
        self.proxy.calm();
        let config = self.config(instance.resource);
        let mut there = BTreeMap::new();
        for key in self.ours().await? {
            there.insert(key.clone(), self.outside.generated(&key).await?);
        }
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        let planned = instance.plan(Some(&config)).await?;
        no_errors(&planned.said, "the next plan")?;
        let wanted: BTreeSet<String> = planned
            .objects()
            .as_map()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect();
        instance.client = self.client().await?;
        no_errors(&instance.apply(planned, None).await?, "the next apply")?;
        for (key, generated) in there.iter().filter(|(key, _)| wanted.contains(*key)) {
            ensure!(
                self.outside.generated(key).await? == *generated,
                "{key} is not the object that it was"
            );
        }
        self.is_quiet(instance).await
    }

    async fn is_quiet(&self, instance: &mut Instance) -> Result<()> {
        instance.client = self.client().await?;
        no_errors(&instance.refresh().await?, "refresh")?;
        ensure!(instance.held.is_some(), "a refresh says that it is gone");
        let next = instance.plan(Some(&self.config(instance.resource))).await?;
        no_errors(&next.said, "the plan after it")?;
        let is_empty = next.action == Action::Nothing && !instance.tainted;
        ensure!(is_empty, "the next plan is {:?}", next.action);
        Ok(())
    }
}

async fn server(real: &Arc<Real>) -> Result<Arc<Server>> {
    let server = Arc::new(Server::start_in(&real.environment(&real.ministack.url()))?);
    outside::baseline(real, &server).await?;
    Ok(server)
}

// === at each kind of write ===

/// `PATCH networkpolicies`, `POST access-entries`, `CreateRole`
fn kind(asked: &Asked) -> String {
    if !asked.action.is_empty() {
        return asked.action.clone();
    }
    let path = asked.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let what = match parts.as_slice() {
        ["api", _, "namespaces", _, kind, ..]
        | ["api", _, kind, ..]
        | ["apis", _, _, "namespaces", _, kind, ..]
        | ["apis", _, _, kind, ..]
        | ["clusters", _, kind, ..] => kind,
        _ => path,
    };
    format!("{} {what}", asked.method)
}

fn kinds_of_writes(proxy: &Proxy) -> BTreeSet<String> {
    proxy.seen().iter().filter(|asked| asked.is_write()).map(kind).collect()
}

/// An answer lost at each kind of write of a create, and one of the other failures from there on.
pub async fn creates(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let clean = Bench::new(&real, &server, "fcleanq".to_owned()).await?;
    let environment = clean.make(ENVIRONMENT).await?;
    let of_environment = kinds_of_writes(&clean.proxy);
    clean.proxy.forget();
    let slot = clean.make(SLOT).await?;
    let of_slot = kinds_of_writes(&clean.proxy);
    clean.destroy(slot).await?;
    clean.destroy(environment).await?;
    clean.is_gone().await?;
    ensure!(of_environment.len() >= 8, "few kinds of writes: {of_environment:?}");
    ensure!(of_slot.len() >= 4, "few kinds of writes: {of_slot:?}");

    let mut lives = vec![];
    for (resource, kinds) in [(ENVIRONMENT, of_environment), (SLOT, of_slot)] {
        for (number, kind) in kinds.into_iter().enumerate() {
            lives.push((resource, kind.clone(), How::AnswerLost));
            lives.push((resource, kind, LASTING[number % LASTING.len()]));
        }
    }
    let (real, server) = (&real, &server);
    let run = stream::iter(lives.into_iter().enumerate()).map(|(number, (resource, kind, how))| async move {
        let life = create_fails(real, server, format!("f{number}q"), resource, &kind, how).await;
        life.with_context(|| format!("{how:?} at {kind} of {resource} (f{number}q)"))
    });
    verdict(run.buffer_unordered(SIDE_BY_SIDE).collect().await)
}

fn verdict(lives: Vec<Result<()>>) -> Result<()> {
    let all = lives.len();
    let failed: Vec<String> = lives
        .into_iter()
        .filter_map(|life| Some(crate::chain(&life.err()?)))
        .collect();
    if !failed.is_empty() {
        bail!("{} of {all} failed:\n{}", failed.len(), failed.join("\n\n"));
    }
    Ok(())
}

async fn create_fails(
    real: &Arc<Real>,
    server: &Arc<Server>,
    name: String,
    resource: &'static str,
    kind: &str,
    how: How,
) -> Result<()> {
    let bench = Bench::new(real, server, name).await?;
    let parent = if resource == SLOT {
        Some(bench.make(ENVIRONMENT).await?)
    } else {
        None
    };
    let mut instance = Instance::new(&bench.client().await?, resource);
    let planned = instance.plan(Some(&bench.config(resource))).await?;
    no_errors(&planned.said, "plan")?;
    let met = fails_from(&bench.proxy, kind, how);
    let said = instance.apply(planned, None).await?;
    ensure!(met.load(Ordering::SeqCst), "the fault was not met");
    // What passes may be seen through: the engine looks again, and so does the SDK.
    ensure!(
        how.passes() || !errors(&said).is_empty(),
        "all writes are refused from here on, and nothing is said"
    );
    ensure!(
        errors(&said).is_empty() || told(&said).len() > 40,
        "an error must help: {}",
        told(&said)
    );
    bench
        .finishes(&mut instance)
        .await
        .with_context(|| format!("after {}", told(&said)))?;
    bench.destroy(instance).await?;
    if let Some(parent) = parent {
        bench.destroy(parent).await?;
    }
    bench.is_gone().await
}

fn fails_from(proxy: &Proxy, kind: &str, how: How) -> Arc<AtomicBool> {
    let met = Arc::new(AtomicBool::new(false));
    let (seen, wanted) = (met.clone(), kind.to_owned());
    let mut since = None;
    proxy.rule(move |asked| {
        if !asked.is_write() {
            return proxy::Action::Pass;
        }
        let is_first = !seen.load(Ordering::SeqCst) && self::kind(asked) == wanted;
        if is_first {
            seen.store(true, Ordering::SeqCst);
        }
        match how {
            How::AnswerLost if is_first => proxy::Action::Lose,
            How::From(action) if seen.load(Ordering::SeqCst) && lasts(how, &mut since) => action,
            _ => proxy::Action::Pass,
        }
    });
    met
}

// === in the middle of an update and a destroy ===

/// An update that widens, and a destroy: a refusal, a cut and lost answers in their middle.
pub async fn changes(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let (real, server) = (&real, &server);
    let mut lives = vec![];
    for (number, at) in [1_usize, 3, 6].into_iter().enumerate() {
        for (other, how) in [How::AnswerLost, LASTING[number]].into_iter().enumerate() {
            lives.push((format!("g{number}x{other}q"), at, how));
        }
    }
    let run = stream::iter(lives).map(|(name, at, how)| async move {
        let life = change_fails(real, server, name, at, how).await;
        life.with_context(|| format!("{how:?} at write {at}"))
    });
    verdict(run.buffer_unordered(SIDE_BY_SIDE).collect().await)
}

async fn change_fails(real: &Arc<Real>, server: &Arc<Server>, name: String, at: usize, how: How) -> Result<()> {
    let bench = Bench::new(real, server, name).await?;
    let mut instance = bench.make(ENVIRONMENT).await?;
    let mut wider = bench.config(ENVIRONMENT);
    wider["namespaces"] = json!({"default": {}, "jobs": {}});
    wider["quota"] = json!({"total": {"requests.cpu": "6"}});
    instance.client = bench.client().await?;
    let planned = instance.plan(Some(&wider)).await?;
    no_errors(&planned.said, "plan")?;
    nth_write_fails(&bench.proxy, at, how);
    let said = instance.apply(planned, None).await?;
    ensure!(
        how.passes() || !errors(&said).is_empty(),
        "an update whose writes fail says nothing"
    );
    ensure!(instance.held.is_some(), "an update that fails keeps the state");
    // Back to the narrow one: what the half update made goes.
    bench.finishes(&mut instance).await.context("after an update")?;

    instance.client = bench.client().await?;
    let planned = instance.plan(None).await?;
    nth_write_fails(&bench.proxy, at, how);
    let said = instance.apply(planned, None).await?;
    bench.proxy.calm();
    if errors(&said).is_empty() {
        ensure!(
            how.passes() && instance.held.is_none(),
            "a destroy whose writes fail says nothing"
        );
    } else {
        ensure!(instance.held.is_some(), "a destroy that fails keeps the state");
        bench.destroy(instance).await.context("the next destroy")?;
    }
    bench.is_gone().await
}

/// From the first time that it is asked.
fn lasts(how: How, since: &mut Option<Instant>) -> bool {
    since.get_or_insert_with(Instant::now).elapsed() < A_WHILE || !how.passes()
}

fn nth_write_fails(proxy: &Proxy, at: usize, how: How) {
    let (mut writes, mut since) = (0, None);
    proxy.rule(move |asked| {
        writes += usize::from(asked.is_write());
        match how {
            _ if !asked.is_write() => proxy::Action::Pass,
            How::AnswerLost if writes == at => proxy::Action::Lose,
            How::From(action) if writes >= at && lasts(how, &mut since) => action,
            _ => proxy::Action::Pass,
        }
    });
}

// === the whole world ===

/// Neither a refresh nor an apply loses anything while a world is away or refuses; afterwards all is as it was.
pub async fn worlds(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let bench = Bench::new(&real, &server, "fworldq".to_owned()).await?;
    let mut instance = bench.make(ENVIRONMENT).await?;
    for (reason, service, action) in [
        ("the cluster is unreachable", Service::Kubernetes, proxy::Action::Cut),
        ("AWS is unreachable", Service::Aws, proxy::Action::Cut),
        ("the credentials have expired", Service::Aws, proxy::Action::Refuse(400)),
        (
            "Kubernetes knows the token no more",
            Service::Kubernetes,
            proxy::Action::Refuse(401),
        ),
        ("AWS forbids", Service::Aws, proxy::Action::Refuse(403)),
        ("Kubernetes forbids", Service::Kubernetes, proxy::Action::Refuse(403)),
        ("AWS throttles", Service::Aws, proxy::Action::Refuse(429)),
        ("Kubernetes throttles", Service::Kubernetes, proxy::Action::Refuse(429)),
        ("Kubernetes fails", Service::Kubernetes, proxy::Action::Refuse(500)),
        (
            "the cluster was deleted in EKS",
            Service::Aws,
            proxy::Action::Refuse(404),
        ),
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
        ensure!(
            next.action != Action::Nothing,
            "a cluster without our objects plans nothing"
        );
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
    bench
        .finishes(&mut instance)
        .await
        .with_context(|| format!("after {}", told(&said)))?;
    bench.destroy(instance).await?;
    bench.is_gone().await?;
    outside::without_baseline(&real, &server).await
}

pub type Check = fn(Arc<Real>) -> std::pin::Pin<Box<dyn Future<Output = Result<()>>>>;

pub const CHECKS: [(&str, Check); 3] = [
    ("at each kind of write of a create", |real| Box::pin(creates(real))),
    ("in the middle of an update and a destroy", |real| {
        Box::pin(changes(real))
    }),
    ("of a whole world", |real| Box::pin(worlds(real))),
];
