//! How the sandbox fails: its file, or a refusal in the words of the target that it stands for.

use goldenpath_core::{
    domain::Class,
    ports::{PortError, aws_errors},
};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("can't make the folder of the sandbox {}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("can't open the sandbox {}", path.display())]
    Open { path: PathBuf, source: rusqlite::Error },
    #[error("the sandbox {} was made by a newer release (its schema is {found}, this one knows {known}): use that release, or another path", path.display())]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("can't read or write the sandbox")]
    Storage(#[from] rusqlite::Error),
    #[error("a document in the sandbox can't be read")]
    Document(#[from] serde_json::Error),
    #[error("can't draw random bytes: {0}")]
    Random(getrandom::Error),
    #[error("the sandbox ended before it responded")]
    Ended,
    #[error("refused after a change was made, so all of it was undone: {0}")]
    Late(PortError),
    #[error(transparent)]
    Refused(#[from] PortError),
}

/// A refusal in the target's own words.
pub fn refusal(class: Class, call: &str, message: impl Into<String>) -> SandboxError {
    SandboxError::Refused(PortError::new(class, call, message))
}

/// As AWS says it of this.
pub fn refusal_by_aws(call: &str, code: &str, about: &str) -> SandboxError {
    let (class, message) = aws_errors::refusal(call, code, about);
    refusal(class, call, message)
}

impl From<SandboxError> for PortError {
    fn from(error: SandboxError) -> Self {
        if let SandboxError::Refused(refusal) = error {
            return refusal;
        }
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            message = format!("{message}: {inner}");
            cause = inner.source();
        }
        let class = match &error {
            SandboxError::Newer { .. } | SandboxError::Document(_) => Class::Invalid,
            _ => Class::Unavailable,
        };
        PortError::new(class, "sandbox", message)
    }
}
