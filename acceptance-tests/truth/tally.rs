//! What the cases of a run came to.

use acceptance_tests::client::{Diagnostics, as_text, errors};
use anyhow::{Result, ensure};
use std::collections::BTreeMap;

/// How many requests the provider refused: a generator that is refused too often proves nothing.
#[derive(Default)]
pub struct Tally {
    pub accepted: usize,
    pub refused: usize,
    pub why: BTreeMap<String, usize>,
}

impl Tally {
    /// A refusal must say where or what to do.
    pub(super) fn refuses(&mut self, said: &Diagnostics) -> Result<()> {
        let Some(first) = errors(said).into_iter().next() else {
            return Ok(());
        };
        ensure!(!first.path.is_root() || first.detail.len() > 20, "a refusal must help: {}", as_text(said));
        self.refused += 1;
        *self.why.entry(first.summary.clone()).or_default() += 1;
        Ok(())
    }

    pub(super) fn include(&mut self, other: Self) {
        let Self { accepted, refused, why } = other;
        self.accepted += accepted;
        self.refused += refused;
        for (summary, count) in why {
            *self.why.entry(summary).or_default() += count;
        }
    }

    pub(super) fn is_worth_it(&self, count: u64) -> Result<()> {
        let Self { accepted, refused, why } = self;
        ensure!(
            *accepted >= 4 * refused || count < 10,
            "{refused} of {} requests were refused: {why:#?}",
            accepted + refused
        );
        Ok(())
    }
}
