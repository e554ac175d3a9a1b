//! Roles, access entries, access policies and Pod Identity associations behind the port.
//!
//! AWS has no versions: [`Live::version`] is a digest of all that was read, so that an expectation can be checked. Between the look
//! and the change somebody else may be faster; every write says the whole of what it is about, so nothing of ours is lost by it.

mod access_policies;
mod associations;
mod entries;
mod faults;
mod foreign;
mod observe;
mod roles;
mod wait;

pub use foreign::Hand;

use super::{Aws, session::Session};
use crate::ownership::{Mark, hand, mark};
use async_trait::async_trait;
use goldenpath_core::{
    domain::{Body, Class, ClusterArn, Fields, ObjectKey, Observed, projection, short_hash},
    ports::{Apply, Deleted, Expect, Objects, PortError, Selector},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is there, whole: tags of others too.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub key: ObjectKey,
    pub body: Body,
    /// Of the object; of an access policy those of its entry.
    pub tags: BTreeMap<String, String>,
    pub id: Option<String>,
    pub external_id: Option<String>,
    /// Changed by others in a way that the body cannot tell.
    pub defect: Option<String>,
    /// In seconds of the epoch, where it matters.
    pub made_at: Option<i64>,
}

// === impl Live ===

impl Live {
    pub(super) fn new(key: ObjectKey, body: Body, tags: BTreeMap<String, String>) -> Self {
        Self { key, body, tags, id: None, external_id: None, defect: None, made_at: None }
    }

    /// By meaning: IAM gives a policy back in other words than it was given.
    fn version(&self) -> String {
        let body = format!("{:?}", projection::of_body(&self.body));
        let tags = format!("{:?}", self.tags);
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let (id, external_id, defect) = (part(&self.id), part(&self.external_id), part(&self.defect));
        short_hash([body.as_str(), &tags, &id, &external_id, &defect], 32)
    }

    fn mark(&self, cluster: &ClusterArn) -> Mark {
        mark(&self.key, cluster.as_str(), &json!({"tags": self.tags}))
    }

    pub(super) fn observed(self, cluster: &ClusterArn) -> Observed {
        let ownership = self.mark(cluster).ownership(cluster.as_str(), || self.hand());
        let version = self.version();
        Observed {
            id: self.id,
            external_id: self.external_id,
            ..Observed::new(self.key, version, ownership, fields(&self.body, self.defect.as_deref()))
        }
    }

    /// Who somebody else is, as far as it can be told.
    fn hand(&self) -> String {
        let owner = match &self.key {
            ObjectKey::PodIdentityAssociation { .. } => self.defect.as_deref(),
            _ => None,
        };
        hand(&json!({"tags": self.tags}), owner)
    }

    /// Nothing is ever adopted by its name alone: the tags must be those of the same request.
    fn is_another(&self, cluster: &ClusterArn, tags: &BTreeMap<String, String>) -> bool {
        self.mark(cluster) != mark(&self.key, cluster.as_str(), &json!({"tags": tags}))
    }
}

fn fields(body: &Body, defect: Option<&str>) -> Fields {
    match (body, defect) {
        (Body::AccessEntry(entry), Some(defect)) => {
            projection::of_body(&Body::AccessEntry(goldenpath_core::domain::AccessEntry {
                group: format!("{} ({defect})", entry.group),
                tags: entry.tags.clone(),
            }))
        }
        _ => projection::of_body(body),
    }
}

pub(super) fn invalid(call: &str, message: impl Into<String>) -> PortError {
    PortError::new(Class::Invalid, call, message)
}

pub(super) fn conflict(call: &str, message: impl Into<String>) -> PortError {
    PortError::new(Class::Conflict, call, message)
}

/// What was expected must be there, or not.
fn check(call: &str, key: &ObjectKey, expect: &Expect, live: Option<&Live>) -> Result<(), PortError> {
    match (expect, live) {
        (Expect::Any, _) | (Expect::Absent, None) => Ok(()),
        (Expect::Absent, Some(_)) => Err(conflict(call, format!("{key} already exists"))),
        (Expect::Version(version), Some(live)) if *version == live.version() => Ok(()),
        (Expect::Version(_), _) => Err(conflict(call, format!("{key} was changed by somebody else in the meantime"))),
    }
}

/// An IAM document as its API answers it: percent-encoded JSON.
fn document(text: &str) -> Value {
    let plain = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    serde_json::from_str(&plain).unwrap_or_else(|_| Value::String(plain.into_owned()))
}

/// EKS answers a policy as it was given.
fn plain_document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[async_trait]
impl Objects for Aws {
    async fn observe(&self, cluster: &ClusterArn, selector: &Selector) -> Result<Vec<Observed>, PortError> {
        observe::observe(self.session().await?, cluster, selector).await
    }

