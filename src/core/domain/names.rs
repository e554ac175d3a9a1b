//! Names that are parsed once and cannot be wrong afterwards.

use super::{choices::choices, partition::dns_suffix};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub(crate) String);

/// A type whose only state is a checked text: serde reads and writes it as a string, a wrong one is an error with the rule.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map_err(NameError)?;
                Ok(Self(text.to_owned()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn dns_label(text: &str, longest: usize) -> Result<(), String> {
    let good = (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if good {
        Ok(())
    } else {
        Err(format!(
            "{text:?} is not a DNS label of at most {longest} characters: use a-z, 0-9 and '-', not at the start or end \
             (RFC 1123)"
        ))
    }
}

text_type!(
    /// The name of an environment, slot, team or namespace key: at most 40 characters, which leaves room for suffixes in
    /// the 63 of a namespace.
    DnsLabel,
    |text| dns_label(text, 40)
);
text_type!(
    /// A tier of the golden path, such as `prod`.
    TierName,
    |text| dns_label(text, 20)
);
text_type!(
    /// `arn:<partition>:eks:<region>:<account>:cluster/<name>`
    ClusterArn,
    |text| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "eks", region, account, resource]
                if dns_suffix(partition).is_some()
                    && !region.is_empty()
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && resource.strip_prefix("cluster/").is_some_and(|name| cluster_name(name).is_ok()) =>
            {
                Ok(())
            }
            _ => Err(format!("{text:?} is not the ARN of an EKS cluster: arn:aws:eks:<region>:<account>:cluster/<name>")),
        }
    }
);

/// EKS CreateCluster: `^[0-9A-Za-z][A-Za-z0-9\-_]*`, at most 100.
fn cluster_name(text: &str) -> Result<(), String> {
    let good = (1..=100).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if good {
        Ok(())
    } else {
        Err(format!(
            "{text:?} is neither the name nor the ARN of an EKS cluster: a name has letters, digits, '-' and '_', at most \
             100 (EKS API, CreateCluster)"
        ))
    }
}

impl ClusterArn {
    fn part(&self, at: usize) -> &str {
        self.0.splitn(6, ':').nth(at).unwrap_or_default()
    }
    pub fn partition(&self) -> &str {
        self.part(1)
    }
    pub fn region(&self) -> &str {
        self.part(3)
    }
    /// Of the names of AWS's services in its partition.
    pub fn dns_suffix(&self) -> &'static str {
        dns_suffix(self.partition()).unwrap_or_default()
    }
    pub fn account(&self) -> &str {
        self.part(4)
    }
    pub fn name(&self) -> &str {
        self.part(5).trim_start_matches("cluster/")
    }
}

text_type!(
    /// A cluster as written in HCL: its name or its ARN. Both forms of one cluster are equal where only the name decides.
    ClusterRef,
    |text| if text.starts_with("arn:") { text.parse::<ClusterArn>().map(|_| ()).map_err(|e| e.0) } else { cluster_name(text) }
);

impl ClusterRef {
    /// The part that ids use.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
    pub fn arn(&self) -> Option<ClusterArn> {
        self.0.parse().ok()
    }
    /// A name and an ARN of the same cluster are the same cluster; two ARNs must be equal.
    pub fn same_as(&self, other: &Self) -> bool {
        match (self.arn(), other.arn()) {
            (Some(a), Some(b)) => a == b,
            _ => self.name() == other.name(),
        }
    }
}

choices! {
    /// Every tier belongs to one class; rules that must not depend on a path's own names go by it. From the laxest on.
    #[derive(Hash, PartialOrd, Ord)]
    pub enum TierClass {
        Dev = "dev",
        Staging = "staging",
        Prod = "prod",
    }
}

/// What a person or machine may do in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonaName {
    Viewer,
    Developer,
    Deployer,
    Admin,
}

impl PersonaName {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Developer, Self::Deployer, Self::Admin];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Deployer => "deployer",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for PersonaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `<cluster>/<environment>`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentId {
    pub cluster: String,
    pub environment: DnsLabel,
}

/// `<cluster>/<environment>/<slot>`
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotId {
    pub environment: EnvironmentId,
    pub slot: DnsLabel,
}

