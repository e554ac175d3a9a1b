//! What an object is called, in a readable and stable text form: keys of the record's inventory and of every message, and what
//! the keys of the `objects` map stand for.
//!
//! `aws/iam/Role/<name>`, `aws/eks/AccessEntry/<principal ARN>`, `aws/eks/AccessPolicy/<policy>/<namespace>/<principal ARN>`,
//! `aws/eks/PodIdentityAssociation/<namespace>/<service account>`, `k8s/<group/version>/<kind>[/<namespace>]/<name>`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ObjectKey {
    Role {
        name: String,
    },
    AccessEntry {
        principal: String,
    },
    AccessPolicy {
        /// The short name, `AmazonEKSViewPolicy`.
        policy: String,
        namespace: String,
        principal: String,
    },
    PodIdentityAssociation {
        namespace: String,
        service_account: String,
    },
    Kube {
        /// `v1`, `rbac.authorization.k8s.io/v1`
        api_version: String,
        kind: String,
        /// `None`: cluster-scoped.
        namespace: Option<String>,
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the key of an object")]
pub struct KeyError(String);

impl ObjectKey {
    pub fn kube(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self::Kube {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    pub fn role(name: impl Into<String>) -> Self {
        Self::Role { name: name.into() }
    }

    pub fn namespace_object(name: &str) -> Self {
        Self::kube("v1", "Namespace", None, name)
    }

    /// `Role`, `AccessEntry`, `Namespace`, ...
    pub fn kind(&self) -> &str {
        match self {
            Self::Role { .. } => "Role",
            Self::AccessEntry { .. } => "AccessEntry",
            Self::AccessPolicy { .. } => "AccessPolicy",
            Self::PodIdentityAssociation { .. } => "PodIdentityAssociation",
            Self::Kube { kind, .. } => kind,
        }
    }

    pub fn is_aws(&self) -> bool {
        !matches!(self, Self::Kube { .. })
    }

    /// Whose access it is.
    pub fn principal(&self) -> Option<&String> {
        match self {
            Self::AccessEntry { principal } | Self::AccessPolicy { principal, .. } => Some(principal),
            _ => None,
        }
    }

    /// The name of a Namespace, if this is one.
    pub fn as_namespace(&self) -> Option<&str> {
        match self {
            Self::Kube { api_version, kind, namespace: None, name } if api_version == "v1" && kind == "Namespace" => {
                Some(name)
            }
            _ => None,
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { name } => write!(f, "aws/iam/Role/{name}"),
            Self::AccessEntry { principal } => write!(f, "aws/eks/AccessEntry/{principal}"),
            Self::AccessPolicy { policy, namespace, principal } => {
                write!(f, "aws/eks/AccessPolicy/{policy}/{namespace}/{principal}")
            }
            Self::PodIdentityAssociation { namespace, service_account } => {
                write!(f, "aws/eks/PodIdentityAssociation/{namespace}/{service_account}")
            }
            Self::Kube { api_version, kind, namespace: Some(namespace), name } => {
                write!(f, "k8s/{api_version}/{kind}/{namespace}/{name}")
            }
            Self::Kube { api_version, kind, namespace: None, name } => write!(f, "k8s/{api_version}/{kind}/{name}"),
        }
    }
}

/// A version is `v1`, `v1beta1`, ...: what distinguishes `k8s/v1/Namespace/x` from `k8s/apps/v1/Deployment/x/y`.
fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

impl FromStr for ObjectKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let wrong = || KeyError(text.to_owned());
        let two = |rest: &str| rest.split_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).ok_or_else(wrong);
        if let Some(name) = text.strip_prefix("aws/iam/Role/") {
            return Ok(Self::role(name));
        }
        if let Some(principal) = text.strip_prefix("aws/eks/AccessEntry/") {
            return Ok(Self::AccessEntry { principal: principal.to_owned() });
        }
        if let Some(rest) = text.strip_prefix("aws/eks/AccessPolicy/") {
            let (policy, rest) = two(rest)?;
            let (namespace, principal) = two(&rest)?;
            return Ok(Self::AccessPolicy { policy, namespace, principal });
        }
        if let Some(rest) = text.strip_prefix("aws/eks/PodIdentityAssociation/") {
            let (namespace, service_account) = two(rest)?;
            return Ok(Self::PodIdentityAssociation { namespace, service_account });
        }
        let rest = text.strip_prefix("k8s/").ok_or_else(wrong)?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (api_version, rest) = match parts.as_slice() {
            [version, rest @ ..] if is_version(version) => ((*version).to_owned(), rest),
            [group, version, rest @ ..] if is_version(version) => (format!("{group}/{version}"), rest),
            _ => return Err(wrong()),
        };
        match rest {
            [kind, name] => Ok(Self::kube(&api_version, kind, None, name)),
            [kind, namespace, name] => Ok(Self::kube(&api_version, kind, Some(namespace), name)),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_reads_back() {
        for (text, reason) in [
            ("aws/iam/Role/gp-payments-prod-deployer-1a2b3c4d5e", "a role by its name"),
            ("aws/eks/AccessEntry/arn:aws:iam::111122223333:role/a/b", "an ARN holds slashes"),
            (
                "aws/eks/AccessPolicy/AmazonEKSViewPolicy/pay/arn:aws:iam::111122223333:role/a/b",
                "three parts, one an ARN",
            ),
            ("aws/eks/PodIdentityAssociation/pay/ledger", "namespace and service account"),
            ("k8s/v1/Namespace/payments-prod", "core group, cluster-scoped"),
            ("k8s/networking.k8s.io/v1/NetworkPolicy/payments-prod-api/gp-default-deny", "group and namespace"),
        ] {
            let key: ObjectKey = text.parse().unwrap_or_else(|e| panic!("{reason}: {e}"));
            assert_eq!(key.to_string(), text, "{reason}");
        }
        assert!("k8s/Namespace/x".parse::<ObjectKey>().is_err(), "a version is needed");
    }
}
