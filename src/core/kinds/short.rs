//! Keys as people read them: `ResourceQuota payments-dev/gp-base`, `IAM Role gp-...`, `AccessEntry AWSReservedSSO_...`.
//!
//! Inside, an object has its whole key. Most short ones read back: a kind that we know has one API version. A principal's name
//! does not say its ARN, so whoever shows such a key keeps the whole one beside it.

use super::{kind::Placement, registry};
use crate::domain::ObjectKey;
use std::collections::BTreeMap;

/// Short key -> whole key, of those that don't read back.
pub type KeptKeys = BTreeMap<String, String>;

/// Whole keys of one resource and how each is shown: short, but where two would be shown alike. `kept` is what the short keys
/// of the state stand for.
pub fn short_keys<'a>(keys: impl IntoIterator<Item = &'a String>, kept: &KeptKeys) -> BTreeMap<String, String> {
    let keys: BTreeMap<&String, String> = keys.into_iter().map(|key| (key, short(key))).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    keys.values().for_each(|short| *times.entry(short.as_str()).or_default() += 1);
    let is_free =
        |key: &str, short: &str| kept.get(short).is_none_or(|other| other == key) && times.get(short) == Some(&1);
    let shown = |(key, short): (&&String, &String)| {
        let shown = if is_free(key, short) { short } else { *key };
        ((*key).clone(), shown.clone())
    };
    keys.iter().map(shown).collect()
}

/// What has to be kept of keys and how they are shown.
pub fn kept_keys(shown: BTreeMap<String, String>) -> KeptKeys {
    let lasting =
        |(key, shown): (String, String)| (whole_key(&shown, &KeptKeys::new()).is_none()).then_some((shown, key));
    shown.into_iter().filter_map(lasting).collect()
}

/// The key that a shown one stands for, short or whole; `None`: it does not read back, and nobody kept it.
pub fn whole_key(shown: &str, kept: &KeptKeys) -> Option<ObjectKey> {
    let read = || shown.parse().ok().or_else(|| read_short(shown));
    kept.get(shown).and_then(|whole| whole.parse().ok()).or_else(read)
}

/// The short form of a whole key, alike or not.
pub fn short(key: &str) -> String {
    key.parse().ok().and_then(|key| short_of(&key)).unwrap_or_else(|| key.to_owned())
}

/// A key in a message: short where that reads back, since nothing beside a message says which object is meant.
pub fn in_words(key: impl ToString) -> String {
    let whole = key.to_string();
    let shown = short(&whole);
    if read_short(&shown).is_some_and(|key| key.to_string() == whole) { shown } else { whole }
}

/// Whether a pattern over keys begins as one of them does.
pub fn may_match(pattern: &str) -> bool {
    let (start, has_star) = pattern.split_once('*').map_or((pattern, false), |(start, _)| (start, true));
    let titles = registry::all().map(|kind| format!("{} ", kind.title));
    let mut begins = titles.chain(["aws/".to_owned(), "k8s/".to_owned()]);
    begins.any(|begin| start.starts_with(&begin) || has_star && begin.starts_with(start))
}

/// `None`: a kind that nobody added, or an object in a version that is not ours.
fn short_of(key: &ObjectKey) -> Option<String> {
    let known = registry::of(key)?;
    let rest = match (known.placement, key) {
        (Placement::Aws, key) => (known.short)(key)?,
        // Another version does not read back.
        (_, ObjectKey::Kube { api_version, .. }) if known.api != *api_version => return None,
        (Placement::Namespaced, ObjectKey::Kube { namespace: Some(namespace), name, .. }) => {
            format!("{namespace}/{name}")
        }
        (Placement::Cluster, ObjectKey::Kube { namespace: None, name, .. }) => name.clone(),
        _ => return None,
    };
    Some(format!("{} {rest}", known.title))
}

