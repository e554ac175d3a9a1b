//! The id of anything that has a record: which resource it is, and where.

use super::{ClusterRef, DnsLabel, EnvironmentId, NameError, ObjectKey, Owner, SlotId};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeSet, fmt};

/// Which golden resource something is: lower-case letters, as the record's document and its name have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceKind(Cow<'static, str>);

/// Where in a cluster something that has a record is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `<cluster>`: one of its kind.
    Cluster(String),
    /// `<cluster>/<environment>`: one of its kind.
    Environment(EnvironmentId),
    /// `<cluster>/<environment>/<name>`
    Inside(EnvironmentId, DnsLabel),
}

/// The id of anything that has a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Id {
    pub kind: ResourceKind,
    pub place: Place,
}

impl From<&EnvironmentId> for Id {
    fn from(id: &EnvironmentId) -> Id {
        id.clone().into()
    }
}
impl From<EnvironmentId> for Id {
    fn from(id: EnvironmentId) -> Id {
        Id { kind: ResourceKind::ENVIRONMENT, place: Place::Environment(id) }
    }
}
impl From<SlotId> for Id {
    fn from(id: SlotId) -> Id {
        Id { kind: ResourceKind::SLOT, place: Place::Inside(id.environment, id.slot) }
    }
}
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Cluster(cluster) => f.write_str(cluster),
            Place::Environment(id) => id.fmt(f),
            Place::Inside(id, name) => write!(f, "{id}/{name}"),
        }
    }
}
impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl ResourceKind ===

impl ResourceKind {
    pub const BASELINE: Self = Self::from_static("baseline");
    pub const ENVIRONMENT: Self = Self::from_static("environment");
    pub const SLOT: Self = Self::from_static("slot");

    pub const fn from_static(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

// === impl Id ===

impl Id {
    /// The record of a cluster's baseline, in whose namespace all records live.
    pub const BASELINE_RECORD: &str = "gp-baseline";

    pub fn baseline(cluster: &ClusterRef) -> Self {
        Self { kind: ResourceKind::BASELINE, place: Place::Cluster(cluster.name().to_owned()) }
    }

    pub fn cluster(&self) -> &str {
        match &self.place {
            Place::Cluster(cluster) => cluster,
            Place::Environment(id) | Place::Inside(id, _) => &id.cluster,
        }
    }

    pub fn cluster_ref(&self) -> Result<ClusterRef, NameError> {
        self.cluster().parse()
    }

    /// The environment that it is, or that it lives in; `None`: it belongs to the cluster.
    pub fn environment(&self) -> Option<&EnvironmentId> {
        match &self.place {
            Place::Cluster(_) => None,
            Place::Environment(id) | Place::Inside(id, _) => Some(id),
        }
    }

    /// The environment that it lives in.
    pub fn parent(&self) -> Option<&EnvironmentId> {
        self.environment().filter(|_| self.kind != ResourceKind::ENVIRONMENT)
    }

    /// Its name in its environment, as labels and tags have it: a slot's own name, any other kind before it.
    pub fn part(&self) -> Option<String> {
        match &self.place {
            Place::Inside(_, name) if self.kind == ResourceKind::SLOT => Some(name.to_string()),
            Place::Inside(_, name) => Some(format!("{}.{name}", self.kind)),
            Place::Environment(_) if self.kind != ResourceKind::ENVIRONMENT => Some(self.kind.to_string()),
            Place::Environment(_) | Place::Cluster(_) => None,
        }
    }

    /// What labels and tags name as its owner; `None`: the cluster.
    pub fn owner(&self) -> Option<Owner> {
        self.environment().map(|id| Owner { environment: id.environment.to_string(), slot: self.part() })
    }

    /// Names of ConfigMaps may hold dots, names of environments and of what is in them may not.
    pub fn record_name(&self) -> String {
        match &self.place {
            Place::Cluster(_) if self.kind == ResourceKind::BASELINE => Self::BASELINE_RECORD.to_owned(),
            Place::Cluster(_) => format!("{}.gp-cluster", self.kind),
            Place::Environment(id) => format!("{}.{}", self.kind, id.environment),
            Place::Inside(id, name) => format!("{}.{}.{name}", self.kind, id.environment),
        }
    }

    /// Of the ConfigMaps in `goldenpath-system`; `kube-root-ca.crt`, which Kubernetes makes in each namespace, is none.
    pub fn is_record_name(name: &str) -> bool {
        let kind = name.split_once('.').map(|(kind, _)| kind);
        name == Self::BASELINE_RECORD
            || kind.is_some_and(|kind| !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase()))
    }

    /// Whether a Namespace of this name among its objects may go when it goes: an environment's Namespace in which a slot only has
    /// annotations is not the slot's, and the baseline's holds nothing that anybody could miss.
    pub fn loses_namespace(&self, name: &str) -> bool {
        match &self.place {
            Place::Cluster(_) => false,
            Place::Environment(_) => true,
            Place::Inside(id, own) => name == format!("{}-{own}", id.environment),
        }
    }

    /// Of all keys that it has, the Namespaces that go when it goes. A slot may share one of its environment's that has the name which its
    /// own would have: only in its own the account that Kubernetes makes there is among its objects.
    pub fn own_namespaces<'k>(&self, keys: impl IntoIterator<Item = &'k ObjectKey>) -> Vec<String> {
        let keys: BTreeSet<&ObjectKey> = keys.into_iter().collect();
        let is_inside = matches!(self.place, Place::Inside(..));
        let is_own = |name: &&str| {
            self.loses_namespace(name) && (!is_inside || keys.contains(&ObjectKey::default_account(name)))
        };
        keys.iter().filter_map(|key| key.as_namespace()).filter(is_own).map(str::to_owned).collect()
    }

