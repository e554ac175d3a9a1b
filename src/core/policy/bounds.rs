//! What the configuration of one process may touch, whatever its credentials could. A platform team sets it for a pipeline; HCL can
//! only add more of them, and all hold.

use crate::domain::{CatalogueSource, ClusterArn, Id, Problem, glob, name_list, yaml};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// `None` is everything, an empty list is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Names of teams.
    pub teams: Option<Vec<String>>,
    /// Names of environments; `*` matches anything.
    pub environments: Option<Vec<String>>,
    /// Tiers of the golden path.
    pub tiers: Option<Vec<String>>,
    /// Names or ARNs of clusters.
    pub clusters: Option<Vec<String>>,
    /// Names of golden paths.
    pub golden_paths: Option<Vec<String>>,
}

/// What the environment of a pipeline sets, in the words of the provider block, as YAML or JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipelineBounds {
    pub allow: Bounds,
    /// Fixes where golden paths come from; a configuration that names its own is refused.
    pub catalogue: Option<Vec<CatalogueSource>>,
    pub built_in_path: Option<bool>,
}

/// One thing that a change begins with or ends in. What is empty is not known.
#[derive(Clone, Copy, Debug)]
pub struct Touched<'a> {
    pub id: &'a Id,
    pub cluster: Option<&'a ClusterArn>,
    pub team: &'a str,
    pub tier: &'a str,
    pub golden_path: &'a str,
}

// === impl PipelineBounds ===

impl FromStr for PipelineBounds {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        yaml::read_as(text).map_err(|error| error.to_string())
    }
}

// === impl Bounds ===

impl Bounds {
    /// Errors, one for each bound that it lies outside of.
    pub fn judge(&self, touched: &Touched<'_>) -> Vec<Problem> {
        let Touched { id, cluster, team, tier, golden_path } = *touched;
        let arn = cluster.map(ToString::to_string).unwrap_or_default();
        let is_cluster = |wanted: &str| if wanted.starts_with("arn:") { wanted == arn } else { wanted == id.cluster() };
        let mut problems = vec![];
        let mut hold =
            |bound: &Option<Vec<String>>, what: &str, field: &str, value: &str, fits: &dyn Fn(&str) -> bool| {
                let Some(allowed) = bound else { return };
                if !allowed.iter().any(|allowed| fits(allowed)) {
                    problems.push(outside(id, what, value, allowed).at([field]));
                }
            };
        hold(&self.clusters, "clusters", "cluster", id.cluster(), &is_cluster);
        let Some(owner) = id.owner() else {
            let of_teams = [&self.teams, &self.environments, &self.tiers, &self.golden_paths];
            if of_teams.into_iter().any(Option::is_some) {
                problems.push(baseline(id));
            }
            return problems;
        };
        let at = |field: &'static str| if owner.slot.is_some() { "environment" } else { field };
        let environment = owner.environment.as_str();
        hold(&self.environments, "environments", at("name"), environment, &|allowed| glob(allowed, environment));
        for (bound, what, field, value) in [
            (&self.teams, "teams", "team", team),
            (&self.tiers, "tiers", "tier", tier),
            (&self.golden_paths, "golden_paths", "golden_path", golden_path),
        ] {
            hold(bound, what, at(field), value, &|allowed| allowed == value || value.is_empty());
        }
        problems
    }
}

fn outside(id: &Id, what: &str, value: &str, allowed: &[String]) -> Problem {
    let allowed = name_list(allowed);
    Problem::error(
        "bounds.outside",
        format!("{id} lies outside of what this process may touch: {value:?} is not among its {what}"),
        format!(
            "Allowed are: {allowed}. Nothing was changed. The bound is set in the provider's `allow`, or by whoever runs the \
             pipeline, in GOLDENPATH_BOUNDS; only they can widen it."
        ),
    )
}

fn baseline(id: &Id) -> Problem {
    Problem::error(
        "bounds.baseline",
        format!("The baseline of cluster {id} lies outside of what this process may touch"),
        "A baseline belongs to no team, environment or tier, and this process may touch only some of them. Nothing was changed. \
         Leave the baseline to the platform team's own pipeline.",
    )
    .at(["cluster"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EnvironmentId, SlotId};

    #[test]
    fn what_lies_outside_is_refused_at_its_attribute() {
        let environment = Id::from("demo/pay-dev".parse::<EnvironmentId>().expect("an id"));
        let slot = Id::from("demo/pay-dev/api".parse::<SlotId>().expect("an id"));
        let baseline = Id::baseline(&"demo".parse().expect("a name"));
        let arn: ClusterArn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        for (bounds, id, field, reason) in [
            ("{}", &environment, "", "no bounds"),
            (r#"{"teams": ["pay"], "environments": ["pay-*"], "tiers": ["dev"]}"#, &environment, "", "inside of all"),
            (r#"{"teams": ["shop"]}"#, &environment, "team", "another team"),
            (r#"{"teams": []}"#, &environment, "team", "an empty list is nothing"),
            (r#"{"environments": ["shop-*"]}"#, &environment, "name", "another name"),
            (r#"{"environments": ["pay"]}"#, &environment, "name", "a name is not a prefix"),
            (r#"{"tiers": ["staging"]}"#, &environment, "tier", "another tier"),
            (r#"{"golden_paths": ["own"]}"#, &environment, "golden_path", "another path"),
            (r#"{"clusters": ["other"]}"#, &environment, "cluster", "another cluster"),
            (r#"{"clusters": ["demo"]}"#, &environment, "", "by its name"),
            (r#"{"clusters": ["arn:aws:eks:eu-west-1:111122223333:cluster/demo"]}"#, &environment, "", "by its ARN"),
            (
                r#"{"clusters": ["arn:aws:eks:eu-west-1:444455556666:cluster/demo"]}"#,
                &environment,
                "cluster",
                "of the same name in another account",
            ),
            (r#"{"tiers": ["staging"]}"#, &slot, "environment", "a slot is where its environment is"),
            (r#"{"teams": ["pay"]}"#, &baseline, "cluster", "a baseline is no team's"),
            (r#"{"clusters": ["demo"]}"#, &baseline, "", "but lies on a cluster"),
        ] {
            let bounds: Bounds = serde_json::from_str(bounds).expect(reason);
            let touched = Touched { id, cluster: Some(&arn), team: "pay", tier: "dev", golden_path: "team-standard" };
            let found: Vec<String> =
                bounds.judge(&touched).into_iter().map(|problem| problem.field.join(".")).collect();
            assert_eq!(found.join(","), field, "{reason}");
        }
        assert!(serde_json::from_str::<Bounds>(r#"{"team": ["pay"]}"#).is_err(), "a misspelt bound is not no bound");
    }

    #[test]
    fn a_pipelines_bounds_are_what_is_written_or_an_error() {
        let only_pay = Bounds { teams: Some(vec!["pay".into()]), ..Bounds::default() };
        let written = PipelineBounds { allow: only_pay, catalogue: None, built_in_path: Some(false) };
        for (text, expected, reason) in [
            ("{}", Some(PipelineBounds::default()), "no bounds"),
            ("allow: { teams: [pay] }\nbuilt_in_path: false", Some(written.clone()), "YAML"),
            (r#"{"allow": {"teams": ["pay"]}, "built_in_path": false}"#, Some(written), "JSON"),
            ("allow: { team: [pay] }", None, "a misspelt bound"),
            ("teams: [pay]", None, "a bound in the wrong place"),
            ("allow: [", None, "no YAML at all"),
        ] {
            assert_eq!(text.parse().ok(), expected, "{reason}");
        }
    }
}
