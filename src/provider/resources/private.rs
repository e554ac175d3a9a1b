//! What a resource remembers between calls in its private bytes: opaque to core, never shown, never a secret.
//!
//! The facts and the parent make a quiet plan possible without any call; intent and uid make a delete act on the right
//! instance and no other.

use goldenpath_core::{
    domain::{PathVersion, StableFacts},
    provision::{KeptKeys, Parent, Replacing},
};
use plugin::{Diagnostic, private::Private};
use serde::{Deserialize, Serialize};

/// Why the bytes were written. A delete that is handed the bytes of a create belongs to a replacement of the same id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// A read, an import or an apply has written them.
    #[default]
    Keep,
    Create,
    Update,
    Destroy,
}

/// Unknown keys are those of a later release and are let be; absent ones are those of an earlier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub intent: Intent,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The instance that state stands for; empty until it is made.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<StableFacts>,
    /// What the instance was made by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathVersion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Deletion protection as the state has it; `None` when it is not known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected: Option<bool>,
    /// The last change ended with an error: what differs is unfinished work and not drift.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// In the plan of a create: the instance that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Replaced>,
    /// In the plan of a create: what it lives in is destroyed in the same run, if only to be created again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub parent_goes: bool,
    /// Its deletion has begun and did not end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleting: bool,
    /// Whole keys of `objects` that a shown one does not say.
    #[serde(skip_serializing_if = "KeptKeys::is_empty")]
    pub keys: KeptKeys,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    pub id: String,
    pub uid: String,
    pub protected: bool,
}

impl Memory {
    pub fn read(private: &Private) -> Result<Self, Diagnostic> {
        private.read().map_err(|error| {
            Diagnostic::error(
                "The private data of this resource can't be read",
                format!("It was written by another program or is damaged ({error}). Restore the state from a backup."),
            )
        })
    }

    pub fn write(&self) -> Private {
        // Plain data with text keys: there is nothing in it that JSON can't hold.
        Private::write(self).unwrap_or_default()
    }

    /// Whether a delete belongs to a replacement of the same id: the create that follows resumes a half-made one, unless what
    /// it lives in goes meanwhile.
    pub fn is_hand_over(&self, id: &str) -> bool {
        self.intent == Intent::Create && self.id == id && !self.parent_goes
    }

    /// The instance that a create replaces: the first half of a replacement, an update, has left it here; or the plan of
    /// the create itself, when it is applied.
    pub fn replaced_instance(&self) -> Option<Replaced> {
        match self.intent {
            Intent::Update if !self.uid.is_empty() => {
                Some(Replaced { id: self.id.clone(), uid: self.uid.clone(), protected: self.protected == Some(true) })
            }
            Intent::Create => self.replaced.clone(),
            Intent::Update | Intent::Keep | Intent::Destroy => None,
        }
    }
}

impl From<Replaced> for Replacing {
    fn from(Replaced { id, uid, protected }: Replaced) -> Self {
        Self { id, uid, protected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_other_releases_are_read() {
        for (bytes, expected, reason) in [
            ("", Memory::default(), "an import, or a state without any"),
            ("{}", Memory::default(), "an earlier release that kept nothing"),
            (
                r#"{"intent":"create","id":"demo/a","uid":"u1","protected":true,"later":1}"#,
                Memory {
                    intent: Intent::Create,
                    id: "demo/a".into(),
                    uid: "u1".into(),
                    protected: Some(true),
                    ..Memory::default()
                },
                "a later release that keeps more",
            ),
        ] {
            let memory = Memory::read(&Private::from_bytes(bytes.into())).unwrap();
            assert_eq!(memory, expected, "{reason}");
            assert_eq!(Memory::read(&memory.write()).unwrap(), memory, "{reason}: and written again");
        }
        let error = Memory::read(&Private::from_bytes(b"\xff".to_vec())).unwrap_err();
        assert!(error.is_error(), "damage is an error, not a fresh start");
    }

    #[test]
    fn a_create_knows_what_it_replaces() {
        let first_half = Memory { intent: Intent::Update, uid: "u1".into(), ..Memory::default() };
        let replaced = first_half.replaced_instance();
        assert_eq!(
            replaced.as_ref().map(|r| r.uid.as_str()),
            Some("u1"),
            "the first half of a replacement is an update"
        );
        let second_half = Memory { intent: Intent::Create, replaced: replaced.clone(), ..Memory::default() };
        assert_eq!(second_half.replaced_instance(), replaced, "the plan of the create, when it is applied");
        for (memory, reason) in [
            (Memory { intent: Intent::Create, ..Memory::default() }, "a create of something new"),
            (Memory { uid: "u1".into(), ..Memory::default() }, "bytes of a state, not of a plan"),
            (Memory { intent: Intent::Update, ..Memory::default() }, "an update of a state without a uid"),
        ] {
            assert_eq!(memory.replaced_instance(), None, "{reason}");
        }
    }
}
