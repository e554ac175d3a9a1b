//! Whether a change begins and ends within the bounds of this process, and whether the cluster accepts the golden path. Pure.

use super::inputs::{Inputs, Past};
use crate::{
    domain::{AcceptedPath, ClusterArn, Id, PathVersion, Place, Problem, Record, ResourceKind},
    golden::{ResolveContext, Summary},
    policy::{Bounds, Touched},
};
use std::collections::BTreeMap;

/// What is requested, what there was by state, and what the record says of what exists.
pub fn judge(inputs: &Inputs<'_>, past: &Past) -> Vec<Problem> {
    let Inputs { change, ground, blueprint, found, catalogue, bounds, .. } = inputs;
    let cluster = &ground.facts.cluster_arn;
    let mut problems = of_summary(bounds, &change.id, cluster, &blueprint.summary);
    if bounds.is_empty() {
        return problems;
    }
    if let Some(prior) = change.prior.filter(|_| past.is_changed) {
        // In the environment that state knows, whatever that has become.
        let given =
            ResolveContext { facts: &ground.facts, parent: change.parent.or(ground.parent.as_ref()), catalogue };
        let before = prior.spec.resolve(&given).ok();
        problems.extend(before.iter().flat_map(|before| of_summary(bounds, &change.id, cluster, before.summary())));
    }
    let record = found.objects.value().and_then(|objects| objects.record.as_ref());
    problems.extend(record.iter().flat_map(|record| of_record(bounds, &change.id, Some(record))));
    problems
}

fn of_summary(bounds: &[Bounds], id: &Id, cluster: &ClusterArn, summary: &Summary) -> Vec<Problem> {
    let tier = summary.tier.as_ref().map(ToString::to_string).unwrap_or_default();
    let (team, golden_path) = (summary.team.as_str(), summary.path.name.as_str());
    let touched = Touched { id, cluster: Some(cluster), team, tier: &tier, golden_path };
    bounds.iter().flat_map(|bounds| bounds.judge(&touched)).collect()
}

/// What of it does not depend on a record.
pub fn of_id(bounds: &[Bounds], id: &Id, cluster: &ClusterArn) -> Vec<Problem> {
    let touched = Touched { id, cluster: Some(cluster), team: "", tier: "", golden_path: "" };
    bounds.iter().flat_map(|bounds| bounds.judge(&touched)).collect()
}

/// Whether anything on this cluster may be touched.
pub fn of_cluster(bounds: &[Bounds], cluster: &ClusterArn) -> Vec<Problem> {
    let id = Id { kind: ResourceKind::BASELINE, place: Place::Cluster(cluster.name().to_owned()) };
    let alone = |bounds: &Bounds| Bounds { clusters: bounds.clusters.clone(), ..Bounds::default() };
    bounds.iter().flat_map(|bounds| of_id(&[alone(bounds)], &id, cluster)).collect()
}

/// By its id alone where the record is lost.
pub fn of_record(bounds: &[Bounds], id: &Id, record: Option<&Record>) -> Vec<Problem> {
    let text = |text: fn(&Record) -> &String| record.map_or("", |record| text(record).as_str());
    let cluster = record.and_then(|record| record.cluster_arn.parse().ok());
    let touched = Touched {
        id,
        cluster: cluster.as_ref(),
        team: text(|record| &record.team),
        tier: text(|record| &record.tier),
        golden_path: text(|record| &record.golden_path),
    };
    bounds.iter().flat_map(|bounds| bounds.judge(&touched)).collect()
}

/// By the cluster's baseline.
pub fn judge_path(accepted: &BTreeMap<String, AcceptedPath>, path: &PathVersion) -> Option<Problem> {
    let PathVersion { name, version, digest } = path;
    if accepted.get(name).is_some_and(|accepted| accepted.admits(path)) {
        return None;
    }
    let text = |(name, accepted): (&String, &AcceptedPath)| match &accepted.version {
        Some(version) => format!("{name} {version}"),
        None => name.clone(),
    };
    let list: Vec<String> = accepted.iter().map(text).collect();
    let digest = digest.get(..12).unwrap_or(digest);
    Some(
        Problem::error(
            "baseline.path_not_accepted",
            format!("The cluster does not accept golden path {name} {version} (digest {digest})"),
            format!(
                "Its goldenpath_cluster_baseline accepts: {}. Nothing was changed. Choose one of them, or have the platform team \
                 add this one to `golden_paths`.",
                list.join(", ")
            ),
        )
        .at(["golden_path"]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_cluster_takes_only_the_golden_paths_that_it_accepts() {
        let digest = "0123456789abcdef";
        for (accepted, is_accepted, reason) in [
            (json!({"team-standard": {}}), true, "any version of it"),
            (json!({"team-standard": {"version": "~> 1.2"}}), true, "a version within"),
            (json!({"team-standard": {"version": "~> 1.3"}}), false, "a version without"),
            (json!({"team-standard": {"digests": [digest]}}), true, "this very document"),
            (json!({"team-standard": {"digests": ["fedcba9876543210"]}}), false, "another document of that version"),
            (json!({"restricted": {}}), false, "another path"),
            (json!({}), false, "none at all"),
        ] {
            let accepted = serde_json::from_value(accepted).unwrap_or_else(|e| panic!("{e}"));
            let found = judge_path(&accepted, &path(digest));
            assert_eq!(found.is_none(), is_accepted, "{reason}");
            assert!(
                found.is_none_or(|found| found.is_error() && found.code == "baseline.path_not_accepted"),
                "{reason}"
            );
        }
    }

    #[test]
    fn who_is_refused_reads_what_is_accepted() {
        let accepted: Value = json!({"restricted": {"version": ">= 2.0"}, "open": {}});
        let accepted = serde_json::from_value(accepted).unwrap_or_else(|e| panic!("{e}"));
        for (digest, shown) in [("0123456789abcdef", "0123456789ab"), ("short", "short")] {
            let found = judge_path(&accepted, &path(digest)).unwrap_or_else(|| panic!("accepted"));
            assert!(found.summary.ends_with(&format!("team-standard 1.2.0 (digest {shown})")), "{}", found.summary);
            assert!(found.detail.contains("accepts: open, restricted >= 2.0."), "{}", found.detail);
            assert_eq!(found.field, ["golden_path"]);
        }
    }

    fn path(digest: &str) -> PathVersion {
        let version = "1.2.0".parse().unwrap_or_else(|e| panic!("{e}"));
        PathVersion { name: "team-standard".into(), version, digest: digest.into() }
    }
}
