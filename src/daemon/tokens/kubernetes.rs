//! Tokens that a cluster's API server knows, such as those of its ServiceAccounts: it is asked about each, and believed for a minute.

use super::verified::{TokenError, VERIFIED_WITHIN, Verified, at};
use async_trait::async_trait;
use goldenpath_core::{domain::short_hash, policy::Identity};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, timeout};

/// How long a ServiceAccount that was deleted may go on.
const BELIEVED: Duration = Duration::from_secs(60);
/// A token that does not say when it expires is reviewed again after that, while its connection lasts.
const UNKNOWN_END: Duration = Duration::from_secs(600);
/// Reviews that are remembered.
const MOST: usize = 1024;

/// The API server, asked by TokenReview.
#[async_trait]
pub trait ReviewTokens: Send + Sync {
    /// Whose token for one of these audiences it is. `None`: nobody's. The error arm: it can't be asked.
    async fn review(&self, token: &str, audiences: &[String]) -> Result<Option<Reviewed>, String>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    pub user: String,
    pub groups: Vec<String>,
}

#[derive(Clone)]
pub struct KubernetesTokens {
    pub audiences: Vec<String>,
    pub reviewer: Arc<dyn ReviewTokens>,
}

pub struct Reviews {
    settings: KubernetesTokens,
    /// By a digest: a token is kept nowhere.
    known: Mutex<HashMap<String, (Instant, Verified)>>,
}

// === impl Reviews ===

impl Reviews {
    pub fn new(settings: KubernetesTokens) -> Self {
        Self { settings, known: Mutex::default() }
    }

    /// `expires`: what the token says, which is true if the API server accepts it.
    pub async fn verify(&self, token: &str, expires: Option<u64>) -> Result<Verified, TokenError> {
        let KubernetesTokens { audiences, reviewer } = &self.settings;
        let until = expires.map_or_else(|| SystemTime::now() + UNKNOWN_END, at);
        if until <= SystemTime::now() {
            return Err(TokenError::Expired);
        }
        let digest = short_hash([token], 64);
        if let Some(known) = self.recall(&digest) {
            return Ok(known);
        }
        let reviewed = timeout(VERIFIED_WITHIN, reviewer.review(token, audiences)).await;
        let reviewed = reviewed.unwrap_or_else(|_| Err("the API server does not respond in time".to_owned()));
        let reviewed = reviewed.map_err(TokenError::Unavailable)?;
        let Some(Reviewed { user, groups }) = reviewed else {
            return Err(TokenError::Refused(format!(
                "the API server does not know it for the audiences {audiences:?}"
            )));
        };
        let verified = Verified { identity: Identity::Kubernetes { user, groups }, until };
        self.remember(digest, verified.clone());
        Ok(verified)
    }

    fn recall(&self, digest: &str) -> Option<Verified> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).filter(|(at, _)| at.elapsed() < BELIEVED).map(|(_, verified)| verified.clone())
    }

    fn remember(&self, digest: String, verified: Verified) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| at.elapsed() < BELIEVED);
        if known.len() < MOST {
            known.insert(digest, (Instant::now(), verified));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Knows one token.
    #[derive(Default)]
    struct Reviewer(AtomicUsize);

    #[async_trait]
    impl ReviewTokens for Reviewer {
        async fn review(&self, token: &str, _: &[String]) -> Result<Option<Reviewed>, String> {
            self.0.fetch_add(1, Ordering::SeqCst);
            match token {
                "good" => Ok(Some(Reviewed { user: "system:serviceaccount:pay:ci".into(), groups: vec![] })),
                "down" => Err("no route".into()),
                "silent" => std::future::pending().await,
                _ => Ok(None),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_review_is_believed_for_a_minute() {
        let reviewer = Arc::new(Reviewer::default());
        let reviews = Reviews::new(KubernetesTokens { audiences: vec!["gp".into()], reviewer: reviewer.clone() });
        for _ in 0..3 {
            reviews.verify("good", None).await.unwrap();
        }
        assert_eq!(reviewer.0.load(Ordering::SeqCst), 1, "asked once");
        tokio::time::advance(BELIEVED).await;
        reviews.verify("good", None).await.unwrap();
        assert_eq!(reviewer.0.load(Ordering::SeqCst), 2, "and once more");
        assert!(matches!(reviews.verify("bad", None).await, Err(TokenError::Refused(_))), "nobody's");
        assert!(matches!(reviews.verify("down", None).await, Err(TokenError::Unavailable(_))), "nobody responds");
        let silent = timeout(2 * VERIFIED_WITHIN, reviews.verify("silent", None)).await;
        assert!(matches!(silent, Ok(Err(TokenError::Unavailable(_)))), "nor in time");
        assert!(
            matches!(reviews.verify("good", Some(1)).await, Err(TokenError::Expired)),
            "of the past, whoever knows it"
        );
        assert_eq!(reviewer.0.load(Ordering::SeqCst), 5, "which nobody is asked about");
    }
}
