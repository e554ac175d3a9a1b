//! Tags: as fields, and as an apply leaves them.

use crate::{
    domain::{FieldsBuilder, Holder, TAG_PREFIX},
    kinds::canonical::escape,
};
use std::collections::BTreeMap;

/// Tags of others (cost allocation, organisation policies) are theirs.
pub(super) fn push(fields: &mut FieldsBuilder, tags: &BTreeMap<String, String>) {
    for (key, value) in tags.iter().filter(|(key, _)| key.starts_with(TAG_PREFIX)) {
        fields.push(format!("/tags/{}", escape(key)), value.as_str(), Holder::Us);
    }
}

/// Tags of others stay; of ours, those that are no longer declared go.
pub fn merged_tags(live: &BTreeMap<String, String>, declared: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let foreign = live.iter().filter(|(name, _)| !name.starts_with(TAG_PREFIX));
    foreign.chain(declared).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_others_stay_and_ours_follow_the_request() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        for (live, declared, expected, reason) in [
            (&[][..], &[("goldenpath:a", "1")][..], &[("goldenpath:a", "1")][..], "made"),
            (
                &[("cost", "x"), ("goldenpath:b", "1")],
                &[("goldenpath:a", "1")],
                &[("cost", "x"), ("goldenpath:a", "1")],
                "theirs stays, ours that is no longer declared goes",
            ),
            (&[("cost", "x")], &[("cost", "y")], &[("cost", "y")], "what we declare counts"),
        ] {
            assert_eq!(merged_tags(&map(live), &map(declared)), map(expected), "{reason}");
        }
    }
}
