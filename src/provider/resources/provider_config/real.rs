//! The real targets as they are written: an AWS account and region, and how the clusters in it are reached.

use plugin::{
    Type, Value,
    schema::{Attribute, duration, list_of, object, optional, required},
};
use serde::Deserialize;
use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

/// What is silent comes from AWS's own chain: environment, profile, web identity, container, instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub assume_role: Option<Vec<AssumeRole>>,
    pub endpoints: Option<Endpoints>,
    pub default_tags: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssumeRole {
    pub role_arn: String,
    pub session_name: Option<String>,
    pub external_id: Option<String>,
    pub source_identity: Option<String>,
    pub duration: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoints {
    pub iam: Option<String>,
    pub eks: Option<String>,
    pub sts: Option<String>,
}

/// In place of the endpoint, CA and token that EKS gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kubernetes {
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub proxied: Option<bool>,
}

/// The variables of ours; AWS's own are read by its SDK.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FromEnvironment {
    pub aws: Option<Aws>,
    pub kubernetes: Option<Kubernetes>,
}

impl FromEnvironment {
    /// `GOLDENPATH_AWS=1` names the target where nothing else has to be said.
    pub fn read(set: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        let roles = text("GOLDENPATH_AWS_ASSUME_ROLE_ARN").map(|arns| {
            let role = |arn: &str| AssumeRole { role_arn: arn.trim().to_owned(), ..AssumeRole::default() };
            arns.split(',').map(role).collect()
        });
        let aws = Aws {
            region: text("GOLDENPATH_AWS_REGION"),
            profile: text("GOLDENPATH_AWS_PROFILE"),
            assume_role: roles,
            ..Aws::default()
        };
        let kubernetes = Kubernetes {
            kubeconfig: set("GOLDENPATH_KUBECONFIG").map(PathBuf::from),
            context: text("GOLDENPATH_KUBE_CONTEXT"),
            proxied: None,
        };
        let is_named = text("GOLDENPATH_AWS").is_some_and(|value| value != "0" && value != "false");
        Self {
            aws: (is_named || aws != Aws::default()).then_some(aws),
            kubernetes: (kubernetes != Kubernetes::default()).then_some(kubernetes),
        }
    }
}

impl Aws {
    /// What is written goes before what the environment says.
    pub fn or(self, environment: Option<&Self>) -> Self {
        let Some(other) = environment.cloned() else {
            return self;
        };
        Self {
            region: self.region.or(other.region),
            profile: self.profile.or(other.profile),
            assume_role: self.assume_role.or(other.assume_role),
            endpoints: self.endpoints.or(other.endpoints),
            default_tags: self.default_tags.or(other.default_tags),
        }
    }
}

// === schema ===

pub fn aws() -> Attribute {
    let text = |name, what: &str| optional(name, Type::String).not_empty().describe(what);
    let url = |name, service: &str| {
        optional(name, Type::String)
            .check(is_url)
            .example("https://vpce-0123456789abcdef0.example")
            .describe(format!("URL of {service} in place of AWS's own."))
    };
    let role = object([
        required("role_arn", Type::String)
            .check(is_role)
            .example("arn:aws:iam::111122223333:role/goldenpath")
            .describe("ARN of the role to assume."),
        text("session_name", "What CloudTrail shows as the session's name. Default `goldenpath-` and an id of the run."),
        text("external_id", "The external id that the role's trust policy asks for.").example("7f3a"),
        text(
            "source_identity",
            "The human behind it (`sts:SourceIdentity`), which stays through every further role. The trust policy must allow \
             `sts:SetSourceIdentity`.",
        )
        .example("anna"),
        optional("duration", Type::String)
            .check(is_session)
            .example("1h")
            .describe("How long a session holds, from `15m` to `12h`; chained roles at most `1h`. Default `1h`."),
    ]);
    optional(
        "aws",
        object([
            text(
                "region",
                "Region of the clusters. Else `GOLDENPATH_AWS_REGION`, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile.",
            )
            .check(is_region)
            .example("eu-west-1"),
            text(
                "profile",
                "Profile of AWS's shared configuration, SSO included; it goes before keys in the environment. Else \
                 `GOLDENPATH_AWS_PROFILE`; `AWS_PROFILE` comes after the keys, as in AWS's own tools.",
            )
            .example("platform"),
            optional("assume_role", list_of(role)).describe(
                "Roles to assume, each with the credentials of the one before. Environment variable: \
                 `GOLDENPATH_AWS_ASSUME_ROLE_ARN`, ARNs separated by commas.",
            ),
            optional("endpoints", object([url("iam", "IAM"), url("eks", "EKS"), url("sts", "STS")])).describe(
                "Other places of AWS's services: private endpoints, emulators. Else `AWS_ENDPOINT_URL_IAM` and so on.",
            ),
            optional("default_tags", Type::map(Type::String))
                .check(are_tags)
                .example(Value::map([("cost-center", Value::from("CC12"))]))
                .describe(
                    "Tags for every role, access entry and association that is made or changed; our own win. A changed default \
                     alone changes nothing that exists.",
                ),
        ]),
    )
    .describe(
        "The real targets: IAM, EKS and STS of one account and region, and the Kubernetes API of its clusters. `{}` is enough where \
         AWS's own chain of credentials (environment, profile, SSO, web identity, container, instance) and region suffices. \
         Environment variable: `GOLDENPATH_AWS=1`. Certificates of AWS's endpoints are checked against `AWS_CA_BUNDLE`, else \
         against those of the system.\n\nWho runs this holds the credentials that make roles: it is for the platform's \
         pipelines, with the rights that `terraform-provider-goldenpath permissions` prints.",
    )
}

