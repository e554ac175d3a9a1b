//! A change of the form of some documents, and how one passes through several.

use crate::contract::Verb;
use serde_json::Value;
use std::borrow::Cow;

/// Of the API, if it carries documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Facts,
    OnlyCluster,
    Find,
    Files,
    Describe,
    GoldenPath,
    Observe,
    Preview,
    PreviewRemove,
    Unprotect,
    Ensure,
    Remove,
    Status,
    List,
    Operations,
    Pause,
}

/// Which document it is. Those of an ensure or a remove are in the journal, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    Request(Method),
    Response(Method),
    /// Of a client, in its greeting and in the journal.
    Bounds,
    /// Who asked for an operation, in the journal.
    Identity,
    /// What the daemon that compares clusters has found, for the others.
    Comparison,
    /// What happens at one daemon, for those who watch at another one.
    Event,
}

/// What has no words in the other form.
pub type Unsayable = &'static str;

/// What one release has changed in some documents.
#[derive(Debug)]
pub struct Change {
    /// The number of the API that brought it.
    pub api: u32,
    /// Whether it is about this document. A type that stands in several of them is changed in all.
    pub is_about: fn(Message) -> bool,
    /// From the older form, with what it means that a field is missing there.
    pub up: fn(Value) -> Result<Value, Unsayable>,
    /// To the older form. What would change what happens is refused and never left out: a request that went down says the same when it
    /// goes up again.
    pub down: fn(Value) -> Result<Value, Unsayable>,
}

#[derive(Debug, thiserror::Error)]
pub enum FormError {
    #[error("it has the form of API {form}, and this release knows those up to {known}")]
    Newer { form: u32, known: u32 },
    #[error("releases of API {api} don't know {what}")]
    Unsayable { what: Unsayable, api: u32 },
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The document in another form. One in which nothing has changed between the two is not even read.
pub fn convert<'d>(
    changes: &[Change],
    message: Message,
    document: Cow<'d, [u8]>,
    from: u32,
    to: u32,
) -> Result<Cow<'d, [u8]>, FormError> {
    let (older, newer) = (from.min(to), from.max(to));
    let is_between = |change: &&Change| change.api > older && change.api <= newer && (change.is_about)(message);
    let mut between = changes.iter().filter(is_between).peekable();
    if between.peek().is_none() {
        return Ok(document);
    }
    let value = serde_json::from_slice(&document)?;
    let converted = match from < to {
        true => between.try_fold(value, |value, change| (change.up)(value)),
        false => changes.iter().filter(is_between).rev().try_fold(value, |value, change| (change.down)(value)),
    };
    let converted = converted.map_err(|what| FormError::Unsayable { what, api: to })?;
    Ok(serde_json::to_vec(&converted)?.into())
}

// === impl Method ===

impl From<Verb> for Method {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Ensure => Self::Ensure,
            Verb::Remove => Self::Remove,
        }
    }
}

// === impl Message ===

impl Message {
    pub fn request(verb: Verb) -> Self {
        Self::Request(verb.into())
    }

    pub fn outcome(verb: Verb) -> Self {
        Self::Response(verb.into())
    }
}
