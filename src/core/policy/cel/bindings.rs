//! What the names of an expression stand for.

use super::{error::EvaluationError, json, tree::Expression};
use kube_cel::cel::Value;
use std::cell::OnceCell;

/// Documents are converted once; a definition is evaluated when it is first asked for, and once.
#[derive(Default)]
pub struct Bindings<'a> {
    values: Vec<(&'a str, Value)>,
    definitions: Vec<Definition<'a>>,
}

pub(super) struct Definition<'a> {
    name: &'a str,
    pub expression: &'a Expression,
    pub value: OnceCell<Result<Value, EvaluationError>>,
}

// === impl Bindings ===

impl<'a> Bindings<'a> {
    pub fn with(mut self, name: &'a str, document: &serde_json::Value) -> Self {
        self.values.push((name, json::read(document)));
        self
    }

    /// As `variables.<name>`. It may use the definitions before it, so that each evaluation comes to an end.
    pub fn define(mut self, name: &'a str, expression: &'a Expression) -> Self {
        self.definitions.push(Definition { name, expression, value: OnceCell::new() });
        self
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    pub(super) fn definition(&self, name: &str) -> Option<&Definition<'a>> {
        self.definitions.iter().find(|definition| definition.name == name)
    }
}
