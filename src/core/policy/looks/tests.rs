use super::*;
use serde_json::json;

#[test]
fn only_a_range_that_is_known_to_be_harmless_is() {
    for (block, reaches, reason) in [
        (json!({"cidr": "10.0.0.0/8"}), false, "a range beside the service"),
        (json!({"cidr": "0.0.0.0/0"}), true, "everything"),
        (json!({"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}), false, "excepted"),
        (json!({"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}), true, "something else is excepted"),
        (json!({"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}), false, "with all link-local addresses"),
        (json!({"cidr": "0.0.0.0/0", "except": ["169.254.169.0/33"]}), true, "what is no range excepts nothing"),
        (json!({"cidr": "::/0", "except": ["fc00::/7"]}), false, "with all private addresses"),
        (json!({"cidr": "::/0", "except": ["169.254.169.254/32"]}), true, "the address of the other family"),
        (json!({"cidr": "169.254.169.254/32"}), true, "nothing else"),
        (json!({"cidr": "10.0.0.0/33"}), true, "what is no range could be anything"),
        (json!({"cidr": 10}), true, "and what is no text"),
        (json!({}), true, "and what is not there"),
    ] {
        assert_eq!(reaches_metadata(&block), reaches, "{block}: {reason}");
    }
}

#[test]
fn only_what_allows_is_linted() {
    for (statement, rules, reason) in [
        (json!({"Effect": "Allow", "Action": ["iam:*"], "Resource": ["*"]}), 1, "a grant"),
        (json!({"Effect": "Allow", "Action": "iam:*", "Resource": "*"}), 1, "one text is a list of one"),
        (json!({"Effect": "Deny", "Action": ["iam:*"], "Resource": ["*"]}), 0, "a denial grants nothing"),
        (json!({"Action": ["iam:*"], "Resource": ["*"]}), 0, "IAM refuses a statement without an effect"),
        (json!({"Effect": "Allow", "Action": ["s3:Get*"], "Resource": ["*"]}), 0, "no power over identities"),
    ] {
        assert_eq!(lint_of(&statement).len(), rules, "{statement}: {reason}");
    }
}
