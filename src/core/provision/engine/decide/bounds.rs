//! Whether a change begins and ends within the bounds of this process, and whether the cluster accepts the golden path and the names
//! of namespaces. Pure.

use super::inputs::{Inputs, Past};
use crate::{
    domain::{AcceptedPath, ClusterArn, Id, PathVersion, Place, Problem, Record, ResourceKind},
    golden::{Catalogue, ResolveContext, Summary},
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

/// What the cluster's baseline has to say.
pub fn of_baseline(inputs: &Inputs<'_>) -> Vec<Problem> {
    let Inputs { change, blueprint, judged, found, catalogue, .. } = inputs;
    let Some(baseline) = &found.baseline else { return vec![] };
    let accepted = baseline.common().accepted;
    let path = accepted.and_then(|accepted| judge_path(accepted, &blueprint.summary.path));
    // Names that its own path reserves are among what was judged.
    let is_said = judged.iter().any(|said| said.code == "names.reserved");
    let accepted = catalogue.accepting(accepted);
    let names = change.new_names(blueprint).filter(|_| !is_said).filter_map(|name| judge_name(&accepted, name));
    path.into_iter().chain(names).collect()
}

/// The guard of the baseline refuses its RoleBindings.
fn judge_name(accepted: &Catalogue, name: &str) -> Option<Problem> {
    let path = accepted.reserving(name)?;
    let problem = Problem::error(
        "names.reserved",
        format!(
            "The namespace name {name} is reserved by golden path {} {}, which the cluster accepts as well: choose another name",
            path.name, path.version
        ),
        "A name that one of the accepted paths reserves is free in none of them. Nothing was changed. Choose another name, or have the \
         platform team leave that path out of `golden_paths` of the cluster's goldenpath_cluster_baseline.",
    );
    Some(problem.at(["name"]))
}

fn judge_path(accepted: &BTreeMap<String, AcceptedPath>, path: &PathVersion) -> Option<Problem> {
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
            format!("The cluster does not accept golden path {name} {version} (digest {digest}): choose one that its baseline accepts"),
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
    use crate::{
        domain::ObjectKey,
        golden::{Baseline, Spec},
        provision::engine::{
            fixtures::{environment, ground, prior, rendered_by},
            gather::Found,
            request::ChangeRequest,
        },
    };
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
            assert!(found.summary.contains(&format!("team-standard 1.2.0 (digest {shown}):")), "{}", found.summary);
            assert!(found.detail.contains("accepts: open, restricted >= 2.0."), "{}", found.detail);
            assert_eq!(found.field, ["golden_path"]);
        }
    }

    fn path(digest: &str) -> PathVersion {
        let version = "1.2.0".parse().unwrap_or_else(|e| panic!("{e}"));
        PathVersion { name: "team-standard".into(), version, digest: digest.into() }
    }

    /// The other path is of another team: who had its name would be let in there.
    #[test]
    fn a_new_namespace_has_no_name_that_another_accepted_path_reserves() {
        let other = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nextends: team-standard 1.0.0\nname: acme\nversion: 1.0.0\n\
            reserved: { prefixes: [kube-, amazon-, aws-, goldenpath-, acme-] }\n";
        let catalogue = Catalogue::with_documents([("acme", other)]).unwrap_or_else(|e| panic!("{e}"));
        let both = json!({"team-standard": {}, "acme": {}});
        for (name, accepted, exists, is_refused, reason) in [
            ("acme-dev", Value::Null, false, true, "whatever the catalogue has is accepted"),
            ("acme-dev", both.clone(), false, true, "the other path, too"),
            ("acme-dev", json!({"team-standard": {}}), false, false, "the other path is not"),
            (
                "acme-dev",
                json!({"team-standard": {}, "acme": {"version": "2.0.0"}}),
                false,
                false,
                "another version is",
            ),
            ("acme-dev", both.clone(), true, false, "it is there already"),
            ("shop-dev", both, false, false, "a name that nobody reserves"),
        ] {
            let baseline = serde_json::from_value(json!({"cluster": "demo", "golden_paths": accepted}));
            let baseline = Spec::of::<Baseline>(baseline.unwrap_or_else(|e| panic!("{e}")));
            let spec = environment(name, json!({}));
            let known = [(ObjectKey::namespace_object(name).to_string(), String::new())];
            let prior = prior(&spec, known.into());
            let inputs = Inputs {
                change: &ChangeRequest::of_spec(&spec, exists.then_some(&prior)),
                ground: &ground(),
                blueprint: &rendered_by(&catalogue, &spec, None),
                judged: &[],
                found: &Found { baseline: Some(baseline), ..Found::unread() },
                catalogue: &catalogue,
                bounds: &[],
                now: "",
            };
            let found = of_baseline(&inputs);
            assert_eq!(found.iter().any(|found| found.code == "names.reserved"), is_refused, "{name}: {reason}");
            assert_eq!(found.len(), usize::from(is_refused), "{name}: {reason}");
        }
    }
}
