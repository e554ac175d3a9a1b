//! Access entries that somebody names, with their policies: one Describe and one list of policies for each principal, however many of
//! its policies are named. All other entries of a cluster cost nothing.

use super::{
    entries,
    grants::{self, Grants},
    live::Live,
    selection::{Keys, is_namespace_of},
};
use crate::aws::{
    call::{EksCluster, all},
    iam,
};
use futures_util::future::try_join;
use goldenpath_core::{
    domain::{Class, ObjectKey},
    ports::{PortError, Scope},
};
use std::collections::{BTreeMap, HashMap};

pub(super) struct NamedEntry {
    live: Live,
    /// Of ours, and of others' where a policy of theirs is named.
    grants: Option<Grants>,
    is_ours: bool,
    /// Its principal, as far as that was read by itself.
    made_at: Option<i64>,
}

#[derive(Clone, Copy, Default)]
struct Names {
    entry: bool,
    policies: bool,
}

pub(super) async fn read(
    cluster: EksCluster<'_>,
    keys: &Keys<'_>,
    scope: &Scope,
) -> Result<Vec<NamedEntry>, PortError> {
    let mut principals: BTreeMap<&str, Names> = BTreeMap::new();
    for key in keys {
        match key {
            ObjectKey::AccessEntry { principal } => principals.entry(principal).or_default().entry = true,
            ObjectKey::AccessPolicy { principal, .. } => principals.entry(principal).or_default().policies = true,
            _ => {}
        }
    }
    let one = |(principal, names): (&str, Names)| {
        let principal = principal.to_owned();
        async move {
            match read_one(cluster, &principal, names, scope).await {
                // Of another state, perhaps. Whoever wants it asks for it alone, and is refused then.
                Err(error) if error.class == Class::Denied && *scope == Scope::Refresh => Ok(None),
                read => read,
            }
        }
    };
    Ok(all(principals.into_iter().map(one).collect()).await?.into_iter().flatten().collect())
}

async fn read_one(
    cluster: EksCluster<'_>,
    principal: &str,
    names: Names,
    scope: &Scope,
) -> Result<Option<NamedEntry>, PortError> {
    let Some(live) = entries::get(cluster, principal).await? else {
        return Ok(None);
    };
    let is_ours = live.mark(cluster.arn).cluster.is_some();
    if !is_ours && !names.policies {
        return Ok(Some(NamedEntry { live, grants: None, is_ours, made_at: None }));
    }
    let age = async {
        // A listing of roles knows it of those already; there is none of users.
        let is_unlisted =
            matches!(scope, Scope::Keys | Scope::Granted | Scope::InCluster(_)) || iam::user_name(principal).is_some();
        match is_ours && names.entry && is_unlisted {
            true => entries::principal_made_at(cluster, principal).await,
            false => Ok(None),
        }
    };
    let (made_at, grants) = try_join(age, grants::read(cluster, principal)).await?;
    // Without: the entry was deleted in between.
    Ok(grants.map(|grants| NamedEntry { live, grants: Some(grants), is_ours, made_at }))
}

// === impl NamedEntry ===

impl NamedEntry {
    /// What is named, and of an entry of ours the policies that the scope holds, whoever associated them. `born`: when each role of the
    /// account was made, by ARN.
    pub fn objects(self, scope: &Scope, keys: &Keys<'_>, born: &HashMap<String, i64>) -> Vec<Live> {
        let Self { live, grants, is_ours, made_at } = self;
        let ObjectKey::AccessEntry { principal } = live.key.clone() else { return vec![] };
        let is_wanted = |policy: &Live| keys.contains(&policy.key) || (is_ours && is_in_scope(scope, &policy.key));
        let policies = grants.iter().flat_map(|grants| grants::objects(&principal, grants.clone(), &live.tags));
        let mut objects: Vec<Live> = policies.filter(is_wanted).collect();
        if keys.contains(&live.key) {
            let made_at = made_at.or_else(|| born.get(&principal).copied());
            objects.push(match grants.filter(|_| is_ours) {
                Some(grants) => entries::ObservedEntry::judge(live, grants, made_at).live,
                None => live,
            });
        }
        objects
    }
}

fn is_in_scope(scope: &Scope, policy: &ObjectKey) -> bool {
    match (scope, policy) {
        (Scope::Everything | Scope::Refresh | Scope::Granted, _) => true,
        (Scope::Environment(of) | Scope::InCluster(of), ObjectKey::AccessPolicy { namespace, .. }) => {
            is_namespace_of(of, namespace)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_has_the_policies_of_its_namespaces() {
        let policy = |namespace: &str| ObjectKey::AccessPolicy {
            policy: "AmazonEKSViewPolicy".to_owned(),
            namespace: namespace.to_owned(),
            principal: "arn:aws:iam::111122223333:role/a".to_owned(),
        };
        let pay = Scope::Environment("pay".to_owned());
        for (scope, namespace, expected, reason) in [
            (&pay, "pay", true, "its own name"),
            (&pay, "pay-api", true, "a key is appended"),
            (&pay, "payments", false, "another environment"),
            (&Scope::Refresh, "shop", true, "all environments at once"),
            (&Scope::Keys, "pay", false, "what is named is named"),
            (&Scope::Granted, "shop", true, "all that an entry has"),
        ] {
            assert_eq!(is_in_scope(scope, &policy(namespace)), expected, "{reason}");
        }
    }
}
