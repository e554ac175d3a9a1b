//! What IAM or EKS does with the objects of one kind.

use crate::{
    error::{SandboxError, refusal},
    options::ClusterOptions,
    store::{Row, Store},
};
use goldenpath_core::domain::{Body, Class, ClusterArn, ObjectKey};
use serde_json::Value;

pub trait KindRules: Sync {
    /// `found`: what has the key already.
    fn apply(
        &self,
        store: &mut Store,
        cluster: &ClusterOptions,
        object: (&ObjectKey, &Body),
        found: Option<Row>,
    ) -> Result<Row, SandboxError>;

    /// A document in the shape of the kind: out-of-band edits are checked by it, too.
    fn body(&self, document: Value) -> serde_json::Result<Body>;

    /// Refuses it, or removes what goes with it.
    fn before_removal(&self, _: &mut Store, _: &ClusterArn, _: &Row) -> Result<(), SandboxError> {
        Ok(())
    }

    /// The generated ids that matter to others: its own, and an external one.
    fn ids(&self, _: &ClusterArn, _: &Row) -> (Option<String>, Option<String>) {
        (None, None)
    }

    /// What the service keeps of it besides its document.
    fn besides(&self, _: &ClusterArn, _: &Row) -> Vec<(&'static str, Value)> {
        vec![]
    }
}

pub fn mismatch(key: &ObjectKey) -> SandboxError {
    refusal(Class::Invalid, &format!("apply {key}"), "the body is of another kind than the key")
}
