//! IAM is eventually consistent: a role that was just made is unknown to IAM's and EKS's own checks for some seconds
//! (hashicorp/terraform-provider-aws#35535, #1388). An error that clears by waiting is retried, as `aws_errors` says of its call; a
//! principal that does not exist is reported at once.

use crate::aws::{clients::AwsClients, error, iam};
use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use goldenpath_core::{
    domain::Class,
    ports::{
        Expect, PortError,
        aws_errors::{Meaning, NotYet},
    },
};
use std::time::Duration;

/// Both kinds clear in seconds; after this it is something else.
const LONGEST: Duration = Duration::from_secs(120);
/// Of what was there a moment ago.
const LONGEST_NEW: Duration = Duration::from_secs(30);
const SECOND_LOOK: Duration = Duration::from_secs(1);
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(10);

/// Repeats the call until AWS knows what it refers to. `principals` are those that the call names.
pub(super) async fn retry<T, F>(
    clients: &AwsClients,
    what: &str,
    principals: &[&str],
    mut attempt: impl FnMut() -> F,
) -> Result<T, PortError>
where
    F: Future<Output = Result<T, PortError>>,
{
    let mut is_known = false;
    for pause in pauses(LONGEST).build() {
        let error = match attempt().await {
            Err(error) if error::meaning(&error) == Meaning::NotYet(NotYet::Principal) => error,
            other => return other,
        };
        if !is_known {
            all_exist(clients, principals, &error).await?;
            is_known = true;
        }
        tracing::info!(
            call = error.call,
            milliseconds = pause.as_millis() as u64,
            "waiting for AWS to know what {what} refers to: {}",
            error.message
        );
        tokio::time::sleep(pause).await;
    }
    attempt().await
}

/// Repeats a call about something that was made or read a moment ago: that AWS does not find it clears by waiting.
pub(super) async fn retry_new<T, F>(what: &str, attempt: impl FnMut() -> F) -> Result<T, PortError>
where
    F: Future<Output = Result<T, PortError>>,
{
    attempt
        .retry(pauses(LONGEST_NEW))
        .when(|error| error::meaning(error) == Meaning::NotYet(NotYet::Itself))
        .notify(|error, pause| {
            let milliseconds = pause.as_millis() as u64;
            tracing::info!(call = error.call, milliseconds, "waiting for AWS to find {what}: {}", error.message);
        })
        .await
}

/// What is about to be deleted. A record names it where an owner is expected: a single 'not found' of that is asked again, or it would
/// stay for ever.
pub(super) async fn look<T, F>(expect: &Expect, read: impl Fn() -> F) -> Result<Option<T>, PortError>
where
    F: Future<Output = Result<Option<T>, PortError>>,
{
    match read().await? {
        None if matches!(expect, Expect::Owned(_)) => {
            tokio::time::sleep(SECOND_LOOK).await;
            read().await
        }
        found => Ok(found),
    }
}

fn pauses(longest: Duration) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(FIRST)
        .with_max_delay(MOST)
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(longest))
}

/// Roles of this account can be read; if one is absent, waiting won't help.
async fn all_exist(clients: &AwsClients, principals: &[&str], error: &PortError) -> Result<(), PortError> {
    for arn in principals {
        let Some(name) = iam::role_name(arn) else { continue };
        match iam::get_role(clients, name).await {
            Ok(Some(role)) if role.arn == *arn => {}
            // IAM may not see yet what it has made.
            Ok(None) if clients.made_roles.get(arn).is_some() => {}
            Ok(_) => return Err(error.clone()),
            // A role that may not be read may well exist.
            Err(error) if error.class == Class::Denied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::Ownership;

    #[tokio::test(start_paused = true)]
    async fn what_a_record_names_is_looked_for_twice() {
        let owned = Expect::Owned(Ownership::Cluster);
        for (expect, after, found, looks, reason) in [
            (&owned, 0, Some(1), 1, "it is there"),
            (&owned, 1, Some(2), 2, "one 'not found' of something that is there"),
            (&owned, 9, None, 2, "it is gone"),
            (&Expect::Any, 1, None, 1, "nobody says that it was there"),
        ] {
            let seen = std::cell::Cell::new(0);
            let read = || {
                seen.set(seen.get() + 1);
                let now = (seen.get() > after).then_some(seen.get());
                async move { Ok(now) }
            };
            assert_eq!(look(expect, read).await, Ok(found), "{reason}");
            assert_eq!(seen.get(), looks, "{reason}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_just_made_is_found_in_the_end() {
        for (call, message, after, expected, calls, reason) in [
            ("iam:PutRolePolicy", "NoSuchEntity: The role cannot be found.", 3, true, 4, "it appears"),
            (
                "iam:PutRolePolicy",
                "NoSuchEntity: The role cannot be found.",
                1000,
                false,
                0,
                "it does not: said in the end",
            ),
            (
                "iam:PutRolePolicy",
                "LimitExceeded: Maximum policy size exceeded",
                1000,
                false,
                1,
                "a quota never clears",
            ),
            ("iam:PutRolePolicy", "AccessDenied: no", 1000, false, 1, "another error is none of it"),
            (
                "iam:DeleteRolePolicy",
                "NoSuchEntity: The role cannot be found.",
                1000,
                false,
                1,
                "of a role that was there long",
            ),
            ("iam:TagRole", "NoSuchEntity: The role cannot be found.", 2, true, 3, "a change of a role that was read"),
            (
                "iam:PutRolePermissionsBoundary",
                "NoSuchEntity: Scope ARN x does not exist or is not attachable.",
                1000,
                false,
                1,
                "it is the boundary that is missing",
            ),
            (
                "eks:ListAssociatedAccessPolicies",
                "ResourceNotFoundException: The specified principalArn could not be found.",
                2,
                true,
                3,
                "right after CreateAccessEntry",
            ),
            (
                "eks:AssociateAccessPolicy",
                "ResourceNotFoundException: The specified principalArn could not be found.",
                2,
                true,
                3,
                "the call after that",
            ),
            (
                "eks:DescribeAccessEntry",
                "ResourceNotFoundException: The specified principalArn could not be found.",
                1000,
                false,
                1,
                "a look may find nothing",
            ),
        ] {
            let tries = std::cell::Cell::new(0);
            let attempt = || {
                tries.set(tries.get() + 1);
                let is_there = tries.get() > after;
                async move { if is_there { Ok(()) } else { Err(PortError::new(Class::NotFound, call, message)) } }
            };
            assert_eq!(retry_new("role x", attempt).await.is_ok(), expected, "{reason}");
            assert!(calls == 0 || tries.get() == calls, "{reason}: {}", tries.get());
        }
    }
}
