//! All access entries of ours on a cluster, whoever names them: one Describe for each entry that there is.

use super::{
    entries,
    grants::{self, Grants},
    live::Live,
};
use crate::aws::{
    call::{EksCluster, all},
    iam,
};
use goldenpath_core::{domain::ObjectKey, kinds::aws::access_policy::PEOPLES_POLICIES, ports::PortError};
use std::collections::{BTreeSet, HashMap};

/// For so few entries of ours, list the policies of each; for more, list the entries of each policy.
const FEW: usize = 4;

/// With their policies. `born`: when each role of the account was made, by ARN.
pub(super) async fn entries(cluster: EksCluster<'_>, born: &HashMap<String, i64>) -> Result<Vec<Live>, PortError> {
    let principals = entries::principals(cluster, None).await?;
    let described = all(principals.iter().map(|principal| entries::get(cluster, principal)).collect()).await?;
    let is_ours = |live: &Live| live.mark(cluster.arn).cluster.is_some();
    let ours: Vec<Live> = described.into_iter().flatten().filter(is_ours).collect();
    let mut grants = grants_of(cluster, &ours).await?;
    let users = users_made_at(cluster, &ours).await?;
    let mut found = vec![];
    for entry in ours {
        let ObjectKey::AccessEntry { principal } = &entry.key else { continue };
        let policies = grants.remove(principal).unwrap_or_default();
        let made_at = born.get(principal).or_else(|| users.get(principal)).copied();
        found.extend(grants::objects(principal, policies.clone(), &entry.tags));
        found.push(entries::ObservedEntry::judge(entry, policies, made_at).live);
    }
    Ok(found)
}

/// Of the users among the principals of these entries, by ARN: no listing says it, as one does of roles.
async fn users_made_at(cluster: EksCluster<'_>, entries: &[Live]) -> Result<HashMap<String, i64>, PortError> {
    let users = entries.iter().map(|entry| entry.key.name()).filter(|principal| iam::user_name(principal).is_some());
    let read = |principal: &str| {
        let principal = principal.to_owned();
        async move {
            let made_at = entries::principal_made_at(cluster, &principal).await?;
            Ok(made_at.map(|made_at| (principal, made_at)))
        }
    };
    Ok(all(users.map(read).collect()).await?.into_iter().flatten().collect())
}

/// The grants of these entries by principal, whoever made them.
async fn grants_of(cluster: EksCluster<'_>, entries: &[Live]) -> Result<HashMap<String, Grants>, PortError> {
    let mut principals: BTreeSet<&str> = BTreeSet::new();
    for entry in entries {
        if let ObjectKey::AccessEntry { principal } = &entry.key {
            principals.insert(principal);
        }
    }
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
