//! The guards of a cluster, and since when each has been there.
//!
//! Neither target nor record says when one object was made, so it is taken from what was written down at the time: the first entry of
//! the ledger that wrote a guard since it was last removed. What no entry wrote was made without this daemon, and counts from the
//! first apply of the baseline on, whose end the record keeps.

use crate::cli::reports::error_of;
use goldenpath_core::{
    domain::{Id, ObjectKey, Record},
    provision::{Observation, ObserveRequest, Provisioner},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// What the API server refuses to tenants.
const GUARD: &str = "ValidatingAdmissionPolicy";
/// The end of the first apply, among the record's timings.
const READY: &str = "ready";

#[derive(Debug, Serialize)]
pub struct Guards {
    baseline: String,
    /// From then on all of them have been there; null: none is.
    since: Option<String>,
    policies: BTreeMap<String, Since>,
    /// Those that the baseline should have, and that are not there.
    missing: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Since {
    since: String,
    known_by: KnownBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum KnownBy {
    Ledger,
    Record,
}

/// `entries`: those about the baseline.
pub async fn of(baselines: &dyn Provisioner, id: Id, entries: &[Json]) -> anyhow::Result<Option<Guards>> {
    let Some(record) = baselines.find(&id).await.map_err(error_of)? else { return Ok(None) };
    let request = ObserveRequest::by_record(id, &record);
    let exists = match baselines.observe(request).await.map_err(error_of)? {
        Observation::Gone(_) => BTreeMap::new(),
        Observation::Here(seen) => seen.objects,
    };
    Ok(Some(guards(record, &exists, entries)))
}

fn guards(record: Record, exists: &BTreeMap<String, String>, entries: &[Json]) -> Guards {
    let named = record.inventory.iter().filter_map(|key| Some((key, name(key)?)));
    let (there, missing): (Vec<_>, Vec<_>) = named.partition(|(key, _)| exists.contains_key(*key));
    let first_apply = record.timings.iter().find(|timing| timing.phase == READY).map(|timing| &timing.started_at);
    let of_record = first_apply.unwrap_or(&record.written_at);
    let since = |key: &str| match first_write(key, entries) {
        Some(since) => Since { since: since.to_owned(), known_by: KnownBy::Ledger },
        None => Since { since: of_record.clone(), known_by: KnownBy::Record },
    };
    let policies: BTreeMap<String, Since> = there.into_iter().map(|(key, name)| (name, since(key))).collect();
    let latest = policies.values().max_by_key(|one| one.since.parse::<Timestamp>().ok());
    Guards {
        since: latest.map(|one| one.since.clone()),
        policies,
        missing: missing.into_iter().map(|(_, name)| name).collect(),
        baseline: record.id,
    }
}

fn name(key: &str) -> Option<String> {
    match key.parse::<ObjectKey>().ok()? {
        ObjectKey::Kube { kind, name, .. } if kind == GUARD => Some(name),
        _ => None,
    }
}

/// Since it was last removed.
fn first_write<'e>(key: &str, entries: &'e [Json]) -> Option<&'e str> {
    let mut first = None;
    for entry in entries.iter().filter(|entry| entry["kind"] == "changed" && entry["detail"]["object"] == key) {
        match entry["detail"]["outcome"].as_str() {
            Some("applied") => first = first.or(entry["at"].as_str()),
            Some("deleted" | "terminating") => first = None,
            _ => {}
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PODS: &str = "k8s/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy/gp-guard-pods";
    const ROLES: &str = "k8s/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy/gp-guard-roles";
    const OTHER: &str = "k8s/v1/Namespace/goldenpath-system";

    fn record() -> Record {
        let timing = |phase: &str, at: &str| json!({ "phase": phase, "started_at": at, "milliseconds": 1 });
        serde_json::from_value(json!({
            "id": "demo", "uid": "u", "kind": "baseline", "cluster_arn": "", "team": "", "golden_path": "",
            "golden_path_version": "", "golden_path_digest": "", "spec": {}, "inventory": [PODS, ROLES, OTHER],
            "facts": {
                "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
                "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36",
            },
            "phase": "ready", "tool_version": "", "written_at": "2026-11-09T00:00:00Z",
            "timings": [timing("prepare", "2026-11-01T00:00:00Z"), timing("ready", "2026-11-01T00:01:00Z")],
        }))
        .unwrap()
    }

    fn exists(keys: &[&str]) -> BTreeMap<String, String> {
        keys.iter().map(|key| ((*key).to_owned(), String::new())).collect()
    }

    fn change(day: u8, object: &str, outcome: &str) -> Json {
        let at = format!("2026-11-{day:02}T00:00:00Z");
        json!({ "at": at, "about": "demo", "kind": "changed", "detail": { "object": object, "outcome": outcome } })
    }

    #[test]
    fn a_guard_counts_from_the_first_entry_that_wrote_it() {
        let announced = json!({ "at": "2026-11-01T00:00:00Z", "kind": "change", "detail": { "object": PODS } });
        for (entries, expected, reason) in [
            (
                vec![change(2, PODS, "applied"), change(8, PODS, "applied")],
                Some(2),
                "a later change of it dates nothing",
            ),
            (vec![change(2, PODS, "denied"), change(3, PODS, "applied")], Some(3), "a write that failed"),
            (vec![announced, change(3, PODS, "applied")], Some(3), "what was announced is not done"),
            (
                vec![change(2, PODS, "applied"), change(3, PODS, "deleted"), change(4, PODS, "applied")],
                Some(4),
                "it was gone for a day",
            ),
            (vec![change(2, ROLES, "applied")], None, "another object"),
        ] {
            let expected = expected.map(|day| format!("2026-11-{day:02}T00:00:00Z"));
            assert_eq!(first_write(PODS, &entries), expected.as_deref(), "{reason}");
        }
    }

    #[test]
    fn all_of_them_have_been_there_since_the_last_one_came() {
        let entries = [change(5, ROLES, "applied")];
        let found = guards(record(), &exists(&[PODS, ROLES, OTHER]), &entries);
        let known = |since: &str, known_by| Since { since: since.to_owned(), known_by };
        assert_eq!(
            found.policies["gp-guard-pods"],
            known("2026-11-01T00:01:00Z", KnownBy::Record),
            "no entry wrote it"
        );
        assert_eq!(found.policies["gp-guard-roles"], known("2026-11-05T00:00:00Z", KnownBy::Ledger));
        assert_eq!(found.since.as_deref(), Some("2026-11-05T00:00:00Z"));
        assert!(found.missing.is_empty(), "{found:?}");

        let found = guards(record(), &exists(&[PODS]), &entries);
        assert_eq!(found.missing, ["gp-guard-roles"], "what is recorded need not be there");
        assert_eq!(found.since.as_deref(), Some("2026-11-01T00:01:00Z"));
        assert_eq!(guards(record(), &exists(&[]), &entries).since, None);
    }
}
