//! Bearer tokens for a cluster: `k8s-aws-v1.` and a presigned STS GetCallerIdentity that names the cluster, in base64.
//!
//! As in aws-iam-authenticator: the request is signed with the header `x-k8s-aws-id`, names an expiry of 60 seconds, and is
//! accepted for 15 minutes from its date. STS's own regional host is part of what is signed, whatever endpoints are configured.

use super::{clients::AwsClients, error};
use crate::{
    errors::{chain, invalid},
    kube::Token,
};
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use goldenpath_core::{domain::ClusterArn, ports::PortError};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// The server accepts one for 15 minutes; the last is left for clocks that differ.
const VALID: Duration = Duration::from_secs(14 * 60);
/// As written in the presigned URL.
const EXPIRES: Duration = Duration::from_secs(60);

const CALL: &str = "make an EKS token";

struct CachedToken {
    token: Token,
    until: SystemTime,
}

#[derive(Default)]
pub(super) struct TokenCache(Mutex<HashMap<ClusterArn, CachedToken>>);

impl TokenCache {
    /// `renew`: a new one even if the last one looks valid.
    pub async fn token(&self, clients: &AwsClients, cluster: &ClusterArn, renew: bool) -> Result<Token, PortError> {
        let now = SystemTime::now();
        if !renew && let Some(token) = self.valid(cluster, now) {
            return Ok(token);
        }
        let credentials = credentials(clients).await?;
        let token = Token::new(text(cluster, &clients.region, &credentials, now)?);
        let cached = CachedToken { token: token.clone(), until: until(now, credentials.expiry()) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(cluster.clone(), cached);
        Ok(token)
    }

    fn valid(&self, cluster: &ClusterArn, now: SystemTime) -> Option<Token> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cached.get(cluster).filter(|cached| cached.until > now).map(|cached| cached.token.clone())
    }
}

async fn credentials(clients: &AwsClients) -> Result<Credentials, PortError> {
    let given = clients.credentials.provide_credentials().await;
    given.map_err(|error| error::without_credentials(CALL, &error))
}

/// A token expires with the credentials that signed it.
fn until(now: SystemTime, credentials: Option<SystemTime>) -> SystemTime {
    let own = now + VALID;
    credentials.map_or(own, |ends| own.min(ends))
}

fn text(cluster: &ClusterArn, region: &str, credentials: &Credentials, now: SystemTime) -> Result<String, PortError> {
    let failed = |error: &dyn std::error::Error| invalid(CALL, chain(error));
    let url = format!("https://sts.{region}.{}/?Action=GetCallerIdentity&Version=2011-06-15", cluster.dns_suffix());
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRES);
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?;
    let headers = [("x-k8s-aws-id", cluster.name())];
    let request = SignableRequest::new("GET", url.as_str(), headers.into_iter(), SignableBody::Bytes(&[]))
        .map_err(|error| failed(&error))?;
    let (instructions, _) = sign(request, &params.into()).map_err(|error| failed(&error))?.into_parts();
    let mut signed = http::Request::builder().method("GET").uri(&url).body(()).map_err(|error| failed(&error))?;
    instructions.apply_to_request_http1x(&mut signed);
    Ok(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(signed.uri().to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(token: &str) -> String {
        let body = token.strip_prefix("k8s-aws-v1.").expect("the prefix");
        String::from_utf8(URL_SAFE_NO_PAD.decode(body).expect("base64 without padding")).expect("a URL")
    }

    #[test]
    fn a_token_is_a_presigned_request_for_one_cluster() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session".into()), None, "test");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let make = |arn: &str, region: &str| {
            let cluster: ClusterArn = arn.parse().expect("an ARN");
            decode(&text(&cluster, region, &credentials, now).expect("a token"))
        };
        let url = make("arn:aws:eks:eu-west-1:111122223333:cluster/demo", "eu-west-1");
        for (part, reason) in [
            ("https://sts.eu-west-1.amazonaws.com/?", "the region's own STS"),
            ("Action=GetCallerIdentity&Version=2011-06-15", "the operation"),
            ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "the signature's kind"),
            ("X-Amz-Credential=AKIDEXAMPLE%2F20270115%2Feu-west-1%2Fsts%2Faws4_request", "whose"),
            ("X-Amz-Date=20270115T080000Z", "when"),
            ("X-Amz-Expires=60", "for how long"),
            ("X-Amz-SignedHeaders=host%3Bx-k8s-aws-id", "the cluster is signed with it"),
            ("X-Amz-Security-Token=session", "the session"),
        ] {
            assert!(url.contains(part), "{reason}: {url}");
        }
        assert!(!url.contains("demo"), "the cluster's name is in the signature alone: {url}");
        let signature = |url: &str| url.split("X-Amz-Signature=").nth(1).map(str::to_owned);
        let other = make("arn:aws:eks:eu-west-1:111122223333:cluster/other", "eu-west-1");
        assert_ne!(signature(&url), signature(&other), "another cluster, another signature");
        let china = make("arn:aws-cn:eks:cn-north-1:111122223333:cluster/demo", "cn-north-1");
        assert!(china.starts_with("https://sts.cn-north-1.amazonaws.com.cn/?"), "{china}");
        let eusc = make("arn:aws-eusc:eks:eusc-de-east-1:111122223333:cluster/demo", "eusc-de-east-1");
        assert!(eusc.starts_with("https://sts.eusc-de-east-1.amazonaws.eu/?"), "{eusc}");
        let gov = make("arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/demo", "us-gov-west-1");
        assert!(gov.starts_with("https://sts.us-gov-west-1.amazonaws.com/?"), "{gov}");
    }

    #[test]
    fn a_token_expires_with_its_credentials() {
        let now = SystemTime::UNIX_EPOCH;
        let minutes = |minutes: u64| now + Duration::from_secs(60 * minutes);
        for (credentials, expected, reason) in [
            (None, minutes(14), "keys of a user"),
            (Some(minutes(60)), minutes(14), "a session that lasts longer"),
            (Some(minutes(5)), minutes(5), "a session about to end"),
        ] {
            assert_eq!(until(now, credentials), expected, "{reason}");
        }
    }
}
