//! A guard in CEL, and the expressions that several share. Each is safe where a field is absent, and leaves what stands: a change
//! that does not touch what a rule is about is admitted, so that no controller is blocked by what was there before the guard.

use crate::domain::NAMESPACES_ANNOTATION;

/// Of a Namespace: whose it is.
pub const ENVIRONMENT: &str = "goldenpath.internal/environment";

pub const CREATE: &[&str] = &["CREATE"];
pub const WRITE: &[&str] = &["CREATE", "UPDATE"];

pub struct Policy {
    /// API group, version, resources, operations.
    pub on: Vec<(&'static str, &'static str, &'static [&'static str], &'static [&'static str])>,
    pub place: Place,
    /// Whether the provider and administrators are.
    pub exempts: bool,
    pub variables: Vec<(&'static str, String)>,
    /// What must be true, and what is said where it is not.
    pub rules: Vec<(String, &'static str)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Environments,
    Everywhere,
}

/// The namespace of the request and the others of its environment.
pub fn namespaces() -> (&'static str, String) {
    let others = format!("namespaceObject.metadata.?annotations[?'{NAMESPACES_ANNOTATION}'].orValue('-').split(',')");
    ("namespaces", format!("[request.namespace] + {others}"))
}

/// Whether a field is as it was; absent counts as `none`.
pub fn is_kept(field: &str, none: &str) -> String {
    format!("(oldObject != null && object.{field}.orValue({none}) == oldObject.{field}.orValue({none}))")
}
