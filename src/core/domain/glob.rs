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

/// IAM's patterns: `*` any text, `?` one character. `text` may be a pattern itself; then the result says whether everything it
/// matches is matched, which is why `?` does not match a `*`.
pub fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(b'?') if text[t] != b'*' => {
                p += 1;
                t += 1;
            }
            Some(c) if *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                // It takes one more.
                Some((behind, from)) => {
                    p = behind;
                    t = from + 1;
                    star = Some((p, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// By one of them.
pub fn is_covered(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| covers(pattern, text))
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

    #[test]
    fn a_pattern_covers_what_all_of_the_other_matches() {
        for (pattern, text, covered, reason) in [
            ("s3:*", "s3:GetObject", true, "a service"),
            ("s3:*", "s3:Get*", true, "a narrower pattern"),
            ("s3:Get*", "s3:*", false, "a wider pattern"),
            ("s3:Get?", "s3:Get*", false, "one character is not any text"),
            ("s3:Get?", "s3:Get?", true, "the same pattern"),
            ("s3:GetObject", "s3:GetObjec?", false, "a literal is narrower than a pattern"),
            ("s3:*", "*", false, "everything"),
            ("s3:*", "s*:GetObject", false, "several services"),
            ("*a*b", "xxaxxb", true, "backtracking"),
            ("*a*b", "xxaxxbc", false, "backtracking to the end"),
            ("", "", true, "nothing"),
            ("s3:Get*", "s3:Get", true, "a star may match nothing"),
            ("s3:Get", "s3:Ge", false, "the pattern goes on"),
            ("s3:Get?", "s3:Get", false, "one character is not none"),
        ] {
            assert_eq!(covers(pattern, text), covered, "{pattern} {text}: {reason}");
        }
    }
}
