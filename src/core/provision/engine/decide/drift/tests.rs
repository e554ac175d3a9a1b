use super::*;
use crate::domain::{FieldsBuilder, Holder, Ownership};
use serde_json::json;

#[test]
fn drift_is_what_the_request_did_not_change() {
    let report = Drift { mode: DriftMode::Report, ignore: vec![].into() };
    let ignore = Drift { mode: DriftMode::Heal, ignore: vec!["q*".into()].into() };
    let heal = Drift::default();
    // (reason, now, before, observed, drift, promised line, is_reported)
    let cases = [
        ("as desired, in older words", "b #1:1", Some("b #1:1"), Some("a #1:1"), &report, Some("a #1:1"), false),
        ("drift is healed", "b #1:1", Some("b #1:1"), Some("c #1:2"), &heal, Some("b #1:1"), false),
        ("drift is reported", "b #1:1", Some("b #1:1"), Some("c #1:2"), &report, Some("c #1:2"), true),
        ("an ignored object is reported", "b #1:1", Some("b #1:1"), Some("c #1:2"), &ignore, Some("c #1:2"), true),
        (
            "an edit is made, whatever the mode",
            "b #1:1",
            Some("a #1:0"),
            Some("c #1:2"),
            &report,
            Some("b #1:1"),
            false,
        ),
        ("unfinished work is finished", "b #1:1", None, Some("c #1:2"), &report, Some("b #1:1"), false),
        ("a deleted object stays deleted when reported", "b #1:1", Some("b #1:1"), None, &report, None, true),
        ("a deleted object is made again", "b #1:1", Some("b #1:1"), None, &heal, Some("b #1:1"), false),
    ];
    for (reason, now, before, observed, drift, line, is_reported) in cases {
        let one = |text: &str| Promised::from([("q".to_owned(), Late::Now(text.to_owned()))]);
        let observed = observed.map(|text| ("q".to_owned(), text.to_owned())).into_iter().collect();
        let promise = promise(one(now), before.map(one).as_ref(), &observed, drift, "r");
        assert_eq!(promise.lines.get("q").and_then(|line| line.now()).map(String::as_str), line, "{reason}");
        assert_eq!(promise.problems.len(), usize::from(is_reported), "{reason}");
        assert!(!is_reported || promise.left.contains("q"), "{reason}: what is reported is not touched");
        assert_eq!(promise.drifted.contains("q"), is_reported, "{reason}");
    }
}

#[test]
fn who_changed_it_is_named() {
    let key = ObjectKey::kube("v1", "ResourceQuota", Some("pay"), "gp-base");
    let change = |holder: By| FieldChange {
        path: "/spec/hard/pods".into(),
        observed: Some("5".into()),
        holder,
        desired: Some("9".into()),
    };
    let outside = Some(("outside of Terraform", "kubectl-edit"));
    let another = Some(("another run of this provider", "only one state"));
    for (holders, moved, expected, reason) in [
        (vec![By::Edited("kubectl-edit".into())], false, outside, "an edit, in every plan until it is healed"),
        (vec![By::Edited("goldenpath".into())], true, another, "our manager, by an update"),
        (vec![By::Applied("goldenpath-api".into())], true, another, "a slot's manager"),
        (vec![By::Applied("goldenpath-api".into())], false, None, "a slot's manager, and state knows it"),
        (vec![By::Edited("goldenpath".into()), By::Edited("kubectl-edit".into())], true, outside, "and somebody else"),
        (vec![By::Us], true, another, "our manager, by an apply"),
        (vec![By::Us], false, None, "and state knows it"),
        (vec![By::Nobody], true, Some(("outside of Terraform", "is 5, not 9.")), "nobody holds it any more"),
        (vec![By::Nobody], false, None, "and state knows it"),
    ] {
        let changes: Vec<_> = holders.into_iter().map(change).collect();
        let line = if moved { "b #1:2" } else { "a #1:1" };
        let found = report(&key, &changes, Some(&"a #1:1".to_owned()), line);
        let text = found.map(|found| format!("{} {}", found.summary, found.detail));
        assert_eq!(text.is_some(), expected.is_some(), "{reason}: {text:?}");
        for words in expected.iter().flat_map(|(summary, detail)| [summary, detail]) {
            assert!(text.as_ref().is_some_and(|text| text.contains(words)), "{reason}: {text:?}");
        }
    }
}

