//! Reads of IAM that more than one part needs.

use super::{call::call, calls::Call, clients::AwsClients};
use crate::errors::not_found_as_none;
use aws_sdk_iam::types::Role;
use goldenpath_core::{
    domain::{Class, RoleQuotas},
    ports::PortError,
};

pub(super) async fn get_role(clients: &AwsClients, name: &str) -> Result<Option<Role>, PortError> {
    let request = clients.iam.get_role().role_name(name).send();
    let response = not_found_as_none(call(clients, Call::GetRole, request).await)?;
    Ok(response.and_then(|response| response.role))
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
    let resource = arn.splitn(6, ':').nth(5)?;
    resource.strip_prefix("role/")?.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_name_is_the_end_of_its_arn() {
        for (arn, expected, reason) in [
            ("arn:aws:iam::111122223333:role/a/b/name", Some("name"), "with a path"),
            ("arn:aws:iam::111122223333:role/name", Some("name"), "without"),
            ("arn:aws:iam::111122223333:user/name", None, "a user"),
            ("arn:aws:iam::111122223333:root", None, "an account"),
        ] {
            assert_eq!(role_name(arn), expected, "{reason}");
        }
    }
}
