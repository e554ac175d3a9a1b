use super::*;
use serde_json::{Value, json};

fn quantities(members: Value) -> Quantities {
    serde_json::from_value(members).expect("quantities")
}

/// The parts of `requests.cpu` by key, and the codes of what is wrong.
fn parts(total: &str, written: Value, headroom_percent: u32) -> (Vec<String>, Vec<&'static str>) {
    let total = quantities(json!({ "requests.cpu": total }));
    let written: BTreeMap<DnsLabel, Option<Quantities>> = serde_json::from_value(written).expect("quotas");
    let written: Written<'_> = written.iter().map(|(key, quota)| (key, quota.as_ref())).collect();
    let mut problems = Problems::default();
    let parts = shares(&total, &written, &mut problems);
    headroom(&total, &written, headroom_percent, &mut problems);
    let parts = parts.values().map(|part| part["requests.cpu"].to_string()).collect();
    (parts, problems.iter().map(|problem| problem.code).collect())
}

#[test]
fn what_was_given_is_kept_and_the_rest_is_shared() {
    let cpu = |amount: &str| json!({ "requests.cpu": amount });
    for (total, written, expect, reason) in [
        ("4", json!({"a": null}), vec!["4"], "one namespace takes all"),
        ("4", json!({"a": null, "b": null, "c": null}), vec!["1333m"; 3], "equal parts, rounded down"),
        (
            "4",
            json!({"a": cpu("3"), "b": null, "c": null}),
            vec!["3", "500m", "500m"],
            "less than the equal part is left",
        ),
        ("4", json!({"a": cpu("1"), "b": null}), vec!["1", "3"], "more than the equal part is left"),
        ("4", json!({"a": cpu("1"), "b": cpu("1")}), vec!["1", "1"], "nobody takes what is left"),
        ("4", json!({"a": cpu("0"), "b": {}}), vec!["0", "4"], "a quota of other resources takes its part of this one"),
        ("0", json!({"a": null, "b": null}), vec!["0", "0"], "nothing is shared as nothing"),
    ] {
        assert_eq!(parts(total, written, 0), (expect.into_iter().map(str::to_owned).collect(), vec![]), "{reason}");
    }
}

#[test]
fn the_sum_is_at_most_the_total_and_leaves_headroom() {
    let cpu = |amount: &str| json!({ "requests.cpu": amount });
    for (written, headroom, code, reason) in [
        (json!({"a": cpu("4")}), 0, None, "exactly full"),
        (json!({"a": cpu("3"), "b": cpu("2")}), 0, Some("environment.quota_exceeds_total"), "too much"),
        (json!({"a": cpu("4"), "b": null}), 0, Some("environment.quota_nothing_left"), "nothing for the other one"),
        (json!({"a": cpu("3")}), 25, None, "exactly the headroom is left"),
        (json!({"a": cpu("3001m")}), 25, Some("environment.headroom_uncovered"), "less is left"),
        (json!({"a": null}), 25, None, "slots leave the headroom, not the namespaces' parts"),
        (json!({"a": cpu("4")}), 100, Some("environment.headroom_uncovered"), "all of it is headroom"),
    ] {
        let (_, codes) = parts("4", written, headroom);
        assert_eq!(codes.first().copied(), code, "{reason}");
    }
}

#[test]
fn one_namespace_may_have_the_only_load_balancer() {
    let total = quantities(json!({"services.loadbalancers": "1"}));
    let written = json!({"default": {"services.loadbalancers": "1"}, "api": null});
    let written: BTreeMap<DnsLabel, Option<Quantities>> = serde_json::from_value(written).expect("quotas");
    let written: Written<'_> = written.iter().map(|(key, quota)| (key, quota.as_ref())).collect();
    let mut problems = Problems::default();
    let parts = shares(&total, &written, &mut problems);
    headroom(&total, &written, 25, &mut problems);
    let parts: Vec<String> = parts.values().map(|part| part["services.loadbalancers"].to_string()).collect();
    assert_eq!((parts, problems.iter().count()), (vec!["0".to_owned(), "1".to_owned()], 0), "no headroom is needed");
}

/// A part is what the API server takes: millicores, whole mebibytes, whole objects.
#[test]
fn parts_are_whole_steps() {
    for (resource, whole, part, reason) in [
        ("requests.cpu", "1", "333m", "millicores"),
        ("requests.memory", "1Gi", "341Mi", "mebibytes"),
        ("gold.storageclass.storage.k8s.io/requests.storage", "1Gi", "341Mi", "storage of a class"),
        ("pods", "10", "3", "objects"),
        ("requests.nvidia.com/gpu", "8", "2", "devices"),
    ] {
        let whole: Quantity = whole.parse().expect(whole);
        assert_eq!(super::part(resource, &whole, 3).to_string(), part, "{reason}");
    }
}
