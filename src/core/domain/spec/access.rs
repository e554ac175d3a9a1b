//! Who gets into an environment, by persona.

use crate::domain::{Given, LateList, PersonaName};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    pub viewer: Option<Persona>,
    pub developer: Option<Persona>,
    pub deployer: Option<Persona>,
    pub admin: Option<Persona>,
}

impl Access {
    pub fn personas(&self) -> impl Iterator<Item = (PersonaName, &Persona)> {
        PersonaName::ALL.into_iter().filter_map(|name| Some((name, self.get(name)?)))
    }

    pub fn get(&self, name: PersonaName) -> Option<&Persona> {
        match name {
            PersonaName::Viewer => self.viewer.as_ref(),
            PersonaName::Developer => self.developer.as_ref(),
            PersonaName::Deployer => self.deployer.as_ref(),
            PersonaName::Admin => self.admin.as_ref(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Persona {
    /// IAM Identity Center permission sets by name; each must match exactly one role of the account.
    pub permission_sets: Given<Vec<String>>,
    /// ARNs of IAM roles or users; each decides the key of an access entry.
    pub principal_arns: Given<Vec<String>>,
    pub oidc_groups: Given<LateList>,
    /// `<namespace>/<name>`
    pub service_accounts: Given<LateList>,
    /// Make an IAM role for this persona.
    pub create_role: Given<bool>,
    /// Who may assume that role.
    pub trusted_principal_arns: Given<LateList>,
    /// Whose tokens may assume it, by an OIDC provider of the account: pipelines.
    pub trusted_oidc: Given<Vec<TrustedOidc>>,
    /// Short names of EKS access policies, `AmazonEKSViewPolicy`; opt in.
    pub access_policies: Given<Vec<String>>,
}

/// The audience of tokens that are meant for AWS alone.
pub const STS_AUDIENCE: &str = "sts.amazonaws.com";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedOidc {
    /// Without `https://`, as IAM names it.
    pub provider: String,
    /// Absent: [`STS_AUDIENCE`].
    #[serde(default)]
    pub audience: Option<String>,
    /// Patterns of IAM's StringLike.
    pub subjects: Vec<String>,
}

// === impl TrustedOidc ===

impl TrustedOidc {
    pub fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or(STS_AUDIENCE)
    }
}