#[test]
fn edits_are_taken_back_and_appliers_are_not_fought() {
    let change = |holder: By, desired: Option<&str>| FieldChange {
        path: "/spec/hard/pods".into(),
        observed: Some("5".into()),
        holder,
        desired: desired.map(str::to_owned),
    };
    let path = || "/spec/hard/pods".to_owned();
    let argo = || By::Applied("argocd-controller".into());
    for (change, take_fields, expected, reason) in [
        (change(By::Edited("kubectl-edit".into()), Some("9")), vec![], Ok(vec![path()]), "an edit is drift"),
        (change(argo(), Some("9")), vec![], Err(vec![(path(), "argocd-controller".into())]), "an applier"),
        (change(argo(), Some("9")), vec![path()], Ok(vec![path()]), "adoption names the field"),
        (change(argo(), None), vec![], Ok(vec![]), "we want it no longer"),
        (change(By::Us, Some("9")), vec![], Ok(vec![]), "our own"),
        (change(By::Nobody, Some("9")), vec![], Ok(vec![]), "it is absent"),
    ] {
        let adopt = Adopt { take_fields: take_fields.into(), ..Adopt::default() };
        assert_eq!(takes(&[change], "goldenpath", Some(&adopt)), expected, "{reason}");
    }
}

#[test]
fn another_run_of_ours_is_no_out_of_band_change() {
    let quota = ObjectKey::kube("v1", "ResourceQuota", Some("pay"), "gp-base");
    let role = ObjectKey::role("gp-pay");
    let binding = ObjectKey::kube("rbac.authorization.k8s.io/v1", "RoleBinding", Some("pay"), "gp-viewer");
    for (key, path, is_another_run, reason) in [
        (&quota, "/spec/hard/pods", true, "only a run of ours sets it in our name"),
        (&binding, "/subjects", false, "a grant is owned whole, and counts as ours whoever set it"),
        (&role, "/trust", false, "so does a role"),
    ] {
        let change = FieldChange { path: path.into(), observed: None, holder: By::Us, desired: Some("9".into()) };
        let found = report(key, &[change], Some(&"a #1:1".to_owned()), "b #1:2");
        let summary = found.map(|found| found.summary).unwrap_or_default();
        assert_eq!(summary.ends_with("by another run of this provider"), is_another_run, "{reason}: {summary}");
        assert_eq!(summary.ends_with("outside of Terraform"), !is_another_run, "{reason}: {summary}");
    }
}

#[test]
fn a_binding_for_accounts_of_its_own_namespace_lets_nobody_in() {
    let keys = BTreeSet::from([ObjectKey::namespace_object("pay-jobs"), ObjectKey::role("shop")]);
    let binding =
        |namespace: Option<&str>| ObjectKey::kube("rbac.authorization.k8s.io/v1", "RoleBinding", namespace, "chart");
    let account = |namespace: &str| json!({"kind": "ServiceAccount", "name": "app", "namespace": namespace});
    let (pay, jobs, shop) = (account("pay"), account("pay-jobs"), account("shop"));
    let group = json!({"kind": "Group", "name": "everybody", "namespace": "pay"});
    for (key, subjects, expected, reason) in [
        (binding(Some("pay")), Some(json!([pay])), true, "an account of its own namespace"),
        (binding(Some("pay")), Some(json!([pay, jobs])), true, "and of another namespace of ours"),
        (binding(Some("pay")), Some(json!([shop])), false, "an account of somebody else's namespace"),
        (binding(Some("pay")), Some(json!([pay, shop])), false, "one of the two is somebody else's"),
        (binding(Some("pay")), Some(json!([{"kind": "User", "name": "eve"}])), false, "a person"),
        (binding(Some("pay")), Some(json!([group])), false, "a group, whatever namespace is written on it"),
        (binding(Some("pay")), Some(json!([{"kind": "ServiceAccount", "name": "app"}])), false, "in no namespace"),
        (binding(Some("pay")), Some(json!([])), false, "nobody is nobody of ours"),
        (binding(Some("pay")), Some(json!("pay")), false, "no list"),
        (binding(Some("pay")), None, false, "not seen"),
        (binding(None), Some(json!([pay])), false, "cluster-wide"),
    ] {
        let mut fields = FieldsBuilder::default();
        if let Some(subjects) = subjects {
            fields.push("/subjects", subjects.to_string(), Holder::Applied("helm"));
        }
        let found = Observed::new(key, "1", Ownership::Foreign { by: "Helm".into() }, fields.build());
        assert_eq!(is_inside(&found, &keys), expected, "{reason}");
    }
}
