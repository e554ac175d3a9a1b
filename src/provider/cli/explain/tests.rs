//! Plans as a CLI shows them, and what is said of them.

use super::{
    Deny, changes, denied, markdown,
    plan::{Plan, PlanError},
    review::Review,
    review_of, text,
};
use serde_json::{Value, json};

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
        assert!(denied(&all, deny).is_some(), "and so nothing can be excluded");
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
        (deposed, "delete goldenpath_team_environment.pay (deposed)", 1, "what a broken replacement left"),
        (resource("pay", &["forget"], there(), Value::Null), "forget goldenpath_team_environment.pay", 0, "it stays"),
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
        assert_eq!(denied(&review, Deny::Loss).is_some(), lost > 0, "{reason}");
    }
}

#[test]
fn access_is_said_in_words() {
    const ENTRY: &str = "AccessEntry AWSReservedSSO_PayOps_0123456789abcdef";
    let binding = |subjects: &str| format!("roleRef=ClusterRole gp-admin subjects={subjects} #2:{}", subjects.len());
    let admin = |namespaces: &[&str]| {
        let mut objects = json!({ENTRY: "group=gp:p:01 #2:1"});
        for namespace in namespaces {
            objects[format!("Namespace {namespace}")] = json!("pod-security=v1 enforce baseline #2:1");
            objects[format!("RoleBinding {namespace}/gp-admin")] = json!(binding("Group gp:p:01"));
        }
        objects
    };
    let role = |inline: &str| json!({"IAM Role gp-x": format!("inline.gp-workload  {inline}\npath  /a/\n#2:{}", inline.len())});
    let persona = |access: Value| json!({"id": "demo/pay", "objects": {}, "access": access});
    for (before, after, wanted, reason) in [
        (
            persona(json!({"viewer": {"oidc_groups": ["all"]}})),
            persona(json!({"viewer": {"oidc_groups": ["all", "a\nb"]}, "admin": {"permission_sets": ["PayOps"]}})),
            vec!["\"a\\nb\" (OIDC group) gains viewer", "PayOps (permission set) gains admin"],
            "as `access` has it",
        ),
        (
            json!({"id": "demo/pay", "objects": {}}),
            json!({"id": "demo/pay", "objects": admin(&["pay"]), "access": {"admin": {"permission_sets": ["PayOps"]}}}),
            vec!["PayOps (permission set) gains admin"],
            "written and bound is one",
        ),
        (
            with(json!({})),
            with(admin(&["pay"])),
            vec!["PayOps (permission set) gains admin"],
            "bound alone, by the group of its entry",
        ),
        (with(admin(&["pay"])), with(admin(&["pay", "pay-jobs"])), vec![], "a new namespace of the same people"),
        (
            with(json!({"RoleBinding pay/gp-admin": binding("Group mallory, ServiceAccount argocd/x")})),
            with(json!({"RoleBinding pay/gp-admin": binding("ServiceAccount argocd/x")})),
            vec!["mallory (OIDC group) loses admin"],
            "drift that is healed",
        ),
        (
            with(
                json!({"Namespace pay": "a=1 #2:1", "RoleBinding pay/gp-admin": binding("Group x"), "RoleBinding a/gp-admin": binding("Group x")}),
            ),
            with(
                json!({"Namespace pay": "a=1 #2:1", "RoleBinding pay/gp-admin": binding("nobody"), "RoleBinding a/gp-admin": binding("Group x")}),
            ),
            vec!["x (OIDC group) loses admin in namespace pay"],
            "in one namespace of two",
        ),
        (
            with(json!({})),
            with(json!({ENTRY: "group=gp:p:01 #2:1"})),
            vec!["PayOps (permission set) gains an access entry on the cluster"],
            "an entry alone",
        ),
        (
            with(json!({})),
            with(json!({"AccessPolicy AmazonEKSViewPolicy pay/admin-role": "scope=namespace #2:1"})),
            vec!["admin-role (principal) gains AmazonEKSViewPolicy in namespace pay"],
            "an EKS access policy",
        ),
        (
            with(role("Allow s3:GetObject, s3:PutObject on a")),
            with(role("Allow s3:GetObject on a if StringEquals x \"Deny \"")),
            vec![
                "gp-x (IAM role) gains Allow s3:GetObject on a if StringEquals x \"Deny \"",
                "gp-x (IAM role) loses Allow s3:GetObject, s3:PutObject on a",
            ],
            "a statement is whole",
        ),
        (
            with(role("Deny s3:* on a")),
            with(role("Deny s3:Get on a")),
            vec![
                "gp-x (IAM role) gains s3:* on a (no longer denied)",
                "gp-x (IAM role) loses s3:Get on a (now denied)",
            ],
            "a Deny takes away",
        ),
        (
            with(json!({})),
            with(
                json!({"IAM Role gp-x": "trust  Allow sts:AssumeRole\ntrust.by  AWS a\ntrust.by  AWS b\ntrust.if  X y z\nattached  a, b\nboundary  c\n#2:1"}),
            ),
            vec![
                "gp-x (IAM role) gains policy a",
                "gp-x (IAM role) gains policy b",
                "gp-x (IAM role) gains trust: Allow sts:AssumeRole by AWS a, AWS b if X y z",
            ],
            "the parts of a statement are put together",
        ),
        (
            with(role("Allow s3:* on a")),
            with(
                json!({"IAM Role gp-x": "inline.gp-workload.Version=absent inline.gp-workload=Allow s3:* on a path=/b/ #2:1"}),
            ),
            vec![
                "gp-x (IAM role) changes inline.gp-workload.Version from nothing to absent",
                "gp-x (IAM role) changes path from /a/ to /b/",
            ],
            "what may be more or less",
        ),
        (
            with(json!({"ClusterRole gp-admin": "rules=1 #2:1"})),
            with(json!({"ClusterRole gp-admin": "rules=2 #2:2"})),
            vec!["gp-admin (ClusterRole) changes for all who have it"],
            "a role that others have",
        ),
    ] {
        let review = review(json!([update(before, after)]));
        let said = text::text(&review);
        let said: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  access: ")).collect();
        assert_eq!(said, wanted, "{reason}");
        assert_eq!(denied(&review, Deny::Access).is_some(), !wanted.is_empty(), "{reason}");
    }
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

#[test]
fn the_changed_field_of_thirty_teams_is_on_the_first_screen() {
    let said = text::text(&review(teams(30, 0)));
    let screen: Vec<&str> = said.lines().take(24).collect();
    let wanted = "change   ResourceQuota gp-base: requests.cpu 40 -> 4 in 30 environments: demo/team-000, demo/team-001, demo/team-002 and 27 more";
    assert!(screen.contains(&wanted), "{said}");
    let one = text::text(&review(teams(1, 29)));
    assert!(one.contains("change   ResourceQuota team-000/gp-base: requests.cpu 40 -> 4 in demo/team-000\n"), "{one}");
    assert!(one.contains("create   29 goldenpath_team_environment: demo/team-001, demo/team-002, demo/team-003 and 26 more, with 58 objects\n"), "{one}");
}

#[test]
fn the_head_says_what_matters_first() {
    let of = |tier: &str, quota: &str, label: &str| {
        let objects =
            json!({QUOTA: quota, "ConfigMap pay/a": format!("#2:{label}"), "ConfigMap pay/b": format!("#2:{label}")});
        json!({"id": "demo/pay", "tier": tier, "objects": objects})
    };
    let wide = |value: char| {
        let value = value.to_string().repeat(40);
        (0..4).map(|at| format!("f{at}  {value}\n")).collect::<String>() + "#2:" + &value
    };
    let said = text::text(&review(json!([update(of("dev", &wide('a'), "1"), of("prod", &wide('b'), "2"))])));
    let head: Vec<&str> = said.lines().skip(1).take(3).collect();
    let (old, new) = ("a".repeat(40), "b".repeat(40));
    let wanted = [
        "change   tier dev -> prod in demo/pay".to_owned(),
        format!("change   ResourceQuota pay/gp-base: f0 {old} -> {new} and 3 more fields in demo/pay"),
        "change   2 objects by values that a plan does not show in demo/pay".to_owned(),
    ];
    assert_eq!(head, wanted);
}

/// Whatever happens, the head is a screen.
#[test]
fn the_head_is_at_most_a_screen() {
    let objects = |at: usize, value: usize| {
        let quota = (0..9).map(|field| {
            (format!("ResourceQuota p{at}/q{field}"), json!(format!("f{field}={value}{at} #2:{value}{field}")))
        });
        let gone = [(format!("Namespace p{at}-{value}"), json!("pod-security=x #2:1"))];
        Value::Object(quota.chain(gone).collect())
    };
    let of = |at: usize, value: usize| {
        json!({"id": format!("demo/p{at}"), "objects": objects(at, value),
        "access": {"admin": {"permission_sets": [format!("A{at}{value}")]}, "viewer": {"oidc_groups": [format!("g{value}")]}}})
    };
    let mut changes: Vec<Value> =
        (0..9).map(|at| resource(&format!("r{at}"), &["update"], of(at, 1), of(at, 2))).collect();
    changes.extend((10..19).map(|at| resource(&format!("r{at}"), &["delete"], of(at, 1), Value::Null)));
    changes.extend((20..29).map(|at| resource(&format!("r{at}"), &["create"], Value::Null, of(at, 1))));
    assert!(
        denied(&review_with(json!({"resource_changes": [], "errored": true})), Deny::Loss).is_some(),
        "it may be lost"
    );
    let failed = json!({"address": {"to_display": "check.x"}, "status": "fail", "instances": [{"problems": [{"message": "no\nyes"}]}]});
    let review = review_with(json!({"resource_changes": changes, "errored": true, "checks": vec![failed; 9]}));
    let said = text::text(&review);
    let head = said.lines().take_while(|line| !line.is_empty()).count();
    assert!((18..24).contains(&head), "{head} lines:\n{said}");
    assert!(said.contains("check.x (fail): \"no\\nyes\""), "{said}");
}

const HOSTILE: [&str; 5] = [
    "x\nlost     Namespace everything",
    "x\n## Approved\n\n```\n</code></details><h1>Approved</h1>",
    "`x` **Approved** @everyone [x](https://example.com) <img src=x>",
    "\u{202e}\u{2028}# Approved\u{85}plan",
    "```",
];

/// Nothing that comes from a plan adds a line, a heading or markup.
#[test]
fn hostile_values_stay_values() {
    for hostile in HOSTILE {
        let before =
            json!({"id": hostile, "tier": "a", "objects": {hostile: LIVE, format!("Namespace {hostile}"): hostile}});
        let after = json!({"id": hostile, "tier": hostile, "objects": {hostile: format!("{hostile} #2:1"), format!("IAM Role {hostile}"): hostile},
            "access": {"admin": {"permission_sets": [hostile]}}});
        let mut change = update(before, after);
        for member in ["address", "previous_address", "action_reason", "deposed"] {
            change[member] = json!(hostile);
        }
        let failed = json!({"address": {"to_display": hostile}, "status": "fail", "instances": [{"problems": [{"message": hostile}]}]});
        let said = review_with(json!({"resource_changes": [change], "checks": [failed]}));
        let text = text::text(&said);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && !"\u{202e}\u{2028}\u{85}".contains(c)), "{text}");
        for line in text.lines() {
            let is_ours = ["plan ", "lost ", "access ", "delete ", "change ", "create ", "finding", "in ", "  "]
                .iter()
                .any(|start| line.starts_with(start));
            assert!(is_ours || line.is_empty(), "a line of its own: {line}\n{text}");
        }
        assert_eq!(text.matches("\nlost ").count(), 1, "{text}");
        let outside = outside_of_code(&markdown::markdown(&said));
        for forged in ["pproved", "everyone", "everything ", "img", "h1", "example"] {
            assert!(
                !outside.replace(" and everything in it", "").contains(forged),
                "{forged} is outside of code:\n{outside}"
            );
        }
    }
}