    async fn apply(&self, apply: Apply<'_>) -> Result<Observed, PortError> {
        let session = self.session().await?;
        let Apply { cluster, key, body, manager: _, expect, take: _ } = apply;
        let body = with_default_tags(body, &self.options.default_tags);
        let live = match (key, &body) {
            (ObjectKey::Role { name }, Body::Role(role)) => roles::apply(session, cluster, name, role, &expect).await?,
            (ObjectKey::AccessEntry { principal }, Body::AccessEntry(entry)) => {
                entries::apply(session, cluster, principal, entry, &expect).await?
            }
            (ObjectKey::AccessPolicy { .. }, Body::AccessPolicy(_)) => {
                access_policies::apply(session, cluster, key, &expect).await?
            }
            (
                ObjectKey::PodIdentityAssociation { namespace, service_account },
                Body::PodIdentityAssociation(association),
            ) => associations::apply(session, cluster, (namespace, service_account), association, &expect).await?,
            (key, _) => {
                return Err(invalid("apply", format!("{key}: the body is of another kind than the key")));
            }
        };
        Ok(live.observed(cluster))
    }

    async fn delete(&self, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<Deleted, PortError> {
        let session = self.session().await?;
        delete(session, cluster, key, expect).await?;
        Ok(Deleted::Gone)
    }
}

async fn delete(session: &Session, cluster: &ClusterArn, key: &ObjectKey, expect: &Expect) -> Result<(), PortError> {
    let Some(live) = observe::get(session, cluster, key).await? else {
        return Ok(());
    };
    check("delete", key, expect, Some(&live))?;
    match key {
        ObjectKey::Role { name } => roles::delete(session, name, &live).await,
        ObjectKey::AccessEntry { principal } => entries::delete(session, cluster, principal).await,
        ObjectKey::AccessPolicy { .. } => access_policies::delete(session, cluster, key).await,
        ObjectKey::PodIdentityAssociation { .. } => associations::delete(session, cluster, &live).await,
        ObjectKey::Kube { .. } => Err(invalid("delete", format!("{key} is in Kubernetes"))),
    }
}

/// Tags of others are never a difference, so these come and go with what is changed anyway. Ours win.
fn with_default_tags(body: &Body, defaults: &BTreeMap<String, String>) -> Body {
    let mut body = body.clone();
    let tags = match &mut body {
        Body::Role(role) => &mut role.tags,
        Body::AccessEntry(entry) => &mut entry.tags,
        Body::PodIdentityAssociation(association) => &mut association.tags,
        Body::AccessPolicy(_) | Body::Kube(_) => return body,
    };
    for (name, value) in defaults {
        tags.entry(name.clone()).or_insert_with(|| value.clone());
    }
    body
}

/// Tags to set, and names of tags to take away.
fn tag_changes(
    live: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, Vec<String>) {
    let set = wanted.iter().filter(|(name, value)| live.get(*name) != Some(value));
    let set = set.map(|(name, value)| (name.clone(), value.clone())).collect();
    let gone = live.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
    (set, gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::{AccessEntry, Role};
    use std::collections::BTreeSet;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn entry(tags: &[(&str, &str)]) -> Live {
        let key = ObjectKey::AccessEntry { principal: "arn:aws:iam::111122223333:role/a".to_owned() };
        let tags = map(tags);
        let body = Body::AccessEntry(AccessEntry { group: "gp:p:0123456789abcdef".to_owned(), tags: tags.clone() });
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
            (entry(&[("goldenpath:managed", "true"), ("cost", "x")]), "a tag of somebody else"),
            (defective, "what the body can't tell"),
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
    fn defaults_fill_and_never_win() {
        let body = entry(&[("goldenpath:managed", "true")]).body;
        let defaults = map(&[("cost-center", "CC1"), ("goldenpath:managed", "false")]);
        let Body::AccessEntry(entry) = with_default_tags(&body, &defaults) else { panic!("another kind") };
        assert_eq!(entry.tags, map(&[("cost-center", "CC1"), ("goldenpath:managed", "true")]));
    }

    #[test]
    fn only_differences_of_tags_are_sent() {
        for (live, wanted, set, gone, reason) in [
            (&[("a", "1")][..], &[("a", "1")][..], &[][..], &[][..], "nothing"),
            (&[("a", "1")], &[("a", "2")], &[("a", "2")], &[], "another value"),
            (&[("a", "1"), ("b", "1")], &[("a", "1")], &[], &["b"], "one that goes"),
        ] {
            let (found, removed) = tag_changes(&map(live), &map(wanted));
            assert_eq!((found, removed), (map(set), gone.iter().map(|name| (*name).to_owned()).collect()), "{reason}");
        }
    }

    #[test]
    fn documents_are_decoded() {
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%7D";
        assert_eq!(document(encoded), json!({"Version": "2012-10-17"}));
        assert_eq!(document("{\"a\":1}"), json!({"a": 1}), "an emulator may leave it plain");
        assert_eq!(document("broken"), json!("broken"), "what can't be read is still a difference");
    }
}
