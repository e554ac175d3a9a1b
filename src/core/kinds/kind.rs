//! What one kind of object is: all that the rest of the code must know of it, as one value.

use super::words::{Rest, Row};
use crate::domain::{Body, ClusterArn, Fields, ObjectKey, RoleQuotas};
use serde_json::Value;

/// Made by [`Kind::aws`], [`Kind::namespaced`] or [`Kind::cluster_wide`] and the fields in which this kind is not like most.
pub struct Kind {
    /// In Kubernetes the group and version that we write, `networking.k8s.io/v1`; in AWS the service, `iam`.
    pub api: &'static str,
    pub name: &'static str,
    pub placement: Placement,
    pub removal: RemovalRank,
    /// Rows of a plan, always in the same order: takes the fields that it has words for. What is left has rows of its own, so
    /// a kind without words is legible too.
    pub(super) words: fn(&mut Rest<'_>) -> Vec<Row>,
    /// Others do not see at once what was made.
    pub is_seen_late: bool,
    /// What the service makes up for a new object.
    pub id: GeneratedId,

    // === of AWS alone ===
    /// How a short key begins, where the name alone would be taken for Kubernetes' own.
    pub(super) title: &'static str,
    /// What follows in a short key.
    pub(super) short: fn(&ObjectKey) -> Option<String>,
    /// The key of what follows, where that says all of it.
    pub(super) of_short: fn(&str) -> Option<ObjectKey>,
    /// The fields of a body of this kind; all of them are ours, since we own grants whole.
    pub(super) fields: fn(&Body) -> Option<Fields>,
    /// What AWS would refuse of an object of this kind on this cluster, in its words, as far as it follows from the request alone; the
    /// quotas are the account's own. The plan says it.
    pub refusal: fn(&ClusterArn, &ObjectKey, &Body, &RoleQuotas) -> Result<(), String>,
    pub refresh: Refresh,

    // === the rest is of Kubernetes alone ===
    /// `networkpolicies`, in paths and in RBAC.
    pub plural: &'static str,
    pub served: Served,
    /// What the pipeline of the baseline writes; it reads all.
    pub baseline: Writes,
    /// What the pipelines of environments and slots write; they read all.
    pub environments: Writes,
    pub unmarked: Unmarked,
    /// JSON pointers of the lists that let someone in. What others add elsewhere is no difference; here it grants power, so an
    /// absent list has the value `[]`, which an addition changes, and which is declared so that an apply takes the addition
    /// away.
    pub openings: &'static [&'static str],
    /// Names of maps that are one value, as the API declares them (`x-kubernetes-map-type: atomic`), besides label selectors.
    pub(super) atomic: &'static [&'static str],
    /// The canonical text of a leaf whose meaning is more than its JSON: quantities. What is one is known by its path, never
    /// guessed from its looks.
    pub(super) canonical: fn(path: &str, value: &Value) -> Option<String>,
    /// A leaf of this document that is never compared, though we set it.
    pub(super) is_uncompared: fn(document: &Value, path: &str) -> bool,
    /// A controller writes its status at any time, which changes the version.
    pub has_status: bool,
    /// Its fields besides `apiVersion`, `kind` and `metadata`.
    pub roots: &'static [&'static str],
    /// JSON pointers of what a living object keeps.
    pub immutable: &'static [&'static str],
    pub names: NameRule,
    /// Golden paths may switch its objects off, or change them: they say neither who may do what, nor what is there.
    pub is_tunable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    Aws,
    Cluster,
    Namespaced,
}

/// When an object goes, first to last. Deletion is an order of its own and not creation backward: people's access and roles
/// outlive the objects that they protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemovalRank {
    /// It acts on pods: it scales them, or holds up their end. It goes by itself even where its namespace goes too.
    ActsOnPods,
    PodIdentity,
    /// Inside of a namespace, and gone with it.
    Content,
    Namespace,
    AccessPolicy,
    AccessEntry,
    Role,
    /// The namespace of all records, its own among them.
    Records,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// By every API server of a version that we support.
    Always,
    /// Where its CRD is installed. Elsewhere there are no objects of it, and to write one is refused in kubectl's words.
    WhereInstalled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratedId {
    /// As Kubernetes gives one to everything.
    Uuid,
    /// A prefix and letters.
    Letters {
        prefix: &'static str,
        of: &'static [u8],
    },
    Nothing,
}

/// How the refresh of a whole cluster finds ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    Listed,
    /// Those that somebody names: EKS lists names alone, and describes one object in each call.
    Named,
    /// With the access entry of their principal, where that is named.
    WithEntry,
}

/// Which objects a pipeline may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    Nothing,
    All,
    /// These alone.
    Named(&'static [&'static str]),
    /// Those of the baseline; who renders them knows their names.
    Rendered,
    /// Those in one namespace.
    Within(&'static str),
}

/// Which objects without our mark an observation holds, of those in our namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmarked {
    Ignored,
    /// They grant power there, whoever made them.
    All,
    /// The one that Kubernetes makes under this name.
    Named(&'static str),
    /// All, since they act on the same pods as ours. There are few in a cluster, so that one listing of them without our mark takes
    /// the place of that by it.
    Few,
}

/// What `metadata.name` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// RFC 1123: labels and dots, at most 253.
    Subdomain,
    /// RFC 1123: at most 63.
    Label,
    /// Anything but `/` and `%`, as in RBAC.
    PathSegment,
}

// === impl Kind ===

impl Kind {
    pub(super) const fn aws(service: &'static str, name: &'static str, removal: RemovalRank) -> Self {
        Self { placement: Placement::Aws, removal, id: GeneratedId::Nothing, ..Self::namespaced(service, name, "") }
    }

    pub(super) const fn cluster_wide(api_version: &'static str, name: &'static str, plural: &'static str) -> Self {
        Self { placement: Placement::Cluster, ..Self::namespaced(api_version, name, plural) }
    }

    /// As most kinds are: environments write them in their namespaces, and they go with these.
    pub(super) const fn namespaced(api_version: &'static str, name: &'static str, plural: &'static str) -> Self {
        Self {
            api: api_version,
            name,
            placement: Placement::Namespaced,
            removal: RemovalRank::Content,
            words: |_| vec![],
            is_seen_late: false,
            id: GeneratedId::Uuid,
            title: name,
            short: |_| None,
            of_short: |_| None,
            fields: |_| None,
            refusal: |_, _, _, _| Ok(()),
            refresh: Refresh::Listed,
            plural,
            served: Served::Always,
            baseline: Writes::Nothing,
            environments: Writes::All,
            unmarked: Unmarked::Ignored,
            openings: &[],
            atomic: &[],
            canonical: |_, _| None,
            is_uncompared: |_, _| false,
            has_status: false,
            roots: &["spec", "status"],
            immutable: &[],
            names: NameRule::Subdomain,
            is_tunable: false,
        }
    }

    /// `networking.k8s.io`; empty for the core group.
    pub fn group(&self) -> &'static str {
        group_of(self.api)
    }

    pub const fn is_namespaced(&self) -> bool {
        matches!(self.placement, Placement::Namespaced)
    }
}

pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
