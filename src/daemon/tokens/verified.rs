//! What comes of a token: whose it is and for how long, or why it proves nothing.

use goldenpath_core::policy::Identity;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Clocks differ.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// For whoever is asked about a token, an issuer or an API server. A connection stays for longer without a greeting (`listen`), so that its
/// client hears why there is none.
pub const VERIFIED_WITHIN: Duration = Duration::from_secs(8);

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("it is not a token that this daemon can read: {0}")]
    Malformed(String),
    #[error("its issuer {0:?} is not one that this daemon accepts")]
    Stranger(String),
    #[error("it has expired")]
    Expired,
    #[error("{0}")]
    Refused(String),
    /// Not the caller's fault.
    #[error("it can't be verified now: {0}")]
    Unavailable(String),
}

/// Whose a token is, and for how long.
#[derive(Clone, Debug)]
pub struct Verified {
    pub identity: Identity,
    pub until: SystemTime,
}

pub fn at(seconds: u64) -> SystemTime {
    // One that is far away must not be past the end of time.
    UNIX_EPOCH + Duration::from_secs(seconds.min(u64::from(u32::MAX)))
}
