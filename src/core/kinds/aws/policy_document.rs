//! IAM policy documents as IAM checks them when they are put: `MalformedPolicyDocument` says what is wrong. Pure.

use serde_json::{Map, Value};

/// Checks a trust policy and gives the principals that it names under `AWS`.
pub fn check_trust(document: &Value) -> Result<Vec<&str>, String> {
    let mut principals = vec![];
    for statement in statements(document)? {
        if statement.contains_key("Resource") || statement.contains_key("NotResource") {
            return Err("MalformedPolicyDocument: Has prohibited field Resource".to_owned());
        }
        let Some(principal) = statement.get("Principal").or_else(|| statement.get("NotPrincipal")) else {
            return Err("MalformedPolicyDocument: Missing required field Principal".to_owned());
        };
        match principal {
            Value::String(any) if any == "*" => {}
            Value::Object(kinds) => {
                for (kind, names) in kinds {
                    if !["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind.as_str()) {
                        return Err(format!("MalformedPolicyDocument: Invalid principal in policy: \"{kind}\""));
                    }
                    let names = texts(names).ok_or("MalformedPolicyDocument: Syntax errors in policy.")?;
                    if kind == "AWS" {
                        principals.extend(names);
                    }
                }
            }
            _ => return Err("MalformedPolicyDocument: Invalid principal in policy.".to_owned()),
        }
    }
    Ok(principals)
}

/// Checks a policy that is put into a role or passed with a session.
pub fn check_identity(document: &Value) -> Result<(), String> {
    for statement in statements(document)? {
        if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") {
            return Err("MalformedPolicyDocument: Policy document should not specify a principal.".to_owned());
        }
        if !statement.contains_key("Resource") && !statement.contains_key("NotResource") {
            return Err("MalformedPolicyDocument: Policy statement must contain resources.".to_owned());
        }
    }
    Ok(())
}

fn statements(document: &Value) -> Result<Vec<&Map<String, Value>>, String> {
    let syntax = || "MalformedPolicyDocument: Syntax errors in policy.".to_owned();
    let version = document.get("Version").and_then(Value::as_str);
    if !matches!(version, None | Some("2012-10-17" | "2008-10-17")) {
        return Err(syntax());
    }
    let statements: Vec<&Map<String, Value>> = match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().map(Value::as_object).collect::<Option<_>>().ok_or_else(syntax)?,
        Some(Value::Object(one)) => vec![one],
        _ => return Err(syntax()),
    };
    if statements.is_empty() {
        return Err(syntax());
    }
    for statement in &statements {
        if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
            return Err(syntax());
        }
        let actions = statement.get("Action").or_else(|| statement.get("NotAction"));
        let Some(actions) = actions.and_then(texts).filter(|actions| !actions.is_empty()) else {
            return Err("MalformedPolicyDocument: Policy statement must contain actions.".to_owned());
        };
        if let Some(vendorless) = actions.into_iter().find(|action| *action != "*" && !action.contains(':')) {
            return Err(format!(
                "MalformedPolicyDocument: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. \
                 ({vendorless})"
            ));
        }
        if statement.get("Condition").is_some_and(|condition| !condition.is_object()) {
            return Err(syntax());
        }
    }
    Ok(statements)
}

/// One string or a list of them.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(statement: &Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": [statement]})
    }

    #[test]
    fn malformed_documents_are_refused_in_iams_words() {
        let trust = |document: &Value| check_trust(document).map(|_| ());
        for (check, document, expected, reason) in [
            (&trust as &dyn Fn(&Value) -> Result<(), String>, json!({}), "Syntax errors", "no statement"),
            (&trust, json!({"Version": "1", "Statement": []}), "Syntax errors", "an unknown version"),
            (
                &trust,
                policy(&json!({"Effect": "Maybe", "Action": "sts:AssumeRole", "Principal": "*"})),
                "Syntax errors",
                "an unknown effect",
            ),
            (
                &trust,
                policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole"})),
                "Missing required field Principal",
                "trust names someone",
            ),
            (
                &trust,
                policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", "Resource": "*"})),
                "prohibited field Resource",
                "trust is about the role itself",
            ),
            (&trust, json!({"Statement": []}), "Syntax errors", "an empty list of statements"),
            (
                &trust,
                policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "somebody"})),
                "Invalid principal",
                "a principal has a kind",
            ),
            (
                &trust,
                policy(&json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", "Condition": []})),
                "Syntax errors",
                "conditions are by operator",
            ),
            (&trust, policy(&json!({"Effect": "Allow", "Principal": "*"})), "must contain actions", "no action"),
            (
                &check_identity,
                policy(&json!({"Effect": "Allow", "Action": "GetObject", "Resource": "*"})),
                "prefaced by a vendor",
                "an action without a service",
            ),
            (
                &check_identity,
                policy(&json!({"Effect": "Allow", "Action": "s3:GetObject"})),
                "must contain resources",
                "no resource",
            ),
            (
                &check_identity,
                policy(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"})),
                "should not specify a principal",
                "not a resource policy",
            ),
        ] {
            let said = check(&document).expect_err(reason);
            assert!(said.contains(expected), "{reason}: {said}");
        }
    }

    #[test]
    fn a_good_trust_gives_its_principals() {
        let document = policy(&json!({"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Principal": {"AWS": ["arn:a", "arn:b"], "Service": "pods.eks.amazonaws.com"}}));
        assert_eq!(check_trust(&document), Ok(vec!["arn:a", "arn:b"]));
        let anybody = policy(&json!({"Effect": "Allow", "Action": "*", "Principal": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}));
        assert_eq!(check_trust(&anybody), Ok(vec![]), "all actions, and nobody by name");
    }
}
