//! The clients of the three services of one account and region, and their credentials.
//!
//! Credentials come from the source that the options name, else from AWS's default chain (environment, profile with its SSO cache, web
//! identity, container and Pod Identity agents, instance metadata), then through each role that the options name. The SDK caches them
//! and renews them before they expire.

use super::{
    calls::Call,
    error, http,
    options::{AssumeRole, AwsOptions, CredentialSource, WebIdentity},
    recent::Recent,
    request_id::RequestIds,
    session_policy::session_policy,
    user_agent::UserAgent,
};
use crate::errors::invalid;
use aws_config::{
    BehaviorVersion, Region, SdkConfig, default_provider::region::DefaultRegionChain,
    profile::ProfileFileCredentialsProvider, provider_config::ProviderConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use goldenpath_core::{
    domain::{Id, RoleQuotas},
    ports::PortError,
};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};
use tokio::sync::OnceCell;

/// Throttles and cut connections are tried again by the SDK, and by nobody else.
const ATTEMPTS: u32 = 4;
/// An endpoint that is not there fails soon.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest response is a page of 1,000 roles with their policies.
const READ: Duration = Duration::from_secs(30);
const WHOLE: Duration = Duration::from_secs(90);
/// About as long as an operation works on the same things.
const MINUTE: Duration = Duration::from_secs(60);
/// What every role allows, and all that a chained session may have.
const HOUR: Duration = Duration::from_secs(3600);

pub(super) struct AwsClients {
    pub iam: aws_sdk_iam::Client,
    pub eks: aws_sdk_eks::Client,
    pub sts: aws_sdk_sts::Client,
    pub region: String,
    pub credentials: SharedCredentialsProvider,
    /// Stands for the account before its number is known: each configuration has rate limits of its own.
    pub bucket: String,
    /// Read where a role is more than the defaults allow.
    pub role_quotas: OnceCell<RoleQuotas>,
    /// ARNs of roles that this process has made, for as long as anybody waits for AWS to know what a call refers to.
    pub made_roles: Recent<()>,
    /// Tags of access entries of ours, by cluster and principal. Whose an entry is changes with its tags or its end alone, both ours to
    /// decide; and a pipeline with the least permissions is refused anything on an entry without our tag (`eks:` with
    /// `aws:ResourceTag`). So one look serves all steps of an operation.
    pub entries: Recent<BTreeMap<String, String>>,
}

/// The three builders share no trait. Each gets its service's endpoint and our user agent.
macro_rules! config_of {
    ($service:ident, $config:expr, $url:expr) => {{
        let builder = $service::config::Builder::from($config).interceptor(UserAgent).interceptor(RequestIds);
        match $url {
            Some(url) => builder.endpoint_url(url),
            None => builder,
        }
        .build()
    }};
}

pub(super) async fn open(options: &AwsOptions) -> Result<AwsClients, PortError> {
    let AwsOptions { region, credentials, is_shared, assume_role, endpoints, default_tags: _, run } = options;
    let http = http::client().map_err(wrong)?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).operation_timeout(WHOLE).build(),
        );
    if let Some(region) = region {
        loader = loader.region(Region::new(region.clone()));
    }
    if *is_shared {
        // Whatever the name says, it is the SDK's way to leave out the environment: its endpoints, too.
        loader = loader.empty_test_environment();
    }
    loader = match credentials {
        CredentialSource::Chain => loader,
        CredentialSource::Profile(profile) => loader
            .profile_name(profile)
            .credentials_provider(profile_credentials(profile, region.as_deref(), http).await),
        CredentialSource::Keys(keys) => loader.credentials_provider(keys.clone()),
        // Nobody signs the call that gets them.
        CredentialSource::WebIdentity(_) => loader.no_credentials(),
    };
    let mut config = loader.load().await;
    if let CredentialSource::WebIdentity(identity) = credentials {
        config = exchange(config, identity, endpoints.sts.as_deref(), run.as_deref());
    }
    let region = config.region().map(ToString::to_string).ok_or_else(|| {
        wrong(
            "no region: set `region` in the provider's `aws`, `--region` of a command, the environment variable AWS_REGION, or `region` \
             in the profile of the AWS configuration",
        )
    })?;
    for role in assume_role {
        config = assume(config, role, endpoints.sts.as_deref(), run.as_deref());
    }
    let provider = config.credentials_provider().ok_or_else(|| wrong("no credentials: set `access_key`, `profile` or `web_identity` in the provider's `aws`, or configure them as for the AWS CLI"))?;
    // A session of one operation is no account of its own: it counts with those it is assumed from.
    let lasting: Vec<&str> =
        assume_role.iter().filter(|role| role.only_for.is_none()).map(|role| role.role_arn.as_str()).collect();
    Ok(AwsClients {
        iam: aws_sdk_iam::Client::from_conf(config_of!(aws_sdk_iam, &config, &endpoints.iam)),
        eks: aws_sdk_eks::Client::from_conf(config_of!(aws_sdk_eks, &config, &endpoints.eks)),
        sts: aws_sdk_sts::Client::from_conf(sts_config(&config, endpoints.sts.as_deref())),
        bucket: format!("{credentials:?} {lasting:?}"),
        region,
        credentials: provider,
        role_quotas: OnceCell::new(),
        made_roles: Recent::lasting(Duration::from_secs(120)),
        entries: Recent::lasting(MINUTE),
    })
}

