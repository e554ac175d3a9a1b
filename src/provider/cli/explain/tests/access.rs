//! Who gains and who loses what.

use super::*;

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
        assert_eq!(denial(&review, Deny::Access).is_some(), !wanted.is_empty(), "{reason}");
    }
}

#[test]
fn one_that_is_made_beside_another_lets_people_in() {
    let there = || json!({"id": "demo/pay", "objects": {}, "access": {"admin": {"permission_sets": ["PayOps"]}}});
    let made = review(json!([resource("pay", &["create", "forget"], there(), there())]));
    assert!(denial(&made, Deny::Access).is_some(), "the old one stays, so that nobody had this access: {made:?}");
}
