//! What is wrong with a document that can be read. All of it is said at once, each at its field.

use std::fmt::Display;

/// What is wrong, and at which field of the document.
pub(super) struct DocumentFault {
    /// Names and indices from the document's root on, with dots.
    pub field: String,
    pub reason: String,
}

#[derive(Default)]
pub(super) struct DocumentFaults(pub Vec<DocumentFault>);

// === impl DocumentFaults ===

impl DocumentFaults {
    pub(super) fn add(&mut self, field: &str, reason: impl Into<String>) {
        self.0.push(DocumentFault { field: field.to_owned(), reason: reason.into() });
    }

    pub(super) fn ensure(&mut self, field: &str, holds: bool, reason: impl FnOnce() -> String) {
        if !holds {
            self.add(field, reason());
        }
    }

    /// Of each of these texts.
    pub(super) fn each(&mut self, field: &str, texts: &[String], check: impl Fn(&str) -> Result<(), String>) {
        for (index, text) in texts.iter().enumerate() {
            if let Err(reason) = check(text) {
                self.add(&format!("{field}.{index}"), reason);
            }
        }
    }

    /// What was found in a part of the document, each with its field in there.
    pub(super) fn inside<F: Display>(&mut self, outer: &str, found: impl IntoIterator<Item = (F, String)>) {
        for (field, reason) in found {
            self.add(&format!("{outer}.{field}"), reason);
        }
    }
}

/// As what was found in a part.
impl IntoIterator for DocumentFaults {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let parts: Vec<_> = self.0.into_iter().map(|DocumentFault { field, reason }| (field, reason)).collect();
        parts.into_iter()
    }
}
