//! Which objects exist. The number of requests of a whole listing does not grow with environments, but for one Describe of each access entry
//! and each association: EKS's lists hold names only, and it has no batch to describe them.
//!
//! ```text
//! ListAccessEntries       1 for 100     + DescribeAccessEntry each            + their policies, see FEW
//! ListPodIdentity...      1 for 100     + DescribePodIdentityAssociation each
//! GetAccountAuthorizationDetails and ListRoles: 1 for 1,000 roles of the account
//! ```

use super::{
    access_policies, associations, entries,
    grants::{self, Grants},
    live::Live,
    roles,
    tags::Tags,
};
use crate::aws::call::EksCluster;
use futures_util::{
    StreamExt, TryStreamExt,
    future::{try_join, try_join3},
    stream,
};
use goldenpath_core::{
    domain::{ClusterArn, ObjectKey, Observed, TAG_PREFIX},
    ports::{PortError, Scope, Selector, ownership::mark, rules::PEOPLES_POLICIES},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Describes at once; the token bucket spaces them.
const AT_ONCE: usize = 8;
/// For so few entries of ours, list the policies of each; for more, list the entries of each policy.
const FEW: usize = 4;

/// The futures are collected first: a closure that is held while waiting would make this future too narrow for its trait.
async fn all<T>(requests: Vec<impl Future<Output = Result<T, PortError>>>) -> Result<Vec<T>, PortError> {
    stream::iter(requests).buffer_unordered(AT_ONCE).try_collect().await
}

pub(super) async fn observe(cluster: EksCluster<'_>, selector: &Selector) -> Result<Vec<Observed>, PortError> {
    // An environment's listing holds no entries: those are read at the same time.
    let (beside, after): (Vec<&ObjectKey>, Vec<&ObjectKey>) =
        selector.keys.iter().filter(|key| key.is_aws()).partition(|key| {
            matches!(key, ObjectKey::AccessEntry { .. }) && matches!(selector.scope, Scope::Environment(_))
        });
    let listing = async {
        match &selector.scope {
            Scope::Everything => everything(cluster).await,
            Scope::Environment(environment) => of_environment(cluster, environment).await,
            Scope::Records | Scope::RecordsOf(_) | Scope::Keys => Ok(Listed::default()),
        }
    };
    let (Listed { live: mut listed, born }, entries) = try_join(listing, entries_of(cluster, &beside)).await?;
    if let Scope::Environment(environment) = &selector.scope {
        listed.extend(entries.iter().flat_map(|entry| policies_in(environment, entry)));
    }
    let judged = entries.into_iter().map(|(live, grants)| judge(live, grants, &born));
    let mut found: BTreeMap<ObjectKey, Live> =
        listed.into_iter().chain(judged).map(|live| (live.key.clone(), live)).collect();
    let missing: BTreeSet<&ObjectKey> = after.into_iter().filter(|key| !found.contains_key(key)).collect();
    let named = all(missing.into_iter().map(|key| get(cluster, key)).collect()).await?;
    found.extend(named.into_iter().flatten().map(|live| (live.key.clone(), live)));
    Ok(found.into_values().map(|live| live.observed(cluster.arn)).collect())
}

fn principal_of(key: &ObjectKey) -> Option<&str> {
    match key {
        ObjectKey::AccessEntry { principal } => Some(principal),
        _ => None,
    }
}

type Unjudged = (Live, Option<Grants>);

async fn entries_of(cluster: EksCluster<'_>, keys: &[&ObjectKey]) -> Result<Vec<Unjudged>, PortError> {
    let principals = keys.iter().filter_map(|key| principal_of(key));
    let entries = all(principals.map(|principal| entries::read_unjudged(cluster, principal)).collect()).await?;
    Ok(entries.into_iter().flatten().collect())
}

/// The policies of an entry of ours in namespaces of this environment, whoever associated them.
fn policies_in(environment: &str, (entry, grants): &Unjudged) -> Vec<Live> {
    let (Some(principal), Some(grants)) = (principal_of(&entry.key), grants) else { return vec![] };
    let mut policies = grants::objects(principal, grants.clone(), &entry.tags);
    policies.retain(|policy| {
        matches!(&policy.key, ObjectKey::AccessPolicy { namespace, .. } if is_namespace_of(environment, namespace))
    });
    policies
}

/// A namespace's name begins with its environment's.
fn is_namespace_of(environment: &str, namespace: &str) -> bool {
    namespace.strip_prefix(environment).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// `born`: when each role of the account was made, by ARN.
fn judge(live: Live, grants: Option<Grants>, born: &HashMap<String, i64>) -> Live {
    let (Some(principal), Some(grants)) = (principal_of(&live.key), grants) else { return live };
    let role_made_at = born.get(principal).copied();
    entries::ObservedEntry::judge(live, grants, role_made_at).live
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

/// A listing of all roles covers those of others too: an entry is judged by the age of its role.
#[derive(Default)]
struct Listed {
    live: Vec<Live>,
    born: HashMap<String, i64>,
}

async fn everything(cluster: EksCluster<'_>) -> Result<Listed, PortError> {
    let (roles, entries, associations) = try_join3(
        roles::list(cluster.clients, |tags| is_marked(cluster.arn, tags)),
        own_entries(cluster),
        all_associations(cluster, |_| true),
    )
    .await?;
    let mut grants = grants_of(cluster, &entries).await?;
    let mut found = roles.wanted;
    for entry in entries {
        let Some(principal) = principal_of(&entry.key) else { continue };
        let policies = grants.remove(principal).unwrap_or_default();
        found.extend(grants::objects(principal, policies.clone(), &entry.tags));
        found.push(judge(entry, Some(policies), &roles.born));
    }
    let ours = |live: &Live| live.mark(cluster.arn).cluster.as_deref() == Some(cluster.arn.as_str());
    found.extend(associations.into_iter().filter(ours));
    Ok(Listed { live: found, born: roles.born })
}

/// Roles and associations; entries are the cluster's. Where to look follows from how names are rendered: a role's path holds its
/// environment, and a namespace's name begins with it.
async fn of_environment(cluster: EksCluster<'_>, environment: &str) -> Result<Listed, PortError> {
    let tag = format!("{TAG_PREFIX}environment");
    let is_its_own =
        |tags: &Tags| is_marked(cluster.arn, tags) && tags.get(&tag).is_some_and(|found| found == environment);
    let associations = all_associations(cluster, |namespace| is_namespace_of(environment, namespace));
    let (roles, associations) = try_join(roles::list(cluster.clients, &is_its_own), associations).await?;
    let mut found = roles.wanted;
    found.extend(associations.into_iter().filter(|live| is_its_own(&live.tags)));
    Ok(Listed { live: found, born: roles.born })
}

fn is_marked(cluster: &ClusterArn, tags: &Tags) -> bool {
    let of = mark(&ObjectKey::role(""), cluster.as_str(), &json!({"tags": tags}));
    of.cluster.as_deref() == Some(cluster.as_str())
}

async fn own_entries(cluster: EksCluster<'_>) -> Result<Vec<Live>, PortError> {
    let principals = entries::principals(cluster, None).await?;
    let entries = all(principals.iter().map(|principal| entries::get(cluster, principal)).collect()).await?;
    let ours = |live: &Live| live.mark(cluster.arn).cluster.is_some();
    Ok(entries.into_iter().flatten().filter(ours).collect())
}

/// The grants of these entries by principal, whoever made them.
async fn grants_of(cluster: EksCluster<'_>, entries: &[Live]) -> Result<HashMap<String, Grants>, PortError> {
    let mut principals: BTreeSet<&str> = entries.iter().filter_map(|entry| principal_of(&entry.key)).collect();
    if principals.len() > FEW {
        let listing = |policy: &str| entries::principals(cluster, Some(grants::policy_arn(cluster, policy)));
        let listed = all(PEOPLES_POLICIES.into_iter().map(listing).collect()).await?;
        let granted: BTreeSet<String> = listed.into_iter().flatten().collect();
        principals.retain(|principal| granted.contains(*principal));
    }
    let read = |principal: &str| {
        let principal = principal.to_owned();
        async move {
            // The entry may be deleted since it was listed, and its policies with it.
            let grants = grants::read(cluster, &principal).await?.unwrap_or_default();
            Ok((principal, grants))
        }
    };
    Ok(all(principals.into_iter().map(read).collect()).await?.into_iter().collect())
}

async fn all_associations(cluster: EksCluster<'_>, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Live>, PortError> {
    let summaries = associations::summaries(cluster, None).await?;
    let wanted = summaries.iter().filter(|summary| is_wanted(summary.namespace().unwrap_or_default()));
    let ids = wanted.filter_map(|summary| summary.association_id());
    let found = all(ids.map(|id| associations::describe(cluster, id)).collect()).await?;
    Ok(found.into_iter().flatten().collect())
}
