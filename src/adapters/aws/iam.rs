//! Reads of IAM that more than one part needs.

use super::{call::call, calls::Call, clients::AwsClients};
use crate::errors::not_found_as_none;
use aws_sdk_iam::types::{Role, User};
use goldenpath_core::{
    domain::{Class, RoleQuotas},
    ports::PortError,
};

pub(super) async fn get_role(clients: &AwsClients, name: &str) -> Result<Option<Role>, PortError> {
    let request = clients.iam.get_role().role_name(name).send();
    let response = not_found_as_none(call(clients, Call::GetRole, request).await)?;
    Ok(response.and_then(|response| response.role))
}

async fn get_user(clients: &AwsClients, name: &str) -> Result<Option<User>, PortError> {
    let request = clients.iam.get_user().user_name(name).send();
    let response = not_found_as_none(call(clients, Call::GetUser, request).await)?;
    Ok(response.and_then(|response| response.user))
}

/// In seconds of the epoch. `None`: no role or user of this account has the ARN.
pub(super) async fn principal_made_at(clients: &AwsClients, arn: &str) -> Result<Option<i64>, PortError> {
    if let Some(name) = role_name(arn) {
        let role = get_role(clients, name).await?;
        return Ok(role.filter(|role| role.arn == arn).map(|role| role.create_date.secs()));
    }
    let Some(name) = user_name(arn) else { return Ok(None) };
    let user = get_user(clients, name).await?;
    Ok(user.filter(|user| user.arn == arn).map(|user| user.create_date.secs()))
}

pub(super) async fn policy_exists(clients: &AwsClients, arn: &str) -> Result<bool, PortError> {
    let request = clients.iam.get_policy().policy_arn(arn).send();
    Ok(not_found_as_none(call(clients, Call::GetPolicy, request).await)?.is_some())
}

/// Of an account that may not be asked, the defaults.
pub(super) async fn role_quotas(clients: &AwsClients) -> Result<RoleQuotas, PortError> {
    let read = async {
        let response = match call(clients, Call::GetAccountSummary, clients.iam.get_account_summary().send()).await {
            Err(error) if error.class == Class::Denied => return Ok(RoleQuotas::default()),
            response => response?,
        };
        let summary = response.summary_map.unwrap_or_default();
        let quota = |name: &str, default: usize| {
            let found = summary.iter().find(|(key, _)| key.as_str() == name);
            found.and_then(|(_, most)| usize::try_from(*most).ok()).unwrap_or(default)
        };
        let RoleQuotas { trust, attached } = RoleQuotas::default();
        Ok(RoleQuotas {
            trust: quota("AssumeRolePolicySizeQuota", trust),
            attached: quota("AttachedPoliciesPerRoleQuota", attached),
        })
    };
    clients.role_quotas.get_or_try_init(|| read).await.copied()
}

/// Their ARNs end with the issuer, without its scheme.
pub(super) async fn oidc_provider_exists(clients: &AwsClients, issuer: &str) -> Result<bool, PortError> {
    let request = clients.iam.list_open_id_connect_providers().send();
    let response = call(clients, Call::ListOpenIDConnectProviders, request).await?;
    let end = format!(":oidc-provider/{}", issuer.split_once("://").map_or(issuer, |(_, rest)| rest));
    let mut arns = response.open_id_connect_provider_list().iter().filter_map(|provider| provider.arn());
    Ok(arns.any(|arn| arn.ends_with(&end)))
}

/// The name in the ARN of a role, whatever its path.
pub(super) fn role_name(arn: &str) -> Option<&str> {
    name_of(arn, "role/")
}

pub(super) fn user_name(arn: &str) -> Option<&str> {
    name_of(arn, "user/")
}

fn name_of<'a>(arn: &'a str, kind: &str) -> Option<&'a str> {
    let resource = arn.splitn(6, ':').nth(5)?;
    resource.strip_prefix(kind)?.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principals_name_is_the_end_of_its_arn() {
        for (arn, role, user, reason) in [
            ("arn:aws:iam::111122223333:role/a/b/name", Some("name"), None, "a role with a path"),
            ("arn:aws:iam::111122223333:role/name", Some("name"), None, "a role without"),
            ("arn:aws:iam::111122223333:user/a/name", None, Some("name"), "a user"),
            ("arn:aws:iam::111122223333:root", None, None, "an account"),
        ] {
            assert_eq!((role_name(arn), user_name(arn)), (role, user), "{reason}");
        }
    }
}
