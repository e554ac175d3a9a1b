//! A guard in CEL, and the expressions that several share. Each is safe where a field is absent, and leaves what stands: a change
//! that does not touch what a rule is about is admitted, so that no controller is blocked by what was there before the guard.

use crate::domain::{LABEL_PREFIX, NAMESPACES_ANNOTATION};

/// Of a Namespace: whose it is.
pub const ENVIRONMENT: &str = "goldenpath.internal/environment";

/// Of all that the provider made.
pub const MANAGED: &str = "goldenpath.internal/managed";

pub const CREATE: &[&str] = &["CREATE"];
pub const WRITE: &[&str] = &["CREATE", "UPDATE"];
pub const CHANGE: &[&str] = &["CREATE", "UPDATE", "DELETE"];

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

/// A list that the Namespace carries, as the variable `name`; `*` where it carries none.
pub fn listed(name: &'static str, annotation: &str) -> (&'static str, String) {
    (name, format!("namespaceObject.metadata.?annotations[?'{LABEL_PREFIX}{annotation}'].orValue('*').split(',')"))
}

/// The name of the environment, as the variable `environment`.
pub fn environment() -> (&'static str, String) {
    ("environment", format!("namespaceObject.metadata.?labels[?'{ENVIRONMENT}'].orValue('-')"))
}

/// Whether a field that names a class names one of the list, or none.
pub fn is_listed(object: &str, field: &str, list: &str) -> String {
    let class = format!("{object}.{field}.orValue('')");
    format!("'*' in variables.{list} || {class} == '' || {class} in variables.{list}")
}

/// Whether a field is as it was; absent counts as `none`.
pub fn is_kept(field: &str, none: &str) -> String {
    format!("(oldObject != null && object.{field}.orValue({none}) == oldObject.{field}.orValue({none}))")
}
