//! Who is let in, and as what: the identity that a connection proves, the rule that fits it, and an engine within its bounds.
//!
//! | has | is |
//! |---|---|
//! | a token | whoever the token is for, also on the unix socket |
//! | no token, a certificate of the configured authority | whoever the certificate names |
//! | neither, on the unix socket | the daemon's own user |
//!
//! The bounds are those of the daemon, of the rule, and of the provider block: all hold. Only the daemon's own user is believed what
//! its requests claim, since it could read the daemon's credentials anyway.

use crate::{
    held::{Held, MakeSession},
    refusal,
    tls::server::CertificateIdentity,
    tokens::{LEEWAY, TokenError, Tokens, Verified},
    trail::Trail,
};
use goldenpath_core::{
    domain::{Id, Problem},
    policy::{CallerRule, Identity, May, rule_for},
    provision::{Bounds, Provisioner, Survey},
};
use std::{sync::Arc, time::SystemTime};
use tonic::Status;

/// What stands before a token.
const BEARER: &str = "Bearer ";

/// What an engine is made for.
#[derive(Clone, Debug)]
pub struct EngineScope {
    /// Besides the daemon's own.
    pub bounds: Vec<Bounds>,
    /// Who asks, and may claim anything. `None`: the daemon's own user, whom the target knows, or the daemon itself.
    pub caller: Option<String>,
    /// For one operation alone, where each has a session of its own.
    pub session: Option<OperationSession>,
}

/// As whom AWS sees one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationSession {
    pub operation: String,
    pub about: Id,
    /// The human behind it, where one is known.
    pub person: Option<String>,
}

/// An engine of its own for each connection.
pub type MakeEngine = Arc<dyn Fn(EngineScope) -> Result<Arc<dyn Provisioner>, Problem> + Send + Sync>;

/// A fresh engine for each look at a whole cluster, within these bounds besides the daemon's own.
pub type MakeSurvey = Arc<dyn Fn(Vec<Bounds>) -> Result<Arc<dyn Survey>, Problem> + Send + Sync>;

/// How a connection came.
pub enum Peer {
    /// Over the unix socket, from a process of the daemon's user.
    Own,
    Remote(Option<CertificateIdentity>),
}

/// Whom Hello was said by.
pub struct Caller {
    pub identity: Identity,
    pub engine: Arc<dyn Provisioner>,
    /// Of the rule and the provider block.
    pub bounds: Vec<Bounds>,
    pub may: May,
    until: Option<SystemTime>,
}

pub struct Gate {
    engines: MakeEngine,
    /// `None`: the daemon's own user, and nobody else.
    rules: Option<Vec<CallerRule>>,
    tokens: Tokens,
    /// Each operation has an engine of its own.
    has_sessions: bool,
    trail: Arc<Trail>,
}

// === impl Caller ===

impl Caller {
    pub fn check(&self) -> Result<(), Status> {
        match self.until {
            Some(until) if until + LEEWAY < SystemTime::now() => Err(refusal::expired_credentials(&self.identity)),
            _ => Ok(()),
        }
    }
}

// === impl Gate ===

impl Gate {
    pub fn new(
        engines: MakeEngine,
        rules: Option<Vec<CallerRule>>,
        tokens: Tokens,
        has_sessions: bool,
        trail: Arc<Trail>,
    ) -> Self {
        Self { engines, rules, tokens, has_sessions, trail }
    }

    /// `bounds`: what the provider block narrows.
    pub async fn admit(&self, peer: &Peer, token: Option<&str>, bounds: Vec<Bounds>) -> Result<Caller, Status> {
        let (identity, until) = self.identify(peer, token).await.map_err(|problem| {
            refusal::note(None, "hello", "", &problem);
            refusal::admission(&problem)
        })?;
        let admitted = self.permission(&identity, bounds).and_then(|(bounds, may)| {
            let engine = self.engine_within(&identity, bounds.clone(), may)?;
            Ok((engine, bounds, may))
        });
        match admitted {
            Ok((engine, bounds, may)) => Ok(Caller { identity, engine, bounds, may, until }),
            Err(problem) => {
                self.trail.shut_out(&identity, &problem).await;
                Err(refusal::admission(&problem))
            }
        }
    }

