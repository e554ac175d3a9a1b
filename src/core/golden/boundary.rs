//! The permissions boundary that fits a golden path: what its grants let roles do, in all tiers and for all teams, and nothing else. Pure.
//!
//! A role may do what both its own policies and its boundary allow. The plan narrows policies to one team; the boundary is one for all of
//! them, so that it holds whatever the plan would let through. What a managed policy of `policy_arns` allows is known to AWS alone, and is
//! not in it.

use super::catalogue::{GoldenPath, Grants, fill_cluster, fill_owner};
use crate::domain::{ClusterArn, covers};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VERSION: &str = "2012-10-17";
/// In place of what is not known: any account, region, team and environment.
const ANY: &str = "*";

/// `cluster`: fills partition, account and region. Without it the policy is one for any account of the commercial partition.
pub fn boundary_policy(path: &GoldenPath, cluster: Option<&ClusterArn>) -> Value {
    let fill = |text: &String| {
        let text = match cluster {
            Some(cluster) => fill_cluster(text, cluster),
            None => text.replace("{partition}", "aws").replace("{account}", ANY).replace("{region}", ANY),
        };
        fill_owner(&text, ANY, ANY)
    };
    let all = |list: fn(&Grants) -> &Vec<String>| -> Vec<String> {
        let texts: BTreeSet<String> = path.tiers.values().flat_map(|tier| list(&tier.grants)).map(fill).collect();
        // Another tier's wider text says it already; of two that say the same, as `*` and `**` do, the first is kept.
        let says_it = |other: &String, text: &String| covers(other, text) && (other < text || !covers(text, other));
        let is_needed = |text: &&String| !texts.iter().any(|other| says_it(other, text));
        texts.iter().filter(is_needed).cloned().collect()
    };
    let actions = all(|grants| &grants.actions);
    let allow = |sid: &str, actions: &[String], resources: &[String]| {
        (!actions.is_empty() && !resources.is_empty())
            .then(|| json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}))
    };
    let mut by_tag: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for grants in path.tiers.values().map(|tier| &tier.grants) {
        by_tag.entry(&grants.team_tag).or_default().extend(grants.tagged_resources.iter().map(fill));
    }
    let tagged = by_tag.into_iter().enumerate().filter_map(|(at, (tag, resources))| {
        let sid = if at == 0 { "Tagged".to_owned() } else { format!("Tagged{at}") };
        let mut statement = allow(&sid, &actions, &resources.into_iter().collect::<Vec<_>>())?;
        statement["Condition"] = json!({"Null": {format!("aws:ResourceTag/{tag}"): "false"}});
        Some(statement)
    });
    let own = |actions: &[&str]| -> Vec<String> { actions.iter().map(|action| (*action).to_owned()).collect() };
    let cluster = match cluster {
        Some(cluster) => cluster.to_string(),
        None => "arn:aws:eks:*:*:cluster/*".to_owned(),
    };
    let statements: Vec<Value> = [
        allow("Named", &actions, &all(|grants| &grants.resources)),
        allow("WithoutResource", &all(|grants| &grants.any_resource_actions), &[ANY.to_owned()]),
        allow("TargetRoles", &own(&["sts:AssumeRole", "sts:TagSession"]), &all(|grants| &grants.target_role_arns)),
        // The roles of personas reach the cluster with it.
        allow("Kubeconfig", &own(&["eks:DescribeCluster"]), &[cluster]),
    ]
    .into_iter()
    .flatten()
    .chain(tagged)
    .collect();
    json!({"Version": VERSION, "Statement": statements})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::is_covered,
        golden::{Catalogue, fixtures::facts},
    };

    fn built_in() -> std::sync::Arc<GoldenPath> {
        Catalogue::built_in().newest(None).expect("a default path").clone()
    }

    fn texts(statement: &Value, member: &str) -> Vec<String> {
        let items = statement[member].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn whatever_a_tier_grants_is_within_the_boundary() {
        let (path, cluster) = (built_in(), facts().cluster_arn);
        let policy = boundary_policy(&path, Some(&cluster));
        let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
        let allows = |action: &str, resource: &str| {
            statements.iter().any(|statement| {
                is_covered(&texts(statement, "Action"), action) && is_covered(&texts(statement, "Resource"), resource)
            })
        };
        for (name, tier) in &path.tiers {
            let own = |text: &String| fill_owner(&fill_cluster(text, &cluster), "payments", "payments-prod");
            for resource in tier.grants.resources.iter().chain(&tier.grants.tagged_resources).map(own) {
                for action in &tier.grants.actions {
                    assert!(allows(action, &resource), "{name}: {action} on {resource}");
                }
            }
            for action in &tier.grants.any_resource_actions {
                assert!(allows(action, "*"), "{name}: {action}");
            }
        }
        for (action, resource, reason) in [
            ("iam:PassRole", "arn:aws:iam::111122223333:role/a", "no way to another role"),
            ("sts:AssumeRole", "arn:aws:iam::111122223333:role/a", "the built-in path has no target roles"),
            ("s3:GetObject", "*", "no bucket by a star"),
            ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:999900001111:payments-a", "another account"),
        ] {
            assert!(!allows(action, resource), "{reason}");
        }
        assert!(allows("eks:DescribeCluster", cluster.as_str()), "what a persona's role has of its own");
    }

    #[test]
    fn what_two_tiers_say_in_other_words_is_kept_once() {
        let mut path = (*built_in()).clone();
        for (tier, text) in path.tiers.values_mut().zip(["arn:aws:s3:::*", "arn:aws:s3:::{team}*", "arn:aws:s3:::a"]) {
            std::sync::Arc::make_mut(tier).grants.resources = vec![text.to_owned()];
        }
        let policy = boundary_policy(&path, None);
        let named = policy["Statement"].as_array().into_iter().flatten().find(|statement| statement["Sid"] == "Named");
        assert_eq!(named.map(|statement| texts(statement, "Resource")), Some(vec!["arn:aws:s3:::*".to_owned()]));
    }

    #[test]
    fn the_example_is_what_is_printed() {
        let printed = serde_json::to_string_pretty(&boundary_policy(&built_in(), None)).expect("JSON") + "\n";
        assert!(
            !["{team}", "{account}", "{region}"].iter().any(|left| printed.contains(left)),
            "no placeholder is left"
        );
        let example = include_str!("../../../examples/eks/boundary.json");
        assert!(
            printed == example,
            "examples/eks/boundary.json is another one. Print it again:\n\
             goldenpath permissions --boundary > examples/eks/boundary.json"
        );
        let size = crate::domain::quotas::policy_size(&boundary_policy(&built_in(), None));
        assert!(size <= 6144, "IAM's quota of a managed policy: {size}");
    }
}
