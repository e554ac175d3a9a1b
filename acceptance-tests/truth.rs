//! Truth of the plan: random requests and random drift through the whole life of an environment, without a CLI. After each
//! apply the objects in the target are exactly those that the plan showed, and the next plan is empty.

mod drift;
mod fixture;
mod life;
mod runs;
pub mod specs;
mod tally;
mod truth_target;
mod words;

pub use fixture::Way;

use crate::{outside, random::Random, server::Server};
use acceptance_tests::{ENVIRONMENT, SLOT, chain, client::Instance, servers::Real};
use anyhow::{Context as _, Result, ensure};
use fixture::TruthFixture;
use futures_util::future::join_all;
use life::{Life, Step};
use serde_json::Value as Json;
use specs::Frame;
use std::{collections::BTreeSet, sync::Arc};
use tally::Tally;

const SIDE_BY_SIDE: u64 = 12;

impl TruthFixture {
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
                let spec = self.target.fit(specs::change(random, frame, &environment.spec));
                // A namespace with a slot in it stays.
                let spec = if slots.is_empty() { spec } else { with_namespaces_of(&environment.spec, spec) };
                environment.becomes_with(slots, spec, tally).await
            }
            1 if !slots.is_empty() => {
                let at = random.below(slots.len());
                let spec = specs::change_slot(random, &slots[at].spec);
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

fn with_namespaces_of(before: &Json, mut next: Json) -> Json {
    next["namespaces"] = before["namespaces"].clone();
    next
}

/// `count` cases from `first` on, one after another. The seed of a failing case is in its message.
pub async fn cases(first: u64, count: u64, way: Way) -> Result<()> {
    // Without and with EKS Auto Mode. The seed alone says which, or a case that fails would be another one when it is run alone.
    let fixtures = [TruthFixture::new(false, way).await?, TruthFixture::new(true, way).await?];
    let mut tally = Tally::default();
    for seed in first..first + count {
        let case = fixtures[usize::from(seed % 2 == 1)].case(seed, &mut tally).await;
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
            anyhow::Ok(tally)
        }
    };
    let (mut all, mut failed) = (Tally::default(), vec![]);
    for lived in join_all((0..side_by_side).map(lane)).await {
        match lived {
            Ok(tally) => all.include(tally),
            Err(error) => failed.push(chain(&error)),
        }
    }
    ensure!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n\n"));
    // Of all lanes: one of them has too few cases to say anything.
    all.is_worth_it(count)
}
