//! For whom a golden path is. What exists stays what it is; nobody else begins with it.

use crate::domain::{ClusterArn, covers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may use the path: everybody where a list is absent. `*` and `?` match as in IAM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliesTo {
    /// Names of teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<String>>,
    /// Names or ARNs of clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Vec<String>>,
}

// === impl AppliesTo ===

impl AppliesTo {
    /// Whom it leaves out: what is named, and to whom it applies instead.
    pub fn leaves_out<'a>(&'a self, team: &str, cluster: &ClusterArn) -> Option<(&'static str, &'a [String])> {
        let is_in = |list: &Option<Vec<String>>, names: &[&str]| {
            list.as_ref().is_none_or(|list| list.iter().any(|it| names.iter().any(|name| covers(it, name))))
        };
        if !is_in(&self.teams, &[team]) {
            return Some(("team", self.teams.as_deref().unwrap_or_default()));
        }
        if !is_in(&self.clusters, &[cluster.name(), cluster.as_str()]) {
            return Some(("cluster", self.clusters.as_deref().unwrap_or_default()));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_path_is_for_the_teams_and_clusters_that_it_lists() {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        for (lists, expected, reason) in [
            (json!({}), Value::Null, "everybody"),
            (json!({"teams": ["shop", "pay*"]}), Value::Null, "by a pattern"),
            (json!({"teams": ["shop"]}), json!(["team", ["shop"]]), "another team"),
            (json!({"teams": []}), json!(["team", []]), "nobody"),
            (json!({"clusters": ["demo"]}), Value::Null, "by its name"),
            (json!({"clusters": ["arn:aws:eks:*:111122223333:cluster/*"]}), Value::Null, "by its ARN"),
            (json!({"clusters": ["dem"]}), json!(["cluster", ["dem"]]), "another cluster"),
            (json!({"teams": ["payments"], "clusters": ["x"]}), json!(["cluster", ["x"]]), "the team elsewhere"),
        ] {
            let applies: AppliesTo = serde_json::from_value(lists).expect(reason);
            assert_eq!(json!(applies.leaves_out("payments", &cluster)), expected, "{reason}");
        }
    }
}
