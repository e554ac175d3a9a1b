//! One resource from its first request to its end: what each step has to leave, in the target and in the state.

use super::{
    drift,
    fixture::TruthFixture,
    specs,
    tally::Tally,
    words::{changes, difference, known_texts},
};
use crate::random::Random;
use acceptance_tests::client::{Action, Client, Instance, Planned, as_text, errors, no_errors, objects};
use anyhow::{Context as _, Result, bail, ensure};
use goldenpath_core::kinds;
use plugin::Value;
use serde_json::Value as Json;
use std::collections::BTreeMap;

pub(super) enum Step {
    Done,
    Refused,
}

/// A resource with the request that it was last given.
pub(super) struct Life<'a> {
    pub(super) fixture: &'a TruthFixture,
    pub(super) instance: Instance,
    pub(super) spec: Json,
}

impl Life<'_> {
    /// Plans and applies a request. Sometimes the plan does not see all of it yet.
    pub(super) async fn becomes(&mut self, spec: Json, random: &mut Random, tally: &mut Tally) -> Result<Step> {
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
    pub(super) async fn becomes_with(&mut self, slots: &mut [Life<'_>], spec: Json, tally: &mut Tally) -> Result<()> {
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
    pub(super) async fn stays(&mut self) -> Result<()> {
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
    pub(super) async fn heals(&mut self, random: &mut Random) -> Result<()> {
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
    pub(super) async fn is_imported(&self, id: &str) -> Result<()> {
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

    pub(super) async fn ends(&mut self) -> Result<()> {
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
    pub(super) async fn plan(&mut self, spec: &Json) -> Result<Planned> {
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

    pub(super) async fn reconnect(&mut self) -> Result<()> {
        self.instance.client = self.fixture.client().await?;
        Ok(())
    }

    pub(super) fn objects(&self) -> BTreeMap<String, String> {
        self.instance.state.as_ref().map(|held| known_texts(objects(&held.value, &held.private))).unwrap_or_default()
    }

    pub(super) fn a_namespace(&self, random: &mut Random) -> Option<String> {
        let keys: Vec<_> = self.spec["namespaces"].as_object()?.keys().cloned().collect();
        Some(random.pick(&keys).clone())
    }
}
