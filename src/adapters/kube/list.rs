//! Listings: page by page, each document passed on and dropped before the next is read.
//!
//! 16,000 NetworkPolicies are 161 MB as documents; a page of 500 is never held as such either, only its bytes.

use super::{
    api_error::{self, ApiError},
    call::{ApiRequest, Connection},
    kinds::{Resource, segment},
};
use http::StatusCode;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use std::fmt;

/// What the API's own clients use; larger pages only make the server slower.
pub(super) const PAGE: u32 = 500;
/// A listing that the server's compaction overtook is started again; more often than this, something else is wrong.
const STARTS: u32 = 3;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Query<'a> {
    pub namespace: Option<&'a str>,
    pub labels: Option<&'a str>,
    /// Only the object of this name.
    pub name: Option<&'a str>,
}

pub(super) struct Listing<T> {
    pub items: Vec<T>,
    /// From where a watch goes on; `None`: the kind is not served.
    pub version: Option<String>,
}

/// All objects that match, each projected by `take`. A kind that is not served has none.
pub(super) async fn list<T>(
    connection: &Connection,
    resource: &Resource,
    query: Query<'_>,
    take: &(dyn Fn(Value) -> Option<T> + Sync),
) -> Result<Listing<T>, ApiError> {
    let mut starts = 0;
    loop {
        starts += 1;
        match pages(connection, resource, query, take).await {
            Err(error) if error.is_unserved => return Ok(Listing { items: vec![], version: None }),
            Err(error) if error.status == Some(StatusCode::GONE) && starts < STARTS => {
                tracing::debug!(kind = %resource.kind, "the listing expired: starting again");
            }
            result => return result,
        }
    }
}

async fn pages<T>(
    connection: &Connection,
    resource: &Resource,
    query: Query<'_>,
    take: &(dyn Fn(Value) -> Option<T> + Sync),
) -> Result<Listing<T>, ApiError> {
    let mut found = vec![];
    let mut token = String::new();
    loop {
        let request = ApiRequest::get(format!("LIST {}", resource.kind), path(resource, query, &token));
        let body = connection.send(&request).await?;
        let mut each = |mut document: Value| {
            // Items of a list of a built-in kind have no apiVersion and kind.
            if let Some(document) = document.as_object_mut() {
                document.insert("apiVersion".to_owned(), resource.api_version.as_ref().into());
                document.insert("kind".to_owned(), resource.kind.as_ref().into());
            }
            found.extend(take(document));
        };
        let meta = read(&body, &mut each).map_err(|error| api_error::unreadable(&request.call, &error))?;
        if meta.next.is_empty() {
            // All pages are of the version of the first one.
            return Ok(Listing { items: found, version: Some(meta.version) });
        }
        token = meta.next;
    }
}

fn path(resource: &Resource, query: Query<'_>, token: &str) -> String {
    let mut path = query.path(resource, &format!("limit={PAGE}"));
    if !token.is_empty() {
        path.push_str(&format!("&continue={}", segment(token)));
    }
    path
}

impl Query<'_> {
    /// Where what it selects is listed or watched, as `how` says.
    pub(super) fn path(self, resource: &Resource, how: &str) -> String {
        let Query { namespace, labels, name } = self;
        let fields = name.map(|name| format!("metadata.name={name}"));
        let mut path = format!("{}?{how}", resource.collection(namespace));
        for (name, value) in [("labelSelector", labels), ("fieldSelector", fields.as_deref())] {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", segment(value)));
            }
        }
        path
    }
}

// === A page ===

/// Passes on each item of a list.
fn read(page: &[u8], each: &mut dyn FnMut(Value)) -> Result<ListMeta, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(page);
    let meta = deserializer.deserialize_map(Page(each))?;
    deserializer.end()?;
    Ok(meta)
}

struct Page<'a>(&'a mut dyn FnMut(Value));

struct Items<'a>(&'a mut dyn FnMut(Value));

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListMeta {
    /// Where the next page begins; empty: there is none.
    #[serde(rename = "continue")]
    next: String,
    #[serde(rename = "resourceVersion")]
    version: String,
}

impl<'de> Visitor<'de> for Page<'_> {
    type Value = ListMeta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of the API server")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut meta = ListMeta::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "metadata" => meta = map.next_value()?,
                "items" => map.next_value_seed(Items(&mut *self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(meta)
    }
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Go writes a list that was never made as null.
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            (self.0)(item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::kinds::CONFIG_MAP;

    #[test]
    fn pages_are_read_item_by_item() {
        for (page, items, version, next, reason) in [
            (
                r#"{"kind":"L","metadata":{"resourceVersion":"1"},"items":[{"a":1},{"a":2}]}"#,
                2,
                "1",
                "",
                "the last page",
            ),
            (r#"{"items":[{"a":1}],"metadata":{"continue":"x"}}"#, 1, "", "x", "more to come, in any order"),
            (r#"{"metadata":{"continue":""},"items":null}"#, 0, "", "", "nothing"),
        ] {
            let mut seen = 0;
            let read = read(page.as_bytes(), &mut |_| seen += 1).expect(reason);
            assert_eq!((seen, &*read.version, &*read.next), (items, version, next), "{reason}");
        }
        assert!(read(br#"{"items":[{"a":1}"#, &mut |_| ()).is_err(), "a response that was cut off");
        assert!(read(b"<html>", &mut |_| ()).is_err(), "no list at all");
    }

    #[test]
    fn selectors_are_escaped() {
        let query =
            Query { namespace: Some("pay"), labels: Some("goldenpath.internal/managed=true"), name: Some("default") };
        assert_eq!(
            path(&CONFIG_MAP, query, "a=b&c"),
            "/api/v1/namespaces/pay/configmaps?limit=500&labelSelector=goldenpath.internal%2Fmanaged%3Dtrue&fieldSelector=metadata.name%3Ddefault&continue=a%3Db%26c"
        );
    }
}
