//! The promises of an environment and of what is in it, as `doctor environment` asks them of its cluster; or why they were not asked.

use crate::{
    cli::{
        audit::tool::AuditTool,
        daemon::Settings,
        doctor::{Finding, Reach, TargetOptions, examine},
    },
    resources::provider_config::{Aws, Kubernetes, Target},
};
use goldenpath_core::domain::{CatalogueSources, EnvironmentId};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promises {
    Asked(Vec<Finding>),
    NotAsked(String),
}

pub async fn ask(id: &EnvironmentId, settings: &Settings, tool: &AuditTool) -> Promises {
    let Target::Real { aws, kubernetes } = &settings.provider.target else {
        return Promises::NotAsked("a sandbox has no RBAC and no admission that could be asked".to_owned());
    };
    // `doctor` has what its own environment gives: another environment might lead to other credentials, or to another endpoint.
    if let Some(own) = own_words(aws) {
        let why =
            format!("the target has `{own}` of its own; run `doctor environment` with the same in its environment");
        return Promises::NotAsked(why);
    }
    let sources = &settings.provider.catalogue.sources;
    let catalogue = (!sources.is_empty()).then(|| CatalogueSources(sources.clone()));
    let place = place(aws, kubernetes.as_ref());
    match examine(id.clone(), Reach { place, catalogue }, tool.inspector).await {
        Ok(findings) => Promises::Asked(findings),
        Err(error) => Promises::NotAsked(format!("{error:#}")),
    }
}

/// The daemon's own. A kubeconfig is meant wherever the target has one, also that of the environment.
fn place(aws: &Aws, kubernetes: Option<&Kubernetes>) -> TargetOptions {
    let (region, profile) = (aws.region.clone(), aws.profile.clone());
    let (kubeconfig, context, proxied) = match kubernetes.cloned() {
        Some(Kubernetes { kubeconfig, context, proxied }) => (kubeconfig, context, Some(proxied.unwrap_or(false))),
        None => (None, None, None),
    };
    TargetOptions { region, profile, kubeconfig, context, proxied, sandbox: None }
}

/// What of the target no place says.
fn own_words(aws: &Aws) -> Option<&'static str> {
    let Aws {
        region: _,
        profile: _,
        access_key,
        secret_key: _,
        token: _,
        web_identity,
        assume_role,
        endpoints,
        default_tags: _,
    } = aws;
    let words = [
        ("assume_role", assume_role.as_ref().is_some_and(|roles| !roles.is_empty())),
        ("access_key", access_key.is_some()),
        ("web_identity", web_identity.is_some()),
        ("endpoints", endpoints.is_some()),
    ];
    words.into_iter().find(|(_, is_set)| *is_set).map(|(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn promises_are_asked_with_what_a_place_can_say() {
        let role = json!({ "role_arn": "arn:aws:iam::111122223333:role/gp" });
        for (written, expected, reason) in [
            (json!({}), None, "AWS's own chain"),
            (json!({ "region": "eu-west-1", "profile": "p", "default_tags": { "a": "b" } }), None, "a profile"),
            (json!({ "assume_role": [] }), None, "no role"),
            (json!({ "assume_role": [role] }), Some("assume_role"), "a role"),
            (json!({ "access_key": "a", "secret_key": "s" }), Some("access_key"), "a key"),
            (json!({ "web_identity": { "role_arn": "r", "token_file": "t" } }), Some("web_identity"), "a token"),
            (json!({ "endpoints": { "eks": "http://127.0.0.1:1" } }), Some("endpoints"), "another place"),
        ] {
            let aws: Aws = serde_json::from_value(written).unwrap();
            assert_eq!(own_words(&aws), expected, "{reason}");
        }
    }
    #[test]
    fn promises_are_asked_over_the_daemons_own_way() {
        for (written, expected, reason) in [
            (None, (None, None, None), "endpoint and token of EKS"),
            (Some(json!({})), (None, None, Some(false)), "the kubeconfig of the environment"),
            (Some(json!({ "context": "a" })), (None, Some("a"), Some(false)), "a context"),
            (
                Some(json!({ "kubeconfig": "k", "proxied": true })),
                (Some("k"), None, Some(true)),
                "through a bastion, whose CA is another",
            ),
        ] {
            let kubernetes: Option<Kubernetes> = written.map(|written| serde_json::from_value(written).expect(reason));
            let place = place(&Aws::default(), kubernetes.as_ref());
            let kubeconfig = place.kubeconfig.as_deref().and_then(std::path::Path::to_str);
            assert_eq!((kubeconfig, place.context.as_deref(), place.proxied), expected, "{reason}");
        }
    }
}
