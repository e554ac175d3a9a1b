//! What a reviewer sees first.

use super::*;

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
        denial(&review_with(json!({"resource_changes": [], "errored": true})), Deny::Loss).is_some(),
        "it may be lost"
    );
    let failed = json!({"address": {"to_display": "check.x"}, "status": "fail", "instances": [{"problems": [{"message": "no\nyes"}]}]});
    let review = review_with(json!({"resource_changes": changes, "errored": true, "checks": vec![failed; 9]}));
    let said = text::text(&review);
    let head = said.lines().take_while(|line| !line.is_empty()).count();
    assert!((18..24).contains(&head), "{head} lines:\n{said}");
    assert!(said.contains("check.x (fail): \"no\\nyes\""), "{said}");
}
