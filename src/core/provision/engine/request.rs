//! What is requested, of a plan and of an apply alike.

use super::target::Moment;
use crate::{
    domain::{Id, Late, ObjectKey, StableFacts},
    golden::{Parent, Spec},
    provision::{EnsureRequest, PreviewRequest, Prior, Replacing},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub struct ChangeRequest<'a> {
    pub id: Id,
    pub spec: &'a Spec,
    pub facts: Option<&'a StableFacts>,
    pub parent: Option<&'a Parent>,
    pub prior: Option<&'a Prior>,
    pub replacing: Option<&'a Replacing>,
    pub variant: usize,
    /// What the plan promised of `objects`, for an apply, and the target that it was for.
    pub planned: Option<&'a BTreeMap<String, Late<String>>>,
    pub planned_target: Option<&'a str>,
    pub moment: Moment<'a>,
}

// === impl ChangeRequest ===

impl<'a> ChangeRequest<'a> {
    pub fn of_plan(request: &'a PreviewRequest) -> Self {
        let PreviewRequest { spec, facts, parent, prior, replacing, variant } = request;
        Self {
            id: spec.id(),
            spec,
            facts: facts.as_ref(),
            parent: parent.as_ref(),
            prior: prior.as_ref(),
            replacing: replacing.as_ref(),
            variant: *variant,
            planned: None,
            planned_target: None,
            moment: Moment::Plan,
        }
    }

    pub fn of_apply(request: &'a EnsureRequest, begun: Duration) -> Self {
        let EnsureRequest { spec, facts, parent, prior, replacing, planned, planned_target, timeout, cancel } = request;
        Self {
            id: spec.id(),
            spec,
            facts: facts.as_ref(),
            parent: parent.as_ref(),
            prior: prior.as_ref(),
            replacing: replacing.as_ref(),
            variant: 0,
            planned: planned.as_ref(),
            planned_target: planned_target.as_deref(),
            moment: Moment::Apply { until: begun + *timeout, cancel },
        }
    }

    pub fn is_plan(&self) -> bool {
        matches!(self.moment, Moment::Plan)
    }

    /// Keys of the objects that state knows.
    pub fn state_keys(&self) -> BTreeSet<ObjectKey> {
        let objects = self.prior.into_iter().flat_map(|prior| prior.objects.keys());
        objects.filter_map(|key| key.parse().ok()).collect()
    }
}
