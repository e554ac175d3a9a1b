//! IAM roles, owned whole: trust, boundary, inline and attached policies; what others add is removed.
//!
//! The order never widens before it narrows: the boundary first, then removals, then the trust, then additions. A role that was
//! left half made by a lost response is completed by the same steps.

mod read;

use super::{
    kind_calls::{KindCalls, Listed, mismatch},
    live::{Live, check, check_deletion},
    propagation,
    selection::Selection,
    tags::{self, Tags},
};
use crate::{
    aws::{
        call::{EksCluster, call},
        calls::Call,
        clients::AwsClients,
        error, iam,
    },
    errors::{conflict, invalid, not_found_as_none},
};
use async_trait::async_trait;
use aws_sdk_iam::types::Tag;
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Role, RoleQuotas, quotas::policy_text},
    kinds::{
        Kind,
        aws::{policy_document, role, tags::merged_tags},
        canonical_policy,
    },
    ports::{Expect, PortError},
};
use read::get;
use serde_json::Value;

const UNIQUE: &str =
    "Rename or remove the other role: names of roles are unique in an account, whatever their path and case";

pub(super) struct Roles;

#[async_trait]
impl KindCalls for Roles {
    fn kind(&self) -> &'static Kind {
        &role::KIND
    }

    /// One whose name differs by case is another key.
    async fn get(&self, cluster: EksCluster<'_>, key: &ObjectKey) -> Result<Option<Live>, PortError> {
        Ok(get(cluster.clients, key.name()).await?.filter(|live| live.key == *key))
    }

    /// A listing covers all of the account: what is not in it does not exist.
    async fn list(&self, cluster: EksCluster<'_>, selection: &Selection<'_>) -> Result<Listed, PortError> {
        let is_wanted =
            |name: &str, tags: &Tags| selection.is_named(&ObjectKey::role(name)) || selection.is_in_scope(tags);
        read::list(cluster.clients, is_wanted).await
    }

    async fn apply(
        &self,
        cluster: EksCluster<'_>,
        key: &ObjectKey,
        body: &Body,
        expect: &Expect,
    ) -> Result<Live, PortError> {
        match body {
            Body::Role(role) => apply(cluster, key.name(), role, expect).await,
            _ => Err(mismatch(key)),
        }
    }

    async fn delete(&self, cluster: EksCluster<'_>, key: &ObjectKey, expect: &Expect) -> Result<(), PortError> {
        delete(cluster, key.name(), expect).await
    }

    async fn make(&self, cluster: EksCluster<'_>, key: &ObjectKey, body: &Body) -> Result<(), PortError> {
        match body {
            Body::Role(role) => create(cluster.clients, key.name(), role).await.map(|_| ()),
            _ => Err(mismatch(key)),
        }
    }

    async fn change(&self, cluster: EksCluster<'_>, live: &Live, edited: &Body) -> Result<(), PortError> {
        match (&live.body, edited) {
            (Body::Role(before), Body::Role(after)) => change(cluster.clients, live.key.name(), before, after).await,
            _ => Err(mismatch(&live.key)),
        }
    }
}

async fn apply(cluster: EksCluster<'_>, name: &str, role: &Role, expect: &Expect) -> Result<Live, PortError> {
    let (call_name, clients) = (Call::CreateRole.name(), cluster.clients);
    let quotas = match RoleQuotas::are_needed(role) {
        true => iam::role_quotas(clients).await.unwrap_or_default(),
        false => RoleQuotas::default(),
    };
    role::check(name, role, &quotas).map_err(|message| invalid(call_name, message))?;
    policy_document::check_trust(&role.trust).map_err(|message| invalid(call_name, message))?;
    if let Some(arn) = policies_of(role).find(|arn| !role::may_have_policy(cluster.arn, arn)) {
        return Err(PortError::new(Class::NotFound, call_name, role::no_such_policy(arn)));
    }
    let key = ObjectKey::role(name);
    let new = async || {
        for arn in &role.attached {
            require_policy(clients, arn).await?;
        }
        create(clients, name, role).await
    };
    // IAM itself refuses a second one.
    if *expect == Expect::Absent {
        return new().await;
    }
    let live = get(clients, name).await?;
    check(call_name, &key, expect, live.as_ref())?;
    let Some(live) = live else {
        return new().await;
    };
    if live.is_another(cluster.arn, &role.tags) || live.key != key {
        let message = format!("EntityAlreadyExists: {} does not carry our tags. {UNIQUE}", live.key);
        return Err(conflict(call_name, message));
    }
    let Body::Role(before) = &live.body else {
        return Err(invalid(call_name, format!("{key} is not a role")));
    };
    if before.path != role.path {
        return Err(invalid(call_name, format!("the path of role {name} is {} and cannot be changed", before.path)));
    }
    let wanted = Role { tags: merged_tags(&live.tags, &role.tags), ..role.clone() };
    change(clients, name, before, &wanted).await?;
    Ok(read::live(name, wanted, live.id))
}

