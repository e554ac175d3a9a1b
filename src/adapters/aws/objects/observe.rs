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
    KINDS, calls_of, everything,
    kind_calls::Listed,
    live::Live,
    named,
    selection::{Keys, Selection},
};
use crate::aws::call::{EksCluster, all};
use futures_util::future::try_join;
use goldenpath_core::{
    domain::{ObjectKey, Observed},
    ports::{PortError, Scope, Selector},
};
use std::collections::BTreeMap;

pub(super) async fn observe(cluster: EksCluster<'_>, selector: &Selector) -> Result<Vec<Observed>, PortError> {
    let Selector { scope, keys } = selector;
    let keys: Keys<'_> = keys.iter().filter(|key| key.is_aws()).collect();
    let selection = Selection { cluster: cluster.arn, scope, keys: &keys };
    let (listed, entries) = try_join(list(cluster, &selection), named::read(cluster, &keys, scope)).await?;
    let Listed { live, unsaid, born } = listed;
    let mut found: Vec<Live> = entries.into_iter().flat_map(|entry| entry.objects(scope, &keys, &born)).collect();
    if *scope == Scope::Everything {
        found.extend(everything::entries(cluster, &born).await?);
    }
    found.extend(all(unsaid.iter().map(|key| get(cluster, key)).collect()).await?.into_iter().flatten());
    found.extend(live);
    let found: BTreeMap<ObjectKey, Live> = found.into_iter().map(|live| (live.key.clone(), live)).collect();
    Ok(found.into_values().map(|live| live.observation(cluster.arn)).collect())
}

/// Without a listing each that is named is read by itself; what belongs to a principal is read with its entry.
async fn list(cluster: EksCluster<'_>, selection: &Selection<'_>) -> Result<Listed, PortError> {
    let mut listed = Listed::default();
    match selection.scope {
        Scope::Everything | Scope::Refresh | Scope::Environment(_) => {
            let listings = KINDS.iter().map(|kind| kind.list(cluster, selection));
            all(listings.collect()).await?.into_iter().for_each(|kind| listed.extend(kind));
        }
        Scope::InCluster(_) | Scope::Records | Scope::RecordsOf(_) | Scope::Keys | Scope::Granted => {
            let unsaid = selection.keys.iter().filter(|key| key.principal().is_none());
            listed.unsaid.extend(unsaid.map(|key| (*key).clone()));
        }
    }
    Ok(listed)
}

async fn get(cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
    match calls_of(key) {
        Some(calls) => calls.get(cluster, key).await,
        None => Ok(None),
    }
}
