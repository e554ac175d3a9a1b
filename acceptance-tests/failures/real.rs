//! Failures on the real servers, made by a proxy between them and the provider. The sandbox's walk meets every write; here each
//! kind of write is met once, and what only real servers can do: a cluster that is away, deleted, replaced, or restarted.
//!
//! Whatever happens: the state keeps what exists, the next apply finishes, and nothing is left after a destroy.

mod bench;
mod deleted;
mod targets;

pub use deleted::deleted;
pub use targets::{replaced, restarted};

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
use bench::{Bench, server};
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
    let failed: Vec<String> = lives.into_iter().filter_map(|life| Some(crate::chain(&life.err()?))).collect();
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
    let parent = if resource == SLOT { Some(bench.make(ENVIRONMENT).await?) } else { None };
    let mut instance = Instance::new(&bench.client().await?, resource);
    let planned = instance.plan(Some(&bench.config(resource))).await?;
    no_errors(&planned.said, "plan")?;
    let met = fails_from(&bench.proxy, kind, how);
    let said = instance.apply(planned, None).await?;
    ensure!(met.load(Ordering::SeqCst), "the fault was not met");
    // What passes may be seen through: the engine looks again, and so does the SDK.
    ensure!(how.passes() || !errors(&said).is_empty(), "all writes are refused from here on, and nothing is said");
    ensure!(errors(&said).is_empty() || told(&said).len() > 40, "an error must help: {}", told(&said));
    bench.finishes(&mut instance).await.with_context(|| format!("after {}", told(&said)))?;
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
    ensure!(how.passes() || !errors(&said).is_empty(), "an update whose writes fail says nothing");
    ensure!(instance.held.is_some(), "an update that fails keeps the state");
    // Back to the narrow one: what the half update made goes.
    bench.finishes(&mut instance).await.context("after an update")?;

    instance.client = bench.client().await?;
    let planned = instance.plan(None).await?;
    nth_write_fails(&bench.proxy, at, how);
    let said = instance.apply(planned, None).await?;
    bench.proxy.calm();
    if errors(&said).is_empty() {
        ensure!(how.passes() && instance.held.is_none(), "a destroy whose writes fail says nothing");
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

pub type Check = fn(Arc<Real>) -> std::pin::Pin<Box<dyn Future<Output = Result<()>>>>;

pub const CHECKS: [(&str, Check); 3] = [
    ("at each kind of write of a create", |real| Box::pin(creates(real))),
    ("in the middle of an update and a destroy", |real| Box::pin(changes(real))),
    ("of a whole target", |real| Box::pin(targets::targets(real))),
];
