//! What exists. The number of requests of a whole listing does not grow with environments, but for one Describe of each access entry
//! and each association: EKS's lists hold names only, and it has no batch to describe them.
//!
//! ```text
//! ListAccessEntries       1 for 100     + DescribeAccessEntry each            + their policies, see FEW
//! ListPodIdentity...      1 for 100     + DescribePodIdentityAssociation each
//! GetAccountAuthorizationDetails and ListRoles: 1 for 1,000 roles of the account
//! ```

use super::{
    Live,
    access_policies::{self, Granted},
    associations, entries, roles,
};
use crate::{aws::session::Session, ownership::mark, rules::PEOPLES_POLICIES};
use futures_util::{
    FutureExt, StreamExt, TryStreamExt,
    future::{BoxFuture, try_join, try_join3},
    stream,
};
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey, Observed, projection::TAG_PREFIX},
    ports::{PortError, Scope, Selector},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Describes at once; the token bucket spaces them.
const AT_ONCE: usize = 8;
/// Of so few own entries each is asked for its policies; of more, each policy for its entries.
const FEW: usize = 4;

type Asked<'a, T> = BoxFuture<'a, Result<T, PortError>>;

async fn all<T>(asked: Vec<Asked<'_, T>>) -> Result<Vec<T>, PortError> {
    stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await
}

pub(super) async fn observe(
    session: &Session,
    cluster: &ClusterArn,
    selector: &Selector,
) -> Result<Vec<Observed>, PortError> {
    // An environment's listing holds no entries: those are asked for beside it.
    let (beside, after): (Vec<&ObjectKey>, Vec<&ObjectKey>) =
        selector.keys.iter().filter(|key| key.is_aws()).partition(|key| {
            matches!(key, ObjectKey::AccessEntry { .. }) && matches!(selector.scope, Scope::Environment(_))
        });
    let listing = async {
        match &selector.scope {
            Scope::Everything => everything(session, cluster).await,
            Scope::Environment(environment) => of_environment(session, cluster, environment).await,
            Scope::Records | Scope::Keys => Ok(Listed::default()),
        }
    };
    let (Listed { live: listed, born }, entries) = try_join(listing, entries_of(session, cluster, &beside)).await?;
    let judged = entries.into_iter().map(|(live, granted)| judged(live, granted, &born));
    let mut found: BTreeMap<ObjectKey, Live> =
        listed.into_iter().chain(judged).map(|live| (live.key.clone(), live)).collect();
    let missing: BTreeSet<&ObjectKey> = after.into_iter().filter(|key| !found.contains_key(key)).collect();
    let mut asked: Vec<Asked<'_, Option<Live>>> = vec![];
    for key in missing {
        asked.push(get(session, cluster, key).boxed());
    }
    let named = all(asked).await?;
    found.extend(named.into_iter().flatten().map(|live| (live.key.clone(), live)));
    Ok(found.into_values().map(|live| live.observed(cluster)).collect())
}

type Unjudged = (Live, Option<Granted>);

async fn entries_of(session: &Session, cluster: &ClusterArn, keys: &[&ObjectKey]) -> Result<Vec<Unjudged>, PortError> {
    let mut asked: Vec<Asked<'_, Option<Unjudged>>> = vec![];
    for key in keys {
        if let ObjectKey::AccessEntry { principal } = key {
            asked.push(entries::unjudged(session, cluster, principal).boxed());
        }
    }
    Ok(all(asked).await?.into_iter().flatten().collect())
}

/// `born`: when each role of the account was made, by ARN.
fn judged(live: Live, granted: Option<Granted>, born: &HashMap<String, i64>) -> Live {
    let (ObjectKey::AccessEntry { principal }, Some(granted)) = (&live.key, granted) else {
        return live;
    };
    let role_made_at = born.get(principal).copied();
    entries::Seen::judged(live, granted, role_made_at).live
}

/// One object, whoever owns it. A role whose name differs by case is another key.
pub(super) async fn get(session: &Session, cluster: &ClusterArn, key: &ObjectKey) -> Result<Option<Live>, PortError> {
    match key {
        ObjectKey::Role { name } => Ok(roles::get(session, name).await?.filter(|live| live.key == *key)),
        ObjectKey::AccessEntry { principal } => {
            let seen = entries::look(session, cluster, principal).await?;
            Ok(seen.map(|seen| seen.live))
        }
        ObjectKey::AccessPolicy { .. } => access_policies::get(session, cluster, key).await,
        ObjectKey::PodIdentityAssociation { namespace, service_account } => {
            associations::get(session, cluster, namespace, service_account).await
        }
        ObjectKey::Kube { .. } => Ok(None),
    }
}

