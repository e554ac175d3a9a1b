//! Who may do what through a daemon: rules over the identity of a caller, of which the first that fits decides. Pure.

use super::Bounds;
use crate::domain::glob;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Kubernetes' own name for the user that a ServiceAccount is.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// Who a caller is, as verified. Its text tells one from another, and stays the same for the next run of the same pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Identity {
    /// A process of the daemon's own user, on a unix socket.
    Own,
    /// The daemon itself, between applies: nobody who connects is this, and no rule is about it.
    Reconcile,
    Certificate {
        common_name: String,
        uris: Vec<String>,
    },
    Kubernetes {
        user: String,
        groups: Vec<String>,
    },
    /// `issuer` by its name in the configuration.
    Oidc {
        issuer: String,
        subject: String,
        claims: BTreeMap<String, Value>,
    },
}

/// What a caller may do within its bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum May {
    /// Plans, data sources and looks at the daemon.
    Read,
    /// That, and changes.
    #[default]
    Change,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerRule {
    /// Names the rule. No other one has it.
    pub name: String,
    pub when: When,
    /// What it may touch. Written always, since bounds that are forgotten would be everything, as `{}` is.
    pub allow: Bounds,
    #[serde(default)]
    pub may: May,
}

/// Which identities a rule fits. Texts are patterns in which `*` matches anything; all that is written must match.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    User(OwnUser),
    Certificate(CertificateLike),
    Kubernetes(KubernetesLike),
    Oidc(OidcLike),
}

/// A process of the daemon's own user, on a unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnUser {
    #[serde(rename = "self")]
    Own,
}

/// The certificate that a client shows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateLike {
    /// The common name of its subject.
    pub common_name: Option<String>,
    /// Of a URI among its subject alternative names, such as a SPIFFE ID.
    pub uri: Option<String>,
}

/// A token that `tokens.kubernetes` accepts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KubernetesLike {
    /// `<namespace>:<name>`
    pub service_account: Option<String>,
    /// One of the groups that the API server names.
    pub group: Option<String>,
}

/// A token that `tokens.oidc` accepts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcLike {
    /// By its name in `tokens.oidc`.
    pub issuer: String,
    /// By their names. Of a list, one element has to match.
    pub claims: BTreeMap<String, String>,
}

/// The first rule that fits.
pub fn rule_for<'r>(rules: &'r [CallerRule], identity: &Identity) -> Option<&'r CallerRule> {
    rules.iter().find(|rule| rule.when.fits(identity))
}

// === impl When ===

impl When {
    pub fn fits(&self, identity: &Identity) -> bool {
        let fits = |pattern: &Option<String>, texts: &[&str]| {
            pattern.as_ref().is_none_or(|pattern| texts.iter().any(|text| glob(pattern, text)))
        };
        match (self, identity) {
            (Self::User(OwnUser::Own), Identity::Own) => true,
            (Self::Certificate(like), Identity::Certificate { common_name, uris }) => {
                let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
                fits(&like.common_name, &[common_name]) && fits(&like.uri, &uris)
            }
            (Self::Kubernetes(like), Identity::Kubernetes { user, groups }) => {
                let account: Vec<&str> = user.strip_prefix(SERVICE_ACCOUNT).into_iter().collect();
                let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
                fits(&like.service_account, &account) && fits(&like.group, &groups)
            }
            (Self::Oidc(like), Identity::Oidc { issuer, claims, .. }) => {
                like.issuer == *issuer
                    && like.claims.iter().all(|(name, pattern)| {
                        claims.get(name).is_some_and(|value| texts_of(value).iter().any(|text| glob(pattern, text)))
                    })
            }
            _ => false,
        }
    }

    /// Whether it says anything: one that fits everybody is a mistake.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::User(_) => false,
            Self::Certificate(CertificateLike { common_name, uri }) => common_name.is_none() && uri.is_none(),
            Self::Kubernetes(KubernetesLike { service_account, group }) => service_account.is_none() && group.is_none(),
            Self::Oidc(OidcLike { claims, .. }) => claims.is_empty(),
        }
    }
}

