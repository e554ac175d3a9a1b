//! Bearer tokens: whose they are, said by an OIDC issuer's signature or by the API server of a cluster.

mod https;
mod keys;
mod kubernetes;
mod oidc;
mod verified;

pub use kubernetes::{KubernetesTokens, ReviewTokens, Reviewed};
pub use oidc::OidcIssuer;
pub use verified::{LEEWAY, TokenError, VERIFIED_WITHIN, Verified};

use crate::tls::TlsError;
use jsonwebtoken::dangerous::insecure_decode_claims;
use kubernetes::Reviews;
use oidc::Issuer;
use serde::Deserialize;

/// GitHub's have some two kilobytes.
const LONGEST: usize = 16 << 10;

/// Who may hold a token.
#[derive(Clone, Default)]
pub struct TokenSettings {
    pub kubernetes: Option<KubernetesTokens>,
    pub oidc: Vec<OidcIssuer>,
}

impl TokenSettings {
    pub fn is_some(&self) -> bool {
        self.kubernetes.is_some() || !self.oidc.is_empty()
    }
}

pub struct Tokens {
    issuers: Vec<Issuer>,
    kubernetes: Option<Reviews>,
}

/// What a token says of itself before anything of it was verified.
#[derive(Deserialize)]
struct Said {
    iss: Option<String>,
    exp: Option<f64>,
}

// === impl Tokens ===

impl Tokens {
    pub fn new(settings: TokenSettings) -> Result<Self, TlsError> {
        let TokenSettings { kubernetes, oidc } = settings;
        let issuers = oidc.into_iter().map(Issuer::new).collect::<Result<_, _>>()?;
        Ok(Self { issuers, kubernetes: kubernetes.map(Reviews::new) })
    }

    pub async fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        if token.is_empty() || token.len() > LONGEST {
            return Err(TokenError::Malformed(format!("it has {} bytes", token.len())));
        }
        let said = insecure_decode_claims::<Said>(token).ok();
        let issuer = said.as_ref().and_then(|said| said.iss.clone()).unwrap_or_default();
        let known = self.issuers.iter().find(|known| known.url() == issuer);
        match (known, &self.kubernetes) {
            (Some(known), _) => known.verify(token).await,
            // An API server knows tokens of more than one form.
            (None, Some(kubernetes)) => {
                kubernetes.verify(token, said.and_then(|said| said.exp).map(|exp| exp as u64)).await
            }
            (None, None) if said.is_none() => Err(TokenError::Malformed("it is not a JSON Web Token".to_owned())),
            (None, None) => Err(TokenError::Stranger(issuer)),
        }
    }
}
