//! What the names of an expression stand for.

use super::{error::EvaluationError, json, tree::Expression};
use kube_cel::cel::Value;
use std::cell::OnceCell;

/// A document is converted, and a definition evaluated, when it is first used, and once.
#[derive(Default)]
pub struct Bindings<'a> {
    documents: Vec<Document<'a>>,
    definitions: Vec<Definition<'a>>,
}

struct Document<'a> {
    name: &'a str,
    document: &'a serde_json::Value,
    value: OnceCell<Value>,
}

pub(super) struct Definition<'a> {
    name: &'a str,
    pub expression: &'a Expression,
    pub value: OnceCell<Result<Value, EvaluationError>>,
}

// === impl Bindings ===

impl<'a> Bindings<'a> {
    pub fn with(mut self, name: &'a str, document: &'a serde_json::Value) -> Self {
        self.documents.push(Document { name, document, value: OnceCell::new() });
        self
    }

    /// As `variables.<name>`. It may use the definitions before it, so that each evaluation comes to an end.
    pub fn define(mut self, name: &'a str, expression: &'a Expression) -> Self {
        self.definitions.push(Definition { name, expression, value: OnceCell::new() });
        self
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        let found = self.documents.iter().find(|document| document.name == name)?;
        Some(found.value.get_or_init(|| json::read(found.document)))
    }

    pub(super) fn definition(&self, name: &str) -> Option<&Definition<'a>> {
        self.definitions.iter().find(|definition| definition.name == name)
    }
}