    /// An id of the same kind.
    pub fn parse_like(&self, text: &str) -> Option<Self> {
        let place = match &self.place {
            Place::Cluster(_) => Place::Cluster(text.to_owned()),
            Place::Environment(_) => Place::Environment(text.parse().ok()?),
            Place::Inside(..) => {
                let SlotId { environment, slot } = text.parse().ok()?;
                Place::Inside(environment, slot)
            }
        };
        Some(Self { kind: self.kind.clone(), place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_namespaces_of_its_own_are_lost() {
        let pay = Id::from("demo/pay".parse::<EnvironmentId>().unwrap_or_else(|e| panic!("{e}")));
        let api = Id::from("demo/pay/api".parse::<SlotId>().unwrap_or_else(|e| panic!("{e}")));
        let baseline = Id::baseline(&"demo".parse().unwrap_or_else(|e| panic!("{e}")));
        let shared = || {
            vec![
                ObjectKey::namespace_object("pay"),
                ObjectKey::namespace_object("pay-api"),
                ObjectKey::kube("rbac.authorization.k8s.io/v1", "ClusterRole", None, "gp-view"),
                ObjectKey::kube("v1", "ServiceAccount", Some("pay-api"), "api"),
                ObjectKey::default_account("pay"),
                ObjectKey::role("gp-pay"),
            ]
        };
        let own = || [shared(), vec![ObjectKey::default_account("pay-api")]].concat();
        for (id, keys, expected, reason) in [
            (&pay, own(), vec!["pay", "pay-api"], "of an environment all that it has made"),
            (&pay, shared(), vec!["pay", "pay-api"], "also one that is not complete"),
            (&api, own(), vec!["pay-api"], "a slot lives in its environment's, and that stays"),
            (&api, shared(), vec![], "its environment's, with the name that its own would have"),
            (&baseline, own(), vec![], "nothing lives in the baseline's"),
        ] {
            assert_eq!(id.own_namespaces(&keys), expected, "{reason}");
        }
    }
}
