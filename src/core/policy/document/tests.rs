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

/// As the API server words its verdicts, for the same table (see the acceptance test of that name).
fn verdict(row: &Row, objects: &BTreeMap<String, Value>) -> (String, Option<String>) {
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
        user: None,
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
    assert!(cases.len() >= 420, "rows are missing");
    let mut wrong = vec![];
    for row in &cases {
        let (verdict, said) = verdict(row, &objects);
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

const DOCUMENT: &str = "\
apiVersion: goldenpath.internal/v1
kind: Policy
name: few-replicas
version: 1.0.0
description: Few replicas.
params:
  most: { type: integer, default: 3 }
match:
  - { groups: [apps], versions: [v1], resources: [deployments] }
variables:
  - name: replicas
    expression: object.spec.?replicas.orValue(1)
validations:
  - expression: variables.replicas <= params.most
    message: Too many replicas.
    messageExpression: \"'%d replicas'.format([variables.replicas])\"
    remedy: Ask for fewer.
    field: share.max_replicas
severity: { dev: audit, staging: warn, prod: deny }
exemptions:
  - reason: moves to another cluster
    until: 2026-12-31
    exempt: { namespaces: [legacy] }
";

fn deployment<'a>(object: Option<&'a Value>, namespace: &'a str) -> Case<'a> {
    Case {
        api: "apps/v1",
        kind: "Deployment",
        namespace: Some(namespace),
        name: "api",
        operation: Operation::Create,
        object,
        old: None,
        namespace_object: None,
        user: None,
        class: Some(crate::domain::TierClass::Staging),
    }
}

/// One character more than a name may have.
const LONG: &str = "a-name-that-has-one-and-forty-characters0";

#[test]
fn an_error_names_its_place() {
    let table = [
        (("kind: Policy", "kind: Police"), (1, 1), "kind: must be Policy", "another document"),
        (("message:", "massage:"), (15, 5), "massage", "a misspelt field"),
        (
            ("variables.replicas <=", "variables.replicaz <="),
            (14, 17),
            "unknown name `variables.replicaz`",
            "a validation",
        ),
        (("object.spec.?replicas", "object.spec.("), (12, 17), "Syntax error", "a variable"),
        (("'%d replicas'", "1 + size"), (16, 24), "validations[0] (messageExpression)", "a message"),
        (
            ("default: 3", "default: [3]"),
            (1, 1),
            "params.most: the default must be a integer",
            "a default of another type",
        ),
        (("[legacy]", "[]"), (1, 1), "exemptions", "an exemption of everything"),
        (("[deployments]", "[]"), (1, 1), "match", "a rule that matches nothing"),
        (("name: replicas", "name: exempt"), (1, 1), "variables", "who is exempt, where it is installed"),
        (("few-replicas", "-few"), (1, 1), "name: use 1 to 40", "objects of the cluster are called so"),
        (("few-replicas", "few-"), (1, 1), "name: use 1 to 40", "likewise"),
        (("few-replicas", "few_replicas"), (1, 1), "name: use 1 to 40", "likewise"),
        (("few-replicas", LONG), (1, 1), "name: use 1 to 40", "the version has to fit behind it"),
    ];
    for ((from, to), place, message, reason) in table {
        let error = Policy::read(&DOCUMENT.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(message), "{reason}: {error}");
        assert_eq!((error.line, error.column), place, "{reason}: {error}");
    }
    let longest = LONG.strip_suffix('0').unwrap();
    assert!(Policy::read(&DOCUMENT.replace("few-replicas", longest)).is_ok(), "{} characters", longest.len());
}

#[test]
fn an_object_is_judged_by_class_params_and_date() {
    let policy = Policy::read(DOCUMENT).unwrap();
    let (few, many) = (json!({"spec": {"replicas": 2}}), json!({"spec": {"replicas": 5}}));
    assert_eq!(policy.judge(&deployment(Some(&few), "shop"), TODAY), Outcome::Passed);
    let Outcome::Found(found) = policy.judge(&deployment(Some(&many), "shop"), TODAY) else { panic!("passed") };
    let expected = Judgement {
        verdict: crate::policy::Verdict::Violated,
        action: Action::Warn,
        message: "5 replicas".into(),
        remedy: "Ask for fewer.".into(),
        field: Some("share.max_replicas".into()),
        lapsed: None,
    };
    assert_eq!(found, [expected]);
    let exempt = policy.judge(&deployment(Some(&many), "legacy"), TODAY);
    assert!(matches!(exempt, Outcome::Exempt { .. }), "until its last day: {exempt:?}");
    let Outcome::Found(lapsed) = policy.judge(&deployment(Some(&many), "legacy"), date(2027, 1, 1)) else {
        panic!("passed")
    };
    assert_eq!(lapsed[0].lapsed, Some(date(2026, 12, 31)), "what comes of a date says so");
    let more = r#"[{"reason": "takes longer", "until": "2027-03-31", "exempt": {"names": ["api"]}}]"#;
    let longer = policy.clone().with_exemptions(&serde_json::from_str::<Vec<Exemption>>(more).unwrap()).unwrap();
    let prolonged = longer.judge(&deployment(Some(&many), "legacy"), date(2027, 1, 1));
    assert!(matches!(prolonged, Outcome::Exempt { .. }), "by the one that ends last: {prolonged:?}");
    let Outcome::Found(unknown) = policy.judge(&deployment(None, "shop"), TODAY) else { panic!("passed") };
    assert_eq!(unknown[0].verdict, crate::policy::Verdict::Undecided, "never a pass");
    let with = |most: Value| policy.clone().with_params(json!({"most": most}).as_object().unwrap());
    let wider = with(json!(9)).unwrap();
    assert_eq!(wider.judge(&deployment(Some(&many), "shop"), TODAY), Outcome::Passed);
    assert!(with(json!("9")).is_err(), "a value of another type");
    assert_eq!(wider.changed_params(), json!({"most": 9}), "a golden path shows what it changes");
    assert_eq!(with(json!(3)).unwrap().changed_params(), json!({}), "the document's own value is no change");
}

#[test]
fn a_policy_speaks_of_what_it_matches_alone() {
    let policy = Policy::read(DOCUMENT).unwrap();
    let many = json!({"spec": {"replicas": 5}});
    let usual = deployment(Some(&many), "shop");
    for (case, is_about, is_judged, reason) in [
        (usual, true, true, "made"),
        (Case { operation: Operation::Update, ..usual }, true, true, "changed"),
        (Case { operation: Operation::Delete, ..usual }, true, false, "what goes may have as many as it likes"),
        (Case { kind: "StatefulSet", ..usual }, false, false, "another kind"),
        (Case { api: "apps/v2", ..usual }, false, false, "another version"),
        (Case { api: "v1", ..usual }, false, false, "another group"),
    ] {
        assert_eq!(policy.is_about(case.api, case.kind), is_about, "{reason}");
        let found = policy.judge(&case, TODAY);
        assert_eq!(found != Outcome::NotMatched, is_judged, "{reason}: {found:?}");
    }
}

#[test]
fn a_pattern_of_subresources_may_be_of_the_object_too() {
    let many = json!({"spec": {"replicas": 5}});
    let usual = deployment(Some(&many), "shop");
    for (resources, is_judged, reason) in [
        ("'*'", true, "every kind"),
        ("'*/*'", true, "every kind with its subresources"),
        ("deployments/*", true, "one kind with its subresources"),
        ("deployments/scale", false, "a subresource, which no plan makes"),
        ("'*/scale'", false, "those of every kind"),
        ("statefulsets/*", false, "another kind"),
    ] {
        let policy = Policy::read(&DOCUMENT.replace("[deployments]", &format!("[{resources}]"))).unwrap();
        assert_eq!(policy.is_about(usual.api, usual.kind), is_judged, "{resources}: {reason}");
        let found = policy.judge(&usual, TODAY);
        assert_eq!(found != Outcome::NotMatched, is_judged, "{resources}: {reason}: {found:?}");
    }
}

#[test]
fn only_what_an_api_server_serves_is_installed() {
    for (groups, expected, reason) in [
        ("apps", true, "of Kubernetes"),
        ("aws.goldenpath.internal", false, "of AWS, which no API server knows"),
        ("aws.goldenpath.internal, apps", true, "of both"),
    ] {
        let policy = Policy::read(&DOCUMENT.replace("[apps]", &format!("[{groups}]"))).unwrap();
        assert_eq!(policy.is_for_clusters(), expected, "{reason}");
    }
}

#[test]
fn a_message_that_is_too_long_falls_back() {
    let text = DOCUMENT.replace("\"'%d replicas'.format([variables.replicas])\"", "string(object.spec.text)");
    let policy = Policy::read(&text).unwrap();
    for (length, is_taken, reason) in
        [(2000, true, "long"), (5 * 1024, true, "as long as the API server takes it"), (5 * 1024 + 1, false, "longer")]
    {
        let object = json!({"spec": {"replicas": 5, "text": "x".repeat(length)}});
        let Outcome::Found(found) = policy.judge(&deployment(Some(&object), "shop"), TODAY) else { panic!("passed") };
        assert_eq!(found[0].message != "Too many replicas.", is_taken, "{reason}");
    }
}

#[test]
fn params_are_written_into_what_is_installed() {
    let policy = Policy::read(DOCUMENT).unwrap();
    let binding = |name: &str, action| PolicyBinding {
        name: Some(name.to_owned()),
        namespaces: json!({"matchLabels": {"class": name}}),
        action,
    };
    let made = installation(
        &policy,
        "gp-policy-few-replicas-1.0.0",
        Some("true"),
        &[binding("dev", Action::Audit), binding("prod", Action::Deny)],
    );
    let (name, spec) = made.policy;
    assert_eq!(name, "gp-policy-few-replicas-1.0.0");
    assert_eq!(spec["variables"][0], json!({"name": "params", "expression": r#"dyn({"most": dyn(3)})"#}));
    assert_eq!(
        spec["validations"][0]["expression"],
        "(variables.replicas <= variables.params.most) || variables.exempt"
    );
    assert_eq!(spec["validations"][0]["message"], "Too many replicas. Ask for fewer.");
    assert_eq!(spec["matchConditions"][0]["expression"], r#"!(request.namespace in ["legacy"])"#);
    let bindings: Vec<_> =
        made.bindings.iter().map(|(name, spec)| (name.as_str(), &spec["validationActions"][0])).collect();
    assert_eq!(
        bindings,
        [("gp-policy-few-replicas-1.0.0-dev", &json!("Audit")), ("gp-policy-few-replicas-1.0.0-prod", &json!("Deny"))]
    );
}

#[test]
fn a_plan_shows_errors_warnings_and_dates() {
    let many = json!({"spec": {"replicas": 5}});
    let denying = Policy::read(&DOCUMENT.replace("staging: warn", "staging: deny")).unwrap();
    let warning = Policy::read(DOCUMENT).unwrap();
    let audited = Policy::read(&DOCUMENT.replace("staging: warn", "staging: audit")).unwrap();
    let later = date(2027, 1, 1);
    let (shop, legacy) = (deployment(Some(&many), "shop"), deployment(Some(&many), "legacy"));
    let unknown = deployment(None, "shop");
    let table = [
        (&denying, &shop, TODAY, false, "error", "what is denied stops even a quiet plan"),
        (&warning, &shop, TODAY, true, "warning", "a warning stays one"),
        (&audited, &shop, TODAY, true, "nothing", "for an audit only"),
        (&denying, &legacy, TODAY, true, "nothing", "exempt"),
        (&denying, &legacy, later, true, "error", "no longer exempt, and changed"),
        (&denying, &legacy, later, false, "warning", "time never breaks a quiet plan"),
        (&denying, &unknown, TODAY, true, "warning", "decided at apply"),
    ];
    for (policy, case, today, is_changed, expected, reason) in table {
        let problems = policy.problems(case, today, "the Deployment api", is_changed);
        let shown = problems.first().map_or("nothing", |problem| if problem.is_error() { "error" } else { "warning" });
        assert_eq!(shown, expected, "{reason}: {problems:?}");
    }
    let strict = Policy::read(DOCUMENT.split("exemptions:").next().unwrap()).unwrap();
    for (policy, today, has_lapsed, reason) in [
        (&denying, date(2026, 12, 31), false, "its last day"),
        (&denying, later, true, "the day after"),
        (&strict, later, false, "nothing is exempt"),
    ] {
        assert_eq!(policy.has_lapsed(today), has_lapsed, "{reason}");
    }
    let problem = denying.problems(&legacy, later, "the Deployment api", true).remove(0);
    assert_eq!(problem.summary, "5 replicas; ask for fewer");
    assert_eq!(
        problem.detail,
        "Policy few-replicas 1.0.0 flags the Deployment api. Its exemption ended on 2026-12-31. Ask for fewer."
    );
    assert_eq!(problem.field, ["share", "max_replicas"]);
}
