//! The rows of `golden::promises` as requests to the API server, one for each verb.
//!
//! Writes are dry runs without content: authorisation comes before anything else, so a missing permission shows as 403, and nothing
//! changes.

use anyhow::{Context as _, Result};
use goldenpath_core::{
    domain::{Permission, PersonaName},
    golden::{
        Catalogue, Tier,
        promises::{ACCESS, AccessPromise, Scope},
    },
};
use hyper::Method;
use std::sync::Arc;

pub struct Attempt {
    pub row: &'static AccessPromise,
    pub method: Method,
    pub path: String,
    pub content_type: Option<&'static str>,
    pub headers: &'static [(&'static str, &'static str)],
}

pub fn tier(name: &str) -> Result<Arc<Tier>> {
    let catalogue = Catalogue::built_in();
    let path = catalogue.newest(None).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    path.tiers.get(&name.parse()?).cloned().with_context(|| format!("no tier {name}"))
}

pub fn personas() -> [&'static str; 4] {
    PersonaName::ALL.map(PersonaName::as_str)
}

/// In this namespace, or, where a row is about another environment, in the other.
pub fn attempts<'a>(namespace: &'a str, other: &'a str) -> impl Iterator<Item = Attempt> + 'a {
    ACCESS.iter().flat_map(move |row| {
        let place = if row.scope == Scope::Elsewhere { other } else { namespace };
        row.permissions(place).map(move |permission| attempt(row, permission, place))
    })
}

fn attempt(row: &'static AccessPromise, permission: Permission, place: &str) -> Attempt {
    let Permission { verb, group, resource, namespace, name } = permission;
    let get = |path: String, headers| Attempt { row, method: Method::GET, path, content_type: None, headers };
    if verb == "impersonate" {
        return get(format!("/api/v1/namespaces/{place}/pods"), &[("impersonate-user", "system:admin")]);
    }
    let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    let inside = namespace.filter(|_| resource != "namespaces").map(|namespace| format!("/namespaces/{namespace}"));
    let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
    let parts = [name.as_deref().unwrap_or_default(), subresource];
    let object: String = parts.into_iter().filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect();
    let path = format!("{root}{}/{resource}{object}", inside.unwrap_or_default());
    let (method, content_type) = match verb.as_str() {
        "create" => (Method::POST, Some("application/json")),
        "update" => (Method::PUT, Some("application/json")),
        "patch" => (Method::PATCH, Some("application/merge-patch+json")),
        "delete" | "deletecollection" => (Method::DELETE, None),
        _ => return get(path, &[]),
    };
    Attempt { row, method, path: format!("{path}?dryRun=All"), content_type, headers: &[] }
}
