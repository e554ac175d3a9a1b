//! A change under way: everything that was decided before anything is changed.

use super::{lease::Keeper, steps::Maker};
use crate::{
    domain::{Late, Observed},
    provision::engine::{
        decide::{Inputs, Plan, Work, drift::Lines},
        gather::Objects,
        target::TargetCalls,
    },
};
use std::time::Duration;

#[derive(Clone, Copy)]
pub struct Operation<'a> {
    /// Its id.
    pub name: &'a str,
    pub inputs: Inputs<'a>,
    /// As they were when it was decided.
    pub objects: &'a Objects,
    pub plan: &'a Plan,
    pub work: &'a Work,
    pub target: TargetCalls<'a>,
    pub begun: Duration,
    pub requested_at: &'a str,
}

// === impl Operation ===

impl<'a> Operation<'a> {
    /// Without a keeper: for what comes before the record, and for an operation that writes none.
    pub(super) fn maker(&self, keeper: Option<&'a Keeper<'a>>) -> Maker<'a> {
        Maker {
            target: self.target,
            keeper,
            id: &self.inputs.change.id,
            team: &self.inputs.blueprint.summary.team,
            adopt: self.inputs.change.spec.common().adopt,
            was_ours: &self.objects.known,
        }
    }

    pub(super) fn observed_objects(&self) -> &'a [Observed] {
        &self.objects.observed
    }

    /// What the plan showed is what there is.
    pub(super) fn promised_lines(&self) -> Lines {
        self.plan.lines.iter().filter_map(|(key, line)| Some((key.clone(), Late::now(line)?.clone()))).collect()
    }
}
