//! Which objects exist. The number of requests of a listing does not grow with environments, but for one Describe of each access entry
//! and each association of ours: EKS's lists hold names only, and it has no batch to describe them. So a refresh describes what keys
//! name and nothing of others.
//!
//! ```text
//! DescribeAccessEntry and ListAssociatedAccessPolicies      1 for each principal that is named
//! ListPodIdentityAssociations                               1 for 100, and DescribePodIdentityAssociation for each that is named
//! GetAccountAuthorizationDetails and ListRoles              1 for 1,000 roles of the account
//! ```

use super::{
    access_policies, associations, entries, everything,
    live::Live,
    named::{self, Keys, is_namespace_of},
    roles,
    tags::Tags,
};
use crate::aws::call::{EksCluster, all};
use futures_util::future::try_join;
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey, Observed, TAG_PREFIX},
    ports::{PortError, Scope, Selector, ownership::mark},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Emulators cut the list of associations at a page and say nothing of the rest.
const PAGE: usize = 100;

pub(super) async fn observe(cluster: EksCluster<'_>, selector: &Selector) -> Result<Vec<Observed>, PortError> {
    let Selector { scope, keys } = selector;
    let keys: Keys<'_> = keys.iter().filter(|key| key.is_aws()).collect();
    let listing = async {
        match scope {
            Scope::Everything | Scope::Refresh | Scope::Environment(_) => list(cluster, scope, &keys).await.map(Some),
            Scope::InCluster(_) | Scope::Records | Scope::RecordsOf(_) | Scope::Keys | Scope::Granted => Ok(None),
        }
    };
    let (listed, entries) = try_join(listing, named::read(cluster, &keys, scope)).await?;
    let nothing = HashMap::new();
    let born = listed.as_ref().map_or(&nothing, |listed| &listed.born);
    let mut found: Vec<Live> = entries.into_iter().flat_map(|entry| entry.objects(scope, &keys, born)).collect();
    if *scope == Scope::Everything {
        found.extend(everything::entries(cluster, born).await?);
    }
    let is_open = |key: &ObjectKey| listed.as_ref().is_none_or(|listed| !listed.settles(key));
    let left = keys.into_iter().filter(|key| is_open(key)).map(|key| by_itself(cluster, key));
    found.extend(all(left.collect()).await?.into_iter().flatten());
    found.extend(listed.into_iter().flat_map(|listed| listed.live));
    let found: BTreeMap<ObjectKey, Live> = found.into_iter().map(|live| (live.key.clone(), live)).collect();
    Ok(found.into_values().map(|live| live.observation(cluster.arn)).collect())
}

/// A role or an association. What belongs to a principal is read with its entry.
async fn by_itself(cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
    match key {
        ObjectKey::AccessEntry { .. } | ObjectKey::AccessPolicy { .. } => Ok(None),
        _ => get(cluster, key).await,
    }
}

/// One object, whoever owns it. A role whose name differs by case is another key.
pub(super) async fn get(cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
    match key {
        ObjectKey::Role { name } => Ok(roles::get(cluster.clients, name).await?.filter(|live| live.key == *key)),
        ObjectKey::AccessEntry { principal } => Ok(entries::observe(cluster, principal).await?.map(|found| found.live)),
        ObjectKey::AccessPolicy { .. } => access_policies::get(cluster, key).await,
        ObjectKey::PodIdentityAssociation { namespace, service_account } => {
            associations::get(cluster, namespace, service_account).await
        }
        ObjectKey::Kube { .. } => Ok(None),
    }
}

/// Roles and associations that a scope holds. A listing of roles covers all of the account: entries are judged by their age.
struct Listed {
    live: Vec<Live>,
    born: HashMap<String, i64>,
    /// The associations that were described, and those of which the list says that they are not there.
    associations: Associations,
}

struct Associations {
    live: Vec<Live>,
    /// Namespace and ServiceAccount of each that was listed and not read.
    unread: BTreeSet<(String, String)>,
    is_whole: bool,
}

// === impl Listed ===

impl Listed {
    /// Whether the listing has said all that there is to say of the object: it is in it, or it does not exist.
    fn settles(&self, key: &ObjectKey) -> bool {
        match key {
            ObjectKey::PodIdentityAssociation { namespace, service_account } => {
                let is_read = self.live.iter().any(|live| live.key == *key);
                let is_unread = self.associations.unread.contains(&(namespace.clone(), service_account.clone()));
                is_read || (self.associations.is_whole && !is_unread)
            }
            _ => true,
        }
    }
}

/// Where to look follows from how names are rendered: a role's path holds its environment, and a namespace's name begins with it.
async fn list(cluster: EksCluster<'_>, scope: &Scope, keys: &Keys<'_>) -> Result<Listed, PortError> {
    let tag = format!("{TAG_PREFIX}environment");
    let is_in_scope = |tags: &Tags| {
        is_marked(cluster.arn, tags)
            && match scope {
                Scope::Environment(environment) => tags.get(&tag) == Some(environment),
                _ => true,
            }
    };
    let roles = roles::list(cluster.clients, |name, tags| keys.contains(&ObjectKey::role(name)) || is_in_scope(tags));
    let (roles, mut associations) = try_join(roles, list_associations(cluster, scope, keys)).await?;
    let mut live = roles.wanted;
    let associated = std::mem::take(&mut associations.live);
    live.extend(associated.into_iter().filter(|live| keys.contains(&live.key) || is_in_scope(&live.tags)));
    Ok(Listed { live, born: roles.born, associations })
}

async fn list_associations(cluster: EksCluster<'_>, scope: &Scope, keys: &Keys<'_>) -> Result<Associations, PortError> {
    let summaries = associations::summaries(cluster, None).await?;
    let is_whole = summaries.len() < PAGE;
    let is_wanted = |(namespace, account): &(String, String)| {
        let key = ObjectKey::PodIdentityAssociation { namespace: namespace.clone(), service_account: account.clone() };
        keys.contains(&key)
            || match scope {
                Scope::Environment(environment) => is_namespace_of(environment, namespace),
                scope => *scope == Scope::Everything,
            }
    };
    let mut wanted = vec![];
    for summary in summaries {
        let place = (summary.namespace.unwrap_or_default(), summary.service_account.unwrap_or_default());
        if let Some(id) = summary.association_id.filter(|_| is_wanted(&place)) {
            wanted.push((place, id));
        }
    }
    let describe = |(place, id): ((String, String), String)| async move {
        match associations::describe(cluster, &id).await {
            // Another state's, perhaps; of our own it is said when it is asked for by itself.
            Err(error) if error.class == Class::Denied => Ok(Err(place)),
            described => described.map(Ok),
        }
    };
    let (mut live, mut unread) = (vec![], BTreeSet::new());
    for described in all(wanted.into_iter().map(describe).collect()).await? {
        match described {
            Ok(found) => live.extend(found),
            Err(place) => {
                unread.insert(place);
            }
        }
    }
    Ok(Associations { live, unread, is_whole })
}

fn is_marked(cluster: &ClusterArn, tags: &Tags) -> bool {
    let of = mark(&ObjectKey::role(""), cluster.as_str(), &json!({"tags": tags}));
    of.cluster.as_deref() == Some(cluster.as_str())
}