/// Its boundary and those that are attached.
fn policies_of(role: &Role) -> impl Iterator<Item = &String> {
    Some(&role.boundary).filter(|boundary| !boundary.is_empty()).into_iter().chain(&role.attached)
}

/// CreateRole checks the boundary and the trust. A policy that AttachRolePolicy refuses afterwards would leave a role without it.
async fn require_policy(clients: &AwsClients, arn: &str) -> Result<(), PortError> {
    match iam::policy_exists(clients, arn).await {
        Ok(false) => {
            let message = format!("NoSuchEntity: Policy {arn} does not exist: correct its ARN or create it");
            Err(PortError::new(Class::NotFound, Call::GetPolicy.name(), message))
        }
        // We may only be allowed to read the boundary: then AttachRolePolicy reports it.
        Err(error) if error.class != Class::Denied => Err(error),
        _ => Ok(()),
    }
}

/// Returns what was requested: a read right after it might not see it yet.
async fn create(clients: &AwsClients, name: &str, role: &Role) -> Result<Live, PortError> {
    let principals = policy_document::check_trust(&role.trust).unwrap_or_default();
    let boundary = Some(role.boundary.clone()).filter(|boundary| !boundary.is_empty());
    let attempt = || {
        let request = clients
            .iam
            .create_role()
            .role_name(name)
            .path(&role.path)
            .assume_role_policy_document(policy_text(&role.trust))
            .description(&role.description)
            .max_session_duration(seconds(role))
            .set_permissions_boundary(boundary.clone())
            .set_tags(Some(as_list(&role.tags)));
        call(clients, Call::CreateRole, request.send())
    };
    let made = propagation::retry(clients, &format!("role {name}"), &principals, attempt).await;
    let made = made.map_err(|error| creation_failure(error, name))?;
    if let Some(role) = &made.role {
        clients.made_roles.add(&role.arn, ());
    }
    let id = made.role.map(|role| role.role_id);
    let what = format!("role {name}");
    for (policy, content) in &role.inline {
        propagation::retry_new(&what, || put_policy(clients, name, policy, content)).await?;
    }
    for arn in &role.attached {
        propagation::retry_new(&what, || attach(clients, name, arn)).await?;
    }
    Ok(read::live(name, role.clone(), id))
}

/// Another conflict (ConcurrentModification) is none with another role, and clears by itself.
fn creation_failure(error: PortError, name: &str) -> PortError {
    let is_taken = error.message.starts_with("EntityAlreadyExists");
    let next = if is_taken { Some(UNIQUE.to_owned()) } else { error.next.clone() };
    PortError { next, ..error::about(error, name) }
}

/// `wanted` holds all tags that the role is to have. `before` was just read: that a call does not find the role clears by waiting.
async fn change(clients: &AwsClients, name: &str, before: &Role, wanted: &Role) -> Result<(), PortError> {
    let (iam, what) = (&clients.iam, format!("role {name}"));
    if before.boundary != wanted.boundary && !wanted.boundary.is_empty() {
        let request = iam.put_role_permissions_boundary().role_name(name).permissions_boundary(&wanted.boundary);
        let attempt = || call(clients, Call::PutRolePermissionsBoundary, request.clone().send());
        propagation::retry_new(&what, attempt).await?;
    }
    for policy in before.inline.keys().filter(|policy| !wanted.inline.contains_key(*policy)) {
        delete_policy(clients, name, policy).await?;
    }
    for arn in before.attached.difference(&wanted.attached) {
        detach(clients, name, arn).await?;
    }
    if canonical_policy(&before.trust) != canonical_policy(&wanted.trust) {
        let principals = policy_document::check_trust(&wanted.trust).unwrap_or_default();
        let request = iam.update_assume_role_policy().role_name(name).policy_document(policy_text(&wanted.trust));
        let attempt = || call(clients, Call::UpdateAssumeRolePolicy, request.clone().send());
        let trust = format!("the trust of role {name}");
        let trusted = || propagation::retry(clients, &trust, &principals, attempt);
        propagation::retry_new(&what, trusted).await?;
    }
    for (policy, content) in &wanted.inline {
        let is_same = before.inline.get(policy).is_some_and(|live| canonical_policy(live) == canonical_policy(content));
        if !is_same {
            propagation::retry_new(&what, || put_policy(clients, name, policy, content)).await?;
        }
    }
    for arn in wanted.attached.difference(&before.attached) {
        propagation::retry_new(&what, || attach(clients, name, arn)).await?;
    }
    if before.description != wanted.description || before.max_session_seconds != wanted.max_session_seconds {
        let request =
            iam.update_role().role_name(name).description(&wanted.description).max_session_duration(seconds(wanted));
        propagation::retry_new(&what, || call(clients, Call::UpdateRole, request.clone().send())).await?;
    }
    let (set, removed) = tags::changes(&before.tags, &wanted.tags);
    if !set.is_empty() {
        let request = iam.tag_role().role_name(name).set_tags(Some(as_list(&set)));
        propagation::retry_new(&what, || call(clients, Call::TagRole, request.clone().send())).await?;
    }
    if !removed.is_empty() {
        let request = iam.untag_role().role_name(name).set_tag_keys(Some(removed));
        propagation::retry_new(&what, || call(clients, Call::UntagRole, request.clone().send())).await?;
    }
    Ok(())
}

