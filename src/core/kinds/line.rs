//! One object in one line: what a person reads in a plan, and the digest that decides equality.
//!
//! The digest is over all owned fields; the text before it is made so that no field can change unseen. Each kind takes the
//! fields that it has words for, and whatever is left is written as `name=value`. Words may change from release to release:
//! lines are compared by digest alone.

use super::{
    registry,
    words::{Rest, unescaped},
};
use crate::domain::{Fields, LABEL_PREFIX, ObjectKey, TAG_PREFIX, short_hash};

/// The version of the digest: raised when the canonical form of fields changes.
const DIGEST: &str = "1";

/// `<what a person can read> #1:<10 hex>`
pub fn line(key: &ObjectKey, fields: &Fields) -> String {
    let mut rest = Rest::of(fields);
    let mut words = registry::of(key).map_or(vec![], |kind| (kind.words)(&mut rest));
    let mark = mark(&mut rest);
    words.extend(rest.left().map(|(path, text)| format!("{}={text}", short(path))));
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
    rest.drop(taken);
    rest.drop(&[MANAGED_BY, PART_OF]);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Body, kinds::fields_of};
    use serde_json::json;

    #[test]
    fn lines_are_compared_by_digest_alone() {
        for (a, b, same, reason) in [
            ("x=1 #1:0123456789", "x is 1 #1:0123456789", true, "other words"),
            ("x=1 #1:0123456789", "x=1 #1:9876543210", false, "another digest"),
            ("x=1 #1:0123456789", "x=1 #2:0123456789", false, "another version of the digest"),
            ("x=1", "x=1", false, "no digest"),
            ("@slack=#pay #1:0123456789", "#1:0123456789", true, "a number sign in the words"),
        ] {
            assert_eq!(same_digest(a, b), same, "{reason}");
        }
    }

    #[test]
    fn lines_are_short_where_they_may_be() {
        let doc = json!({
            "apiVersion": "v1", "kind": "ResourceQuota",
            "metadata": {"labels": {
                "app.kubernetes.io/managed-by": "goldenpath", "app.kubernetes.io/part-of": "payments-prod",
                "goldenpath.internal/managed": "true", "goldenpath.internal/environment": "payments-prod",
                "goldenpath.internal/team": "payments", "goldenpath.internal/tier": "prod", "goldenpath.internal/path": "team-standard"
            }},
            "spec": {"hard": {"requests.cpu": "16000m", "pods": "120"}}
        });
        let key = ObjectKey::kube("v1", "ResourceQuota", Some("payments-prod"), "gp-base");
        let text = line(&key, &fields_of(&Body::Kube(doc)));
        let (legible, digest) = text.rsplit_once('#').expect("a digest");
        assert_eq!(legible, "pods=120 requests.cpu=16 [payments-prod payments prod team-standard] ");
        assert_eq!(digest.len(), "1:0123456789".len());
    }
}
