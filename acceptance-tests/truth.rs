//! Truth of the plan: random requests and random drift through the whole life of an environment, without a CLI. After each
//! apply the objects in the target are exactly those that the plan showed, and the next plan is empty.

mod drift;
mod runs;
pub mod specs;
mod tally;
mod truth_target;
mod words;

use crate::{outside, random::Random, sandbox::Sandbox, server::Server};
use acceptance_tests::{
    BASELINE, ENVIRONMENT, SLOT, chain,
    client::{Action, Client, Instance, Planned, as_text, errors, no_errors, objects},
    servers::Real,
};
use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::join_all;
use goldenpath_core::kinds;
use plugin::Value;
use serde_json::{Value as Json, json};
use specs::Frame;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tally::Tally;
use truth_target::{RealPart, TruthTarget};
use words::{changes, difference, known_texts};

/// One server and one target with a baseline, in which one case after another lives and ends.
pub struct TruthFixture {
    server: Server,
    target: TruthTarget,
    baseline: BTreeSet<String>,
}

/// How the provider reaches its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Itself,
    Daemon,
}

const SIDE_BY_SIDE: u64 = 12;

enum Step {
    Done,
    Refused,
}

impl TruthFixture {
    pub async fn new(auto_mode: bool, way: Way) -> Result<Self> {
        let mut server = Server::start()?;
        Sandbox::declare_cluster(&server.sandbox_path(), auto_mode)?;
        if way == Way::Daemon {
            server = server.through_a_daemon()?;
        }
        let mut baseline = Instance::new(&server.sandbox_client().await?, BASELINE);
        let said = baseline.plan_and_apply(Some(&json!({ "cluster": "demo" }))).await?;
        no_errors(&said, "apply of the baseline")?;
        let target = TruthTarget::Sandbox(server.sandbox());
        let baseline = target.ours("").await?;
        Ok(Self { server, target, baseline })
    }

    /// On a part of the real servers, where the baseline is.
    async fn on(real: &Arc<Real>, server: Server, tag: String) -> Result<Self> {
        Ok(Self {
            server,
            target: TruthTarget::Real(Box::new(RealPart::new(real, tag).await?)),
            baseline: BTreeSet::new(),
        })
    }

    async fn client(&self) -> Result<Client> {
        self.target.client(&self.server).await
    }

    /// The whole life of one environment and its slots, decided by the seed alone.
    pub async fn case(&self, seed: u64, tally: &mut Tally) -> Result<()> {
        let mut random = Random::new(seed);
        let frame = Frame::random(&mut random, self.target.name(seed));
        let client = self.client().await?;
        let mut environment = Life { fixture: self, instance: Instance::new(&client, ENVIRONMENT), spec: Json::Null };
        let mut slots: Vec<Life<'_>> = vec![];

        let spec = self.target.fit(specs::environment(&mut random, &frame));
        if let Step::Refused = environment.becomes(spec, &mut random, tally).await? {
            return self.holds(&frame.name, &[]).await;
        }
        self.holds(&frame.name, &[&environment]).await?;
        for name in ["ledger", "gateway"] {
            if !random.percent(60) {
                continue;
            }
            let id = format!("demo/{}", frame.name);
            let namespace = environment.a_namespace(&mut random);
            let spec = specs::slot(&mut random, name, &id, namespace.as_deref(), frame.isolates);
            let mut slot = Life { fixture: self, instance: Instance::new(&client, SLOT), spec: Json::Null };
            if let Step::Done = slot.becomes(spec, &mut random, tally).await? {
                slots.push(slot);
            }
            self.holds_all(&frame.name, &environment, &slots).await?;
        }
        for _ in 0..random.between(1, 2) {
            self.something_happens(&mut random, &frame, &mut environment, &mut slots, tally).await?;
            environment.stays().await?;
            for slot in &mut slots {
                slot.stays().await?;
            }
            self.holds_all(&frame.name, &environment, &slots).await?;
        }
        environment.is_imported(&format!("demo/{}", frame.name)).await?;
        while let Some(mut slot) = slots.pop() {
            let name = slot.spec["name"].as_str().unwrap_or_default().to_owned();
            slot.is_imported(&format!("demo/{}/{name}", frame.name)).await?;
            slot.ends().await?;
            self.holds_all(&frame.name, &environment, &slots).await?;
        }
        environment.ends().await?;
        self.holds(&frame.name, &[]).await
    }

