//! An EKS access entry: the one group of a principal.

use super::tags;
use crate::{
    domain::{AccessEntry, Body, Fields, FieldsBuilder, Holder, ObjectKey, quotas::check_tags},
    kinds::kind::{Kind, Refresh, RemovalRank},
};

pub const KIND: Kind = Kind {
    words: |rest| rest.take_row("/kubernetesGroups", "group").into_iter().collect(),
    short: |key| match key {
        ObjectKey::AccessEntry { principal } => Some(name_of(principal).to_owned()),
        _ => None,
    },
    fields: |body| match body {
        Body::AccessEntry(entry) => Some(fields(entry)),
        _ => None,
    },
    refusal: |_, _, body, _| match body {
        Body::AccessEntry(entry) => check(entry),
        _ => Ok(()),
    },
    refresh: Refresh::Named,
    ..Kind::aws("eks", "AccessEntry", RemovalRank::AccessEntry)
};

/// A role or user by its own name, without account and path: a short key with it does not read back.
pub(super) fn name_of(principal: &str) -> &str {
    principal.rsplit('/').next().unwrap_or(principal)
}

fn fields(entry: &AccessEntry) -> Fields {
    let AccessEntry { group, tags } = entry;
    let mut fields = FieldsBuilder::default();
    fields.push("/kubernetesGroups", group.as_str(), Holder::Us);
    tags::push(&mut fields, tags);
    fields.build()
}

// === what EKS says of it ===

pub fn check(entry: &AccessEntry) -> Result<(), String> {
    if entry.group.starts_with("system:") || entry.group.is_empty() {
        return Err(format!(
            "InvalidParameterException: The kubernetes group name {} is invalid, it cannot start with system:",
            entry.group
        ));
    }
    check_tags(&entry.tags)
}

/// Of a principal that is about to be given an entry.
pub fn check_principal(arn: &str) -> Result<(), String> {
    if arn.contains(":sts:") || arn.contains(":role/aws-service-role/") {
        return Err(
            "InvalidParameterException: The principalArn parameter format is not valid: neither a session nor a \
             service-linked role can have an access entry"
                .to_owned(),
        );
    }
    Ok(())
}

/// What is said of an entry whose role was deleted and made again: EKS knows the role by its unique id, so that nobody gets in by the
/// entry though it looks alive (aws/containers-roadmap#185).
pub const OF_ANOTHER_ROLE: &str = "of a role that was recreated since";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn groups_and_tags_are_refused_in_the_words_of_eks() {
        for (group, tag, expected, reason) in [
            ("gp:pay:viewer", "goldenpath:managed", None, "as ours are"),
            ("team:system:viewer", "goldenpath:managed", None, "the prefix alone is reserved"),
            ("system:masters", "goldenpath:managed", Some("cannot start with system:"), "a group of Kubernetes itself"),
            ("", "goldenpath:managed", Some("is invalid"), "no group"),
            ("gp:pay:viewer", "aws:x", Some("not beginning with aws:"), "a reserved tag"),
        ] {
            let entry =
                AccessEntry { group: group.to_owned(), tags: BTreeMap::from([(tag.to_owned(), "1".to_owned())]) };
            let said = check(&entry).err();
            assert_eq!(said.is_some(), expected.is_some(), "{reason}: {said:?}");
            assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))), "{reason}");
        }
    }

    #[test]
    fn an_entry_is_for_a_role_or_a_user() {
        for (arn, is_good, reason) in [
            ("arn:aws:iam::111122223333:role/a", true, "a role"),
            ("arn:aws:iam::111122223333:user/a", true, "a user"),
            ("arn:aws:sts::111122223333:assumed-role/a/b", false, "a session"),
            ("arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/a", false, "a service-linked role"),
        ] {
            assert_eq!(check_principal(arn).is_ok(), is_good, "{reason}");
        }
    }
}