/// What a listing of all roles found of the others too: an entry is judged by the age of its role.
#[derive(Default)]
struct Listed {
    live: Vec<Live>,
    born: HashMap<String, i64>,
}

async fn everything(session: &Session, cluster: &ClusterArn) -> Result<Listed, PortError> {
    let (roles, entries, associations) = try_join3(
        roles::list(session, |tags| is_marked(cluster, tags)),
        own_entries(session, cluster),
        all_associations(session, cluster, |_| true),
    )
    .await?;
    let mut granted = granted_to(session, cluster, &entries).await?;
    let mut found = roles.wanted;
    for entry in entries {
        let ObjectKey::AccessEntry { principal } = &entry.key else {
            continue;
        };
        let policies = granted.remove(principal).unwrap_or_default();
        found.extend(access_policies::objects(principal, policies.clone(), &entry.tags));
        found.push(judged(entry, Some(policies), &roles.born));
    }
    let ours = |live: &Live| live.mark(cluster).cluster.as_deref() == Some(cluster.as_str());
    found.extend(associations.into_iter().filter(ours));
    Ok(Listed { live: found, born: roles.born })
}

/// Roles and associations; entries are the cluster's. Where our names lie is told by what renders them: a role's path holds its
/// environment, and a namespace's name begins with it.
async fn of_environment(session: &Session, cluster: &ClusterArn, environment: &str) -> Result<Listed, PortError> {
    let tag = format!("{TAG_PREFIX}environment");
    let is_its_own = |tags: &BTreeMap<String, String>| {
        is_marked(cluster, tags) && tags.get(&tag).is_some_and(|found| found == environment)
    };
    let is_its_namespace = |namespace: &str| {
        namespace.strip_prefix(environment).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let (roles, associations) =
        try_join(roles::list(session, &is_its_own), all_associations(session, cluster, is_its_namespace)).await?;
    let mut found = roles.wanted;
    found.extend(associations.into_iter().filter(|live| is_its_own(&live.tags)));
    Ok(Listed { live: found, born: roles.born })
}

fn is_marked(cluster: &ClusterArn, tags: &BTreeMap<String, String>) -> bool {
    let of = mark(&ObjectKey::role(""), cluster.as_str(), &json!({"tags": tags}));
    of.cluster.as_deref() == Some(cluster.as_str())
}

async fn own_entries(session: &Session, cluster: &ClusterArn) -> Result<Vec<Live>, PortError> {
    let principals = entries::principals(session, cluster, None).await?;
    let mut asked: Vec<Asked<'_, Option<Live>>> = vec![];
    for principal in &principals {
        asked.push(entries::get(session, cluster, principal).boxed());
    }
    let all = all(asked).await?;
    let ours = |live: &Live| live.mark(cluster).cluster.is_some();
    Ok(all.into_iter().flatten().filter(ours).collect())
}

/// What these entries are granted by principal, whoever granted it.
async fn granted_to(
    session: &Session,
    cluster: &ClusterArn,
    entries: &[Live],
) -> Result<HashMap<String, Granted>, PortError> {
    let mut principals: BTreeSet<&str> = BTreeSet::new();
    for entry in entries {
        if let ObjectKey::AccessEntry { principal } = &entry.key {
            principals.insert(principal);
        }
    }
    if principals.len() > FEW {
        let mut asked: Vec<Asked<'_, Vec<String>>> = vec![];
        for policy in PEOPLES_POLICIES {
            let arn = access_policies::arn(cluster, policy);
            asked.push(entries::principals(session, cluster, Some(arn)).boxed());
        }
        let granted: BTreeSet<String> = all(asked).await?.into_iter().flatten().collect();
        principals.retain(|principal| granted.contains(*principal));
    }
    let mut asked: Vec<Asked<'_, (String, Granted)>> = vec![];
    for principal in principals {
        let of_one = async move {
            let granted = match access_policies::granted(session, cluster, principal).await {
                // The entry went since it was listed, and its policies with it.
                Err(error) if error.class == Class::NotFound => Granted::new(),
                other => other?,
            };
            Ok((principal.to_owned(), granted))
        };
        asked.push(of_one.boxed());
    }
    Ok(all(asked).await?.into_iter().collect())
}

async fn all_associations(
    session: &Session,
    cluster: &ClusterArn,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Live>, PortError> {
    let summaries = associations::summaries(session, cluster, None).await?;
    let mut asked: Vec<Asked<'_, Option<Live>>> = vec![];
    for summary in &summaries {
        if let Some(id) = summary.association_id()
            && is_wanted(summary.namespace().unwrap_or_default())
        {
            asked.push(associations::describe(session, cluster, id).boxed());
        }
    }
    Ok(all(asked).await?.into_iter().flatten().collect())
}