    async fn something_happens(
        &self,
        random: &mut Random,
        frame: &Frame,
        environment: &mut Life<'_>,
        slots: &mut [Life<'_>],
        tally: &mut Tally,
    ) -> Result<()> {
        match random.below(8) {
            0 => {
                let spec = self.target.fit(specs::changed(random, frame, &environment.spec));
                // A namespace with a slot in it stays.
                let spec = if slots.is_empty() { spec } else { with_namespaces_of(&environment.spec, spec) };
                environment.becomes_with(slots, spec, tally).await
            }
            1 if !slots.is_empty() => {
                let at = random.below(slots.len());
                let spec = specs::changed_slot(random, &slots[at].spec);
                slots[at].becomes(spec, random, tally).await.map(drop)
            }
            2 if !slots.is_empty() => {
                // Another name is another slot: core destroys and makes again.
                let at = random.below(slots.len());
                let mut spec = slots[at].spec.clone();
                spec["name"] = format!("{}-next", spec["name"].as_str().unwrap_or_default()).into();
                slots[at].becomes(spec, random, tally).await.map(drop)
            }
            3 => match slots.is_empty() {
                true => environment.is_tainted(tally).await,
                false => random.pick_mut(slots).is_tainted(tally).await,
            },
            4 if !slots.is_empty() => random.pick_mut(slots).goes_and_comes_again(random, tally).await,
            5 if !slots.is_empty() => {
                let slot = random.pick_mut(slots);
                let mut spec = slot.spec.clone();
                spec["name"] = format!("{}-first", spec["name"].as_str().unwrap_or_default()).into();
                slot.is_made_before_it_goes(spec, tally).await
            }
            6 => match slots.is_empty() {
                true => environment.is_renamed().await,
                false => random.pick_mut(slots).is_renamed().await,
            },
            _ => environment.heals(random).await,
        }
    }

    async fn holds_all(&self, name: &str, environment: &Life<'_>, slots: &[Life<'_>]) -> Result<()> {
        self.holds(name, &std::iter::once(environment).chain(slots).collect::<Vec<_>>()).await
    }

    /// What the target holds of ours is what the states say, to the key.
    async fn holds(&self, environment: &str, lives: &[&Life<'_>]) -> Result<()> {
        let there: BTreeSet<_> = self.target.ours(environment).await?.difference(&self.baseline).cloned().collect();
        let held: BTreeSet<_> = lives.iter().flat_map(|life| life.objects().into_keys()).collect();
        let (more, fewer): (Vec<_>, Vec<_>) = (there.difference(&held).collect(), held.difference(&there).collect());
        ensure!(more.is_empty() && fewer.is_empty(), "the target has {more:?} too many, and lacks {fewer:?}");
        Ok(())
    }
}

/// A resource with the request that it was last given.
struct Life<'a> {
    fixture: &'a TruthFixture,
    instance: Instance,
    spec: Json,
}

