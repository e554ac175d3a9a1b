//! What an operation is to do: the request of an ensure or a remove.

use crate::{contract::Verb, refusal};
use goldenpath_core::{
    domain::from_document_text,
    provision::{Cancel, EnsureRequest, Provisioner, RemoveRequest},
};
use std::sync::Arc;

pub enum Wish {
    Ensure(Box<EnsureRequest>),
    Remove(Box<RemoveRequest>),
}

// === impl Wish ===

impl Wish {
    pub fn read(verb: Verb, document: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match verb {
            Verb::Ensure => Self::Ensure(Box::new(from_document_text(document)?)),
            Verb::Remove => Self::Remove(Box::new(from_document_text(document)?)),
        })
    }

    pub fn about(&self) -> String {
        match self {
            Self::Ensure(request) => request.spec.id(),
            Self::Remove(request) => request.id.clone(),
        }
        .to_string()
    }

    pub fn kind(&self) -> &'static str {
        let id = match self {
            Self::Ensure(request) => &request.spec.id(),
            Self::Remove(request) => &request.id,
        };
        match (id.parent(), id.owner()) {
            (Some(_), _) => "slot",
            (None, Some(_)) => "environment",
            (None, None) => "baseline",
        }
    }

    pub async fn perform(self, engine: Arc<dyn Provisioner>, cancel: Cancel) -> Vec<u8> {
        let (verb, document) = match self {
            Self::Ensure(request) => {
                let outcome = engine.ensure(EnsureRequest { cancel, ..*request }).await;
                (Verb::Ensure, serde_json::to_vec(&outcome))
            }
            Self::Remove(request) => {
                let removed = engine.remove(RemoveRequest { cancel, ..*request }).await;
                (Verb::Remove, serde_json::to_vec(&removed))
            }
        };
        document.unwrap_or_else(|_| verb.failure(refusal::bug_problem("write the outcome")))
    }
}
