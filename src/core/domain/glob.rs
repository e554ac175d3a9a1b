//! Patterns that people write over names.

/// `*` matches anything, slashes too.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_keys() {
        for (pattern, key, expected, reason) in [
            ("k8s/v1/ResourceQuota/*", "k8s/v1/ResourceQuota/pay/gp-base", true, "a star reaches over slashes"),
            ("k8s/v1/ResourceQuota/*", "k8s/v1/LimitRange/pay/gp-defaults", false, "another kind"),
            ("*", "anything", true, "everything"),
            ("*/gp-base", "k8s/v1/ResourceQuota/pay/gp-base", true, "at the start"),
            ("*/pay/*", "k8s/v1/ResourceQuota/pay/gp-base", true, "in the middle"),
            ("k8s/v1/Namespace/pay", "k8s/v1/Namespace/pay-api", false, "no star: exactly"),
            ("a*a", "a", false, "both ends need a character of their own"),
            ("a*a", "aa", true, "a star may match nothing"),
            ("k8s/*/gp-base", "aws/k8s/x/gp-base", false, "the text before a star is where the key begins"),
            ("k8s/*/gp-base", "k8s/x/gp-base/y", false, "the text after a star is where the key ends"),
            ("*gp-base", "k8s/x/gp-base2", false, "also without a beginning"),
            ("k8s/*", "aws/k8s/", false, "also without an end"),
            ("k8s/v1/Namespace/pay", "k8s/v1/Namespace/pa", false, "no star: the whole of it"),
            ("*a*b*", "ba", false, "in this order"),
        ] {
            assert_eq!(glob(pattern, key), expected, "{reason}");
        }
    }
}