async fn delete(cluster: EksCluster<'_>, name: &str, expect: &Expect) -> Result<(), PortError> {
    let (clients, key) = (cluster.clients, ObjectKey::role(name));
    // Whose a role is its tags say: what is in its policies matters only to who expects a version.
    let found = match expect {
        Expect::Version(_) => get(clients, name).await?,
        _ => propagation::look(expect, || read::outline(clients, name)).await?,
    };
    let Some(live) = found.filter(|live| live.key == key) else { return Ok(()) };
    check_deletion(cluster.arn, &key, expect, &live)?;
    let Body::Role(role) = &live.body else { return Ok(()) };
    if role::is_protected(&role.path) {
        let message = format!("UnmodifiableEntity: role {name} belongs to an AWS service: remove it there");
        return Err(PortError::new(Class::Denied, Call::DeleteRole.name(), message));
    }
    for policy in role.inline.keys() {
        delete_policy(clients, name, policy).await?;
    }
    for arn in &role.attached {
        detach(clients, name, arn).await?;
    }
    clients.made_roles.forget(|arn| arn.rsplit('/').next() == Some(name));
    let request = clients.iam.delete_role().role_name(name).send();
    not_found_as_none(call(clients, Call::DeleteRole, request).await).map(|_| ())
}

async fn put_policy(clients: &AwsClients, name: &str, policy: &str, content: &Value) -> Result<(), PortError> {
    let request =
        clients.iam.put_role_policy().role_name(name).policy_name(policy).policy_document(policy_text(content));
    call(clients, Call::PutRolePolicy, request.send()).await.map(|_| ())
}

async fn delete_policy(clients: &AwsClients, name: &str, policy: &str) -> Result<(), PortError> {
    let request = clients.iam.delete_role_policy().role_name(name).policy_name(policy).send();
    not_found_as_none(call(clients, Call::DeleteRolePolicy, request).await).map(|_| ())
}

async fn attach(clients: &AwsClients, name: &str, arn: &str) -> Result<(), PortError> {
    let request = clients.iam.attach_role_policy().role_name(name).policy_arn(arn).send();
    call(clients, Call::AttachRolePolicy, request).await.map(|_| ())
}

async fn detach(clients: &AwsClients, name: &str, arn: &str) -> Result<(), PortError> {
    let request = clients.iam.detach_role_policy().role_name(name).policy_arn(arn).send();
    not_found_as_none(call(clients, Call::DetachRolePolicy, request).await).map(|_| ())
}

fn seconds(role: &Role) -> i32 {
    i32::try_from(role.max_session_seconds).unwrap_or(i32::MAX)
}

fn as_list(tags: &Tags) -> Vec<Tag> {
    let tag = |(name, value): (&String, &String)| Tag::builder().key(name).value(value).build().ok();
    tags.iter().filter_map(tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_is_taken_is_to_be_changed() {
        for (class, message, words, reason) in [
            (
                Class::Conflict,
                "EntityAlreadyExists: Role with name gp-pay already exists.",
                Some("Rename"),
                "another role",
            ),
            (
                Class::Conflict,
                "ConcurrentModification: The request was rejected.",
                None,
                "the same role, at the same time",
            ),
            (Class::Invalid, "LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000", None, "no conflict"),
        ] {
            let error = creation_failure(PortError::new(class, Call::CreateRole.name(), message), "gp-pay");
            assert_eq!(error.next.is_some(), words.is_some(), "{reason}: {error:?}");
            assert!(
                words.is_none_or(|words| error.next.as_ref().is_some_and(|next| next.starts_with(words))),
                "{reason}"
            );
            assert!(error.message.contains("gp-pay"), "{reason}: it says which role");
        }
    }
}
