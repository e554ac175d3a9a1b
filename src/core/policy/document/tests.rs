use super::{checked::Policy, *};
use jiff::civil::{Date, date};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TODAY: Date = date(2026, 11, 28);

#[derive(Deserialize)]
struct Parity {
    objects: BTreeMap<String, Value>,
    cases: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Row {
    expression: String,
    message: Option<String>,
    message_expression: Option<String>,
    #[serde(default)]
    variables: Vec<Named>,
    #[serde(default)]
    conditions: Vec<String>,
    verdict: String,
    says: Option<String>,
    /// Refused when it is loaded, though the API server takes it, for that reason.
    differs: Option<String>,
    /// Why the message is of other words.
    worded: Option<String>,
    reason: String,
}

fn policy(row: &Row) -> Result<Policy, String> {
    let conditions = row.conditions.iter().map(|text| json!({"name": "condition", "expression": text}));
    let form = json!({
        "apiVersion": "goldenpath.internal/v1", "kind": "Policy", "name": "parity", "version": "1.0.0", "description": "-",
        "match": [{"groups": ["parity.test"], "versions": ["v1"], "resources": ["cases"]}],
        "variables": row.variables, "matchConditions": conditions.collect::<Vec<_>>(),
        "validations": [{"expression": row.expression, "message": row.message, "remedy": "-",
            "messageExpression": row.message_expression}],
    });
    let form = serde_json::from_value(form).map_err(|error| error.to_string())?;
    Policy::of(form).map_err(|(_, problem)| problem.to_string())
}

/// As the API server words its answers, for the same table (see the acceptance test of that name).
fn answer(row: &Row, objects: &BTreeMap<String, Value>) -> (String, Option<String>) {
    let mut policy = match policy(row) {
        Ok(policy) => policy,
        Err(error) => return ("refused".to_owned(), Some(error)),
    };
    policy.params = json!({"spec": objects["params"]});
    let object = json!({"apiVersion": "parity.test/v1", "kind": "Case", "metadata": {"name": "x", "namespace": "default"},
        "spec": objects["web"]});
    let namespace = json!({"metadata": {"name": "default"}});
    let case = Case {
        api: "parity.test/v1",
        kind: "Case",
        namespace: Some("default"),
        name: "x",
        operation: Operation::Create,
        object: Some(&object),
        old: None,
        namespace_object: Some(&namespace),
        class: None,
    };
    match policy.judge(&case, TODAY) {
        Outcome::Found(found) => ("denied".to_owned(), found.into_iter().next().map(|first| first.message)),
        _ => ("admitted".to_owned(), None),
    }
}

#[test]
fn our_engine_says_what_the_api_server_says() {
    let Parity { objects, cases } = serde_saphyr::from_str(include_str!("parity.yaml")).unwrap();
    assert!(cases.len() >= 150);
    let mut wrong = vec![];
    for row in &cases {
        let (verdict, said) = answer(row, &objects);
        let is_right = match &row.differs {
            Some(_) => verdict == "refused",
            None => verdict == row.verdict && (verdict == "refused" || row.worded.is_some() || said == row.says),
        };
        if !is_right {
            wrong.push(format!(
                "{} ({}): {verdict} {said:?} is not {} {:?}",
                row.expression, row.reason, row.verdict, row.says
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