impl Life<'_> {
    /// Plans and applies a request. Sometimes the plan does not see all of it yet.
    async fn becomes(&mut self, spec: Json, random: &mut Random, tally: &mut Tally) -> Result<Step> {
        let planned = self.plan(&spec).await?;
        if !errors(&planned.said).is_empty() {
            tally.refuses(&planned.said)?;
            return Ok(Step::Refused);
        }
        tally.accepted += 1;
        let hidden = random.percent(25).then(|| specs::with_unknowns(random, &spec)).flatten();
        let planned = match &hidden {
            Some(hidden) => self.plan(hidden).await?,
            None => planned,
        };
        no_errors(&planned.said, "plan with unknowns")?;
        let promised = known_texts(planned.objects());
        self.reconnect().await?;
        let said = self.instance.apply(planned, Some(&spec)).await?;
        no_errors(&said, "apply").with_context(|| format!("of {spec}"))?;
        let objects = self.objects();
        for (key, line) in &promised {
            ensure!(objects.get(key) == Some(line), "{key}: promised {line:?}, state has {:?}", objects.get(key));
        }
        self.spec = spec;
        self.stays().await?;
        Ok(Step::Done)
    }

    /// As in one run of a CLI: all planned over one connection, then all applied over another. The slots inherit from
    /// their environment, so its change is theirs too.
    async fn becomes_with(&mut self, slots: &mut [Life<'_>], spec: Json, tally: &mut Tally) -> Result<()> {
        let client = self.fixture.client().await?;
        let planned = self.plan_over(&client, &spec).await?;
        if !errors(&planned.said).is_empty() {
            return tally.refuses(&planned.said);
        }
        let mut plans = vec![];
        for slot in &mut *slots {
            let spec = slot.spec.clone();
            let planned = slot.plan_over(&client, &spec).await?;
            if !errors(&planned.said).is_empty() {
                return tally.refuses(&planned.said);
            }
            plans.push(planned);
        }
        tally.accepted += 1;
        let client = self.fixture.client().await?;
        self.instance.client = client.clone();
        no_errors(&self.instance.apply(planned, None).await?, "apply").with_context(|| format!("of {spec}"))?;
        self.spec = spec;
        for (slot, planned) in slots.iter_mut().zip(plans) {
            slot.instance.client = client.clone();
            no_errors(&slot.instance.apply(planned, None).await?, "apply of a slot with its environment")?;
        }
        Ok(())
    }

    /// The next plan is empty, and what is read is what was applied.
    async fn stays(&mut self) -> Result<()> {
        let before = self.objects();
        let spec = self.spec.clone();
        let planned = self.plan(&spec).await?;
        no_errors(&planned.said, "the next plan")?;
        let now = self.objects();
        ensure!(now == before, "a refresh reads other objects:\n{}", difference(&before, &now));
        if planned.action != Action::Nothing {
            let before = self.instance.state.as_ref().map(|state| state.value.clone()).unwrap_or(Value::Null);
            bail!("the next plan is not empty ({:?}):\n{}", planned.action, changes(&before, &planned.value));
        }
        Ok(())
    }

    /// Random drift is shown where it is to be healed, and gone after an apply.
    async fn heals(&mut self, random: &mut Random) -> Result<()> {
        let before = self.objects();
        let Some(done) = drift::happens(random, &self.fixture.target, &before).await? else {
            return Ok(());
        };
        let spec = self.spec.clone();
        let planned = self.plan(&spec).await?;
        no_errors(&planned.said, "plan over drift").with_context(|| format!("{done:?}"))?;
        let ignored = drift::is_ignored(&spec, &done.key);
        let shown = planned.action == Action::Update;
        ensure!(shown == (done.is_ours && !ignored), "drift {done:?} (ignored: {ignored}) plans {:?}", planned.action);
        if ignored && done.is_ours {
            let said = as_text(&planned.said);
            ensure!(said.contains(&kinds::in_words(&done.key)), "{done:?} is not reported: {said}");
        }
        self.reconnect().await?;
        let said = self.instance.apply(planned, None).await?;
        no_errors(&said, "healing").with_context(|| format!("{done:?}"))?;
        if !ignored {
            ensure!(self.objects() == before, "not healed:\n{}", difference(&before, &self.objects()));
        }
        Ok(())
    }

    /// Someone else takes it over by its id, with the same configuration.
    async fn is_imported(&self, id: &str) -> Result<()> {
        let client = self.fixture.client().await?;
        let mut other = Life {
            fixture: self.fixture,
            instance: Instance::new(&client, self.instance.resource),
            spec: self.spec.clone(),
        };
        other.instance.import(id).await?;
        ensure!(other.objects() == self.objects(), "import reads:\n{}", difference(&self.objects(), &other.objects()));
        other.stays().await.context("after an import")
    }

    async fn ends(&mut self) -> Result<()> {
        self.reconnect().await?;
        no_errors(&self.instance.refresh().await?, "refresh")?;
        let planned = self.instance.plan(None).await?;
        no_errors(&planned.said, "plan of a destroy")?;
        ensure!(planned.action == Action::Destroy, "a destroy is planned as {:?}", planned.action);
        self.reconnect().await?;
        no_errors(&self.instance.apply(planned, None).await?, "destroy")?;
        ensure!(self.instance.state.is_none(), "it is gone from the state");
        Ok(())
    }

    /// Refresh and plan over a new connection, as each run of a CLI has one.
    async fn plan(&mut self, spec: &Json) -> Result<Planned> {
        let client = self.fixture.client().await?;
        self.plan_over(&client, spec).await
    }

    async fn plan_over(&mut self, client: &Client, spec: &Json) -> Result<Planned> {
        self.instance.client = client.clone();
        let had = self.instance.state.is_some();
        no_errors(&self.instance.refresh().await?, "refresh")?;
        ensure!(self.instance.state.is_some() == had, "a refresh says that it is gone");
        self.instance.plan(Some(spec)).await
    }

    async fn reconnect(&mut self) -> Result<()> {
        self.instance.client = self.fixture.client().await?;
        Ok(())
    }

    fn objects(&self) -> BTreeMap<String, String> {
        self.instance.state.as_ref().map(|held| known_texts(objects(&held.value, &held.private))).unwrap_or_default()
    }

    fn a_namespace(&self, random: &mut Random) -> Option<String> {
        let keys: Vec<_> = self.spec["namespaces"].as_object()?.keys().cloned().collect();
        Some(random.pick(&keys).clone())
    }
}

