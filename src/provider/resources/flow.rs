//! The one flow of all managed resources: a tree becomes a spec, the Provisioner answers, the answer becomes computed
//! attributes. A resource's own file holds its schema and little more.
//!
//! ```text
//! validate   schema (server) -> spec -> rules over the whole                       no target
//! read       state -> observe -> what is observed                                  one listing per connection and kind
//! plan       config -> preview -> what is desired, warnings, refusals              no call when nothing changed
//! apply      config -> ensure / remove -> what exists, even when a step failed
//! import     id -> record -> the spec as written; core reads next
//! ```

mod apply;
mod import;
mod plan;
mod read;
#[cfg(test)]
mod tests;
mod tree;
mod validate;

pub use tree::leaf;

use super::{
    diagnostics,
    private::Memory,
    session::{Configured, Session},
};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{ClusterRef, Id, NameError, Outputs, Problem, Spec, StableFacts},
    provision::Prior,
};
use plugin::{
    Diagnostic, Path, Resource, Schema, Value,
    resource::{
        ApplyRequest, ApplyResponse, Call, ImportResponse, PlanRequest, PlanResponse, ReadRequest, ReadResponse,
    },
    value::Fault,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    marker::PhantomData,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What `timeouts` may limit.
pub const OPERATIONS: &[&str] = &["create", "update", "delete"];
const CREATE: Duration = Duration::from_secs(10 * 60);
const UPDATE: Duration = Duration::from_secs(10 * 60);
/// Namespaces take their time to empty.
const DELETE: Duration = Duration::from_secs(20 * 60);

/// One resource type.
pub trait Kind: Send + Sync + 'static {
    /// The domain's own type: serde reads it from the tree, and nothing stands between.
    type Spec: Serialize + DeserializeOwned + Send;
    const NAME: &'static str;
    /// What an id looks like, for messages and documents.
    const ID_SHAPE: &'static str;

    fn schema() -> Schema;
    fn wrap(spec: Self::Spec) -> Spec;
    /// From the attributes that decide it, whatever else is unknown.
    fn id(config: &Value) -> Option<Id>;
    /// `only` is the target's one cluster, which a short form means.
    fn parse_id(text: &str, only: Option<&ClusterRef>) -> Result<Id, NameError>;
    /// Replacements that only the decided plan can tell, beside those of the schema.
    fn replaces(_prior: &Value, _config: &Value, _decided: &Outputs) -> Vec<Path> {
        vec![]
    }
}

pub struct Managed<K> {
    session: Arc<Session>,
    /// Made when first needed: most processes are asked about few types.
    schema: OnceLock<Schema>,
    kind: PhantomData<K>,
}

impl<K: Kind> Managed<K> {
    pub fn new(session: Arc<Session>) -> Self {
        Self { session, schema: OnceLock::new(), kind: PhantomData }
    }

    fn declared(&self) -> &Schema {
        self.schema.get_or_init(K::schema)
    }

    fn shown(&self, problems: impl IntoIterator<Item = Problem>) -> Vec<Diagnostic> {
        diagnostics::all_shown(self.declared(), problems)
    }

    /// The request that a configuration or a state holds.
    fn spec(&self, tree: &Value) -> Result<Spec, Fault> {
        tree::spec::<K>(self.declared(), tree)
    }

    fn unreadable(&self, fault: Fault, what: &str) -> Diagnostic {
        let path = self.declared().resolve_path(&fault.path);
        Diagnostic::error(
            format!("{what} can't be read: {fault}"),
            "The value passed the checks of its attribute and doesn't fit the whole. That is a mistake of this provider: \
             please report it.",
        )
        .at(path)
    }

    /// What state knows of the instance. A state that was written by this provider can be read by it.
    fn prior(&self, prior: &Value, memory: &Memory) -> Result<Prior, Diagnostic> {
        let spec = self.spec(prior).map_err(|fault| self.unreadable(fault, "the state of this resource"))?;
        Ok(Prior {
            spec,
            uid: tree::text(prior, "uid"),
            objects: tree::objects(prior),
            incomplete: memory.incomplete,
            identity_ready: tree::maybe_bool(prior, "identity_ready"),
        })
    }
}

/// The facts that a plan goes by: those that the configuration pins, else those of the last read or apply. The version
/// for Pod Security is the one of the create, which a later upgrade of the cluster must not move.
fn facts(spec: &Spec, memory: &Memory) -> Option<StableFacts> {
    let pinned = match spec {
        Spec::Baseline(_) => None,
        Spec::Environment(spec) => spec.facts.as_ref(),
        Spec::Slot(spec) => spec.facts.as_ref(),
    };
    let Some(pinned) = pinned else {
        return memory.facts.clone();
    };
    let mut facts = pinned.stable.clone();
    if let Some(known) = memory.facts.as_ref().filter(|known| known.cluster_arn == facts.cluster_arn) {
        facts.pod_security_version.clone_from(&known.pod_security_version);
    }
    Some(facts)
}

#[async_trait]
impl<K: Kind> Resource for Managed<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn schema(&self) -> Schema {
        K::schema()
    }

    fn validate(&self, config: &Value) -> Vec<Diagnostic> {
        self.validated(config)
    }

    async fn read(&self, _call: &Call, request: ReadRequest) -> ReadResponse {
        self.refreshed(request).await
    }

    async fn plan(&self, _call: &Call, request: PlanRequest) -> PlanResponse {
        self.planned(request).await
    }

    async fn apply(&self, call: &Call, request: ApplyRequest) -> ApplyResponse {
        self.applied(call, request).await
    }

    async fn import(&self, _call: &Call, id: &str) -> ImportResponse {
        self.imported(id).await
    }
}

/// An answer of the target, or why there is none.
type Asked<T> = Result<T, Vec<Diagnostic>>;

impl<K: Kind> Managed<K> {
    fn target(&self, doing: &str) -> Asked<Arc<Configured>> {
        self.session.known().map_err(|pending| vec![pending.diagnostic(doing)])
    }
}
