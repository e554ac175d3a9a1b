//! Changing one value of a document by its JSON pointer (RFC 6901).

use serde_json::{Map, Value};

/// The name that a token stands for.
pub fn unescape(token: &str) -> String {
    if token.contains('~') { token.replace("~1", "/").replace("~0", "~") } else { token.to_owned() }
}

/// One is the other, or lies inside it.
pub fn overlaps(a: &str, b: &str) -> bool {
    let inside = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    a == b || inside(a, b) || inside(b, a)
}

/// Puts a value at a path, making the maps on the way; false when a scalar or list stands in the way.
pub fn set(document: &mut Value, path: &str, value: Value) -> bool {
    let mut at = document;
    for token in path.split('/').skip(1) {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        at = match at {
            Value::Object(map) => map.entry(unescape(token)).or_insert(Value::Null),
            Value::Array(list) => {
                let index = if token == "-" { list.len() } else { token.parse().unwrap_or(usize::MAX) };
                if index == list.len() {
                    list.push(Value::Null);
                }
                match list.get_mut(index) {
                    Some(element) => element,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
    *at = value;
    true
}

/// Takes the value at a path away, and the maps that become empty by it; false when there is none.
pub fn remove(document: &mut Value, path: &str) -> bool {
    let Some((parent, token)) = path.rsplit_once('/') else {
        return false;
    };
    let Some(container) = document.pointer_mut(parent) else {
        return false;
    };
    let (removed, empty) = match container {
        Value::Object(map) => (map.remove(&unescape(token)).is_some(), map.is_empty()),
        Value::Array(list) => match token.parse::<usize>() {
            Ok(index) if index < list.len() => {
                list.remove(index);
                (true, false)
            }
            _ => (false, false),
        },
        _ => (false, false),
    };
    if removed && empty && !parent.is_empty() {
        remove(document, parent);
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_put_and_taken_with_its_maps() {
        let mut document = json!({"spec": {"hard": {"pods": "1"}}});
        assert!(set(&mut document, "/metadata/labels/a~1b", json!("1")));
        assert_eq!(document["metadata"]["labels"]["a/b"], "1");
        assert!(remove(&mut document, "/metadata/labels/a~1b"));
        assert_eq!(document, json!({"spec": {"hard": {"pods": "1"}}}), "empty maps go with their last value");
        assert!(!set(&mut document, "/spec/hard/pods/x", json!(1)), "a scalar is no map");
        assert!(!remove(&mut document, "/spec/soft"));
    }

    #[test]
    fn paths_overlap_by_whole_tokens() {
        for (a, b, expected, reason) in [
            ("/a/b", "/a/b", true, "equal"),
            ("/a", "/a/b", true, "a container of the other"),
            ("/a/b", "/a", true, "inside the other"),
            ("/a/b", "/a/bc", false, "a token that only begins alike"),
        ] {
            assert_eq!(overlaps(a, b), expected, "{reason}");
        }
    }
}