fn with_namespaces_of(before: &Json, mut next: Json) -> Json {
    next["namespaces"] = before["namespaces"].clone();
    next
}

/// `count` cases from `first` on, one after another. The seed of a failing case is in its message.
pub async fn cases(first: u64, count: u64, way: Way) -> Result<()> {
    let (fixture, mut tally) = (TruthFixture::new(first / count % 2 == 1, way).await?, Tally::default());
    for seed in first..first + count {
        let case = fixture.case(seed, &mut tally).await;
        case.with_context(|| format!("case with seed {seed} (alone: --seed {seed} --cases 1)"))?;
    }
    tally.is_worth_it(count)
}

/// The same on the real servers. Most of a life there is waiting for namespaces to end, so many live side by side.
pub async fn real_cases(real: Arc<Real>, first: u64, count: u64) -> Result<()> {
    outside::baseline(&real, &Server::start()?).await?;
    let side_by_side = SIDE_BY_SIDE.min(count);
    let lane = |lane: u64| {
        let real = &real;
        async move {
            // One process each: within one, calls to AWS keep to a rate together.
            let server = Server::start()?;
            let fixture = TruthFixture::on(real, server, format!("w{lane}q")).await?;
            let mut tally = Tally::default();
            for seed in (first + lane..first + count).step_by(usize::try_from(side_by_side)?) {
                let case = fixture.case(seed, &mut tally).await;
                case.with_context(|| {
                    format!("case with seed {seed} on the real servers (alone: --seed {seed} --real-cases 1)")
                })?;
            }
            tally.is_worth_it(count / side_by_side)
        }
    };
    let failed: Vec<String> = join_all((0..side_by_side).map(lane))
        .await
        .into_iter()
        .filter_map(|verdict| verdict.err().map(|error| chain(&error)))
        .collect();
    ensure!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n\n"));
    Ok(())
}
