//! `tokens` and `callers`: how a caller proves who it is, and what follows from it.

use super::{
    listen::ListenOn,
    parts::{at, file, read},
};
use anyhow::ensure;
use goldenpath_core::policy::{CallerRule, When};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// How tokens are verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TokensOf {
    /// Those of ServiceAccounts, which a cluster's API server reviews.
    pub kubernetes: Option<KubernetesTokensOf>,
    /// Those of OIDC issuers.
    pub oidc: Vec<IssuerOf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KubernetesTokensOf {
    /// Whom a token must be for: at least one name.
    #[schemars(length(min = 1))]
    pub audiences: Vec<String>,
    /// Whose API server is asked; without it that of the only cluster.
    pub cluster: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerOf {
    /// For the rules in `callers`.
    pub name: String,
    /// URL, exactly as tokens have it.
    #[schemars(regex(pattern = "^https://"))]
    pub issuer: String,
    /// Whom a token must be for: at least one name.
    #[schemars(length(min = 1))]
    pub audiences: Vec<String>,
    /// A PEM file, if the system does not trust the issuer's certificate.
    pub ca: Option<PathBuf>,
}

// === impl TokensOf ===

impl TokensOf {
    pub fn is_some(&self) -> bool {
        self.kubernetes.is_some() || !self.oidc.is_empty()
    }
}

pub fn tokens(written: Option<&Json>, folder: &Path, is_real: bool) -> anyhow::Result<TokensOf> {
    let mut tokens: TokensOf = written.map_or_else(|| Ok(TokensOf::default()), |written| read("tokens", written))?;
    if let Some(kubernetes) = &tokens.kubernetes {
        ensure!(
            !kubernetes.audiences.is_empty(),
            "tokens.kubernetes.audiences: name at least one, or any token of the cluster would do"
        );
        ensure!(is_real, "tokens.kubernetes: the sandbox has no API server; set `aws` as the target, or use `oidc`");
    }
    let (mut names, mut urls) = (BTreeSet::new(), BTreeSet::new());
    for (index, issuer) in tokens.oidc.iter_mut().enumerate() {
        let place = at("tokens.oidc", index);
        ensure!(names.insert(issuer.name.clone()), "{place}.name: {:?} is used twice", issuer.name);
        ensure!(urls.insert(issuer.issuer.clone()), "{place}.issuer: {} is used twice", issuer.issuer);
        ensure!(issuer.issuer.starts_with("https://"), "{place}.issuer: it must begin with https://");
        ensure!(
            !issuer.audiences.is_empty(),
            "{place}.audiences: name at least one, or a token for anything else would do"
        );
        issuer.ca = issuer.ca.take().map(|path| file(folder, &path));
    }
    Ok(tokens)
}

/// `None`: the daemon's own user alone, as without any of this.
pub fn callers(
    written: Option<&Json>,
    listen: &[ListenOn],
    tokens: &TokensOf,
) -> anyhow::Result<Option<Vec<CallerRule>>> {
    let Some(written) = written else {
        ensure!(!listen.iter().any(ListenOn::is_tcp), "callers: TCP needs rules that say who may do what");
        ensure!(!tokens.is_some(), "callers: `tokens` needs rules that say who may do what");
        return Ok(None);
    };
    let entries: Vec<Json> = read("callers", written)?;
    let (mut rules, mut names) = (vec![], BTreeSet::new());
    for (index, entry) in entries.iter().enumerate() {
        let place = at("callers", index);
        let rule: CallerRule = read(&place, entry)?;
        ensure!(names.insert(rule.name.clone()), "{place}.name: {:?} is used twice", rule.name);
        ensure!(
            !rule.when.is_empty(),
            "{place}.when: it says nothing, so it would match everybody; name whom it means"
        );
        match &rule.when {
            When::User(_) => {}
            When::Certificate(_) => ensure!(
                listen.iter().any(ListenOn::has_client_ca),
                "{place}.when.certificate: nobody can present one; set `client_ca` in `listen`"
            ),
            When::Kubernetes(_) => ensure!(
                tokens.kubernetes.is_some(),
                "{place}.when.kubernetes: no token of a cluster is accepted; set `tokens.kubernetes`"
            ),
            When::Oidc(like) => ensure!(
                tokens.oidc.iter().any(|known| known.name == like.issuer),
                "{place}.when.oidc.issuer: `tokens.oidc` has no {:?}",
                like.issuer
            ),
        }
        rules.push(rule);
    }
    Ok(Some(rules))
}
