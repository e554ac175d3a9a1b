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

#[test]
fn power_over_roles_is_known_by_the_action_and_by_how_many_it_reaches() {
    let everything = Some("iam.pass_role_anywhere");
    for (action, resource, rule, reason) in [
        ("*", "*", Some("iam.wildcard_service"), "every service"),
        ("s?:Get", "*", Some("iam.wildcard_service"), "several services"),
        ("eks:Create?luster", "*", Some("iam.power_over_identities"), "a pattern of a service of power"),
        ("sso:*", "*", Some("iam.power_over_identities"), "permission sets are roles"),
        ("identitystore:Create*", "*", Some("iam.power_over_identities"), "and groups say who has them"),
        ("rolesanywhere:*", "*", Some("iam.power_over_identities"), "a certificate becomes a role"),
        ("sts:AssumeRoot", "*", Some("iam.assume_anything"), "the root user of every account"),
        ("iam:GetRole", "*", None, "one action of it, which is named"),
        ("iam:PassRole", "*", everything, "every role"),
        ("iam:PassRole", "arn:aws:iam::*:role/*", everything, "every role, written out"),
        ("iam:PassRole", "arn:aws:iam::444455556666:role/*", everything, "every role of another account"),
        ("iam:PassRole", "arn:aws:iam*", everything, "a pattern that ends before the role"),
        ("iam:PassRole", "arn:aws:iam::111122223333:role/x*", None, "roles that have a name in common"),
        ("iam:PassRole", "arn:aws:iam::111122223333:role/pay", None, "one role"),
        ("sts:AssumeRole", "*", Some("iam.assume_anything"), "any role"),
        ("sts:assumerole", "*", Some("iam.assume_anything"), "whatever the case of its letters"),
        ("sts:Assume*", "*", Some("iam.assume_anything"), "a pattern that it matches"),
        ("sts:AssumeRol?", "*", Some("iam.assume_anything"), "a pattern of one letter"),
        ("sts:*", "*", Some("iam.assume_anything"), "all of the service"),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:role/pay", None, "one role to assume"),
        ("sts:GetCallerIdentity", "*", None, "another action of the service"),
        ("sts:Get*", "*", None, "other actions of the service"),
        ("sts:AssumeRoleWithSAML", "*", None, "another way in, that a trust policy decides"),
        ("s3:AssumeRole", "*", None, "no such action of another service"),
    ] {
        let found = lint_of(&json!({"Effect": "Allow", "Action": action, "Resource": [resource]}));
        let found: Vec<&str> = found.iter().map(|lint| lint.rule).collect();
        assert_eq!(found, Vec::from_iter(rule), "{action} on {resource}: {reason}");
    }
}
