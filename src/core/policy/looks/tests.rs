use super::*;
use serde_json::json;

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
