//! Forms of texts that no type of the domain stands for.

use super::partition::dns_suffix;

/// A key of a label or annotation: `[<DNS subdomain>/]<name>`, the name at most 63.
pub fn is_qualified_name(text: &str) -> bool {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(is_dns_subdomain)
}

/// At most 63 of letters, digits, `-`, `_`, `.`, with a letter or digit at both ends; or nothing.
pub fn is_label_value(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}

pub fn is_dns_subdomain(text: &str) -> bool {
    (1..=253).contains(&text.len()) && text.split('.').all(is_dns_label)
}

pub fn is_dns_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A host name with a dot, its first label possibly `*`.
pub fn is_domain_pattern(text: &str) -> bool {
    let rest = text.strip_prefix("*.").unwrap_or(text);
    rest.contains('.') && is_dns_subdomain(rest)
}

/// What IAM takes as the value of a tag: letters, digits, spaces and `_.:/=+-@`, at most 256.
pub fn is_tag_value(text: &str) -> bool {
    (1..=256).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
}

/// `1.<minor>`: a level's version of Pod Security. `latest` would move with the cluster.
pub fn is_minor_version(text: &str) -> bool {
    text.strip_prefix("1.").is_some_and(|minor| {
        (1..=3).contains(&minor.len()) && minor.bytes().all(|b| b.is_ascii_digit()) && !minor.starts_with('0')
    })
}

/// `36` of `1.36`.
pub fn minor_version(text: &str) -> Option<u32> {
    text.strip_prefix("1.")?.parse().ok()
}

/// The account and the resource of an IAM ARN: `arn:<partition>:iam::<account>:<resource>`.
pub fn iam_arn(text: &str) -> Option<(&str, &str)> {
    any_iam_arn(text).filter(|(account, _)| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))
}

/// One managed policy, of an account or of AWS itself.
pub fn is_policy_arn(text: &str) -> bool {
    let is_owner = |account| account == "aws" || iam_arn(text).is_some();
    any_iam_arn(text).is_some_and(|(account, resource)| {
        is_owner(account)
            && resource.strip_prefix("policy/").is_some_and(|name| !name.is_empty() && !name.contains(['*', '?']))
    })
}

fn any_iam_arn(text: &str) -> Option<(&str, &str)> {
    match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, "iam", "", account, resource] if dns_suffix(partition).is_some() => {
            Some((account, resource))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert!(is_qualified_name("example.com/cost-center") && is_qualified_name("cost"));
        assert!(!is_qualified_name("a/b/c") && !is_qualified_name("/x") && !is_qualified_name("Ex.com/x"));
        assert!(
            is_label_value("")
                && is_label_value("A.b_c-9")
                && !is_label_value("-a")
                && !is_label_value(&"a".repeat(64))
        );
        assert!(is_domain_pattern("*.example.com") && is_domain_pattern("sts.eu-west-1.amazonaws.com"));
        assert!(!is_domain_pattern("localhost") && !is_domain_pattern("*.*.com") && !is_domain_pattern("https://a.b"));
        assert!(is_tag_value("payments@corp") && !is_tag_value("") && !is_tag_value("#pay"));
        assert!(
            is_minor_version("1.36")
                && !is_minor_version("latest")
                && !is_minor_version("v1.36")
                && !is_minor_version("1.036")
        );
        assert_eq!(iam_arn("arn:aws-cn:iam::111122223333:role/a/b"), Some(("111122223333", "role/a/b")));
        assert_eq!(iam_arn("arn:aws:sts::111122223333:assumed-role/a/b"), None);
    }

    #[test]
    fn a_minor_version_has_one_to_three_digits() {
        for (text, expected, reason) in [
            ("1.9", true, "one"),
            ("1.100", true, "three"),
            ("1.", false, "none"),
            ("1.1000", false, "four"),
            ("1.3a", false, "a letter"),
            ("2.36", false, "another major version"),
        ] {
            assert_eq!(is_minor_version(text), expected, "{reason}: {text}");
        }
    }

    #[test]
    fn an_arn_of_iam_is_of_a_known_partition_and_an_account() {
        for (text, is_iam, is_policy, reason) in [
            ("arn:aws:iam::111122223333:policy/team/logs", true, true, "an account's policy, with a path"),
            ("arn:aws:iam::aws:policy/ReadOnlyAccess", false, true, "AWS's own has no account"),
            ("arn:aws:iam::azure:policy/ReadOnlyAccess", false, false, "no account, and not AWS"),
            ("arn:aws:iam::1111222233:policy/logs", false, false, "an account has twelve digits"),
            ("arn:aws:iam::11112222333x:policy/logs", false, false, "an account has digits only"),
            ("arn:gcp:iam::111122223333:policy/logs", false, false, "no partition of AWS"),
            ("arn:aws-us:iam::111122223333:policy/logs", false, false, "it only begins like one"),
            ("arn:aws-eusc:iam::111122223333:policy/logs", true, true, "the youngest one"),
            ("arn:aws:iam::111122223333:role/logs", true, false, "a role is no policy"),
            ("arn:aws:iam::111122223333:policy/", true, false, "no name"),
            ("arn:aws:iam::111122223333:policy/*", true, false, "all of them are not one"),
            ("arn:aws:iam::111122223333:policy/log?", true, false, "some of them are not one"),
        ] {
            assert_eq!((iam_arn(text).is_some(), is_policy_arn(text)), (is_iam, is_policy), "{reason}: {text}");
        }
    }
}
