//! From the written account and region to the adapters of AWS and Kubernetes, joined to one target.

use super::ports::Ports;
use crate::resources::provider_config::{Aws as Written, Kubernetes, Secret};
use goldenpath_adapters::{
    aws::{AssumeRole, Aws, AwsOptions, CredentialSource, Endpoints, WebIdentity},
    joined::{Joined, JoinedClusters},
    kube::{Credentials, Kube, Kubeconfig},
};
use plugin::{Diagnostic, Path, schema::duration};
use std::sync::Arc;

/// `session`: a role that is assumed after those of the configuration.
pub(super) fn ports(
    written: Written,
    kubernetes: Option<Kubernetes>,
    is_shared: bool,
    session: Option<AssumeRole>,
) -> Result<Ports, Diagnostic> {
    let (aws, kube) = adapters(written, kubernetes, is_shared, session)?;
    Ok(Ports {
        objects: Arc::new(Joined { aws: aws.clone(), kubernetes: kube.clone() }),
        clusters: Arc::new(JoinedClusters { aws, kubernetes: kube.clone() }),
        probe: kube,
        notice: None,
        refuses: None,
    })
}

pub(super) fn adapters(
    written: Written,
    kubernetes: Option<Kubernetes>,
    is_shared: bool,
    session: Option<AssumeRole>,
) -> Result<(Arc<Aws>, Arc<Kube>), Diagnostic> {
    let mut options = options(written, is_shared)?;
    options.assume_role.extend(session);
    let aws = Arc::new(Aws::new(options));
    let credentials = match kubernetes {
        None => Credentials::Tokens(aws.clone()),
        Some(Kubernetes { kubeconfig, context, proxied }) => {
            Credentials::Kubeconfig(Kubeconfig { path: kubeconfig, context, is_proxied: proxied.unwrap_or(false) })
        }
    };
    let kube = Arc::new(Kube::new(aws.clone(), credentials));
    Ok((aws, kube))
}

fn options(written: Written, is_shared: bool) -> Result<AwsOptions, Diagnostic> {
    let Written { region, profile, access_key, secret_key, token, web_identity, assume_role, endpoints, default_tags } =
        written;
    let mut roles = vec![];
    for role in assume_role.unwrap_or_default() {
        let wrong = |error: String| {
            let summary =
                format!("The duration of the session of {} is invalid: {error}; write it like `1h`", role.role_arn);
            Diagnostic::error(summary, "Write it like `1h`.").at(Path::attribute("aws"))
        };
        let duration = role.duration.as_deref().map(duration).transpose().map_err(wrong)?;
        roles.push(AssumeRole {
            role_arn: role.role_arn,
            session_name: role.session_name,
            external_id: role.external_id,
            source_identity: role.source_identity,
            duration,
            only_for: None,
        });
    }
    let credentials = match (access_key.zip(secret_key), web_identity, profile) {
        (Some((id, secret)), ..) => CredentialSource::keys(&id, secret.reveal(), token.as_ref().map(Secret::reveal)),
        (_, Some(identity), _) => {
            CredentialSource::WebIdentity(WebIdentity { role_arn: identity.role_arn, token_file: identity.token_file })
        }
        (.., Some(profile)) => CredentialSource::Profile(profile),
        _ => CredentialSource::Chain,
    };
    let endpoints = endpoints.unwrap_or_default();
    Ok(AwsOptions {
        region,
        credentials,
        is_shared,
        assume_role: roles,
        endpoints: Endpoints { iam: endpoints.iam, eks: endpoints.eks, sts: endpoints.sts },
        default_tags: default_tags.unwrap_or_default(),
        run: Some(run_id()),
    })
}

/// In the characters that STS allows; it is a trail, and no proof.
pub(super) fn source_identity(person: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    person.chars().map(|c| if allowed(c) { c } else { '-' }).take(64).collect()
}

/// One per connection. It only tells runs apart, so that the time and the process will do.
fn run_id() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("goldenpath-{:x}-{:x}", now.as_millis(), std::process::id())
}
