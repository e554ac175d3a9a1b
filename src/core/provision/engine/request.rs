//! What is requested, of a plan and of an apply alike.

use super::target::Moment;
use crate::{
    domain::{Class, Id, Late, ObjectKey, StableFacts},
    golden::{Blueprint, Parent, Spec},
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
    pub timeouts: Option<&'a serde_json::Value>,
    pub moment: Moment<'a>,
}

// === impl ChangeRequest ===

impl<'a> ChangeRequest<'a> {
    pub fn of_plan(request: &'a PreviewRequest) -> Self {
        let PreviewRequest { spec, facts, parent, prior, replacing, variant, again } = request;
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
            timeouts: None,
            moment: if *again { Moment::PlanAgain } else { Moment::Plan },
        }
    }

    pub fn of_apply(request: &'a EnsureRequest, begun: Duration) -> Self {
        let EnsureRequest { spec, facts, parent, prior, replacing, planned, planned_target, timeouts, timeout, cancel } =
            request;
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
            timeouts: timeouts.as_ref(),
            moment: Moment::Apply { until: begun + *timeout, cancel },
        }
    }

    pub fn is_plan(&self) -> bool {
        !matches!(self.moment, Moment::Apply { .. })
    }

    /// Whether a plan may leave open what it could not read for this reason.
    pub fn may_leave_open(&self, class: Class) -> bool {
        match class {
            // It may be made in the same run.
            Class::NotFound => self.is_plan(),
            Class::Unavailable | Class::Throttled => matches!(self.moment, Moment::Plan),
            _ => false,
        }
    }

    /// Of an update: the namespaces of its own that state knows and the new request no longer has.
    pub fn lost_namespaces(&self, blueprint: &Blueprint) -> Vec<String> {
        let namespaces = self.state_keys().into_iter().filter_map(|key| match &key {
            ObjectKey::Kube { kind, namespace: None, name, .. } if kind == "Namespace" => {
                let is_lost = !blueprint.objects.iter().any(|desired| desired.key == key);
                (is_lost && self.id.loses_namespace(name)).then(|| name.clone())
            }
            _ => None,
        });
        namespaces.collect()
    }

    /// Keys of the objects that state knows.
    pub fn state_keys(&self) -> BTreeSet<ObjectKey> {
        let objects = self.prior.into_iter().flat_map(|prior| prior.objects.keys());
        objects.filter_map(|key| key.parse().ok()).collect()
    }
}
