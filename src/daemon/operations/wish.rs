//! What an operation is to do: the request of an ensure or a remove.

use crate::{
    contract::Verb,
    forms::{FormError, Forms, Message},
    refusal,
};
use goldenpath_core::provision::{Cancel, EnsureRequest, Provisioner, RemoveRequest};
use std::sync::Arc;

pub enum Wish {
    Ensure(Box<EnsureRequest>),
    Remove(Box<RemoveRequest>),
}

// === impl Wish ===

impl Wish {
    pub fn read(forms: Forms, verb: Verb, request: &[u8], form: u32) -> Result<Self, FormError> {
        let message = Message::request(verb);
        Ok(match verb {
            Verb::Ensure => Self::Ensure(Box::new(forms.read(message, request, form)?)),
            Verb::Remove => Self::Remove(Box::new(forms.read(message, request, form)?)),
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