/// A named profile takes precedence, as in the AWS CLI: left to itself, the SDK's chain would use access keys of the environment,
/// perhaps of another account.
async fn profile_credentials(
    profile: &str,
    region: Option<&str>,
    http: SharedHttpClient,
) -> ProfileFileCredentialsProvider {
    let region = match region {
        Some(region) => Some(Region::new(region.to_owned())),
        None => DefaultRegionChain::builder().profile_name(profile).build().region().await,
    };
    let provider_config = ProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_region(region)
        .with_http_client(http);
    ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&provider_config).build()
}

fn sts_config(config: &SdkConfig, url: Option<&str>) -> aws_sdk_sts::Config {
    config_of!(aws_sdk_sts, config, url)
}

// === Assumed roles ===

fn assume(config: SdkConfig, role: &AssumeRole, sts: Option<&str>, run: Option<&str>) -> SdkConfig {
    let provider = AssumedRole {
        sts: aws_sdk_sts::Client::from_conf(sts_config(&config, sts)),
        session_name: session_name(role.session_name.as_deref().or(run)),
        region: config.region().map(ToString::to_string).unwrap_or_default(),
        role: role.clone(),
    };
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

fn exchange(config: SdkConfig, identity: &WebIdentity, sts: Option<&str>, run: Option<&str>) -> SdkConfig {
    let provider = ExchangedToken {
        sts: aws_sdk_sts::Client::from_conf(sts_config(&config, sts)),
        session_name: session_name(run),
        identity: identity.clone(),
    };
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

/// `[\w+=,.@-]{2,64}`; anything else becomes a dash.
fn session_name(text: Option<&str>) -> String {
    let text = text.unwrap_or("goldenpath");
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).take(64).collect();
    if name.len() < 2 { format!("{name}--") } else { name }
}

/// The SDK's own provider cannot set a source identity.
#[derive(Debug)]
struct AssumedRole {
    sts: aws_sdk_sts::Client,
    region: String,
    role: AssumeRole,
    session_name: String,
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

impl AssumedRole {
    async fn assume(&self) -> provider::Result {
        let AssumeRole { role_arn, session_name: _, external_id, source_identity, duration, only_for } = &self.role;
        let policy = only_for.as_ref().map(|id| self.policy_for(id)).transpose()?;
        let seconds = i32::try_from(duration.unwrap_or(HOUR).as_secs()).unwrap_or(i32::MAX);
        let response = self
            .sts
            .assume_role()
            .role_arn(role_arn)
            .role_session_name(&self.session_name)
            .set_external_id(external_id.clone())
            .set_source_identity(source_identity.clone())
            .set_policy(policy)
            .duration_seconds(seconds)
            .send()
            .await
            .map_err(|error| {
                CredentialsError::provider_error(error::about(error::of(Call::AssumeRole.name(), error), role_arn))
            })?;
        session(response.credentials(), "AssumeRole")
    }
}

impl AssumedRole {
    /// The session is of the account that its role is of.
    fn policy_for(&self, id: &Id) -> Result<String, CredentialsError> {
        let parts: Vec<&str> = self.role.role_arn.split(':').collect();
        let [_, partition, _, _, account, ..] = parts.as_slice() else {
            return Err(CredentialsError::provider_error(format!("{} is no ARN of a role", self.role.role_arn)));
        };
        let cluster = format!("arn:{partition}:eks:{}:{account}:cluster/{}", self.region, id.cluster());
        let cluster =
            cluster.parse().map_err(|error| CredentialsError::provider_error(format!("{cluster}: {error}")))?;
        Ok(session_policy(&cluster, id).to_string())
    }
}

/// The SDK's own provider calls STS at no other endpoint than that of the environment.
#[derive(Debug)]
struct ExchangedToken {
    sts: aws_sdk_sts::Client,
    identity: WebIdentity,
    session_name: String,
}

impl ProvideCredentials for ExchangedToken {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.exchange())
    }
}

impl ExchangedToken {
    /// The file is read each time: whoever keeps it replaces the token before it expires.
    async fn exchange(&self) -> provider::Result {
        const CALL: &str = "AssumeRoleWithWebIdentity";
        let WebIdentity { role_arn, token_file } = &self.identity;
        let unreadable = |error| CredentialsError::provider_error(format!("{}: {error}", token_file.display()));
        let token = std::fs::read_to_string(token_file).map_err(unreadable)?;
        let call = self.sts.assume_role_with_web_identity().role_arn(role_arn).web_identity_token(token.trim());
        let response = call.role_session_name(&self.session_name).send().await;
        let failed = |error| CredentialsError::provider_error(error::about(error::of(CALL, error), role_arn));
        session(response.map_err(failed)?.credentials(), CALL)
    }
}

fn session(given: Option<&aws_sdk_sts::types::Credentials>, call: &'static str) -> provider::Result {
    let none = || CredentialsError::unhandled(format!("the response of sts:{call} holds no credentials"));
    let given = given.ok_or_else(none)?;
    let expiry = SystemTime::try_from(*given.expiration()).ok();
    let token = Some(given.session_token().to_owned());
    Ok(Credentials::new(given.access_key_id(), given.secret_access_key(), token, expiry, call))
}

fn wrong(message: impl Into<String>) -> PortError {
    invalid("configure AWS", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_as_sts_allows() {
        for (text, expected, reason) in [
            ("goldenpath-1a2b", "goldenpath-1a2b", "a run's id"),
            ("anna b/c", "anna-b-c", "what STS would refuse"),
            ("x", "x--", "two characters at least"),
        ] {
            assert_eq!(session_name(Some(text)), expected, "{reason}");
        }
        assert_eq!(session_name(Some(&"a".repeat(80))).len(), 64, "64 at most");
    }
}
