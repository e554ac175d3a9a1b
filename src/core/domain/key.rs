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

const IAM: &str = "iam";

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

    pub fn access_entry(principal: impl Into<String>) -> Self {
        Self::AccessEntry { principal: principal.into() }
    }

    pub fn namespace_object(name: &str) -> Self {
        Self::kube("v1", "Namespace", None, name)
    }

    /// Kubernetes makes it in every namespace.
    pub fn default_account(namespace: &str) -> Self {
        Self::kube("v1", "ServiceAccount", Some(namespace), "default")
    }

    /// `Role`, `AccessEntry`, `Namespace`, ...
    pub fn kind(&self) -> &str {
        match self {
            Self::Kube { kind, .. } => kind,
            aws => aws.aws().map_or("", |(_, kind)| kind),
        }
    }

    /// The service and the kind, as AWS has them.
    fn aws(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Role { .. } => Some((IAM, "Role")),
            Self::AccessEntry { .. } => Some(("eks", "AccessEntry")),
            Self::AccessPolicy { .. } => Some(("eks", "AccessPolicy")),
            Self::PodIdentityAssociation { .. } => Some(("eks", "PodIdentityAssociation")),
            Self::Kube { .. } => None,
        }
    }

    pub fn is_aws(&self) -> bool {
        self.aws().is_some()
    }

    /// IAM knows nothing of clusters: what it has is an account's, under a name that is unique there whatever its case.
    pub fn is_iam(&self) -> bool {
        self.aws().is_some_and(|(service, _)| service == IAM)
    }

    /// Whose access it is. An entry is shared by all environments of its cluster, and so is what hangs on it.
    pub fn principal(&self) -> Option<&String> {
        match self {
            Self::AccessEntry { principal } | Self::AccessPolicy { principal, .. } => Some(principal),
            Self::Role { .. } | Self::PodIdentityAssociation { .. } | Self::Kube { .. } => None,
        }
    }

    /// The namespace that it is in, or about.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::AccessPolicy { namespace, .. } | Self::PodIdentityAssociation { namespace, .. } => Some(namespace),
            Self::Kube { namespace, .. } => namespace.as_deref(),
            Self::Role { .. } | Self::AccessEntry { .. } => None,
        }
    }

    /// Its name there; of what a principal may do, the principal's ARN.
    pub fn name(&self) -> &str {
        match self {
            Self::Role { name } | Self::Kube { name, .. } => name,
            Self::AccessEntry { principal } | Self::AccessPolicy { principal, .. } => principal,
            Self::PodIdentityAssociation { service_account, .. } => service_account,
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
        if let Some((service, kind)) = self.aws() {
            write!(f, "aws/{service}/{kind}/")?;
        }
        match self {
            Self::Role { name } => f.write_str(name),
            Self::AccessEntry { principal } => f.write_str(principal),
            Self::AccessPolicy { policy, namespace, principal } => write!(f, "{policy}/{namespace}/{principal}"),
            Self::PodIdentityAssociation { namespace, service_account } => write!(f, "{namespace}/{service_account}"),
            Self::Kube { api_version, kind, namespace: Some(namespace), name } => {
                write!(f, "k8s/{api_version}/{kind}/{namespace}/{name}")
            }
            Self::Kube { api_version, kind, namespace: None, name } => write!(f, "k8s/{api_version}/{kind}/{name}"),
        }
    }
}

/// What follows `aws/`, as `Display` writes it.
fn of_aws(text: &str) -> Option<ObjectKey> {
    let (service, rest) = text.split_once('/')?;
    let (kind, rest) = rest.split_once('/')?;
    Some(match (service, kind) {
        (IAM, "Role") => ObjectKey::role(rest),
        ("eks", "AccessEntry") => ObjectKey::access_entry(rest),
        ("eks", "AccessPolicy") => {
            let (policy, rest) = rest.split_once('/')?;
            let (namespace, principal) = rest.split_once('/')?;
            let [policy, namespace, principal] = [policy, namespace, principal].map(str::to_owned);
            ObjectKey::AccessPolicy { policy, namespace, principal }
        }
        ("eks", "PodIdentityAssociation") => {
            let (namespace, service_account) = rest.split_once('/')?;
            let [namespace, service_account] = [namespace, service_account].map(str::to_owned);
            ObjectKey::PodIdentityAssociation { namespace, service_account }
        }
        _ => return None,
    })
}

/// A version is `v1`, `v1beta1`, ...: what distinguishes `k8s/v1/Namespace/x` from `k8s/apps/v1/Deployment/x/y`.
fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

impl FromStr for ObjectKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let wrong = || KeyError(text.to_owned());
        if let Some(rest) = text.strip_prefix("aws/") {
            return of_aws(rest).ok_or_else(wrong);
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
        for (text, reason) in [
            ("k8s/Namespace/x", "a version is needed"),
            ("aws/eks/Role/x", "IAM has it"),
            ("aws/iam/Role", "no name"),
            ("aws/eks/AccessPolicy/AmazonEKSViewPolicy/pay", "no principal"),
        ] {
            assert!(text.parse::<ObjectKey>().is_err(), "{text}: {reason}");
        }
    }

    #[test]
    fn a_key_says_where_an_object_is_and_whose_access() {
        for (text, is_iam, principal, namespace, name, reason) in [
            ("aws/iam/Role/gp-pay", true, None, None, "gp-pay", "of the account"),
            ("aws/eks/AccessEntry/arn:a", false, Some("arn:a"), None, "arn:a", "of the cluster as a whole"),
            ("aws/eks/AccessPolicy/View/pay/arn:a", false, Some("arn:a"), Some("pay"), "arn:a", "in one namespace"),
            ("aws/eks/PodIdentityAssociation/pay/api", false, None, Some("pay"), "api", "of a ServiceAccount"),
            ("k8s/v1/ConfigMap/pay/settings", false, None, Some("pay"), "settings", "in its namespace"),
            ("k8s/v1/Namespace/pay", false, None, None, "pay", "in none"),
        ] {
            let key: ObjectKey = text.parse().unwrap_or_else(|e| panic!("{reason}: {e}"));
            let found = (key.is_iam(), key.principal().map(String::as_str), key.namespace(), key.name());
            assert_eq!(found, (is_iam, principal, namespace, name), "{text}: {reason}");
        }
    }
}
