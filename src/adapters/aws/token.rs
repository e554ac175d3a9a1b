//! Who we are to a cluster: `k8s-aws-v1.` and a presigned STS GetCallerIdentity that names the cluster, in base64.
//!
//! As aws-iam-authenticator has it: the request is signed with the header `x-k8s-aws-id`, is said to hold 60 seconds, and is taken
//! for 15 minutes from its date. STS's own regional host is part of what is signed, whatever endpoints are configured.

use super::{Aws, error, session::Session};
use crate::kube::{Token, TokenSource};
use async_trait::async_trait;
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use goldenpath_core::{
    domain::{Class, ClusterArn},
    ports::PortError,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// The server takes one for 15 minutes; the last is left for clocks that differ.
const HOLDS: Duration = Duration::from_secs(14 * 60);
/// What the presigned URL says of itself.
const EXPIRES: Duration = Duration::from_secs(60);

struct Made {
    token: Token,
    until: SystemTime,
}

#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<ClusterArn, Made>>);

#[async_trait]
impl TokenSource for Aws {
    async fn token(&self, cluster: &ClusterArn, renew: bool) -> Result<Token, PortError> {
        let now = SystemTime::now();
        if !renew && let Some(token) = self.tokens.holding(cluster, now) {
            return Ok(token);
        }
        let session = self.session().await?;
        let credentials = credentials(session).await?;
        let made = Made {
            token: Token::new(text(cluster, &session.region, &credentials, now)?),
            until: until(now, credentials.expiry()),
        };
        let token = made.token.clone();
        self.tokens.0.lock().unwrap_or_else(PoisonError::into_inner).insert(cluster.clone(), made);
        Ok(token)
    }
}

impl Tokens {
    fn holding(&self, cluster: &ClusterArn, now: SystemTime) -> Option<Token> {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(cluster).filter(|made| made.until > now).map(|made| made.token.clone())
    }
}

async fn credentials(session: &Session) -> Result<Credentials, PortError> {
    let given = session.credentials.provide_credentials().await;
    given.map_err(|refused| PortError::new(Class::Denied, "make an EKS token", error::without_credentials(&refused)))
}

/// A token is no better than the credentials that signed it.
fn until(now: SystemTime, credentials: Option<SystemTime>) -> SystemTime {
    let own = now + HOLDS;
    credentials.map_or(own, |ends| own.min(ends))
}

fn text(cluster: &ClusterArn, region: &str, credentials: &Credentials, now: SystemTime) -> Result<String, PortError> {
    let failed =
        |error: &dyn std::error::Error| PortError::new(Class::Invalid, "make an EKS token", error::chain(error));
    let suffix = if cluster.partition() == "aws-cn" { ".cn" } else { "" };
    let url = format!("https://sts.{region}.amazonaws.com{suffix}/?Action=GetCallerIdentity&Version=2011-06-15");
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

    fn decoded(token: &str) -> String {
        let body = token.strip_prefix("k8s-aws-v1.").expect("the prefix");
        String::from_utf8(URL_SAFE_NO_PAD.decode(body).expect("base64 without padding")).expect("a URL")
    }

    #[test]
    fn a_token_is_a_presigned_request_for_one_cluster() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session".into()), None, "test");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let make = |arn: &str, region: &str| {
            let cluster: ClusterArn = arn.parse().expect("an ARN");
            decoded(&text(&cluster, region, &credentials, now).expect("a token"))
        };
        let url = make("arn:aws:eks:eu-west-1:111122223333:cluster/demo", "eu-west-1");
        for (part, reason) in [
            ("https://sts.eu-west-1.amazonaws.com/?", "the region's own STS"),
            ("Action=GetCallerIdentity&Version=2011-06-15", "what is asked"),
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
        let gov = make("arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/demo", "us-gov-west-1");
        assert!(gov.starts_with("https://sts.us-gov-west-1.amazonaws.com/?"), "{gov}");
    }

    #[test]
    fn a_token_ends_with_its_credentials() {
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
