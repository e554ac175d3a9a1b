//! The fake's answers to looks at an identity.

use super::Fake;
use crate::{
    domain::{Class, ClusterArn},
    ports::{PortError, Probe, Readiness},
};
use async_trait::async_trait;
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Probes {
    /// What the next looks see; when it is used up, all is well.
    answers: VecDeque<Result<Readiness, Class>>,
    /// `namespace/account` of each look.
    seen: Vec<String>,
}

// === impl Fake ===

impl Fake {
    pub(in crate::provision) fn identities(&self, answers: impl IntoIterator<Item = Result<Readiness, Class>>) {
        self.lock().probes.answers = answers.into_iter().collect();
    }

    /// Takes along what was looked at.
    pub(in crate::provision) fn looked_at(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().probes.seen)
    }

    pub(in crate::provision) fn without_agent(&self) {
        if let Some(facts) = self.lock().facts.get_mut("demo") {
            facts.addons.clear();
        }
    }
}

#[async_trait]
impl Probe for Fake {
    async fn identity(&self, _: &ClusterArn, namespace: &str, service_account: &str) -> Result<Readiness, PortError> {
        let mut state = self.lock();
        state.probes.seen.push(format!("{namespace}/{service_account}"));
        let answer = state.probes.answers.pop_front().unwrap_or(Ok(Readiness::Ready));
        answer.map_err(|class| PortError::new(class, "probe", "refused by the test"))
    }
}
