//! What one run of a CLI does to an instance besides a change: taint, the two orders of a replacement, a destroy of a part, and
//! another address.

use super::{
    life::{Life, Step},
    tally::Tally,
    words::difference,
};
use crate::random::Random;
use acceptance_tests::client::{Action, Instance, errors, no_errors};
use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

impl Life<'_> {
    /// `terraform taint`, or `-replace`: what comes back is what went, as another instance.
    pub(super) async fn is_tainted(&mut self, tally: &mut Tally) -> Result<()> {
        let (before, spec) = (self.objects(), self.spec.clone());
        self.instance.tainted = true;
        let planned = self.plan(&spec).await?;
        no_errors(&planned.said, "plan of a tainted one")?;
        ensure!(planned.action == Action::Replace, "a tainted one is planned as {:?}", planned.action);
        tally.accepted += 1;
        self.reconnect().await?;
        no_errors(&self.instance.apply(planned, None).await?, "replacement of a tainted one")?;
        ensure!(before.keys().eq(self.objects().keys()), "other keys:\n{}", difference(&before, &self.objects()));
        self.stays().await.context("after a taint")
    }

    /// `-target` destroys it, and the next run makes it again.
    pub(super) async fn goes_and_comes_again(&mut self, random: &mut Random, tally: &mut Tally) -> Result<()> {
        self.ends().await.context("a destroy of a part")?;
        let spec = self.spec.clone();
        let step = self.becomes(spec, random, tally).await.context("after a destroy of a part")?;
        ensure!(matches!(step, Step::Done), "what was there may come again");
        Ok(())
    }

    /// `create_before_destroy` of something that gets another id.
    pub(super) async fn is_made_before_it_goes(&mut self, spec: Json, tally: &mut Tally) -> Result<()> {
        let planned = self.plan(&spec).await?;
        if !errors(&planned.said).is_empty() {
            return tally.refuses(&planned.said);
        }
        ensure!(planned.action == Action::Replace, "another id is planned as {:?}", planned.action);
        let client = self.fixture.client().await?;
        let mut next = Instance::new(&client, self.instance.resource);
        // Both are there for a moment, and may not fit together: then nothing is lost.
        let said = next.apply(planned.as_create(), None).await?;
        if !errors(&said).is_empty() {
            ensure!(next.state.is_none(), "a create that was refused leaves nothing");
            tally.refuses(&said)?;
            return self.stays().await.context("after a create before destroy that was refused");
        }
        tally.accepted += 1;
        self.ends().await.context("of the old one")?;
        self.instance = next;
        self.spec = spec;
        self.stays().await.context("after a create before destroy")
    }

    /// Another key of `for_each` without a `moved` block: the run would delete what it makes, so its plan is an error.
    pub(super) async fn is_renamed(&mut self) -> Result<()> {
        let client = self.fixture.client().await?;
        self.instance.client = client.clone();
        no_errors(&self.instance.refresh().await?, "refresh")?;
        let mut other = Instance::new(&client, self.instance.resource);
        let made = other.plan(Some(&self.spec)).await?;
        let gone = self.instance.plan(None).await?;
        let said = [made.said, gone.said].concat();
        ensure!(errors(&said).iter().any(|one| one.detail.contains("moved {")), "no moved block: {said:?}");
        self.stays().await.context("after a plan of another address")
    }
}
