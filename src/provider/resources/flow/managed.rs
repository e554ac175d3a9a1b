//! What a resource's own file says of it, and what every step of the flow needs to know.

use super::{objects, tree};
use crate::resources::{
    diagnostics,
    private::Memory,
    run::Thing,
    session::{Configured, Session},
};
use goldenpath_core::{
    domain::{Id, NameError, Problem},
    provision::{Descriptor, PreviewRequest, Prior, RemoveRequest, Spec},
};
use plugin::{Cancel, Diagnostic, Schema, Value, schema::inputs, value::ConvertError};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What `timeouts` may limit.
pub const OPERATIONS: &[&str] = &["create", "update", "delete"];
pub(super) const CREATE: Duration = Duration::from_secs(10 * 60);
pub(super) const UPDATE: Duration = Duration::from_secs(10 * 60);
/// Namespaces take their time to empty.
pub(super) const DELETE: Duration = Duration::from_secs(20 * 60);

/// One resource type.
pub trait ManagedResource: Send + Sync {
    fn name(&self) -> &'static str;
    /// The parts of an id: `<cluster>/<environment>`.
    fn id_form(&self) -> &'static str;
    fn schema(&self) -> Schema;
    /// The domain's own type, as serde reads it from the tree: nothing stands between.
    fn spec(&self, config: &Value) -> Result<Spec, ConvertError>;
    fn golden(&self) -> &'static dyn Descriptor;
    /// From the attributes that decide it, whatever else is unknown.
    fn id(&self, config: &Value) -> Option<Id>;
    fn parse_id(&self, text: &str) -> Result<Id, NameError>;
}

pub struct Managed {
    pub(super) resource: &'static dyn ManagedResource,
    pub(super) session: Arc<Session>,
    /// Made when first needed: most processes serve few types.
    schema: OnceLock<Schema>,
}

/// What the target made of a request, or why there is nothing.
pub(super) type Diagnosed<T> = Result<T, Vec<Diagnostic>>;

impl Managed {
    pub fn new(resource: &'static dyn ManagedResource, session: Arc<Session>) -> Self {
        Self { resource, session, schema: OnceLock::new() }
    }

    pub(super) fn cached_schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.resource.schema())
    }

    pub(super) fn diagnostics(&self, problems: impl IntoIterator<Item = Problem>) -> Vec<Diagnostic> {
        diagnostics::all(self.cached_schema(), problems)
    }

    /// The request that a configuration or a state holds. `timeouts` are about the call and not about what is requested.
    pub(super) fn spec(&self, tree: &Value) -> Result<Spec, ConvertError> {
        let mut configured = inputs(self.cached_schema(), tree);
        if let Value::Map(attributes) = &mut configured {
            attributes.remove("timeouts");
        }
        self.resource.spec(&configured)
    }

    pub(super) fn unreadable(&self, error: &ConvertError, what: &str) -> Diagnostic {
        let path = self.cached_schema().resolve_path(&error.path);
        Diagnostic::error(
            format!("{what} can't be read: {error}"),
            "Each attribute is valid by itself, but together they are not. This is a bug in the provider: please report it.",
        )
        .at(path)
    }

    pub(super) fn spec_of_state(&self, state: &Value) -> Result<Spec, Diagnostic> {
        self.spec(state).map_err(|error| self.unreadable(&error, "The state of this resource"))
    }

    /// The id of something that is in state, whose parts are all known.
    pub(super) fn id_of_state(&self, state: &Value) -> Result<Id, Diagnostic> {
        self.resource.parse_id(&tree::text(state, "id")).map_err(|error| {
            Diagnostic::error(
                format!("The ID in the state can't be read: {error}"),
                "The state was edited, or written by another program. Restore it from a backup, or import the resource again.",
            )
        })
    }

    pub(super) fn thing(&self, id: &impl ToString) -> Thing {
        Thing { ty: self.resource.name(), id: id.to_string() }
    }

    /// What state knows of the instance. A state that was written by this provider can be read by it.
    pub(super) fn prior(&self, prior: &Value, memory: &Memory) -> Result<Prior, Diagnostic> {
        Ok(Prior {
            spec: self.spec_of_state(prior)?,
            uid: tree::text(prior, "uid"),
            target: tree::maybe_text(prior, "target"),
            objects: objects::of_state(prior, &memory.keys),
            incomplete: memory.incomplete,
            identity_ready: tree::maybe_bool(prior, "identity_ready"),
        })
    }

    /// Deletion protection as the state means it: written down, or the tier's choice.
    pub(super) async fn protection(&self, configured: &Configured, state: &Value, memory: &Memory) -> Option<bool> {
        if let Some(written) = tree::maybe_bool(state, "deletion_protection") {
            return Some(written);
        }
        let prior = self.prior(state, memory).ok()?;
        let spec = prior.spec.clone();
        let Memory { facts, path, parent, .. } = memory.clone();
        let request =
            PreviewRequest { spec, facts, path, parent, prior: Some(prior), replacing: None, variant: 0, again: false };
        configured.provisioner.preview(request).await.decided.map(|decided| decided.protected)
    }

    pub(super) fn removal(
        &self,
        prior: &Value,
        memory: &Memory,
        protected: bool,
        timeout: Duration,
        cancel: Cancel,
    ) -> Result<RemoveRequest, Diagnostic> {
        let id = self.id_of_state(prior)?;
        Ok(RemoveRequest {
            // The bytes of a replacement's create hold the facts of the new place.
            facts: memory.facts.clone().filter(|_| memory.id == id.to_string()),
            id,
            uid: tree::text(prior, "uid"),
            target: tree::maybe_text(prior, "target"),
            keys: objects::keys(prior, &memory.keys),
            protected,
            hand_over: false,
            timeout,
            cancel,
        })
    }
}
