//! How an account is reached, as the provider's configuration says; what it leaves out comes from AWS's own chain.

use aws_credential_types::Credentials;
use goldenpath_core::domain::Id;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsOptions {
    /// `None`: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile.
    pub region: Option<String>,
    pub credentials: CredentialSource,
    /// Variables of this process count for nothing: other clients share it.
    pub is_shared: bool,
    /// Each is assumed with the credentials of the one before.
    pub assume_role: Vec<AssumeRole>,
    pub endpoints: Endpoints,
    /// Put on everything that carries tags; ours win.
    pub default_tags: BTreeMap<String, String>,
    /// What CloudTrail shows as the session's name where a role is assumed, for all calls of one client: a role is assumed
    /// once and not for each operation, whose id is in the user agent.
    pub run: Option<String>,
}

/// Where the first credentials come from. What is secret is not shown by `Debug`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CredentialSource {
    /// AWS's own, with `AWS_PROFILE`, else `default`.
    #[default]
    Chain,
    /// Takes precedence over access keys in the environment.
    Profile(String),
    Keys(Credentials),
    WebIdentity(WebIdentity),
}

/// A role that trusts an identity provider, and the file in which that keeps a fresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    pub role_arn: String,
    pub token_file: PathBuf,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumeRole {
    pub role_arn: String,
    /// `None`: the run's id.
    pub session_name: Option<String>,
    pub external_id: Option<String>,
    /// The human behind it, for CloudTrail; it stays through every further role.
    pub source_identity: Option<String>,
    /// `None`: one hour, which every role allows.
    pub duration: Option<Duration>,
    /// The session may change nothing but what is of this environment or slot.
    pub only_for: Option<Id>,
}

impl CredentialSource {
    pub fn keys(id: &str, secret: &str, token: Option<&str>) -> Self {
        Self::Keys(Credentials::new(id, secret, token.map(str::to_owned), None, "configuration"))
    }
}

/// URLs in place of AWS's own: private endpoints, emulators. `None`: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    pub iam: Option<String>,
    pub eks: Option<String>,
    pub sts: Option<String>,
}