/// What a reader of Markdown takes for Markdown: without blocks and spans of code.
fn outside_of_code(markdown: &str) -> String {
    let (mut out, mut is_block) = (String::new(), false);
    for line in markdown.lines() {
        let fence = line.trim_start().starts_with("```") && line.len() - line.trim_start().len() <= 3;
        if fence && (!is_block || line.trim() == "```") {
            is_block = !is_block;
        } else if !is_block && line.starts_with("<details><summary><code>") {
            let (name, rest) = line["<details><summary><code>".len()..].split_once("</code>").unwrap();
            assert!(!name.contains('<') && rest.ends_with("</summary>"), "{line}");
        } else if !is_block {
            let mut rest = line;
            while let Some(start) = rest.find('`') {
                out.push_str(&rest[..start]);
                let ticks = rest[start..].len() - rest[start..].trim_start_matches('`').len();
                let inside = &rest[start + ticks..];
                let runs = |at: usize| {
                    inside[at..].starts_with(&"`".repeat(ticks))
                        && !inside[at + ticks..].starts_with('`')
                        && !inside[..at].ends_with('`')
                };
                let end = (0..inside.len()).find(|at| inside.is_char_boundary(*at) && runs(*at)).expect("a span ends");
                rest = &inside[end + ticks..];
            }
            out.push_str(rest);
            out.push('\n');
        }
    }
    assert!(!is_block, "each block ends");
    out
}