pub fn kubernetes() -> Attribute {
    optional(
        "kubernetes",
        object([
            optional("kubeconfig", Type::String)
                .not_empty()
                .example("~/.kube/config")
                .describe("Path of a kubeconfig. Else `GOLDENPATH_KUBECONFIG`, `KUBECONFIG`, `~/.kube/config`."),
            optional("context", Type::String)
                .not_empty()
                .example("main-eu-west-1")
                .describe("Its context. Else `GOLDENPATH_KUBE_CONTEXT`, its current one."),
            optional("proxied", Type::Bool).default(false).describe(
                "The context leads to the cluster through a proxy or bastion, so its server and CA need not be those that EKS \
                 names. Default `false`: a context of another cluster is refused.",
            ),
        ]),
    )
    .describe(
        "Reach the Kubernetes API by a kubeconfig (exec plugins, client certificates, tokens) instead of by the endpoint, CA and token \
         that come from EKS. Its server and CA must be those of the cluster.",
    )
}

// === rules ===

/// `eu-west-1`, `us-gov-west-1`, `cn-north-1`, `us-iso-east-1`.
fn is_region(text: &String) -> Result<(), String> {
    let parts: Vec<&str> = text.split('-').collect();
    let is_good = parts.len() >= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        && parts.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if is_good { Ok(()) } else { Err(format!("{text:?} is not a region; write it as eu-west-1")) }
}

fn is_role(arn: &String) -> Result<(), String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", "aws" | "aws-us-gov" | "aws-cn", "iam", "", account, resource]
            if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && resource.starts_with("role/") =>
        {
            Ok(())
        }
        _ => Err(format!("{arn:?} is not the ARN of a role; write it as arn:aws:iam::111122223333:role/goldenpath")),
    }
}

/// STS's bounds of `DurationSeconds`.
fn is_session(text: &String) -> Result<(), String> {
    let seconds = duration(text)?.as_secs();
    if (900..=43_200).contains(&seconds) {
        Ok(())
    } else {
        Err(format!("{text} is not from 15m to 12h, what STS allows for a session"))
    }
}

fn is_url(text: &String) -> Result<(), String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(()),
        _ => Err(format!("{text:?} is not a URL; begin it with https://")),
    }
}

fn are_tags(tags: &BTreeMap<String, String>) -> Result<(), String> {
    for name in tags.keys() {
        let lower = name.to_lowercase();
        if lower.starts_with("aws:") || lower.starts_with("goldenpath:") {
            return Err(format!("the tag {name:?} begins with a prefix that is reserved (aws:, goldenpath:)"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_checked_where_they_are_written() {
        type Rule = fn(&String) -> Result<(), String>;
        for (rule, text, is_good, reason) in [
            (is_region as Rule, "eu-west-1", true, "the usual"),
            (is_region, "us-gov-west-1", true, "another partition"),
            (is_region, "eu-west", false, "no number"),
            (is_region, "EU-WEST-1", false, "capitals"),
            (is_role, "arn:aws-cn:iam::111122223333:role/a/b", true, "a path, another partition"),
            (is_role, "arn:aws:iam::111122223333:user/a", false, "a user cannot be assumed"),
            (is_role, "goldenpath", false, "a name is not enough"),
            (is_session, "15m", true, "the least"),
            (is_session, "12h", true, "the most"),
            (is_session, "10m", false, "too short"),
            (is_session, "soon", false, "no duration"),
            (is_url, "http://127.0.0.1:5102", true, "an emulator"),
            (is_url, "127.0.0.1:5102", false, "no scheme"),
        ] {
            assert_eq!(rule(&text.to_owned()).is_ok(), is_good, "{text}: {reason}");
        }
        for (name, is_good, reason) in [
            ("cost-center", true, "the usual"),
            ("goldenpath:team", false, "ours"),
            ("AWS:x", false, "AWS's, in any case"),
        ] {
            let tags = BTreeMap::from([(name.to_owned(), String::new())]);
            assert_eq!(are_tags(&tags).is_ok(), is_good, "{reason}");
        }
    }

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
