//! One check of one kind, and how it ends.

use goldenpath_core::ports::PortError;
use std::{future::Future, pin::Pin};

/// A breach of a promise, or what kept the case from asking.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error("{0}")]
    Promise(String),
    #[error("{doing}")]
    Call { doing: String, source: Box<PortError> },
}

pub type CaseResult = Result<(), ContractError>;

/// One named test.
pub struct Case {
    pub name: String,
    /// AWS and the API server do it; emulators are known not to.
    pub strict: bool,
    pub run: Pin<Box<dyn Future<Output = CaseResult> + Send>>,
}

impl Case {
    pub(super) fn new(name: impl Into<String>, run: impl Future<Output = CaseResult> + Send + 'static) -> Self {
        Self { name: name.into(), strict: false, run: Box::pin(run) }
    }

    pub(super) fn strict(name: impl Into<String>, run: impl Future<Output = CaseResult> + Send + 'static) -> Self {
        Self { strict: true, ..Self::new(name, run) }
    }
}
