//! The keys of an issuer: fetched when the first token comes, kept, and fetched again for a key that is not among them, at most once
//! a minute, so that made-up tokens cost the issuer nothing. An issuer that is down does not matter as long as its keys are known.

use super::{
    https::Https,
    verified::{TokenError, VERIFIED_WITHIN},
};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;
use std::{
    sync::{Mutex as Quick, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// A key that was taken back is no longer believed after that, if the issuer can be reached.
const OLD: Duration = Duration::from_secs(3600);
const AGAIN: Duration = Duration::from_secs(60);
/// As long as there are none at all.
const AGAIN_AT_FIRST: Duration = Duration::from_secs(2);

pub struct Keys {
    issuer: String,
    https: Https,
    known: Quick<Known>,
    /// When it was last tried. Held while fetching: many tokens at once cause one request.
    tried: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Jwk>,
    fetched: Option<Instant>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

// === impl Keys ===

impl Keys {
    pub fn new(issuer: String, https: Https) -> Self {
        Self { issuer, https, known: Quick::default(), tried: Mutex::default() }
    }

    /// A token that names no key was signed by the only one.
    pub async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, TokenError> {
        let key = match self.recall(id, true) {
            Some(key) => Some(key),
            None => self.find_or_fetch(id).await?,
        };
        let key =
            key.ok_or_else(|| TokenError::Refused(format!("the issuer has no key {:?}", id.unwrap_or_default())))?;
        let is_for_another =
            key.common.key_algorithm.is_some_and(|own| own.to_string().parse::<Algorithm>().ok() != Some(algorithm));
        if is_for_another {
            return Err(TokenError::Refused("its key is for another algorithm".to_owned()));
        }
        DecodingKey::from_jwk(&key).map_err(|error| TokenError::Refused(format!("its key can't be used: {error}")))
    }

    async fn find_or_fetch(&self, id: Option<&str>) -> Result<Option<Jwk>, TokenError> {
        let mut tried = self.tried.lock().await;
        let found = self.recall(id, true);
        if found.is_some() {
            return Ok(found);
        }
        let pause = if self.is_empty() { AGAIN_AT_FIRST } else { AGAIN };
        if tried.is_none_or(|tried| tried.elapsed() >= pause) {
            *tried = Some(Instant::now());
            let fetched = timeout(VERIFIED_WITHIN, self.fetch()).await;
            // Whoever has waited meanwhile does not try it again at once.
            *tried = Some(Instant::now());
            match fetched.unwrap_or_else(|_| Err("the issuer does not respond in time".to_owned())) {
                Ok(keys) => *self.lock() = Known { keys, fetched: Some(Instant::now()) },
                Err(error) => tracing::warn!(issuer = self.issuer, error, "The keys of an issuer can't be fetched"),
            }
        }
        match self.recall(id, false) {
            None if self.is_empty() => {
                Err(TokenError::Unavailable(format!("the keys of {} are not known", self.issuer)))
            }
            found => Ok(found),
        }
    }

    async fn fetch(&self) -> Result<Vec<Jwk>, String> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovery: Discovery = read(&self.https.get(&url).await?)?;
        if discovery.issuer != self.issuer {
            return Err(format!("{url} is the configuration of {:?}", discovery.issuer));
        }
        let set: KeySet = read(&self.https.get(&discovery.jwks_uri).await?)?;
        // Some are of kinds that nobody here has heard of; the others are keys all the same.
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        let signs = |key: &Jwk| !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
        Ok(keys.filter(signs).collect())
    }

    fn recall(&self, id: Option<&str>, is_fresh: bool) -> Option<Jwk> {
        let known = self.lock();
        if is_fresh && known.fetched.is_none_or(|fetched| fetched.elapsed() >= OLD) {
            return None;
        }
        match (id, known.keys.as_slice()) {
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.common.key_id.as_deref() == Some(id)).cloned(),
        }
    }

    fn is_empty(&self) -> bool {
        self.lock().keys.is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read<T: for<'de> Deserialize<'de>>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| format!("the response can't be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[tokio::test(start_paused = true)]
    async fn an_issuer_that_does_not_respond_is_said_before_connections_end() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        fs::write(&ca, rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap().cert.pem()).unwrap();
        // Connections are made, and nobody takes them.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let keys = Keys::new(url, Https::new(Some(&ca)).unwrap());
        let begun = Instant::now();
        let both = tokio::join!(keys.find(Some("one"), Algorithm::RS256), keys.find(Some("one"), Algorithm::RS256));
        for found in [both.0, both.1] {
            assert!(matches!(found, Err(TokenError::Unavailable(_))), "its keys are not known");
        }
        assert!(begun.elapsed() <= VERIFIED_WITHIN + Duration::from_millis(100), "{:?}", begun.elapsed());
    }
}
