//! A failure at each kind of write of a create, and in the middle of a change.

use super::fixture::{RealFailureFixture, server};
use crate::server::Server;
use acceptance_tests::{
    ENVIRONMENT, SLOT, chain,
    client::{Instance, as_text, errors, no_errors},
    proxy::{Intervention, LoggedRequest, Proxy},
    servers::Real,
};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Lives that wait for their namespaces to end, most of the time.
const SIDE_BY_SIDE: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Once.
    ResponseLost,
    /// This write and all after it, until the next run; what is known to pass only for [`A_WHILE`].
    From(Intervention),
}

/// The engine tries again, with growing pauses, until the resource's time is over.
const A_WHILE: Duration = Duration::from_secs(4);

impl How {
    fn passes(self) -> bool {
        self != Self::From(Intervention::Refuse(403))
    }
}

const LASTING: [How; 5] = [
    How::From(Intervention::Refuse(403)),
    How::From(Intervention::Cut),
    How::From(Intervention::Refuse(500)),
    How::From(Intervention::Refuse(429)),
    How::From(Intervention::Refuse(503)),
];

// === at each kind of write ===

/// `PATCH networkpolicies`, `POST access-entries`, `CreateRole`
fn kind(request: &LoggedRequest) -> String {
    if !request.action.is_empty() {
        return request.action.clone();
    }
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let what = match parts.as_slice() {
        ["api", _, "namespaces", _, kind, ..]
        | ["api", _, kind, ..]
        | ["apis", _, _, "namespaces", _, kind, ..]
        | ["apis", _, _, kind, ..]
        | ["clusters", _, kind, ..] => kind,
        _ => path,
    };
    format!("{} {what}", request.method)
}

fn kinds_of_writes(proxy: &Proxy) -> BTreeSet<String> {
    proxy.requests().iter().filter(|request| request.is_write()).map(kind).collect()
}

/// A response lost at each kind of write of a create, and one of the other failures from there on.
pub async fn creates(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let clean = RealFailureFixture::new(&real, &server, "fcleanq".to_owned()).await?;
    let environment = clean.make(ENVIRONMENT).await?;
    let of_environment = kinds_of_writes(&clean.proxy);
    clean.proxy.clear();
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
            lives.push((resource, kind.clone(), How::ResponseLost));
            lives.push((resource, kind, LASTING[number % LASTING.len()]));
        }
    }
    let (real, server) = (&real, &server);
    let run = stream::iter(lives.into_iter().enumerate()).map(|(number, (resource, kind, how))| async move {
        let life = create_fails(real, server, format!("f{number}q"), resource, &kind, how).await;
        life.with_context(|| format!("{how:?} at {kind} of {resource} (f{number}q)"))
    });
    check_all(run.buffer_unordered(SIDE_BY_SIDE).collect().await)
}

fn check_all(lives: Vec<Result<()>>) -> Result<()> {
    let all = lives.len();
    let failed: Vec<String> = lives.into_iter().filter_map(|life| Some(chain(&life.err()?))).collect();
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
    let fixture = RealFailureFixture::new(real, server, name).await?;
    let parent = if resource == SLOT { Some(fixture.make(ENVIRONMENT).await?) } else { None };
    let mut instance = Instance::new(&fixture.client().await?, resource);
    let planned = instance.plan(Some(&fixture.config(resource))).await?;
    no_errors(&planned.said, "plan")?;
    let met = fails_from(&fixture.proxy, kind, how);
    let said = instance.apply(planned, None).await?;
    ensure!(met.load(Ordering::SeqCst), "the fault was not met");
    // What passes may be recovered from: the engine tries again, and so does the SDK.
    ensure!(how.passes() || !errors(&said).is_empty(), "all writes are refused from here on, and nothing is said");
    ensure!(errors(&said).is_empty() || as_text(&said).len() > 40, "an error must help: {}", as_text(&said));
    fixture.finishes(&mut instance).await.with_context(|| format!("after {}", as_text(&said)))?;
    fixture.destroy(instance).await?;
    if let Some(parent) = parent {
        fixture.destroy(parent).await?;
    }
    fixture.is_gone().await
}

