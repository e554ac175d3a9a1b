//! What the environment adds where the configuration is silent.

use super::{
    bounds,
    credentials::Secret,
    real::{AssumeRole, Aws, Kubernetes},
};
use goldenpath_core::{
    domain::{CatalogueSource, CatalogueSources},
    provision::PipelineBounds,
};
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// The provider's own variables; AWS's are read by its SDK.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FromEnvironment {
    /// The process serves several clients, so that its environment and its folder are none of theirs: what follows fills no gap
    /// then, but bounds and lease, which are the process's own.
    pub is_shared: bool,
    pub sandbox: Option<PathBuf>,
    pub aws: Option<Aws>,
    pub kubernetes: Option<Kubernetes>,
    /// An endpoint.
    pub daemon: Option<String>,
    pub daemon_token: Option<Secret>,
    pub daemon_token_file: Option<PathBuf>,
    /// The error arm: what was set can't be read.
    pub catalogue: Option<Result<Vec<CatalogueSource>, String>>,
    pub unreachable: Option<String>,
    pub lease: Option<Duration>,
    /// The error arm: what was set can't be read, and nothing may be touched.
    pub bounds: Option<Result<PipelineBounds, String>>,
}

impl FromEnvironment {
    pub fn read(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| var(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        let path = |name: &str| set(name).map(PathBuf::from);
        let role = |arn: &str| AssumeRole { role_arn: arn.trim().to_owned(), ..AssumeRole::default() };
        let aws = Aws {
            region: text("GOLDENPATH_AWS_REGION"),
            profile: text("GOLDENPATH_AWS_PROFILE"),
            assume_role: text("GOLDENPATH_AWS_ASSUME_ROLE_ARN").map(|arns| arns.split(',').map(role).collect()),
            ..Aws::default()
        };
        let kubernetes = Kubernetes {
            kubeconfig: path("GOLDENPATH_KUBECONFIG"),
            context: text("GOLDENPATH_KUBE_CONTEXT"),
            proxied: None,
        };
        // Sets the target where nothing else has to be said.
        let is_set = text("GOLDENPATH_AWS").is_some_and(|value| value != "0" && value != "false");
        Self {
            is_shared: false,
            sandbox: path("GOLDENPATH_SANDBOX"),
            aws: (is_set || aws != Aws::default()).then_some(aws),
            kubernetes: (kubernetes != Kubernetes::default()).then_some(kubernetes),
            daemon: text("GOLDENPATH_DAEMON"),
            daemon_token: text("GOLDENPATH_DAEMON_TOKEN").map(Secret::new),
            daemon_token_file: path("GOLDENPATH_DAEMON_TOKEN_FILE"),
            catalogue: text("GOLDENPATH_CATALOGUE").map(|text| match text.parse::<CatalogueSources>() {
                Ok(CatalogueSources(sources)) => Ok(sources),
                Err(error) => Err(error.to_string()),
            }),
            unreachable: text("GOLDENPATH_UNREACHABLE"),
            bounds: text(bounds::VARIABLE).map(|value| bounds::read(&value, |path| std::fs::read_to_string(path))),
            lease: text("GOLDENPATH_LEASE_SECONDS").and_then(|text| text.parse().ok()).map(Duration::from_secs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_target_and_fills_gaps() {
        let read = |pairs: &'static [(&str, &str)]| {
            FromEnvironment::read(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
        };
        assert_eq!(read(&[]), FromEnvironment::default(), "silence names nothing");
        assert_eq!(read(&[("GOLDENPATH_AWS", "0")]).aws, None, "turned off");
        assert_eq!(read(&[("GOLDENPATH_AWS", "1")]).aws, Some(Aws::default()), "AWS's own chain alone");
        let found = read(&[
            ("GOLDENPATH_AWS_REGION", "eu-west-1"),
            ("GOLDENPATH_AWS_ASSUME_ROLE_ARN", "a, b"),
            ("GOLDENPATH_KUBE_CONTEXT", "main"),
        ]);
        let aws = found.aws.expect("a region names the target");
        let roles = aws.assume_role.clone().unwrap_or_default();
        assert_eq!(roles.iter().map(|role| role.role_arn.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found.kubernetes.and_then(|kubernetes| kubernetes.context).as_deref(), Some("main"));
        let written = Aws { region: Some("us-east-1".to_owned()), ..Aws::default() };
        let merged = written.or(Some(&aws));
        assert_eq!(merged.region.as_deref(), Some("us-east-1"), "what is written goes first");
        assert!(merged.assume_role.is_some(), "what is silent is filled");
    }
}
