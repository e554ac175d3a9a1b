//! IAM is eventually consistent: a role that was just made is unknown to IAM's and EKS's own checks for some seconds
//! (hashicorp/terraform-provider-aws#35535, #1388). What clears by waiting is tried again; what names nobody is told at once.

use crate::aws::{call::call, calls::Call, session::Session};
use backon::{BackoffBuilder, ExponentialBuilder};
use goldenpath_core::{domain::Class, ports::PortError};
use std::time::Duration;

/// Both kinds clear in seconds; after this it is something else.
const LONGEST: Duration = Duration::from_secs(120);
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(10);

/// Tries until what it refers to is seen. `principals` are those that the call names.
pub(super) async fn propagated<T, F>(
    session: &Session,
    what: &str,
    principals: &[&str],
    mut attempt: impl FnMut() -> F,
) -> Result<T, PortError>
where
    F: Future<Output = Result<T, PortError>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST)
        .with_max_delay(MOST)
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(LONGEST))
        .build();
    let mut is_known = false;
    for pause in pauses {
        let refused = match attempt().await {
            Err(error) if is_a_matter_of_time(&error) => error,
            answer => return answer,
        };
        if !is_known {
            all_exist(session, principals, &refused).await?;
            is_known = true;
        }
        tracing::info!(
            call = refused.call,
            milliseconds = pause.as_millis() as u64,
            "waiting for AWS to know what {what} refers to: {}",
            refused.message
        );
        tokio::time::sleep(pause).await;
    }
    attempt().await
}

fn is_a_matter_of_time(error: &PortError) -> bool {
    match error.class {
        Class::NotFound => {
            let text = error.message.to_ascii_lowercase();
            text.contains("invalid principal") || text.contains("role provided in the request does not exist")
        }
        Class::Unavailable => error.message.starts_with("ResourcePropagationDelayException"),
        _ => false,
    }
}

/// Roles of this account can be asked for; if one is not there, waiting won't bring it.
async fn all_exist(session: &Session, principals: &[&str], refused: &PortError) -> Result<(), PortError> {
    for arn in principals {
        let Some(name) = role_name(arn) else { continue };
        let asked = session.iam.get_role().role_name(name).send();
        match call(session, Call::GetRole, asked).await {
            Ok(answer) if answer.role.as_ref().is_some_and(|role| role.arn() == *arn) => {}
            Ok(_) => return Err(refused.clone()),
            Err(error) if error.class == Class::NotFound => return Err(refused.clone()),
            // What may not be read may well exist.
            Err(error) if error.class == Class::Denied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(super) fn role_name(arn: &str) -> Option<&str> {
    let resource = arn.splitn(6, ':').nth(5)?;
    resource.strip_prefix("role/")?.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_propagation_is_waited_for() {
        for (class, message, expected, reason) in [
            (
                Class::NotFound,
                "InvalidParameterException: The specified principalArn is invalid: invalid principal.",
                true,
                "EKS, a new role",
            ),
            (
                Class::NotFound,
                "MalformedPolicyDocument: Invalid principal in policy: \"AWS\":\"arn\"",
                true,
                "IAM, a new principal in a trust policy",
            ),
            (Class::Unavailable, "ResourcePropagationDelayException: try again", true, "EKS says so itself"),
            (Class::NotFound, "NoSuchEntity: The role cannot be found", false, "not there"),
            (Class::Unavailable, "timeout", false, "an unknown answer is the engine's to deal with"),
            (Class::Throttled, "Rate exceeded", false, "the SDK has tried"),
        ] {
            assert_eq!(is_a_matter_of_time(&PortError::new(class, "x", message)), expected, "{reason}");
        }
    }

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