fn fails_from(proxy: &Proxy, kind: &str, how: How) -> Arc<AtomicBool> {
    let met = Arc::new(AtomicBool::new(false));
    let (seen, wanted) = (met.clone(), kind.to_owned());
    let mut since = None;
    proxy.rule(move |request| {
        if !request.is_write() {
            return Intervention::Pass;
        }
        let is_first = !seen.load(Ordering::SeqCst) && self::kind(request) == wanted;
        if is_first {
            seen.store(true, Ordering::SeqCst);
        }
        match how {
            How::ResponseLost if is_first => Intervention::Lose,
            How::From(action) if seen.load(Ordering::SeqCst) && lasts(how, &mut since) => action,
            _ => Intervention::Pass,
        }
    });
    met
}

// === in the middle of an update and a destroy ===

/// An update that widens, and a destroy: a refusal, a cut and lost responses in their middle.
pub async fn changes(real: Arc<Real>) -> Result<()> {
    let server = server(&real).await?;
    let (real, server) = (&real, &server);
    let mut lives = vec![];
    for (number, at) in [1_usize, 3, 6].into_iter().enumerate() {
        for (other, how) in [How::ResponseLost, LASTING[number]].into_iter().enumerate() {
            lives.push((format!("g{number}x{other}q"), at, how));
        }
    }
    let run = stream::iter(lives).map(|(name, at, how)| async move {
        let life = change_fails(real, server, name, at, how).await;
        life.with_context(|| format!("{how:?} at write {at}"))
    });
    check_all(run.buffer_unordered(SIDE_BY_SIDE).collect().await)
}

async fn change_fails(real: &Arc<Real>, server: &Arc<Server>, name: String, at: usize, how: How) -> Result<()> {
    let fixture = RealFailureFixture::new(real, server, name).await?;
    let mut instance = fixture.make(ENVIRONMENT).await?;
    let mut wider = fixture.config(ENVIRONMENT);
    wider["namespaces"] = json!({"default": {}, "jobs": {}});
    wider["quota"] = json!({"total": {"requests.cpu": "6"}});
    instance.client = fixture.client().await?;
    let planned = instance.plan(Some(&wider)).await?;
    no_errors(&planned.said, "plan")?;
    nth_write_fails(&fixture.proxy, at, how);
    let said = instance.apply(planned, None).await?;
    ensure!(how.passes() || !errors(&said).is_empty(), "an update whose writes fail says nothing");
    ensure!(instance.state.is_some(), "an update that fails keeps the state");
    // Back to the narrow one: what the half update made goes.
    fixture.finishes(&mut instance).await.context("after an update")?;

    instance.client = fixture.client().await?;
    let planned = instance.plan(None).await?;
    nth_write_fails(&fixture.proxy, at, how);
    let said = instance.apply(planned, None).await?;
    fixture.proxy.pass_all();
    if errors(&said).is_empty() {
        ensure!(how.passes() && instance.state.is_none(), "a destroy whose writes fail says nothing");
    } else {
        ensure!(instance.state.is_some(), "a destroy that fails keeps the state");
        fixture.destroy(instance).await.context("the next destroy")?;
    }
    fixture.is_gone().await
}

/// From the first time that it is request.
fn lasts(how: How, since: &mut Option<Instant>) -> bool {
    since.get_or_insert_with(Instant::now).elapsed() < A_WHILE || !how.passes()
}

fn nth_write_fails(proxy: &Proxy, at: usize, how: How) {
    let (mut writes, mut since) = (0, None);
    proxy.rule(move |request| {
        writes += usize::from(request.is_write());
        match how {
            _ if !request.is_write() => Intervention::Pass,
            How::ResponseLost if writes == at => Intervention::Lose,
            How::From(action) if writes >= at && lasts(how, &mut since) => action,
            _ => Intervention::Pass,
        }
    });
}