    async fn identify(&self, peer: &Peer, token: Option<&str>) -> Result<(Identity, Option<SystemTime>), Problem> {
        match (token, peer) {
            (Some(token), _) => match self.tokens.verify(token).await {
                Ok(Verified { identity, until }) => Ok((identity, Some(until))),
                Err(error @ TokenError::Unavailable(_)) => Err(refusal::unverifiable_token(&error)),
                Err(error) => Err(refusal::token(&error)),
            },
            (None, Peer::Own) => Ok((Identity::Own, None)),
            (None, Peer::Remote(Some(CertificateIdentity { identity, until }))) => Ok((identity.clone(), Some(*until))),
            (None, Peer::Remote(None)) => Err(refusal::nobody()),
        }
    }

    /// By the rules as they are now: for a connection, and for an operation that is run again.
    pub fn engine(&self, identity: &Identity, bounds: Vec<Bounds>) -> Result<Arc<dyn Provisioner>, Problem> {
        let (bounds, may) = self.permission(identity, bounds)?;
        self.engine_within(identity, bounds, may)
    }

    fn permission(&self, identity: &Identity, mut bounds: Vec<Bounds>) -> Result<(Vec<Bounds>, May), Problem> {
        let may = match (&self.rules, identity) {
            // Its own rules are those of `reconcile`.
            (_, Identity::Reconcile) | (None, Identity::Own) => May::Change,
            (None, _) => return Err(refusal::no_rule(identity)),
            (Some(rules), _) => {
                let rule = rule_for(rules, identity).ok_or_else(|| refusal::no_rule(identity))?;
                bounds.push(rule.allow.clone());
                rule.may
            }
        };
        Ok((bounds, may))
    }

    fn engine_within(
        &self,
        identity: &Identity,
        bounds: Vec<Bounds>,
        may: May,
    ) -> Result<Arc<dyn Provisioner>, Problem> {
        let is_own = matches!(identity, Identity::Own | Identity::Reconcile);
        let scope = EngineScope { bounds, caller: (!is_own).then(|| identity.to_string()), session: None };
        let engine = (self.engines)(scope.clone())?;
        let (engines, person) = (self.engines.clone(), person(identity));
        let sessions: Option<MakeSession> = self.has_sessions.then(|| -> MakeSession {
            Box::new(move |operation, about| {
                let session = OperationSession { operation, about: about.clone(), person: person.clone() };
                engines(EngineScope { session: Some(session), ..scope.clone() })
            })
        });
        Ok(Arc::new(Held::new(engine, identity.clone(), may, sessions, self.trail.clone())))
    }
}

/// The token of a request, by its header. One that is not text, or anything else than a token, is not taken for none.
pub fn bearer(header: Option<&[u8]>) -> Result<Option<String>, Problem> {
    let Some(value) = header else { return Ok(None) };
    let token = std::str::from_utf8(value).ok().and_then(|text| text.strip_prefix(BEARER)).map(str::trim);
    token.map(|token| Some(token.to_owned())).ok_or_else(|| {
        let problem = refusal::token(&"it does not follow the word Bearer");
        refusal::note(None, "hello", "", &problem);
        problem
    })
}

/// By what GitHub and GitLab, other issuers and certificates of people name them.
fn person(identity: &Identity) -> Option<String> {
    match identity {
        Identity::Oidc { claims, .. } => {
            let named = ["email", "actor", "user_login"].iter().find_map(|name| claims.get(*name)?.as_str());
            named.map(str::to_owned)
        }
        Identity::Certificate { common_name, .. } => Some(common_name.clone()).filter(|name| name.contains('@')),
        Identity::Own | Identity::Reconcile | Identity::Kubernetes { .. } => None,
    }
}
