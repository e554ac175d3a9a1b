//! The real target as it is written: an AWS account and region, and how the clusters in it are reached.

use super::credentials::{self, Secret, WebIdentity, is_role};
use goldenpath_core::domain::quotas::{self, check_tag_case, check_tags};
use plugin::{
    Type, Value,
    schema::{Attribute, duration, list_of, object, optional, required},
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

/// What is silent comes from AWS's own chain: environment, profile, web identity, container, instance. Not where clients share the
/// process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<Secret>,
    pub token: Option<Secret>,
    pub web_identity: Option<WebIdentity>,
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

impl Aws {
    /// What is written goes before what the environment says.
    pub fn or(self, environment: Option<&Self>) -> Self {
        let Some(other) = environment.cloned() else {
            return self;
        };
        Self {
            region: self.region.or(other.region),
            // One source of credentials, and not half of two.
            profile: self
                .profile
                .or(other.profile.filter(|_| self.access_key.is_none() && self.web_identity.is_none())),
            access_key: self.access_key,
            secret_key: self.secret_key,
            token: self.token,
            web_identity: self.web_identity,
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
            .describe(format!("URL of {service}."))
    };
    let role = object([
        required("role_arn", Type::String)
            .check(is_role)
            .example("arn:aws:iam::111122223333:role/goldenpath")
            .describe("ARN of the role to assume."),
        text("session_name", "Session name, as shown in CloudTrail. Defaults to `goldenpath-` and an ID of the run."),
        text("external_id", "External ID that the role's trust policy requires.").example("7f3a"),
        text(
            "source_identity",
            "Who is behind the session (`sts:SourceIdentity`). It is kept when further roles are assumed. The trust policy must \
             allow `sts:SetSourceIdentity`.",
        )
        .example("anna"),
        optional("duration", Type::String)
            .check(is_session)
            .example("1h")
            .describe("Duration of a session, from `15m` to `12h`; at most `1h` for chained roles. Defaults to `1h`."),
    ]);
    let [access_key, secret_key, token, web_identity] = credentials::attributes();
    optional(
        "aws",
        object([
            text(
                "region",
                "Region of the clusters. Defaults to `GOLDENPATH_AWS_REGION`, `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile's \
                 region, in this order.",
            )
            .check(is_region)
            .example("eu-west-1"),
            text(
                "profile",
                "Profile in the shared AWS configuration files, including SSO profiles. Takes precedence over access keys in \
                 environment variables. Defaults to `GOLDENPATH_AWS_PROFILE`. `AWS_PROFILE` is used only if there are no access \
                 keys, as in other AWS tools.",
            )
            .example("platform"),
            access_key,
            secret_key,
            token,
            web_identity,
            optional("assume_role", list_of(role)).describe(
                "Roles to assume, each with the credentials of the previous one. Environment variable: \
                 `GOLDENPATH_AWS_ASSUME_ROLE_ARN`, with ARNs separated by commas.",
            ),
            optional("endpoints", object([url("iam", "IAM"), url("eks", "EKS"), url("sts", "STS")])).describe(
                "Custom endpoints of AWS services, such as VPC endpoints or emulators. Defaults to \
                 `AWS_ENDPOINT_URL_IAM`, `AWS_ENDPOINT_URL_EKS` and `AWS_ENDPOINT_URL_STS`.",
            ),
            optional("default_tags", Type::map(Type::String))
                .check(are_tags)
                .example(Value::map([("cost-center", Value::from("CC12"))]))
                .describe(
                    "Tags for every role, access entry and association that is created or changed. Tags that the provider sets \
                     itself take precedence. Changing only this changes nothing that exists.",
                ),
        ])
        .conflicts(&["profile", "access_key", "web_identity"])
        .also_requires("access_key", &["secret_key"])
        .also_requires("secret_key", &["access_key"])
        .also_requires("token", &["access_key"]),
    )
    .may_be_empty()
    .describe(
        "The real target: IAM, EKS and STS in one account and region, and the Kubernetes API of the clusters there. `{}` is enough \
         if the default AWS credential chain (environment, profile, SSO, web identity, container, instance) provides credentials \
         and a region; a process that serves several clients (`serve --reattach`) uses none of that, and needs `region` and \
         credentials here. Environment variable: `GOLDENPATH_AWS=1`. TLS certificates of AWS endpoints are verified with \
         `AWS_CA_BUNDLE`, or with the certificates of the system. Requests to AWS and to clusters go through the proxy in \
         `HTTPS_PROXY`, except to hosts in `NO_PROXY`, such as private endpoints.\n\nThe credentials can create IAM roles, so this is meant for \
         the platform team's pipelines, with the permissions that `goldenpath permissions` prints.",
    )
}

pub fn kubernetes() -> Attribute {
    let text =
        |name, example: &str, what: &str| optional(name, Type::String).not_empty().example(example).describe(what);
    optional(
        "kubernetes",
        object([
            text(
                "kubeconfig",
                "/etc/goldenpath/kubeconfig",
                "Path of a kubeconfig; write `pathexpand(\"~/...\")` for one in the home folder. Defaults to `GOLDENPATH_KUBECONFIG`, \
                 `KUBECONFIG` or `~/.kube/config`, in this order.",
            ),
            text(
                "context",
                "main-eu-west-1",
                "Context in the kubeconfig. Defaults to `GOLDENPATH_KUBE_CONTEXT` or the current context, in this order.",
            ),
            optional("proxied", Type::Bool).default(false).describe(
                "Whether the context reaches the cluster through a proxy or bastion. Server and CA then need not be those that EKS \
                 reports; otherwise a context of another cluster is rejected.",
            ),
        ]),
    )
    .may_be_empty()
    .describe(
        "Connects to the Kubernetes API with a kubeconfig (exec plugins, client certificates, tokens) instead of the endpoint, CA \
         and token from EKS. Its server and CA must be those of the cluster. Its `proxy-url` takes precedence over `HTTPS_PROXY` \
         and `NO_PROXY`.",
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
    if is_good { Ok(()) } else { Err(format!("{text:?} is not a region, such as eu-west-1")) }
}

/// STS's bounds of `DurationSeconds`.
fn is_session(text: &String) -> Result<(), String> {
    let seconds = duration(text)?.as_secs();
    if (900..=43_200).contains(&seconds) {
        Ok(())
    } else {
        Err(format!("{text} is outside of what STS allows for a session, 15m to 12h"))
    }
}

fn is_url(text: &String) -> Result<(), String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(()),
        _ => Err(format!("{text:?} is not a URL, such as https://sts.example")),
    }
}

fn are_tags(tags: &BTreeMap<String, String>) -> Result<(), String> {
    for name in tags.keys() {
        let lower = name.to_lowercase();
        if lower.starts_with("aws:") || lower.starts_with("goldenpath:") {
            return Err(format!("the tag {name:?} begins with a reserved prefix (aws:, goldenpath:)"));
        }
    }
    let most = quotas::TAGS.most - quotas::OUR_TAGS;
    if tags.len() > most {
        return Err(format!(
            "{} tags are more than {most}, which with those of the provider are all that AWS allows",
            tags.len()
        ));
    }
    check_tags(tags).and_then(|()| check_tag_case(tags))
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
            (is_role, "arn:aws-eusc:iam::111122223333:role/a", true, "Europe's own partition"),
            (is_role, "arn:gcp:iam::111122223333:role/a", false, "no partition of AWS"),
            (is_role, "arn:aws:iam::1111:role/a", false, "no account"),
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
            ("cost;center", false, "a character that no tag may have"),
        ] {
            let tags = BTreeMap::from([(name.to_owned(), String::new())]);
            assert_eq!(are_tags(&tags).is_ok(), is_good, "{reason}");
        }
        let tags = |names: &[String]| names.iter().map(|name| (name.clone(), String::new())).collect();
        assert!(are_tags(&tags(&["team".to_owned(), "Team".to_owned()])).is_err(), "one key for IAM");
        for (count, is_good, reason) in [(40, true, "as many as fit beside ours"), (41, false, "one more")] {
            let many: Vec<String> = (0..count).map(|number| format!("tag-{number}")).collect();
            assert_eq!(are_tags(&tags(&many)).is_ok(), is_good, "{reason}");
        }
    }
}
