//! Credentials as they are written: for whoever has them from a secret and not from an environment of its own, such as a bridge.

use goldenpath_core::domain::forms::iam_arn;
use plugin::{
    Type,
    schema::{Attribute, object, optional, required},
};
use serde::Deserialize;
use std::{fmt, path::PathBuf};

/// Never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// For whoever is to be convinced by it, and for nothing that is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebIdentity {
    pub role_arn: String,
    pub token_file: PathBuf,
}

/// `access_key`, `secret_key`, `token` and `web_identity`.
pub(super) fn attributes() -> [Attribute; 4] {
    let text = |name, example: &str, what: &str| {
        optional(name, Type::String).not_empty().example(example).describe(what).sensitive()
    };
    let identity = object([
        required("role_arn", Type::String)
            .check(is_role)
            .example("arn:aws:iam::111122223333:role/goldenpath")
            .describe("ARN of the role, whose trust policy names the identity provider."),
        required("token_file", Type::String)
            .not_empty()
            .example("/var/run/secrets/eks.amazonaws.com/serviceaccount/token")
            .describe("Path of the file with the token. It is read again whenever the credentials expire."),
    ]);
    [
        text(
            "access_key",
            "AKIAIOSFODNN7EXAMPLE",
            "ID of an access key, for processes without their own credentials. Needs `secret_key`.",
        ),
        text("secret_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "Secret of the access key."),
        text("token", "IQoJb3JpZ2luX2VjEXAMPLE", "Session token, if the access key is a temporary one."),
        optional("web_identity", identity).describe(
            "Exchanges the token of an identity provider, such as that of a ServiceAccount, for credentials of a role (STS \
             `AssumeRoleWithWebIdentity`).",
        ),
    ]
}

pub fn is_role(arn: &String) -> Result<(), String> {
    match iam_arn(arn) {
        Some((_, resource)) if resource.starts_with("role/") => Ok(()),
        _ => Err(format!("{arn:?} is not the ARN of a role, such as arn:aws:iam::111122223333:role/goldenpath")),
    }
}
