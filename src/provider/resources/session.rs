//! What one connection's configuration has become: the target that its resources use.
//!
//! Nothing here is shared between connections: under `serve --reattach` each client brings its own configuration, and all
//! of this is freed when it leaves.

use super::run::Run;
use goldenpath_core::{
    domain::Problem,
    provision::{Provisioner, Spec},
};
use plugin::{Cancel, Diagnostic, resource::CallContext};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rules over a whole request, with the catalogue that the configuration names. Handed in by the composition root.
pub type Rules = Arc<dyn Fn(&Spec) -> Vec<Problem> + Send + Sync>;

/// What a read does when the target can't be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreachable {
    #[default]
    Error,
    /// The state is taken for true, with a warning. Never after a 401 or 403.
    AssumeUnchanged,
}

pub struct Configured {
    pub provisioner: Arc<dyn Provisioner>,
    pub unreachable: Unreachable,
    /// Why nothing can be applied here, where nothing can.
    pub refuses: Option<&'static str>,
    /// What was begun there is finished without its client.
    pub finishes_alone: bool,
}

// === impl Configured ===

impl Configured {
    /// What ends a change before its time.
    pub fn cancel_of(&self, call: &CallContext) -> Cancel {
        if self.finishes_alone { &call.stop } else { &call.cancel }.clone()
    }
}

#[derive(Clone, Default)]
pub enum ConfiguredTarget {
    #[default]
    Unconfigured,
    /// The provider's own configuration waits for another resource: so does everything that needs the target.
    Undecided,
    Known(Arc<Configured>),
}

/// Why there is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    Unconfigured,
    Undecided,
}

/// Which plan core is making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Planning,
    Applying,
    Either,
}

pub struct Session(Mutex<State>);

struct State {
    target: ConfiguredTarget,
    rules: Rules,
    run: Run,
    /// Something was applied over this connection. A CLI makes another connection for each phase.
    applying: bool,
}

impl Session {
    pub fn new(rules: Rules) -> Arc<Self> {
        let target = ConfiguredTarget::Unconfigured;
        Arc::new(Self(Mutex::new(State { target, rules, run: Run::default(), applying: false })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn configure(&self, target: ConfiguredTarget) {
        self.state().target = target;
    }

    pub fn maybe_target(&self) -> Result<Arc<Configured>, Pending> {
        match &self.state().target {
            ConfiguredTarget::Unconfigured => Err(Pending::Unconfigured),
            ConfiguredTarget::Undecided => Err(Pending::Undecided),
            ConfiguredTarget::Known(configured) => Ok(configured.clone()),
        }
    }

    /// For what can't wait. `doing` is what was to be done: "create demo/payments-prod".
    pub fn target(&self, doing: &str) -> Result<Arc<Configured>, Diagnostic> {
        self.maybe_target().map_err(|pending| pending.diagnostic(doing))
    }

    pub fn set_rules(&self, rules: Rules) {
        self.state().rules = rules;
    }

    pub fn check(&self, spec: &Spec) -> Vec<Problem> {
        let rules = self.state().rules.clone();
        rules(spec)
    }

    /// What this run reads and plans.
    pub fn run<T>(&self, look: impl FnOnce(&mut Run) -> T) -> T {
        look(&mut self.state().run)
    }

    /// What was read before an apply says nothing about the plans after it.
    pub fn remember_apply(&self) {
        let mut state = self.state();
        state.applying = true;
        state.run = Run::default();
    }

    /// Whether a plan is the one that core makes again while it applies. Up to Terraform 1.15 nothing says so; but a first
    /// plan comes after a read, unless nothing is in state or `-refresh=false` leaves that out, and an apply reads nothing.
    pub fn phase(&self) -> Phase {
        let state = self.state();
        match (state.run.has_read(), state.applying) {
            (true, _) => Phase::Planning,
            (false, true) => Phase::Applying,
            (false, false) => Phase::Either,
        }
    }
}

impl Pending {
    pub fn diagnostic(self, doing: &str) -> Diagnostic {
        match self {
            Self::Unconfigured => Diagnostic::error(
                format!("The provider is not configured: can't {doing}"),
                "The client sent the request before it configured the provider. This is a bug in the client: please report \
                 it there.",
            ),
            Self::Undecided => Diagnostic::error(
                format!("The provider configuration is not known yet: can't {doing}"),
                "It depends on a resource that does not exist yet. Apply that resource first, with -target. A data source \
                 waits by itself if it has a `depends_on` on that resource.",
            ),
        }
    }
}
