//! One thing in AWS or Kubernetes that we own (fields of): what it should be ([`Desired`]) and what it is ([`Observed`]).

use super::{Fields, Holder, ObjectKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The closed set of kinds of object. A port applies any of them; a target implements all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    Role(Role),
    AccessEntry(AccessEntry),
    AccessPolicy(AccessPolicy),
    PodIdentityAssociation(PodIdentityAssociation),
    /// Any Kubernetes object, with only the fields that we declare: `apiVersion`, `kind`, `metadata`, and the rest.
    Kube(Value),
}

// === impl Body ===

impl Body {
    /// Tags of AWS. An access policy has none: it is whose its entry is.
    pub fn tags_mut(&mut self) -> Option<&mut BTreeMap<String, String>> {
        match self {
            Self::Role(role) => Some(&mut role.tags),
            Self::AccessEntry(entry) => Some(&mut entry.tags),
            Self::PodIdentityAssociation(association) => Some(&mut association.tags),
            Self::AccessPolicy(_) | Self::Kube(_) => None,
        }
    }

    /// Under the names that AWS's own API has for them, in lower camel case. A Kubernetes document has its own.
    pub fn api_fields(&self) -> Map<String, Value> {
        let fields = match self {
            Self::Role(role) => {
                let Role { path, trust, inline, attached, boundary, max_session_seconds, description, tags } = role;
                json!({
                    "path": path, "trustPolicy": trust, "inlinePolicies": inline, "managedPolicies": attached,
                    "permissionsBoundary": boundary, "maxSessionDuration": max_session_seconds,
                    "description": description, "tags": tags,
                })
            }
            // No golden path sets a user name.
            Self::AccessEntry(AccessEntry { group, username: _, tags }) => {
                json!({ "kubernetesGroups": [group], "tags": tags })
            }
            Self::PodIdentityAssociation(association) => {
                let PodIdentityAssociation { role_arn, target_role_arn, disable_session_tags, policy, tags } =
                    association;
                json!({
                    "roleArn": role_arn, "targetRoleArn": target_role_arn, "disableSessionTags": disable_session_tags,
                    "policy": policy, "tags": tags,
                })
            }
            Self::AccessPolicy(AccessPolicy {}) | Self::Kube(_) => Value::Null,
        };
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// An IAM role. Trust, boundary and every policy are exclusively ours: an addition by others is drift, since it grants power.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// `/goldenpath/payments-prod/`
    pub path: String,
    /// The trust policy, an IAM policy document.
    pub trust: Value,
    pub inline: BTreeMap<String, Value>,
    pub attached: BTreeSet<String>,
    pub boundary: String,
    pub max_session_seconds: u32,
    pub description: String,
    pub tags: BTreeMap<String, String>,
}

impl Role {
    /// AWS's own managed policies that are power over an account: no role of ours holds one, whatever its boundary says.
    pub const FOR_ADMINISTRATORS: [&'static str; 5] = [
        "AdministratorAccess",
        "AdministratorAccess-*",
        "IAMFullAccess",
        "PowerUserAccess",
        "job-function/SystemAdministrator",
    ];
}

/// What the golden paths of a catalogue make roles with, as patterns of IAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePatterns {
    /// Of their paths: `/goldenpath/*`.
    pub paths: Vec<String>,
    /// ARNs of their permissions boundaries.
    pub boundaries: Vec<String>,
}

/// An EKS access entry of type STANDARD with exactly one immutable group, shared by all environments of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessEntry {
    pub group: String,
    /// `None`: the one that EKS makes up, as ours always have. By another one Kubernetes takes the principal for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    pub tags: BTreeMap<String, String>,
}

impl AccessEntry {
    /// Under EKS's own user name.
    pub fn new(group: impl Into<String>, tags: BTreeMap<String, String>) -> Self {
        Self { group: group.into(), username: None, tags }
    }
}

/// One namespace in the scope of one EKS access policy of one principal. The key holds all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPolicy {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodIdentityAssociation {
    pub role_arn: String,
    pub target_role_arn: Option<String>,
    pub disable_session_tags: bool,
    /// An inline session policy; EKS takes it only with session tags off.
    pub policy: Option<Value>,
    pub tags: BTreeMap<String, String>,
}

/// What should exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    pub key: ObjectKey,
    /// `None`: the key is known, the content waits for another resource of the same run.
    pub body: Option<Body>,
    /// Made before this one.
    pub needs: Vec<ObjectKey>,
    /// Gone with its container: it is not deleted by itself when the container is deleted.
    pub inside: Option<ObjectKey>,
    /// Several environments may desire it; deleted when no record names it any more.
    pub shared: bool,
    /// Left in place when no longer desired: Kubernetes made it, we only set fields of it.
    pub leave: bool,
    /// The server-side-apply manager; `goldenpath` for all but a slot's annotations on the environment's Namespace.
    pub manager: String,
}

impl Desired {
    pub const MANAGER: &'static str = "goldenpath";

    /// Of an environment, or of a slot.
    pub fn is_our_manager(name: &str) -> bool {
        name.strip_prefix(Self::MANAGER).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    pub fn new(key: ObjectKey, body: Option<Body>) -> Self {
        Self { key, body, needs: vec![], inside: None, shared: false, leave: false, manager: Self::MANAGER.to_owned() }
    }
}

/// Whom the ownership labels or tags of an object name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    pub environment: String,
    pub slot: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Carries our labels or tags.
    Ours(Owner),
    /// Made by the baseline, or shared by environments.
    Cluster,
    /// Exists without our mark. `by` is the name of an owner, as far as it is known: a field manager, Helm, Argo CD, ...
    Foreign { by: String },
}

/// What exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pub key: ObjectKey,
    /// Changes whenever the object does; opaque.
    pub version: String,
    pub ownership: Ownership,
    pub fields: Fields,
    /// Deletion has begun and is waiting: conditions or finalisers, verbatim.
    pub deleting: Option<String>,
    /// A generated id of the object that matters to others: a role's RoleId, an association's id.
    pub id: Option<String>,
    /// A second generated attribute: an association's external id.
    pub external_id: Option<String>,
    /// The text of our own document, for a ConfigMap in `goldenpath-system` that is a record. It is not among `fields`: it
    /// changes with every edit.
    pub record: Option<Arc<str>>,
    /// On a Namespace without our mark: the environment that an administrator allows to adopt it, from the annotation or
    /// label `goldenpath.internal/adoptable-by`. A target reports `None` for a namespace that has a ServiceAccount bound
    /// cluster-wide, marked or not.
    pub adoptable_by: Option<String>,
    /// Of a ResourceQuota, what is in use of it (`status.used`). It is not among `fields`: nobody desires it.
    pub used: BTreeMap<String, String>,
}

impl Observed {
    /// Something with nothing generated, nothing pending and no document inside.
    pub fn new(key: ObjectKey, version: impl Into<String>, ownership: Ownership, fields: Fields) -> Self {
        Self {
            key,
            version: version.into(),
            ownership,
            fields,
            deleting: None,
            id: None,
            external_id: None,
            record: None,
            adoptable_by: None,
            used: BTreeMap::new(),
        }
    }

    /// Labels are copied easily, with a whole manifest; a manager of fields is named by who applies it.
    pub fn has_field_of_ours(&self) -> bool {
        self.fields.iter().any(|field| field.holder == Holder::Us)
    }
}