fn read_short(text: &str) -> Option<ObjectKey> {
    registry::all().find_map(|known| {
        let rest = text.strip_prefix(known.title)?.strip_prefix(' ')?;
        match (known.placement, rest.split_once('/')) {
            (Placement::Aws, _) => (known.of_short)(rest),
            (Placement::Namespaced, Some((namespace, name))) => {
                Some(ObjectKey::kube(known.api, known.name, Some(namespace), name))
            }
            (Placement::Cluster, None) => Some(ObjectKey::kube(known.api, known.name, None, rest)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "aws/eks/AccessEntry/arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/SSO_Pay_0a";

    #[test]
    fn keys_are_short_and_most_read_back() {
        for (whole, shown, reads_back, reason) in [
            ("k8s/v1/ResourceQuota/pay/gp-base", "ResourceQuota pay/gp-base", true, "inside of a namespace"),
            ("k8s/v1/Namespace/pay", "Namespace pay", true, "cluster-wide"),
            ("aws/iam/Role/gp-pay", "IAM Role gp-pay", true, "a role"),
            ("aws/eks/PodIdentityAssociation/pay/app", "PodIdentityAssociation pay/app", true, "two names"),
            (ENTRY, "AccessEntry SSO_Pay_0a", false, "the path is not in it"),
            (
                "aws/eks/AccessPolicy/AmazonEKSViewPolicy/pay/arn:aws:iam::111122223333:user/x",
                "AccessPolicy AmazonEKSViewPolicy pay/x",
                false,
                "nor here",
            ),
            ("k8s/example.com/v1/Widget/pay/a", "k8s/example.com/v1/Widget/pay/a", true, "a kind that nobody added"),
            (
                "k8s/autoscaling/v1/HorizontalPodAutoscaler/p/a",
                "k8s/autoscaling/v1/HorizontalPodAutoscaler/p/a",
                true,
                "another version",
            ),
        ] {
            assert_eq!(short(whole), shown, "{reason}");
            let read = whole_key(shown, &KeptKeys::new()).map(|key| key.to_string());
            assert_eq!(read.as_deref(), reads_back.then_some(whole), "{reason}");
            let kept = kept_keys(short_keys([&whole.to_owned()], &KeptKeys::new()));
            assert_eq!(kept.is_empty(), reads_back, "{reason}: only what does not read back is kept");
            assert_eq!(in_words(whole), if reads_back { shown } else { whole }, "{reason}: in a message");
            assert_eq!(whole_key(shown, &kept).map(|key| key.to_string()).as_deref(), Some(whole), "{reason}");
        }
        assert!(whole_key("Deployment pay/app", &KeptKeys::new()).is_none(), "a kind that nobody added");
        let names: std::collections::BTreeSet<_> = registry::all().map(|kind| kind.name).collect();
        assert_eq!(names.len(), registry::all().count(), "a short key says the kind by its name alone");
    }

    #[test]
    fn a_pattern_begins_as_a_key_does() {
        for (pattern, may, reason) in [
            ("ResourceQuota *", true, "a kind"),
            ("*", true, "everything"),
            ("Res*/gp-base", true, "the beginning of a kind"),
            ("IAM Role gp-*", true, "a role"),
            ("k8s/v1/LimitRange/*", true, "a whole key"),
            ("LimitRange pay/gp-defaults", true, "one object"),
            ("LimitRange", false, "no key ends here"),
            ("Role gp-*", false, "roles of Kubernetes are nothing that we make"),
            ("quota/*", false, "no kind"),
            ("", false, "nothing"),
        ] {
            assert_eq!(may_match(pattern), may, "{pattern:?}: {reason}");
        }
    }

    #[test]
    fn keys_that_would_be_shown_alike_are_whole() {
        let (entry, other) =
            (ENTRY.to_owned(), "aws/eks/AccessEntry/arn:aws:iam::111122223333:role/SSO_Pay_0a".to_owned());
        let shown = short_keys([&entry, &other], &KeptKeys::new());
        assert_eq!(shown[&entry], entry, "two of one name");
        let kept = kept_keys(short_keys([&entry], &KeptKeys::new()));
        assert_eq!(short_keys([&other], &kept)[&other], other, "in the state the name is somebody else's");
        assert_eq!(short_keys([&entry], &kept)[&entry], "AccessEntry SSO_Pay_0a", "and here its own");
    }
}
