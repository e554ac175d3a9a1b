//! Tokens of an OIDC issuer, such as the one of GitHub Actions or GitLab: signed by a key of its own, for us, and not expired.

use super::{
    https::Https,
    keys::Keys,
    verified::{LEEWAY, TokenError, Verified, at},
};
use crate::tls::TlsError;
use goldenpath_core::policy::Identity;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, errors::ErrorKind};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, time::SystemTime};

/// With a key that only the issuer has. `none` is no algorithm here at all, and what is signed with a shared secret is refused,
/// since the public key would be that secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcIssuer {
    /// As rules have it.
    pub name: String,
    pub url: String,
    pub audiences: Vec<String>,
    /// Of an issuer whose certificate the system does not trust.
    pub ca: Option<PathBuf>,
}

pub struct Issuer {
    settings: OidcIssuer,
    keys: Keys,
}

// === impl Issuer ===

impl Issuer {
    pub fn new(settings: OidcIssuer) -> Result<Self, TlsError> {
        let keys = Keys::new(settings.url.clone(), Https::new(settings.ca.as_deref())?);
        Ok(Self { settings, keys })
    }

    pub fn url(&self) -> &str {
        &self.settings.url
    }

    pub async fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        let header = decode_header(token).map_err(|error| TokenError::Malformed(error.to_string()))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(TokenError::Refused(format!("it is signed with {:?}, which proves nothing here", header.alg)));
        }
        let key = self.keys.find(header.kid.as_deref(), header.alg).await?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.settings.url]);
        validation.set_audience(&self.settings.audiences);
        validation.set_required_spec_claims(&["iss", "aud", "sub"]);
        // Times are checked below: the library can't read numbers of a serde_json that keeps them as they are written.
        validation.validate_exp = false;
        let claims =
            decode::<BTreeMap<String, Value>>(token, &key, &validation).map_err(|error| refusal(error.kind()))?.claims;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let time = |name| claims.get(name).and_then(Value::as_f64).map(|seconds| at(seconds as u64));
        let until = time("exp").ok_or_else(|| TokenError::Refused("it has no claim `exp`".to_owned()))?;
        let now = SystemTime::now();
        if until + LEEWAY < now {
            return Err(TokenError::Expired);
        }
        if claims.contains_key("nbf") && time("nbf").is_none_or(|from| from > now + LEEWAY) {
            return Err(TokenError::Refused("it is not valid yet".to_owned()));
        }
        Ok(Verified { identity: Identity::Oidc { issuer: self.settings.name.clone(), subject, claims }, until })
    }
}

fn refusal(kind: &ErrorKind) -> TokenError {
    TokenError::Refused(match kind {
        ErrorKind::InvalidSignature => "its signature is not that of the issuer".to_owned(),
        ErrorKind::InvalidAudience => "it is for another audience".to_owned(),
        ErrorKind::MissingRequiredClaim(claim) => format!("it has no claim `{claim}`"),
        other => format!("it is not valid ({other:?})"),
    })
}
