//! Plans as a CLI shows them, and what is said of them.

use super::{
    Deny, changes, denial, markdown,
    plan::{Plan, PlanError},
    review::Review,
    review_of, text,
};
use serde_json::{Value, json};

mod access;
mod comment;
mod head;

const ENVIRONMENT: &str = "goldenpath_team_environment";

fn review(changes: Value) -> Review {
    review_with(json!({"resource_changes": changes}))
}

fn review_with(mut plan: Value) -> Review {
    plan["format_version"] = json!("1.2");
    review_of(&Plan::parse(plan.to_string().as_bytes()).unwrap())
}

fn resource(name: &str, actions: &[&str], before: Value, after: Value) -> Value {
    json!({
        "address": format!("{ENVIRONMENT}.{name}"), "mode": "managed", "type": ENVIRONMENT,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {},
            "before_sensitive": {}, "after_sensitive": {}}
    })
}

fn with(objects: Value) -> Value {
    json!({"id": "demo/pay", "objects": objects})
}

fn update(before: Value, after: Value) -> Value {
    resource("pay", &["update"], before, after)
}

/// What is said of the only environment, its lines without their indent.
fn detail(changes: Value) -> Vec<String> {
    let text = text::text(&review(json!([changes])));
    let detail = text.split_once("\n\n").map_or("", |(_, detail)| detail);
    detail.lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

/// Teams of which each has a change of its own kind, and `more` new ones.
fn teams(count: usize, more: usize) -> Value {
    let objects = |name: &str, cpu: &str| {
        let namespace = format!("Namespace {name}");
        json!({namespace: "pod-security=v1 enforce baseline #2:1",
            format!("ResourceQuota {name}/gp-base"): format!("pods  40\nrequests.cpu  {cpu}\n#2:{cpu}")})
    };
    let team = |at: usize| {
        let name = format!("team-{at:03}");
        let of = |cpu: &str| json!({"id": format!("demo/{name}"), "objects": objects(&name, cpu)});
        match at < count {
            true => resource(&format!("teams[{name:?}]"), &["update"], of("40"), of("4")),
            false => resource(&format!("teams[{name:?}]"), &["create"], Value::Null, of("40")),
        }
    };
    (0..count + more).map(team).collect()
}

const QUOTA: &str = "ResourceQuota pay/gp-base";
const LIVE: &str = "pods                    40\nrequests.cpu            40\n#2:0000000001";

#[test]
fn objects_change_field_by_field() {
    for (before, after, wanted, reason) in [
        (json!({QUOTA: LIVE}), json!({QUOTA: LIVE}), vec![], "the same"),
        (
            json!({QUOTA: LIVE}),
            json!({QUOTA: "pods=40 requests.cpu=4 #2:0000000002"}),
            vec!["update ResourceQuota pay/gp-base", "requests.cpu 40 -> 4"],
            "one field, in the other form of text",
        ),
        (json!({QUOTA: "a=1 #2:0000000001"}), json!({QUOTA: "b=1 #2:0000000001"}), vec![], "other words, one digest"),
        (
            json!({QUOTA: "a=1 #2:1"}),
            json!({QUOTA: "a=1 b=x, y #2:2"}),
            vec!["update ResourceQuota pay/gp-base", "b with x, y"],
            "a new field",
        ),
        (
            json!({QUOTA: "b=x, y, z #2:1"}),
            json!({QUOTA: "b=x, w #2:2"}),
            vec!["update ResourceQuota pay/gp-base", "b without y, z, with w"],
            "elements of a list",
        ),
        (
            json!({QUOTA: "annotations=a #2:1"}),
            json!({QUOTA: "annotations=a #2:2"}),
            vec!["update ResourceQuota pay/gp-base", "a value that a plan does not show"],
            "the digest alone",
        ),
        (
            json!({}),
            json!({QUOTA: "pods=4 x=a, b #2:1"}),
            vec!["create ResourceQuota pay/gp-base: pods=4 x=a, b"],
            "made",
        ),
        (json!({QUOTA: LIVE}), json!({}), vec!["delete ResourceQuota pay/gp-base"], "deleted"),
        (
            json!({QUOTA: "of an older release #1:1"}),
            json!({QUOTA: "pods=4 #2:2"}),
            vec!["update ResourceQuota pay/gp-base", "text \"of an older release #1:1\" -> \"pods=4 #2:2\""],
            "two grammars are not compared by field",
        ),
    ] {
        let said = detail(update(with(before), with(after)));
        assert_eq!(said.get(1..).unwrap_or_default(), wanted, "{reason}");
    }
}

#[test]
fn what_is_unknown_or_sensitive_is_said_to_be() {
    let mut one = update(with(json!({QUOTA: LIVE})), with(json!({})));
    one["change"]["after_unknown"] = json!({"objects": {QUOTA: true}});
    let said = detail(one.clone());
    assert!(said[2].ends_with(" -> (known after apply)"), "an object: {said:?}");
    one["change"]["after_unknown"] = json!({"objects": true});
    let all = review(json!([one]));
    assert!(all.changes[0].objects.is_empty() && all.lost.is_empty(), "nobody knows: {all:?}");
    assert!(text::text(&all).contains("goldenpath_team_environment.pay: its objects are known after apply"));
    for deny in [Deny::Deletes, Deny::Access, Deny::Loss] {
        assert!(denial(&all, deny).is_some(), "and so nothing can be excluded");
    }
    let binding = "roleRef=ClusterRole gp-admin subjects=Group x #2:1";
    let mut bound = update(with(json!({"RoleBinding pay/gp-admin": binding})), with(json!({})));
    bound["change"]["before"]["access"] = json!({"viewer": {"oidc_groups": ["all"]}});
    bound["change"]["after_unknown"] =
        json!({"objects": {"RoleBinding pay/gp-admin": true}, "access": {"viewer": {"oidc_groups": [true]}}});
    let said = text::text(&review(json!([bound])));
    let said: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  access: ")).collect();
    let wanted = [
        "(known after apply) (OIDC group) changes viewer",
        "pay/gp-admin (RoleBinding) changes what the plan does not say",
    ];
    assert_eq!(said, wanted, "nobody is said to lose what may stay");
    let mut secret = update(with(json!({QUOTA: LIVE})), with(json!({QUOTA: "pods=41 #2:9"})));
    secret["change"]["after_sensitive"] = json!({"objects": {QUOTA: true}, "access": {"admin": true}});
    secret["change"]["after"]["access"] = json!({"admin": {"permission_sets": ["Hidden"]}});
    let said = text::text(&review(json!([secret])));
    assert!(said.contains("-> (sensitive)") && said.contains("(sensitive) (permission set) gains admin"), "{said}");
    assert!(!said.contains("41") && !said.contains("Hidden"), "{said}");
}

#[test]
fn resources_have_an_action() {
    let there = || with(json!({"Namespace pay": "pod-security=v1 enforce baseline #2:1"}));
    let mut moved = resource("new", &["no-op"], there(), there());
    moved["previous_address"] = json!("goldenpath_team_environment.old");
    let mut imported = resource("pay", &["no-op"], there(), there());
    imported["change"]["importing"] = json!({"id": "demo/pay"});
    let mut tainted = resource("pay", &["delete", "create"], there(), there());
    tainted["action_reason"] = json!("replace_because_tainted");
    let mut deposed = resource("pay", &["delete"], there(), Value::Null);
    deposed["deposed"] = json!("0a1b2c3d");
    let protection = |on: bool| json!({"id": "demo/pay", "objects": {}, "deletion_protection": on});
    for (change, wanted, lost, reason) in [
        (resource("pay", &["create"], Value::Null, there()), "create goldenpath_team_environment.pay", 0, "create"),
        (resource("pay", &["no-op"], there(), there()), "", 0, "nothing happens"),
        (resource("pay", &["delete"], there(), Value::Null), "delete goldenpath_team_environment.pay", 1, "delete"),
        (
            tainted,
            "replace goldenpath_team_environment.pay (replace because tainted)",
            1,
            "a namespace is lost that comes again",
        ),
        (
            resource("pay", &["create", "delete"], there(), there()),
            "replace goldenpath_team_environment.pay",
            1,
            "create before destroy",
        ),
        (deposed, "delete goldenpath_team_environment.pay (deposed)", 1, "what a failed replacement left"),
        (resource("pay", &["forget"], there(), Value::Null), "forget goldenpath_team_environment.pay", 0, "it stays"),
        (
            resource("pay", &["create", "forget"], there(), with(json!({}))),
            "create goldenpath_team_environment.pay",
            0,
            "the old one stays",
        ),
        (moved, "keep goldenpath_team_environment.new, moved from goldenpath_team_environment.old", 0, "moved"),
        (imported, "keep goldenpath_team_environment.pay, imported", 0, "imported"),
        (update(there(), with(json!({}))), "update goldenpath_team_environment.pay", 1, "a namespace that is dropped"),
        (
            update(with(json!({"Namespace pay": "annotations=goldenpath.internal/slot-ledger #2:1"})), with(json!({}))),
            "update goldenpath_team_environment.pay",
            0,
            "a slot's note on a namespace of its environment",
        ),
        (update(protection(true), protection(false)), "deletion_protection true -> false", 0, "what no object shows"),
    ] {
        let review = review(json!([change]));
        assert_eq!(review.lost.len(), lost, "{reason}");
        let said = text::text(&review);
        assert!(wanted.is_empty() == review.changes.is_empty(), "{reason}: {said}");
        assert!(wanted.is_empty() || said.lines().any(|line| line.trim() == wanted), "{reason}: {said}");
        assert_eq!(denial(&review, Deny::Loss).is_some(), lost > 0, "{reason}");
    }
}

#[test]
fn what_is_no_plan_is_refused() {
    let parse = |text: &str| Plan::parse(text.as_bytes()).err();
    assert!(matches!(parse("{\"format_version\": \"1.0\", \"values\": {}}"), Some(PlanError::State)));
    assert!(matches!(parse("{\"format_version\": \"2.0\", \"resource_changes\": []}"), Some(PlanError::Format(_))));
    assert!(matches!(parse("{\"@level\": \"info\"}\n{}"), Some(PlanError::Json(_))));
    let strange = resource("pay", &["ForgetThenCreate"], with(json!({})), with(json!({})));
    let strange = json!({"format_version": "1.2", "resource_changes": [strange]}).to_string();
    assert!(matches!(parse(&strange), Some(PlanError::Action { .. })), "it may be anything");
    assert!(parse("{\"format_version\": \"1.2\", \"planned_values\": {}}").is_none(), "a plan with nothing to do");
    let other = json!({"address": "aws_s3_bucket.x", "mode": "managed", "type": "aws_s3_bucket", "change": {"actions": ["delete"]}});
    let others = review(json!([other]));
    assert_eq!((others.others, others.changes.len()), (1, 0), "other providers are counted");
    assert!(
        changes::change_of(
            Plan::parse(
                json!({"format_version": "1.0", "resource_changes": [update(with(json!({})), with(json!({})))]})
                    .to_string()
                    .as_bytes()
            )
            .unwrap()
            .ours()
            .next()
            .unwrap()
        )
        .is_some()
    );
}

/// As PowerShell writes a file: nobody runs a CLI on it.
#[test]
fn a_byte_order_mark_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    let plan = "{\"format_version\": \"1.2\", \"planned_values\": {}}";
    for (text, reason) in [
        (plan.to_owned(), "without"),
        (format!("\u{feff}{plan}"), "with"),
        (format!("\u{feff}\r\n{plan}"), "and a line"),
    ] {
        std::fs::write(&file, text).unwrap();
        let read = super::read(&file, std::ffi::OsStr::new("no-such-cli")).expect(reason);
        assert!(Plan::parse(&read).is_ok(), "{reason}");
    }
}

/// The guide names each member that `--json` prints.
#[test]
fn each_member_is_documented() {
    fn members(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(name, value)| {
                found.push(name.clone());
                members(value, found);
            }),
            Value::Array(items) => items.iter().for_each(|item| members(item, found)),
            _ => {}
        }
    }
    let guide = include_str!("../../generate/guides/explain.md");
    let gone =
        |objects: Value| json!({"id": "demo/pay", "objects": objects, "access": {"admin": {"oidc_groups": ["x"]}}});
    let mut unknown = update(with(json!({})), with(json!({})));
    unknown["change"]["after_unknown"] = json!({"objects": true});
    let changes =
        json!([resource("pay", &["delete"], gone(json!({"Namespace pay": "a=1 #2:1"})), Value::Null), unknown]);
    let review = serde_json::to_value(review_with(json!({"resource_changes": changes, "errored": true}))).unwrap();
    for list in ["changes", "access", "lost", "findings", "unknown"] {
        assert!(!review[list].as_array().unwrap().is_empty(), "{list} has an element: {review:#}");
    }
    let mut found = vec![];
    members(&review, &mut found);
    for member in found {
        assert!(guide.contains(&format!("`{member}`")), "{member} is not documented");
    }
}
