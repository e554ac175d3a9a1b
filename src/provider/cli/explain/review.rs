//! What a plan does, as a reviewer asks for it. With `--json`, these types are printed as they are: the guide "Explain" documents each
//! member, and [`FORMAT`] changes when one is removed or gets another meaning.
//!
//! All texts come from the plan and are legible: on one line, with nothing in them that can't be seen.

use serde::Serialize;

pub const FORMAT: u32 = 1;

#[derive(Debug, Default, Serialize)]
pub struct Review {
    pub format: u32,
    pub changes: Vec<Change>,
    pub access: Vec<Access>,
    pub lost: Vec<Lost>,
    pub findings: Vec<Finding>,
    pub unknown: Vec<Unknown>,
    /// What the policies of golden paths say.
    pub policies: Vec<PolicyFinding>,
    /// Where policies can't be asked.
    pub unjudged: Vec<Unjudged>,
    /// Moves to another version of a golden path.
    pub versions: Vec<VersionMove>,
    /// Resources of other providers that the plan changes.
    pub others: usize,
}

/// What happens to a resource or to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Delete,
    Replace,
    Update,
    Create,
    /// It stays, but Terraform no longer manages it.
    Forget,
    /// Only its address changes, or it is imported as it is.
    None,
}

#[derive(Debug, Clone, Serialize)]
pub struct Change {
    pub address: String,
    #[serde(rename = "type")]
    pub resource_type: String,
    /// `<cluster>/<environment>`; of a baseline, the cluster.
    pub environment: String,
    pub action: Action,
    /// Why Terraform replaces or deletes it.
    pub reason: Option<String>,
    pub previous_address: Option<String>,
    pub imported: bool,
    /// Attributes that no object shows.
    pub attributes: Vec<FieldChange>,
    pub objects: Vec<ObjectChange>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ObjectChange {
    pub object: String,
    pub action: Action,
    /// Of an object that is made or deleted, all that it has.
    pub fields: Vec<FieldChange>,
}

/// The elements of a field that go and those that come. A field of one value has one of each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FieldChange {
    pub field: String,
    pub old: Vec<String>,
    pub new: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Gains,
    Loses,
    /// It has another access than before, and the plan does not say whether that is more.
    Changes,
}

impl Direction {
    pub fn word(self) -> &'static str {
        match self {
            Self::Gains => "gains",
            Self::Loses => "loses",
            Self::Changes => "changes",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Access {
    pub who: String,
    /// What kind of principal: `permission set`, `principal`, `OIDC group`, `ServiceAccount`, ...
    pub kind: String,
    pub direction: Direction,
    /// A persona, an EKS access policy, a statement of an IAM policy, ...
    pub what: String,
    pub environment: String,
    pub address: String,
}

/// A namespace, with everything in it.
#[derive(Debug, Clone, Serialize)]
pub struct Lost {
    pub namespace: String,
    pub environment: String,
    pub address: String,
    /// What happens to the resource.
    pub by: Action,
}

/// A check of the configuration that did not pass, or a plan that ended with an error.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub subject: String,
    pub status: String,
    pub message: String,
}

/// Where the plan does not say what will be: nothing can be excluded there.
#[derive(Debug, Clone, Serialize)]
pub struct Unknown {
    pub address: String,
    pub environment: String,
    pub action: Action,
}

/// Of one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyFinding {
    pub address: String,
    pub object: String,
    pub policy: String,
    pub version: String,
    /// `error`, `warning` or `undecided`.
    pub status: &'static str,
    pub message: String,
    pub remedy: String,
    /// The attribute that causes it, where the policy names one.
    pub field: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unjudged {
    pub address: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionMove {
    pub address: String,
    pub golden_path: String,
    /// With the name of the path.
    pub from: String,
    pub to: String,
    /// Of the versions between, the new one included.
    pub changelog: Vec<ChangelogEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ChangelogEntry {
    pub version: String,
    pub text: String,
    /// The move goes back behind it.
    #[serde(rename = "undone")]
    pub is_undone: bool,
}
