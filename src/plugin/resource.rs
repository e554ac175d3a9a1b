//! What a resource is to the server. A resource returns what it *computes*; the server lays that over what was configured
//! ([`crate::schema::overlay`]), so a response can't contradict the configuration.

use crate::{Cancel, diagnostic::Diagnostic, path::Path, private::Private, schema::Schema, value::Value};
use async_trait::async_trait;

/// Facts about one call that are neither configuration nor state.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// Somebody asked to stop, or the client hung up.
    pub cancel: Cancel,
    /// Somebody asked to stop: for work that goes on elsewhere when the client is gone.
    pub stop: Cancel,
    /// The client understands write-only attributes.
    pub write_only_allowed: bool,
}

pub struct ReadRequest {
    pub state: Value,
    pub private: Private,
}

pub struct ReadResponse {
    /// `None`: the object is gone and core will plan to create it again.
    pub state: Option<Value>,
    pub private: Private,
    pub diagnostics: Vec<Diagnostic>,
}

/// Which change core wants.
pub enum Change {
    /// `config` has defaults filled in and may hold unknowns.
    Create {
        config: Value,
    },
    /// `config` as above; `prior` is the last state.
    Update {
        prior: Value,
        config: Value,
    },
    Destroy {
        prior: Value,
    },
}

impl Change {
    pub(crate) fn to(config: Value, prior: &Value) -> Self {
        if prior.is_null() { Self::Create { config } } else { Self::Update { prior: prior.clone(), config } }
    }
}

pub struct PlanRequest {
    pub change: Change,
    /// Prior private bytes; on the second half of a replacement, those that the first half planned.
    pub private: Private,
}

/// What a plan computes. For a destroy, `computed` is ignored.
pub struct PlanResponse {
    /// An object that holds only computed attributes. Null or absent: prior if the attribute is `stable`, else unknown.
    pub computed: Value,
    /// Replacements beyond the schema's `replaces` attributes. Core keeps only those whose value changed, so
    /// that with any all is unknown that `computed` does not say.
    pub requires_replace: Vec<Path>,
    pub private: Private,
    pub diagnostics: Vec<Diagnostic>,
}

pub struct ApplyRequest {
    /// `config` is wholly known in Create and Update.
    pub change: Change,
    /// What the plan promised; `None` for a destroy.
    pub planned: Option<Value>,
    pub private: Private,
}

pub struct ApplyResponse {
    /// `Some`: this exists now, even when there are errors (on a create, core then taints). For a destroy `Some` means
    /// that it is not gone. Computed attributes only, as in [`PlanResponse::computed`].
    /// `None` after a failed create or update: nothing changed, the prior state stays.
    pub computed: Option<Value>,
    pub private: Private,
    pub diagnostics: Vec<Diagnostic>,
}

pub struct ImportResponse {
    /// A whole state tree, attributes that are not known may be null; core reads it next.
    pub state: Option<Value>,
    pub private: Private,
    pub diagnostics: Vec<Diagnostic>,
}

#[async_trait]
pub trait Resource: Send + Sync {
    /// `goldenpath_team_environment`
    fn name(&self) -> &'static str;
    fn schema(&self) -> Schema;
    /// Rules across attributes, after the schema's own checks. `config` has defaults filled in, may hold unknowns and
    /// runs unconfigured: a rule that meets an unknown stays silent.
    fn validate(&self, _config: &Value) -> Vec<Diagnostic> {
        vec![]
    }
    async fn read(&self, call: &CallContext, request: ReadRequest) -> ReadResponse;
    async fn plan(&self, call: &CallContext, request: PlanRequest) -> PlanResponse;
    async fn apply(&self, call: &CallContext, request: ApplyRequest) -> ApplyResponse;
    async fn import(&self, call: &CallContext, id: &str) -> ImportResponse;
    /// State of an older schema version, as JSON, to JSON of the current one. Called only when versions differ.
    fn upgrade(&self, version: i64, _state: serde_json::Value) -> Result<serde_json::Value, Diagnostic> {
        Err(Diagnostic::error(
            format!("State of {} has the unknown schema version {version}: restore it from a backup", self.name()),
            "No version of the provider wrote it. Restore the state from a backup, or import the object again.",
        ))
    }
}

#[async_trait]
pub trait DataSource: Send + Sync {
    fn name(&self) -> &'static str;
    fn schema(&self) -> Schema;
    fn validate(&self, _config: &Value) -> Vec<Diagnostic> {
        vec![]
    }
    /// Computed attributes, or errors.
    async fn read(&self, call: &CallContext, config: Value) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>>;
}