impl FromStr for EnvironmentId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split('/').collect::<Vec<_>>().as_slice() {
            [cluster, environment] => {
                cluster_name(cluster).map_err(NameError)?;
                Ok(Self { cluster: (*cluster).to_owned(), environment: environment.parse()? })
            }
            _ => Err(NameError(format!(
                "{text:?} is not the id of an environment, which is <cluster>/<environment>, such as demo/payments-prod"
            ))),
        }
    }
}

impl FromStr for SlotId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.rsplit_once('/') {
            Some((environment, slot)) if environment.contains('/') => {
                Ok(Self { environment: environment.parse()?, slot: slot.parse()? })
            }
            _ => Err(NameError(format!(
                "{text:?} is not the id of a slot, which is <cluster>/<environment>/<slot>, such as demo/payments-prod/ledger"
            ))),
        }
    }
}

impl TryFrom<String> for EnvironmentId {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}
impl TryFrom<String> for SlotId {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}
impl From<EnvironmentId> for String {
    fn from(id: EnvironmentId) -> String {
        id.to_string()
    }
}
impl From<SlotId> for String {
    fn from(id: SlotId) -> String {
        id.to_string()
    }
}
impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.environment)
    }
}
impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.environment, self.slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_written_as_eks_takes_it() {
        let arn = |name: &str| format!("arn:aws:eks:eu-west-1:111122223333:cluster/{name}");
        for (name, is_one, reason) in [
            ("demo", true, "a name"),
            ("9", true, "one digit"),
            ("Demo-1_b", true, "letters of both cases, digits, - and _"),
            (&"a".repeat(100), true, "the longest"),
            (&"a".repeat(101), false, "too long"),
            ("", false, "nothing"),
            ("-demo", false, "a dash first"),
            ("_demo", false, "an underscore first"),
            ("de.mo", false, "a dot"),
            ("de mo", false, "a space"),
            ("a/b", false, "a slash"),
            ("d\u{e9}mo", false, "a letter of another alphabet"),
        ] {
            assert_eq!(name.parse::<ClusterRef>().is_ok(), is_one, "{name:?}: {reason}");
            assert_eq!(arn(name).parse::<ClusterRef>().is_ok(), is_one, "the ARN of {name:?}: {reason}");
            assert_eq!(format!("{name}/payments").parse::<EnvironmentId>().is_ok(), is_one, "{name:?}: {reason}");
        }
    }

    /// An apply to another account's cluster of the same name would be an apply to the wrong cluster.
    #[test]
    fn a_name_and_an_arn_may_be_one_cluster() {
        let (ireland, other) =
            ("arn:aws:eks:eu-west-1:111122223333:cluster/demo", "arn:aws:eks:eu-west-1:999999999999:cluster/demo");
        for (one, two, expected, reason) in [
            ("demo", "demo", true, "the same name"),
            ("demo", "shop", false, "another name"),
            ("demo", ireland, true, "its ARN"),
            ("shop", ireland, false, "the ARN of another one"),
            (ireland, ireland, true, "the same ARN"),
            (ireland, other, false, "one name in two accounts"),
        ] {
            let (one, two): (ClusterRef, ClusterRef) = (one.parse().expect(reason), two.parse().expect(reason));
            assert_eq!((one.same_as(&two), two.same_as(&one)), (expected, expected), "{reason}");
        }
        let arn = |text: &str| text.parse::<ClusterRef>().expect(text).arn();
        assert_eq!(arn(ireland).map(|arn| arn.to_string()).as_deref(), Some(ireland));
        assert_eq!(arn("demo"), None, "a name alone has no account");
    }

    #[test]
    fn an_id_is_written_as_it_is_read() {
        let id: SlotId = serde_json::from_str("\"demo/payments-prod/ledger\"").expect("an id");
        assert_eq!((id.environment.to_string().as_str(), id.slot.as_str()), ("demo/payments-prod", "ledger"));
        assert_eq!(id.to_string(), "demo/payments-prod/ledger");
        assert_eq!(serde_json::to_string(&id).expect("writes"), "\"demo/payments-prod/ledger\"");
        for (text, words, reason) in [
            ("payments-prod/ledger", "not the id of a slot", "no cluster"),
            ("ledger", "not the id of a slot", "a name alone"),
            ("a/demo/payments-prod/ledger", "not the id of an environment", "too many parts"),
            ("demo/payments-prod/Ledger", "not a DNS label", "no name of a slot"),
        ] {
            let error = text.parse::<SlotId>().expect_err(reason).to_string();
            assert!(error.contains(words), "{reason}: {error}");
        }
    }
}
