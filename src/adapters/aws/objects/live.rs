//! An object of AWS as it is: whose it is, its version, its fields.

use crate::errors::conflict;
use goldenpath_core::{
    domain::{AccessEntry, Body, ClusterArn, Fields, ObjectKey, Observed, short_hash},
    kinds,
    ports::{
        Expect, PortError,
        ownership::{Mark, foreign_owner, mark},
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An object as it is, whole: tags of others too.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub key: ObjectKey,
    pub body: Body,
    /// Of the object; of an access policy those of its entry.
    pub tags: BTreeMap<String, String>,
    pub id: Option<String>,
    pub external_id: Option<String>,
    /// Whom AWS itself says it belongs to.
    pub owner: Option<String>,
    /// Changed by others in a way that the body cannot show.
    pub defect: Option<String>,
    /// In seconds of the epoch, where it matters.
    pub made_at: Option<i64>,
}

// === impl Live ===

impl Live {
    pub(super) fn new(key: ObjectKey, body: Body, tags: BTreeMap<String, String>) -> Self {
        Self { key, body, tags, id: None, external_id: None, owner: None, defect: None, made_at: None }
    }

    /// By meaning: IAM returns a policy in another form than it was given.
    pub(super) fn version(&self) -> String {
        let body = format!("{:?}", kinds::fields_of(&self.body));
        let tags = format!("{:?}", self.tags);
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let (id, external_id) = (part(&self.id), part(&self.external_id));
        let (owner, defect) = (part(&self.owner), part(&self.defect));
        short_hash([body.as_str(), &tags, &id, &external_id, &owner, &defect], 32)
    }

    pub(super) fn mark(&self, cluster: &ClusterArn) -> Mark {
        mark(&self.key, cluster.as_str(), &json!({"tags": self.tags}))
    }

    pub(super) fn observation(self, cluster: &ClusterArn) -> Observed {
        let ownership = self.mark(cluster).ownership(cluster.as_str(), || self.foreign_owner());
        let version = self.version();
        Observed {
            id: self.id,
            external_id: self.external_id,
            ..Observed::new(self.key, version, ownership, fields(&self.body, self.defect.as_deref()))
        }
    }

    /// Who the object belongs to if not to us, as far as that is known.
    fn foreign_owner(&self) -> String {
        foreign_owner(&json!({"tags": self.tags}), self.owner.as_deref())
    }

    /// Nothing is ever adopted by its name alone: the tags must be those of the same request.
    pub(super) fn is_another(&self, cluster: &ClusterArn, tags: &BTreeMap<String, String>) -> bool {
        self.mark(cluster) != mark(&self.key, cluster.as_str(), &json!({"tags": tags}))
    }
}

fn fields(body: &Body, defect: Option<&str>) -> Fields {
    match (body, defect) {
        (Body::AccessEntry(entry), Some(defect)) => kinds::fields_of(&Body::AccessEntry(AccessEntry {
            group: format!("{} ({defect})", entry.group),
            ..entry.clone()
        })),
        _ => kinds::fields_of(body),
    }
}

/// Whether the object is as the caller expects it.
pub(super) fn check(call: &str, key: &ObjectKey, expect: &Expect, live: Option<&Live>) -> Result<(), PortError> {
    match (expect, live) {
        (Expect::Any, _) | (Expect::Absent, None) => Ok(()),
        (Expect::Absent, Some(_)) => Err(conflict(call, format!("{key} already exists"))),
        (Expect::Version(version), Some(live)) if *version == live.version() => Ok(()),
        (Expect::Version(_), _) => Err(conflict(call, format!("{key} has changed since it was read"))),
        (Expect::Owned(_), _) => Err(conflict(call, format!("{key} belongs to somebody else"))),
    }
}

/// As above, of what is there and is to go.
pub(super) fn check_deletion(
    cluster: &ClusterArn,
    key: &ObjectKey,
    expect: &Expect,
    live: &Live,
) -> Result<(), PortError> {
    let ownership = || live.mark(cluster).ownership(cluster.as_str(), || live.foreign_owner());
    match expect {
        Expect::Owned(owner) if ownership() == *owner => Ok(()),
        _ => check("delete", key, expect, Some(live)),
    }
}

/// An IAM document as its API returns it: percent-encoded JSON.
pub(super) fn document(text: &str) -> Value {
    let plain = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    serde_json::from_str(&plain).unwrap_or_else(|_| Value::String(plain.into_owned()))
}

/// EKS returns a policy as it was given.
pub(super) fn plain_document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::Role;
    use std::collections::BTreeSet;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn entry(tags: &[(&str, &str)]) -> Live {
        let key = ObjectKey::AccessEntry { principal: "arn:aws:iam::111122223333:role/a".to_owned() };
        let tags = map(tags);
        let body = Body::AccessEntry(AccessEntry::new("gp:p:0123456789abcdef", tags.clone()));
        Live::new(key, body, tags)
    }

    #[test]
    fn a_version_is_all_that_was_read_and_not_its_wording() {
        let first = entry(&[("goldenpath:managed", "true")]);
        let mut defective = first.clone();
        defective.defect = Some("of another role".to_owned());
        let mut other_id = first.clone();
        other_id.id = Some("x".to_owned());
        for (other, reason) in [
            (entry(&[("goldenpath:managed", "true"), ("cost", "x")]), "a tag of someone else"),
            (defective, "what the body cannot show"),
            (other_id, "another object of the same name"),
        ] {
            assert_ne!(first.version(), other.version(), "{reason}");
        }
        assert_eq!(first.version(), first.clone().version(), "the same is the same");
        let role = |trust: Value| {
            let body = Body::Role(Role {
                path: "/".to_owned(),
                trust,
                inline: BTreeMap::new(),
                attached: BTreeSet::new(),
                boundary: String::new(),
                max_session_seconds: 3600,
                description: String::new(),
                tags: BTreeMap::new(),
            });
            Live::new(ObjectKey::role("a"), body, BTreeMap::new()).version()
        };
        let trust = |action: Value, principal: &str| {
            role(json!({"Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": action, "Principal": {"AWS": principal}}]}))
        };
        let given = trust(json!(["sts:AssumeRole"]), "111122223333");
        assert_eq!(given, trust(json!("sts:AssumeRole"), "arn:aws:iam::111122223333:root"), "what IAM makes of it");
        assert_ne!(given, trust(json!("sts:TagSession"), "111122223333"), "another trust");
    }

    #[test]
    fn documents_are_decoded() {
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%7D";
        assert_eq!(document(encoded), json!({"Version": "2012-10-17"}));
        assert_eq!(document("{\"a\":1}"), json!({"a": 1}), "an emulator may leave it plain");
        assert_eq!(document("not JSON"), json!("not JSON"), "what can't be read is still a difference");
    }
}
