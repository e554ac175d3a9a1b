//! Tags of AWS: what a change of them takes.

use crate::aws::{call::EksCluster, calls::Call};
use goldenpath_core::ports::PortError;
use std::collections::{BTreeMap, HashMap};

pub(super) type Tags = BTreeMap<String, String>;

pub(super) fn of(found: Option<&HashMap<String, String>>) -> Tags {
    found.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Tags to set, and names of tags to remove.
pub(super) fn changes(live: &Tags, wanted: &Tags) -> (Tags, Vec<String>) {
    let set = wanted.iter().filter(|(name, value)| live.get(*name) != Some(value));
    let set = set.map(|(name, value)| (name.clone(), value.clone())).collect();
    let removed = live.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
    (set, removed)
}

/// Of an access entry or an association.
pub(super) async fn change(cluster: EksCluster<'_>, arn: &str, live: &Tags, wanted: &Tags) -> Result<(), PortError> {
    let (set, removed) = changes(live, wanted);
    if !set.is_empty() {
        let request = cluster.eks().tag_resource().resource_arn(arn).set_tags(Some(set.into_iter().collect()));
        cluster.call(Call::TagResource, request.send()).await?;
    }
    if !removed.is_empty() {
        let request = cluster.eks().untag_resource().resource_arn(arn).set_tag_keys(Some(removed));
        cluster.call(Call::UntagResource, request.send()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_differences_of_tags_are_sent() {
        for (live, wanted, set, removed, reason) in [
            (&[("a", "1")][..], &[("a", "1")][..], &[][..], &[][..], "nothing"),
            (&[("a", "1")], &[("a", "2")], &[("a", "2")], &[], "another value"),
            (&[("a", "1"), ("b", "1")], &[("a", "1")], &[], &["b"], "one that goes"),
        ] {
            let expected = (map(set), removed.iter().map(|name| (*name).to_owned()).collect());
            assert_eq!(changes(&map(live), &map(wanted)), expected, "{reason}");
        }
    }
}