#[test]
fn markdown_fits_a_comment() {
    for (changed, made, is_cut, reason) in [
        (30, 30, false, "sixty teams fit"),
        (30, 900, true, "what is made is counted or left out"),
        (600, 0, true, "too many changes are left out"),
    ] {
        let said = markdown::markdown(&review(teams(changed, made)));
        assert!(said.len() <= markdown::LIMIT, "{reason}: {} bytes", said.len());
        assert_eq!(said.contains("**Cut to fit 60 KB.**"), is_cut, "{reason}");
        assert!(said.contains("`requests.cpu` `40` -> `4` in"), "{reason}: the head is whole");
        assert!(
            is_cut && made == 0 || said.matches("requests.cpu 40 -> 4").count() == changed,
            "{reason}: changes are never cut for what is made"
        );
    }
}

#[test]
fn what_is_no_plan_is_refused() {
    let parse = |text: &str| Plan::parse(text.as_bytes()).err();
    assert!(matches!(parse("{\"format_version\": \"1.0\", \"values\": {}}"), Some(PlanError::State)));
    assert!(matches!(parse("{\"format_version\": \"2.0\", \"resource_changes\": []}"), Some(PlanError::Format(_))));
    assert!(matches!(parse("{\"@level\": \"info\"}\n{}"), Some(PlanError::Json(_))));
    assert!(parse("{\"format_version\": \"1.2\", \"planned_values\": {}}").is_none(), "a plan with nothing to do");
    let other = json!({"address": "aws_s3_bucket.x", "mode": "managed", "type": "aws_s3_bucket", "change": {"actions": ["delete"]}});
    let others = review(json!([other]));
    assert_eq!((others.others, others.changes.len()), (1, 0), "other providers are counted");
    assert!(
        changes::changed(
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
