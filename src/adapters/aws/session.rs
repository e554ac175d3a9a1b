//! Credentials and clients of one account and region.
//!
//! Credentials come from the profile that the options name, else from AWS's default chain (environment, profile with its SSO cache, web
//! identity, container and Pod Identity agents, instance metadata), then through each role that the options name. The SDK caches them and renews them before they end.

use super::{
    agent::Agent,
    error, http,
    options::{AssumeRole, AwsOptions},
};
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
use goldenpath_core::{domain::Class, ports::PortError};
use std::time::{Duration, SystemTime};

/// Throttles and cut connections are tried again by the SDK, and by nobody else.
const ATTEMPTS: u32 = 4;
/// What is not there is told soon.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest answer is a page of 1,000 roles with their policies.
const READ: Duration = Duration::from_secs(30);
const WHOLE: Duration = Duration::from_secs(90);
/// What every role allows, and all that a chained session may have.
const HOUR: Duration = Duration::from_secs(3600);

pub(super) struct Session {
    pub iam: aws_sdk_iam::Client,
    pub eks: aws_sdk_eks::Client,
    pub sts: aws_sdk_sts::Client,
    pub region: String,
    pub credentials: SharedCredentialsProvider,
    /// What stands for the account before its number is known: each configuration has buckets of its own.
    pub bucket: String,
}

/// The three builders share no trait: each is told where its service is, and who asks.
macro_rules! config_of {
    ($service:ident, $config:expr, $url:expr) => {{
        let builder = $service::config::Builder::from($config).interceptor(Agent);
        match $url {
            Some(url) => builder.endpoint_url(url),
            None => builder,
        }
        .build()
    }};
}

pub(super) async fn open(options: &AwsOptions, given: Option<SharedCredentialsProvider>) -> Result<Session, PortError> {
    let AwsOptions { region, profile, assume_role, endpoints, default_tags: _, run } = options;
    let http = http::client().map_err(|problem| wrong(&problem))?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).operation_timeout(WHOLE).build(),
        );
    if let Some(region) = region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    loader = match (given, profile) {
        (Some(given), _) => loader.credentials_provider(given),
        (None, Some(profile)) => loader.credentials_provider(of_profile(profile, region.as_deref(), http).await),
        (None, None) => loader,
    };
    let mut config = loader.load().await;
    let region = config.region().map(ToString::to_string).ok_or_else(|| {
        wrong(
            "no region: set `region` in the provider's `aws`, or AWS_REGION, or `region` in the profile of the AWS \
             configuration",
        )
    })?;
    for role in assume_role {
        config = assumed(config, role, endpoints.sts.as_deref(), run.as_deref());
    }
    let credentials = config.credentials_provider().ok_or_else(|| wrong("no source of credentials is configured"))?;
    Ok(Session {
        iam: aws_sdk_iam::Client::from_conf(config_of!(aws_sdk_iam, &config, &endpoints.iam)),
        eks: aws_sdk_eks::Client::from_conf(config_of!(aws_sdk_eks, &config, &endpoints.eks)),
        sts: aws_sdk_sts::Client::from_conf(sts_config(&config, endpoints.sts.as_deref())),
        bucket: format!("{profile:?} {assume_role:?}"),
        region,
        credentials,
    })
}

/// Whoever names a profile means it, as in AWS's command line: left to itself, the SDK's chain would take the keys of the environment,
/// perhaps of another account.
async fn of_profile(profile: &str, region: Option<&str>, http: SharedHttpClient) -> ProfileFileCredentialsProvider {
    let region = match region {
        Some(region) => Some(Region::new(region.to_owned())),
        None => DefaultRegionChain::builder().profile_name(profile).build().region().await,
    };
    let surroundings = ProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_region(region)
        .with_http_client(http);
    ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&surroundings).build()
}

fn sts_config(config: &SdkConfig, url: Option<&str>) -> aws_sdk_sts::Config {
    config_of!(aws_sdk_sts, config, url)
}

// === Assumed roles ===

fn assumed(config: SdkConfig, role: &AssumeRole, sts: Option<&str>, run: Option<&str>) -> SdkConfig {
    let name = role.session_name.as_deref().or(run).unwrap_or("goldenpath");
    let assumed = Assumed {
        sts: aws_sdk_sts::Client::from_conf(sts_config(&config, sts)),
        session_name: session_name(name),
        role: role.clone(),
    };
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build()
}

/// `[\w+=,.@-]{2,64}`; anything else becomes a dash.
fn session_name(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).take(64).collect();
    if name.len() < 2 { format!("{name}--") } else { name }
}

/// The SDK's own provider cannot say who the human is.
#[derive(Debug)]
struct Assumed {
    sts: aws_sdk_sts::Client,
    role: AssumeRole,
    session_name: String,
}

impl ProvideCredentials for Assumed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

impl Assumed {
    async fn assume(&self) -> provider::Result {
        let AssumeRole { role_arn, session_name: _, external_id, source_identity, duration } = &self.role;
        let seconds = i32::try_from(duration.unwrap_or(HOUR).as_secs()).unwrap_or(i32::MAX);
        let answer = self
            .sts
            .assume_role()
            .role_arn(role_arn)
            .role_session_name(&self.session_name)
            .set_external_id(external_id.clone())
            .set_source_identity(source_identity.clone())
            .duration_seconds(seconds)
            .send()
            .await
            .map_err(|error| {
                CredentialsError::provider_error(error::about(error::of("sts:AssumeRole", error), role_arn))
            })?;
        let given = answer
            .credentials()
            .ok_or_else(|| CredentialsError::unhandled("sts:AssumeRole answered no credentials"))?;
        let expiry = SystemTime::try_from(*given.expiration()).ok();
        Ok(Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            expiry,
            "AssumeRole",
        ))
    }
}

fn wrong(message: &str) -> PortError {
    PortError::new(Class::Invalid, "configure AWS", message)
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
            assert_eq!(session_name(text), expected, "{reason}");
        }
        assert_eq!(session_name(&"a".repeat(80)).len(), 64, "64 at most");
    }
}
