//! What somebody asks for, and how the journal has it.

use crate::{
    contract::Verb,
    forms::{Document, FormError, Forms, Message},
    store::Entry,
    trail::Subject,
};
use goldenpath_core::{domain::short_hash, policy::Identity};

pub struct Asked {
    pub caller: Identity,
    pub id: String,
    pub verb: Verb,
    pub about: String,
    /// The client's own bounds.
    pub allow: Document,
    pub request: Document,
    /// Nobody waits for it: while another one works on the same instance, it is not wanted.
    pub gives_way: bool,
}

/// In one form.
struct Row {
    form: u32,
    allow: String,
    request: Vec<u8>,
    digest: String,
}

// === impl Asked ===

impl Asked {
    pub fn subject(&self) -> Subject {
        let (operation, verb) = (self.id.clone(), self.verb.as_str().to_owned());
        Subject { operation, caller: self.caller.to_string(), verb, about: self.about.clone() }
    }

    /// In the form of the release before, as far as that can say it. A daemon of a neighbouring release that is asked with the same id,
    /// or for the same thing, may have written it in another form: both make each form of what the client has sent by the same
    /// conversions, and so one of the digests is the same, to the byte.
    pub fn entry(self, forms: Forms) -> Result<Entry, FormError> {
        let own = self.row(forms, forms.api())?;
        let mut older: Vec<Row> = forms.older().filter_map(|form| self.row(forms, form).ok()).collect();
        let mut other_digests: Vec<String> = older.iter().chain([&own]).map(|row| row.digest.clone()).collect();
        let shared = older.pop().filter(|row| row.form == forms.shared_form());
        let Row { form, allow, request, digest } = shared.unwrap_or(own);
        // What has changed in none of them has one digest.
        other_digests.retain(|other| *other != digest);
        let Self { caller, id, verb, about, .. } = self;
        Ok(Entry { id, caller, verb, about, digest, other_digests, form, allow, request, cancelled: false })
    }

    fn row(&self, forms: Forms, form: u32) -> Result<Row, FormError> {
        let of = |message, document: &Document| -> Result<Vec<u8>, FormError> {
            Ok(forms.convert(message, &document.bytes, document.form, form)?.into_owned())
        };
        let (allow, request) = (of(Message::Bounds, &self.allow)?, of(Message::request(self.verb), &self.request)?);
        let (allow, text) = (String::from_utf8_lossy(&allow).into_owned(), String::from_utf8_lossy(&request));
        // Somebody else's equal request is another wish, and nobody gets the outcome of another one's id.
        let digest = short_hash([&self.caller.to_string(), self.verb.as_str(), &allow, &text], 64);
        // Whoever can't read who asked can't begin it.
        forms.write(Message::Identity, &self.caller, form)?;
        Ok(Row { form, allow, request, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_know_each_others_operations() {
        // As a client of API 2 says it to each of them.
        let of = |request: &str, form| Asked {
            caller: Identity::Own,
            id: "one".to_owned(),
            verb: Verb::Remove,
            about: "demo".to_owned(),
            allow: Document::new(1, *b"[]"),
            request: Document::new(form, request.as_bytes()),
            gives_way: false,
        };
        let (older, newer) = (r#"{"id":"demo"}"#, r#"{"wrapped":{"id":"demo"}}"#);
        let at = |api: u32| of(if api == 1 { older } else { newer }, api.min(2)).entry(Forms::of(api)).unwrap();
        for (one, other) in [(1, 2), (2, 2), (2, 3)] {
            let (one, other) = (at(one), at(other));
            assert!(other.digests().any(|digest| *digest == one.digest), "{} knows {}", other.form, one.form);
            assert!(one.digests().any(|digest| *digest == other.digest), "{} knows {}", one.form, other.form);
        }
        assert_eq!((at(1).form, at(2).form, at(3).form), (1, 1, 2), "the release before can read it");
        assert_eq!((at(2).request, at(3).request), (older.into(), newer.into()));
        let unsayable = of(r#"{"id":"demo"}"#, 2).entry(Forms::of(2)).unwrap();
        assert_eq!(unsayable.form, 2, "or nobody before this one");
        assert_eq!((at(1).other_digests.len(), at(2).other_digests.len()), (0, 1), "one of each form");
        assert!(of("{", 1).entry(Forms::of(2)).is_err(), "half a document");
    }
}
