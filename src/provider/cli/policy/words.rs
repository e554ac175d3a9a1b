//! How severe a finding is, in a word.

use goldenpath_core::policy::document::Action;

pub fn word(action: Action) -> &'static str {
    match action {
        Action::Deny => "denied",
        Action::Warn => "warning",
        Action::Audit => "audit",
    }
}
