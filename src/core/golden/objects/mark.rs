//! The mark that everything we make carries: labels in Kubernetes, tags in AWS, the same keys in both.
//!
//! What changes with every edit (the spec's digest, the path's version) is in the record and not here, so that an edit
//! changes no object that it need not.

use crate::domain::{ClusterArn, Contact, LABEL_PREFIX, TAG_PREFIX};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Whose objects they are.
#[derive(Clone, Debug)]
pub struct Mark {
    pub environment: String,
    pub slot: Option<String>,
    pub team: String,
    pub tier: String,
    pub path: String,
}

// === impl Mark ===

impl Mark {
    fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("managed", Some("true")),
            ("environment", Some(self.environment.as_str())),
            ("slot", self.slot.as_deref()),
            ("team", Some(self.team.as_str())),
            ("tier", Some(self.tier.as_str())),
            ("path", Some(self.path.as_str())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }

    pub fn labels(&self) -> Map<String, Value> {
        let mut labels = common_labels(&self.environment);
        labels.extend(self.parts().map(|(key, value)| (format!("{LABEL_PREFIX}{key}"), Value::from(value))));
        labels
    }

    /// `owner` holds annotations as [`owner_annotations`] makes them.
    pub fn tags(&self, cluster: &ClusterArn, owner: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut tags = cluster_tags(cluster);
        tags.extend(self.parts().map(|(key, value)| (format!("{TAG_PREFIX}{key}"), value.to_owned())));
        // What may hold characters that IAM refuses in a tag (`#payments`, a URL) is an annotation only.
        for key in ["contact", "cost-center", "data-class"] {
            if let Some(value) = owner.get(&format!("{LABEL_PREFIX}{key}")) {
                tags.insert(format!("{TAG_PREFIX}{key}"), value.clone());
            }
        }
        tags
    }
}

/// Of what a whole cluster shares: access entries, which several environments may name.
pub fn cluster_tags(cluster: &ClusterArn) -> BTreeMap<String, String> {
    [("managed", "true"), ("cluster-arn", cluster.as_str())]
        .map(|(key, value)| (format!("{TAG_PREFIX}{key}"), value.to_owned()))
        .into()
}

/// Of what the baseline makes.
pub fn cluster_labels() -> Map<String, Value> {
    let mut labels = common_labels("cluster-baseline");
    labels.insert(format!("{LABEL_PREFIX}managed"), Value::from("true"));
    labels
}

fn common_labels(part_of: &str) -> Map<String, Value> {
    [("managed-by", "goldenpath"), ("part-of", part_of)]
        .map(|(key, value)| (format!("app.kubernetes.io/{key}"), Value::from(value)))
        .into_iter()
        .collect()
}

/// Whom to ask about a namespace.
pub fn owner_annotations(owner: Option<&Contact>) -> BTreeMap<String, String> {
    let Some(Contact { contact, cost_center, slack, oncall, data_class, docs }) = owner else {
        return BTreeMap::new();
    };
    [
        ("contact", Some(contact)),
        ("cost-center", Some(cost_center)),
        ("slack", slack.as_ref()),
        ("oncall", oncall.as_ref()),
        ("data-class", data_class.as_ref()),
        ("docs", docs.as_ref()),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((format!("{LABEL_PREFIX}{key}"), value?.clone())))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quotas::OUR_TAGS;

    /// The provider's `default_tags` may be as many as the rest.
    #[test]
    fn ours_are_as_many_as_the_table_says() {
        let owner = Contact {
            contact: "a@example.com".to_owned(),
            cost_center: "CC1".to_owned(),
            slack: Some("#pay".to_owned()),
            oncall: Some("https://oncall.example/pay".to_owned()),
            data_class: Some("internal".to_owned()),
            docs: Some("https://docs.example/pay".to_owned()),
        };
        let mark = Mark {
            environment: "pay".to_owned(),
            slot: Some("ledger".to_owned()),
            team: "payments".to_owned(),
            tier: "dev".to_owned(),
            path: "team-standard".to_owned(),
        };
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN");
        assert_eq!(mark.tags(&cluster, &owner_annotations(Some(&owner))).len(), OUR_TAGS);
    }
}
