//! The forms of documents that releases exchange: in messages, in the journal, and from daemon to daemon. Pure.
//!
//! A form has the number of the API that brought it. Whoever is newer knows both forms and converts in both directions; whoever is
//! older does nothing.
//!
//! | between | documents are in the form of |
//! |---|---|
//! | a client and a daemon | the older one of both |
//! | daemons on one store | the release before, as far as that can say it |
//!
//! A daemon of the release before may be the next to read what is shared, also where an upgrade was taken back. What it can't say is
//! written in the own form, and left to daemons that know it.
//!
//! ```text
//! change  one change of a form, and how a document passes through several
//! table   every change that a release has brought
//! ```

mod change;
mod table;
#[cfg(test)]
mod tests;

pub use change::{Change, FormError, Message, Method};

use crate::contract::{API, api};
use change::convert;
use goldenpath_core::domain::from_document_text;
use serde::{Serialize, de::DeserializeOwned};
use std::{borrow::Cow, ops::Range, sync::Arc};
use table::CHANGES;

/// Of the first release.
const FIRST: u32 = 1;

/// A document as it is kept, and the number of the form that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub form: u32,
    pub bytes: Arc<[u8]>,
}

/// What one release knows of forms.
#[derive(Clone, Copy, Debug)]
pub struct Forms {
    api: u32,
    /// The form that its types have. Another number than `api` only where a test pretends to another release.
    types: u32,
    changes: &'static [Change],
}

// === impl Document ===

impl Document {
    pub fn new(form: u32, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { form, bytes: bytes.into() }
    }
}

// === impl Forms ===

impl Forms {
    pub fn own() -> Self {
        Self::of(api())
    }

    /// Of the release with this number.
    pub fn of(api: u32) -> Self {
        Self { api, types: API, changes: CHANGES }
    }

    /// With changes of a test that its types are as good for.
    #[cfg(test)]
    pub fn with(api: u32, changes: &'static [Change]) -> Self {
        Self { api, types: api, changes }
    }

    pub fn api(self) -> u32 {
        self.api
    }

    /// In which documents travel between this release and one with the number `peer`.
    pub fn between(self, peer: u32) -> u32 {
        self.api.min(peer)
    }

    /// In which documents are shared, as far as it can say them.
    pub fn shared_form(self) -> u32 {
        self.api.saturating_sub(1).max(FIRST)
    }

    /// Older ones in which a neighbour may have shared something: that of the release before has shared in the form before its own.
    pub fn older(self) -> Range<u32> {
        self.api.saturating_sub(2).max(FIRST)..self.api
    }

    pub fn read<T: DeserializeOwned>(self, message: Message, document: &[u8], form: u32) -> Result<T, FormError> {
        Ok(from_document_text(&self.for_types(message, document, form)?)?)
    }

    pub fn write<T: Serialize + ?Sized>(self, message: Message, value: &T, form: u32) -> Result<Vec<u8>, FormError> {
        let document = serde_json::to_vec(value)?;
        Ok(self.of_types(message, document.into(), form)?.into_owned())
    }

    /// As the types of this release read it.
    pub fn for_types<'d>(self, message: Message, document: &'d [u8], form: u32) -> Result<Cow<'d, [u8]>, FormError> {
        let own = self.convert(message, document, form, self.api)?;
        convert(self.changes, message, own, self.api, self.types)
    }

    /// What the types of this release have written.
    pub fn of_types<'d>(
        self,
        message: Message,
        document: Cow<'d, [u8]>,
        form: u32,
    ) -> Result<Cow<'d, [u8]>, FormError> {
        let own = convert(self.changes, message, document, self.types, self.api)?;
        convert(self.changes, message, own, self.api, form)
    }

    pub fn convert<'d>(
        self,
        message: Message,
        document: &'d [u8],
        from: u32,
        to: u32,
    ) -> Result<Cow<'d, [u8]>, FormError> {
        if from > self.api {
            return Err(FormError::Newer { form: from, known: self.api });
        }
        convert(self.changes, message, document.into(), from, to)
    }

    /// What the types of this release have written, to be kept.
    pub fn document(self, message: Message, written: Vec<u8>) -> Document {
        // It is JSON, and the own form can say it.
        let own = self.of_types(message, written.as_slice().into(), self.api).map(Cow::into_owned);
        Document::new(self.api, own.unwrap_or(written))
    }

    /// For other daemons on the store, and for those that come after this one.
    pub fn share(self, message: Message, document: &Document) -> Document {
        // What a client of an earlier release has said stays as it is.
        let form = self.shared_form().min(document.form);
        match self.convert(message, &document.bytes, document.form, form) {
            Ok(bytes) => Document::new(form, bytes.into_owned()),
            Err(_) => document.clone(),
        }
    }
}
