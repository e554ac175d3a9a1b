//! Access entries are shared by the environments of a cluster: who still needs one that is no longer wanted here.

use super::{Engine, failure::Failure, record, target::TargetCalls};
use crate::{
    domain::{Facts, Id, ObjectKey, Observed, Ownership, Phase, Problem},
    ports::{Scope, Selector},
};
use std::collections::BTreeSet;

/// The entry of whoever runs this is never deleted: it would lock them out in the middle of the work.
fn is_callers(key: &ObjectKey, caller: &str) -> bool {
    let ObjectKey::AccessEntry { principal } = key else {
        return false;
    };
    let role = |arn: &str| -> Option<(String, String)> {
        let account = arn.split(':').nth(4)?.to_owned();
        let name = match arn.split_once(":assumed-role/") {
            Some((_, rest)) => rest.split('/').next()?,
            None => arn.split_once(":role/")?.1.rsplit('/').next()?,
        };
        Some((account, name.to_owned()))
    };
    principal == caller || (role(principal).is_some() && role(principal) == role(caller))
}

impl Engine {
    /// Shared entries that stay: others' records name them, or whoever runs this enters through them. Records that are
    /// being deleted hold on to nothing, or two removals at once would each leave the entry to the other.
    pub(super) async fn kept_entries(
        &self,
        target: &TargetCalls<'_>,
        id: &Id,
        facts: &Facts,
        unwanted: &BTreeSet<ObjectKey>,
        observed: &[Observed],
        problems: &mut Vec<Problem>,
    ) -> Result<BTreeSet<ObjectKey>, Failure> {
        let ours = |object: &&Observed| {
            matches!(object.key, ObjectKey::AccessEntry { .. })
                && object.ownership == Ownership::Cluster
                && unwanted.contains(&object.key)
        };
        let entries: Vec<&ObjectKey> = observed.iter().filter(ours).map(|object| &object.key).collect();
        if entries.is_empty() {
            return Ok(BTreeSet::new());
        }
        let own = record::key_of(id);
        let records = target.observe(&Selector { scope: Scope::Records, keys: vec![] }).await?;
        let mut named = BTreeSet::new();
        for object in records.iter().filter(|object| object.key != own) {
            if let Some(record) = record::parse(object)?
                && record.phase != Phase::Deleting
            {
                named.extend(record.inventory);
            }
        }
        let mut keep = BTreeSet::new();
        for key in entries {
            if is_callers(key, &facts.caller) {
                problems.push(Problem::warning(
                    "access.own_entry",
                    format!("{key} is kept: it is the access of whoever runs this"),
                    "delete it with other credentials once nobody needs it",
                ));
                keep.insert(key.clone());
            } else if named.contains(&key.to_string()) {
                keep.insert(key.clone());
            }
        }
        Ok(keep)
    }

    /// Asked once the own record no longer names what was kept for others: of two who let go of an entry at the same time, each saw
    /// the other's old record, and the later one now sees nobody's.
    pub(super) async fn no_longer_kept(
        &self,
        target: &TargetCalls<'_>,
        id: &Id,
        facts: &Facts,
        kept: &BTreeSet<ObjectKey>,
        observed: &[Observed],
    ) -> Result<BTreeSet<ObjectKey>, Failure> {
        // Who runs this was told already what is kept for him.
        let still = self.kept_entries(target, id, facts, kept, observed, &mut vec![]).await?;
        Ok(kept.difference(&still).cloned().collect())
    }
}
