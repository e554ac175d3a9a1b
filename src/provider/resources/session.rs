//! What one connection's configuration has become: the target that its resources ask.
//!
//! Nothing here is shared between connections: under `serve --reattach` each client brings its own configuration, and all
//! of this is freed when it goes.

use goldenpath_core::{
    domain::{Problem, Spec},
    provision::Provisioner,
};
use plugin::Diagnostic;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

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
}

#[derive(Clone, Default)]
pub enum ConfiguredTarget {
    #[default]
    Unconfigured,
    /// The provider's own configuration waits for another resource: so does everything that needs the target.
    Undecided,
    Known(Arc<Configured>),
}

/// Why there is no target to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    Unconfigured,
    Undecided,
}

pub struct Session {
    target: RwLock<ConfiguredTarget>,
    rules: RwLock<Rules>,
    /// Ids of what was read over this connection.
    read: Mutex<HashSet<String>>,
    /// Something was applied over this connection. A CLI makes another connection for each phase.
    applying: AtomicBool,
}

impl Session {
    pub fn new(rules: Rules) -> Arc<Self> {
        Arc::new(Self {
            target: RwLock::default(),
            rules: RwLock::new(rules),
            read: Mutex::default(),
            applying: AtomicBool::default(),
        })
    }

    pub fn configure(&self, target: ConfiguredTarget) {
        *self.target.write().unwrap_or_else(PoisonError::into_inner) = target;
    }

    pub fn known(&self) -> Result<Arc<Configured>, Pending> {
        match &*self.target.read().unwrap_or_else(PoisonError::into_inner) {
            ConfiguredTarget::Unconfigured => Err(Pending::Unconfigured),
            ConfiguredTarget::Undecided => Err(Pending::Undecided),
            ConfiguredTarget::Known(configured) => Ok(configured.clone()),
        }
    }

    pub fn set_rules(&self, rules: Rules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    pub fn check(&self, spec: &Spec) -> Vec<Problem> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner).clone();
        rules(spec)
    }

    pub fn remember_read(&self, id: &str) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
    }

    /// What was read before an apply says nothing about the plans after it.
    pub fn remember_apply(&self) {
        self.applying.store(true, Ordering::Relaxed);
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether a plan is the one that core makes again while it applies. Up to Terraform 1.15 nothing says so; but a first
    /// plan comes after a read, unless `-refresh=false` leaves that out, and an apply reads nothing.
    pub fn phase(&self, id: &str) -> Phase {
        if self.read.lock().unwrap_or_else(PoisonError::into_inner).contains(id) {
            Phase::Planning
        } else if self.applying.load(Ordering::Relaxed) {
            Phase::Applying
        } else {
            Phase::Either
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Planning,
    Applying,
    Either,
}

impl Pending {
    /// For what can't wait. `doing` is what was to be done: "create demo/payments-prod".
    pub fn diagnostic(self, doing: &str) -> Diagnostic {
        match self {
            Self::Unconfigured => Diagnostic::error(
                format!("can't {doing}: the provider is not configured"),
                "The client asked before it configured the provider. That is a mistake of the client.",
            ),
            Self::Undecided => Diagnostic::error(
                format!("can't {doing}: the provider's own configuration is not known yet"),
                "It depends on a resource that is not made yet. Apply that one first, with -target; a data source waits by itself \
                 when it has a `depends_on` on that resource.",
            ),
        }
    }
}