fn texts_of(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![claim.to_string()],
        Value::Array(elements) => elements.iter().filter(|element| !element.is_array()).flat_map(texts_of).collect(),
        Value::Null | Value::Object(_) => vec![],
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("the daemon's own user"),
            Self::Reconcile => f.write_str("reconcile"),
            Self::Certificate { common_name, uris } if uris.is_empty() => write!(f, "certificate {common_name:?}"),
            Self::Certificate { common_name, uris } => write!(f, "certificate {common_name:?} {uris:?}"),
            Self::Kubernetes { user, .. } => write!(f, "Kubernetes {user:?}"),
            Self::Oidc { issuer, subject, .. } => write!(f, "{issuer} {subject:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn when(value: Value) -> When {
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn an_identity_meets_the_rules_that_are_meant_for_it() {
        let certificate = Identity::Certificate {
            common_name: "payments-ci".into(),
            uris: vec!["spiffe://acme/ns/payments/sa/ci".into()],
        };
        let account = Identity::Kubernetes {
            user: "system:serviceaccount:payments:deployer".into(),
            groups: vec!["system:serviceaccounts:payments".into()],
        };
        let person = Identity::Kubernetes { user: "payments:deployer".into(), groups: vec![] };
        let github = Identity::Oidc {
            issuer: "github".into(),
            subject: "repo:acme/payments:ref:refs/heads/main".into(),
            claims: serde_json::from_value(json!({
                "repository": "acme/payments", "ref": "refs/heads/main", "groups": ["a", "deployers"], "protected": true,
            }))
            .unwrap_or_else(|error| panic!("{error}")),
        };
        let oidc = |claims: Value| json!({ "oidc": { "issuer": "github", "claims": claims } });
        for (rule, identity, expected, reason) in [
            (json!({ "user": "self" }), &Identity::Own, true, "our own user"),
            (json!({ "user": "self" }), &certificate, false, "nobody else is"),
            (json!({ "user": "self" }), &Identity::Reconcile, false, "not the daemon itself"),
            (json!({ "certificate": { "common_name": "payments-*" } }), &certificate, true, "by its name"),
            (json!({ "certificate": { "common_name": "payments" } }), &certificate, false, "a name is no prefix"),
            (json!({ "certificate": { "uri": "spiffe://acme/ns/payments/*" } }), &certificate, true, "by a URI"),
            (
                json!({ "certificate": { "common_name": "payments-ci", "uri": "spiffe://other/*" } }),
                &certificate,
                false,
                "all must match",
            ),
            (json!({ "certificate": { "common_name": "*" } }), &github, false, "a token is no certificate"),
            (json!({ "kubernetes": { "service_account": "payments:deployer" } }), &account, true, "by its account"),
            (json!({ "kubernetes": { "service_account": "payments:*" } }), &account, true, "any of a namespace"),
            (
                json!({ "kubernetes": { "service_account": "payments:deployer" } }),
                &person,
                false,
                "a user of that name",
            ),
            (json!({ "kubernetes": { "group": "system:serviceaccounts:payments" } }), &account, true, "by its group"),
            (json!({ "kubernetes": { "group": "*" } }), &person, false, "in no group"),
            (oidc(json!({ "repository": "acme/payments", "ref": "refs/heads/*" })), &github, true, "by its claims"),
            (oidc(json!({ "repository": "acme/payments", "ref": "refs/tags/*" })), &github, false, "all must match"),
            (oidc(json!({ "repository": "acme/pay" })), &github, false, "a claim is no prefix"),
            (oidc(json!({ "environment": "*" })), &github, false, "a claim that is not there"),
            (oidc(json!({ "groups": "deployers" })), &github, true, "one of a list"),
            (oidc(json!({ "protected": "true" })), &github, true, "what is no text"),
            (
                json!({ "oidc": { "issuer": "gitlab", "claims": { "repository": "*" } } }),
                &github,
                false,
                "of another issuer",
            ),
        ] {
            assert_eq!(when(rule).fits(identity), expected, "{reason}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_a_misspelt_one_is_an_error() {
        let rule = |text: &str| serde_json::from_str::<CallerRule>(text);
        let rules = [
            r#"{"name": "a", "when": {"kubernetes": {"group": "x"}}, "allow": {}, "may": "read"}"#,
            r#"{"name": "b", "when": {"kubernetes": {"service_account": "*"}}, "allow": {"teams": ["pay"]}}"#,
        ]
        .map(|text| rule(text).unwrap_or_else(|error| panic!("{error}")));
        let of = |groups: &[&str]| Identity::Kubernetes {
            user: "system:serviceaccount:pay:ci".into(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let name = |identity: &Identity| rule_for(&rules, identity).map(|rule| (rule.name.as_str(), rule.may));
        assert_eq!(name(&of(&["x"])), Some(("a", May::Read)));
        assert_eq!(name(&of(&[])), Some(("b", May::Change)));
        assert_eq!(name(&Identity::Own), None, "what no rule fits is refused");
        for (text, reason) in [
            (r#"{"name": "a", "when": {"user": "self"}}"#, "without bounds"),
            (r#"{"name": "a", "when": {"user": "other"}, "allow": {}}"#, "another user"),
            (r#"{"name": "a", "when": {"user": "self", "oidc": {}}, "allow": {}}"#, "two kinds"),
            (r#"{"name": "a", "when": {"user": "self"}, "allow": {"team": ["x"]}}"#, "a misspelt bound"),
            (r#"{"name": "a", "when": {"certificate": {"cn": "x"}}, "allow": {}}"#, "a misspelt part"),
            (r#"{"name": "a", "when": {"user": "self"}, "allow": {}, "may": "write"}"#, "no such power"),
        ] {
            assert!(rule(text).is_err(), "{reason}");
        }
        for (rule, is_empty, reason) in [
            (json!({ "oidc": { "issuer": "x", "claims": {} } }), true, "would fit everybody of the issuer"),
            (json!({ "oidc": { "issuer": "x", "claims": { "ref": "*" } } }), false, "a claim"),
            (json!({ "certificate": {} }), true, "would fit every certificate"),
            (json!({ "certificate": { "common_name": "x" } }), false, "a name is enough"),
            (json!({ "certificate": { "uri": "x" } }), false, "a URI is enough"),
            (json!({ "kubernetes": {} }), true, "would fit everybody of the cluster"),
            (json!({ "kubernetes": { "service_account": "a:b" } }), false, "an account is enough"),
            (json!({ "kubernetes": { "group": "x" } }), false, "a group is enough"),
            (json!({ "user": "self" }), false, "is one user"),
        ] {
            assert_eq!(when(rule.clone()).is_empty(), is_empty, "{rule}: {reason}");
        }
    }

    #[test]
    fn the_text_of_an_identity_tells_one_from_another() {
        let certificate = |uris: &[&str]| Identity::Certificate {
            common_name: "ci".into(),
            uris: uris.iter().map(|uri| (*uri).into()).collect(),
        };
        for (identity, text) in [
            (Identity::Own, "the daemon's own user"),
            (Identity::Reconcile, "reconcile"),
            (certificate(&[]), r#"certificate "ci""#),
            (certificate(&["spiffe://acme/pay"]), r#"certificate "ci" ["spiffe://acme/pay"]"#),
            (Identity::Kubernetes { user: "pay".into(), groups: vec!["x".into()] }, r#"Kubernetes "pay""#),
            (
                Identity::Oidc { issuer: "github".into(), subject: "repo:acme/pay".into(), claims: BTreeMap::new() },
                r#"github "repo:acme/pay""#,
            ),
        ] {
            assert_eq!(identity.to_string(), text);
        }
    }
}
