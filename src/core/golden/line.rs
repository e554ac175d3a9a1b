//! One object in one line: what a person reads in a plan, and the digest that decides equality.
//!
//! The digest is over all owned fields; the text before it is made so that no field can change unseen. Each kind takes the
//! fields that it has words for, and whatever is left is written as `name=value`. Words may change from release to release:
//! lines are compared by digest alone.

mod network;
mod policy;
mod words;

use crate::domain::{
    Fields, ObjectKey,
    projection::{LABEL_PREFIX, TAG_PREFIX},
    short_hash,
};
use serde_json::Value;

/// The version of the digest: raised when the canonical form of fields changes.
const DIGEST: &str = "1";

/// `<what a person can read> #1:<10 hex>`
pub fn line(key: &ObjectKey, fields: &Fields) -> String {
    let mut rest = Rest::of(fields);
    let mut words = words::of(key, &mut rest);
    let mark = mark(&mut rest);
    words.extend(rest.left());
    words.extend(mark);
    let digest = short_hash(fields.iter().flat_map(|field| [field.path, field.text]), 10);
    let text = words.join(" ");
    format!("{text}{}#{DIGEST}:{digest}", if text.is_empty() { "" } else { " " })
}

/// The part of a line that decides equality.
pub fn digest_of(line: &str) -> Option<&str> {
    line.rsplit_once('#').map(|(_, digest)| digest).filter(|digest| digest.contains(':'))
}

/// Two lines say the same of an object, whatever the wording.
pub fn same_digest(a: &str, b: &str) -> bool {
    digest_of(a).is_some() && digest_of(a) == digest_of(b)
}

/// Fields that no words were found for yet.
struct Rest<'a>(Vec<(&'a str, &'a str)>);

// === impl Rest ===

impl<'a> Rest<'a> {
    fn of(fields: &'a Fields) -> Self {
        Self(fields.iter().map(|field| (field.path, field.text)).collect())
    }

    fn get(&self, path: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| *other == path).map(|(_, text)| *text)
    }

    fn take(&mut self, path: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(other, _)| *other == path)?;
        Some(self.0.remove(at).1)
    }

    /// A leaf that is JSON, in words; `None` and still there when the words do not cover all of it.
    fn take_as(&mut self, path: &str, words: impl FnOnce(&Value) -> Option<String>) -> Option<String> {
        let value: Value = serde_json::from_str(self.get(path)?).ok()?;
        let words = words(&value)?;
        self.take(path);
        Some(words)
    }

    fn take_under(&mut self, prefix: &str) -> Vec<(String, &'a str)> {
        let (under, rest) = std::mem::take(&mut self.0).into_iter().partition(|(path, _)| path.starts_with(prefix));
        self.0 = rest;
        let under: Vec<(&str, &str)> = under;
        under.into_iter().map(|(path, text)| (unescaped(&path[prefix.len()..]), text)).collect()
    }

    fn left(self) -> Vec<String> {
        self.0.into_iter().map(|(path, text)| format!("{}={text}", short(path))).collect()
    }
}

/// `/spec/behavior/x` -> `behavior.x`, `/metadata/labels/team` -> `team`, `/metadata/annotations/docs` -> `@docs`.
fn short(path: &str) -> String {
    if let Some(label) = path.strip_prefix("/metadata/labels/") {
        let name = unescaped(label);
        return name.strip_prefix(LABEL_PREFIX).map_or_else(|| name.clone(), str::to_owned);
    }
    if let Some(annotation) = path.strip_prefix("/metadata/annotations/") {
        let name = unescaped(annotation);
        return format!("@{}", name.strip_prefix(LABEL_PREFIX).unwrap_or(&name));
    }
    if let Some(tag) = path.strip_prefix("/tags/") {
        let name = unescaped(tag);
        return name.strip_prefix(TAG_PREFIX).map_or_else(|| format!("tag:{name}"), str::to_owned);
    }
    unescaped(&path.strip_prefix("/spec/").unwrap_or(path.trim_start_matches('/')).replace('/', "."))
}

fn unescaped(part: &str) -> String {
    if part.contains('~') { part.replace("~1", "/").replace("~0", "~") } else { part.to_owned() }
}

/// The ownership labels or tags as `[<environment>[/<slot>] <team> <tier> <path>]`. Only a whole and consistent mark has the
/// short form; any other is written label by label.
fn mark(rest: &mut Rest<'_>) -> Option<String> {
    const LABELS: [&str; 6] = [
        "/metadata/labels/goldenpath.internal~1managed",
        "/metadata/labels/goldenpath.internal~1environment",
        "/metadata/labels/goldenpath.internal~1slot",
        "/metadata/labels/goldenpath.internal~1team",
        "/metadata/labels/goldenpath.internal~1tier",
        "/metadata/labels/goldenpath.internal~1path",
    ];
    const TAGS: [&str; 6] = [
        "/tags/goldenpath:managed",
        "/tags/goldenpath:environment",
        "/tags/goldenpath:slot",
        "/tags/goldenpath:team",
        "/tags/goldenpath:tier",
        "/tags/goldenpath:path",
    ];
    const MANAGED_BY: &str = "/metadata/labels/app.kubernetes.io~1managed-by";
    const PART_OF: &str = "/metadata/labels/app.kubernetes.io~1part-of";
    let is_kube = rest.get(TAGS[0]).is_none();
    let paths = if is_kube { LABELS } else { TAGS };
    let [managed, environment, slot, team, tier, path] = paths.map(|path| rest.get(path));
    if managed != Some("true") || (is_kube && rest.get(MANAGED_BY) != Some("goldenpath")) {
        return None;
    }
    let (text, taken) = match environment {
        Some(environment) => {
            if is_kube && rest.get(PART_OF) != Some(environment) {
                return None;
            }
            let slot = slot.map(|slot| format!("/{slot}")).unwrap_or_default();
            (format!("[{environment}{slot} {} {} {}]", team?, tier?, path?), paths.as_slice())
        }
        None if is_kube => (format!("[{}]", rest.get(PART_OF)?), &paths[..1]),
        None => ("[cluster]".to_owned(), &paths[..1]),
    };
    rest.0.retain(|(path, _)| !(taken.contains(path) || *path == MANAGED_BY || *path == PART_OF));
    Some(text)
}

#[cfg(test)]
mod tests;
