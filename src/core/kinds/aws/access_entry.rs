//! An EKS access entry: the one group of a principal, and its name in Kubernetes.

use super::tags;
use crate::{
    domain::{AccessEntry, Body, Fields, FieldsBuilder, Holder, ObjectKey, quotas::check_tags},
    kinds::kind::{Kind, Refresh, RemovalRank},
};

pub const KIND: Kind = Kind {
    words: |rest| {
        let rows = [("/kubernetesGroups", "group"), (USERNAME, "username")];
        rows.into_iter().filter_map(|(path, name)| rest.take_row(path, name)).collect()
    },
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

const USERNAME: &str = "/username";

/// A role or user by its own name, without account and path: a short key with it does not read back.
pub(super) fn name_of(principal: &str) -> &str {
    principal.rsplit('/').next().unwrap_or(principal)
}

fn fields(entry: &AccessEntry) -> Fields {
    let AccessEntry { group, username, tags } = entry;
    let mut fields = FieldsBuilder::default();
    fields.push("/kubernetesGroups", group.as_str(), Holder::Us);
    if let Some(username) = username {
        fields.push(USERNAME, username.as_str(), Holder::Us);
    }
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

/// The user that Kubernetes takes a principal for where nobody has set another one: the session of a role, without the role's path
/// (EKS User Guide, Set a custom username for EKS access entries).
pub fn default_username(principal: &str) -> String {
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam", "", account, resource] if resource.starts_with("role/") => {
            format!("arn:{partition}:sts::{account}:assumed-role/{}/{{{{SessionName}}}}", name_of(principal))
        }
        _ => principal.to_owned(),
    }
}

/// Of an entry that has `username`: what somebody has set in place of the default. It may be a name that bindings of users grant
/// something to, and it is the name that the audit log has.
pub fn custom_username(principal: &str, username: Option<&str>) -> Option<String> {
    // An emulator may leave it empty.
    let is_default = |name: &str| name.is_empty() || name == default_username(principal);
    username.filter(|name| !is_default(name)).map(str::to_owned)
}

/// The group and the user name that an update sends, always both: EKS sets what it leaves out to the default, which for groups is none
/// (hashicorp/terraform-provider-aws#36480). `None`: both are as they are to be.
pub fn update(principal: &str, before: &AccessEntry, wanted: &AccessEntry) -> Option<(String, String)> {
    let is_same = (&before.group, &before.username) == (&wanted.group, &wanted.username);
    let username = || wanted.username.clone().unwrap_or_else(|| default_username(principal));
    (!is_same).then(|| (wanted.group.clone(), username()))
}

/// What is said of an entry whose role or user was deleted and made again: EKS knows the principal by its unique id, so that nobody gets
/// in by the entry though it looks alive (EKS API Reference, AccessEntry, principalArn; aws/containers-roadmap#185).
pub const OF_ANOTHER_PRINCIPAL: &str = "of a principal that was recreated since";

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
            let entry = AccessEntry::new(group, BTreeMap::from([(tag.to_owned(), "1".to_owned())]));
            let said = check(&entry).err();
            assert_eq!(said.is_some(), expected.is_some(), "{reason}: {said:?}");
            assert!(expected.is_none_or(|words| said.is_some_and(|said| said.contains(words))), "{reason}");
        }
    }

    #[test]
    fn an_update_sends_what_stays_as_well() {
        let role = "arn:aws:iam::111122223333:role/dev";
        let session = "arn:aws:sts::111122223333:assumed-role/dev/{{SessionName}}";
        let entry = |group: &str, username: Option<&str>| AccessEntry {
            username: username.map(str::to_owned),
            ..AccessEntry::new(group, BTreeMap::new())
        };
        let wanted = entry("gp:pay:viewer", None);
        for (before, expected, reason) in [
            (wanted.clone(), None, "nothing differs"),
            (entry("gp:pay:viewer", Some("admin")), Some(("gp:pay:viewer", session)), "the group stays"),
            (entry("gp:pay:admin", None), Some(("gp:pay:viewer", session)), "the user name stays"),
        ] {
            let found = update(role, &before, &wanted);
            let found = found.as_ref().map(|(group, username)| (group.as_str(), username.as_str()));
            assert_eq!(found, expected, "{reason}");
        }
    }

    #[test]
    fn a_user_name_that_is_not_eks_own_is_somebodys() {
        let role = "arn:aws:iam::111122223333:role/teams/pay/dev";
        let session = "arn:aws:sts::111122223333:assumed-role/dev/{{SessionName}}";
        let (user, china) = ("arn:aws:iam::111122223333:user/ci/bot", "arn:aws-cn:iam::111122223333:role/dev");
        for (principal, username, expected, reason) in [
            (role, Some(session), None, "of a role its session, without the path"),
            (china, Some("arn:aws-cn:sts::111122223333:assumed-role/dev/{{SessionName}}"), None, "in any partition"),
            (user, Some(user), None, "of a user its ARN"),
            (role, None, None, "nobody says one"),
            (role, Some(""), None, "an emulator's"),
            (role, Some("admin"), Some("admin"), "a name to which bindings may exist"),
            (role, Some(role), Some(role), "the role's ARN is nobody's name"),
            (user, Some(session), Some(session), "a user that passes for a role"),
            (
                role,
                Some("arn:aws:sts::111122223333:assumed-role/ops/{{SessionName}}"),
                Some("arn:aws:sts::111122223333:assumed-role/ops/{{SessionName}}"),
                "another role's",
            ),
        ] {
            assert_eq!(custom_username(principal, username).as_deref(), expected, "{reason}");
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
