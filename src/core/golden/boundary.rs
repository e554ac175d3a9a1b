//! The permissions boundary that fits a golden path: what its grants let roles do, in all tiers and for all teams, and nothing else. Pure.
//!
//! A role may do what both its own policies and its boundary allow. The plan narrows policies to one team; the boundary is one for all of
//! them, so that it holds whatever the plan would let through. What a managed policy of `policy_arns` allows is known to AWS alone, and is
//! not in it.
//!
//! And which boundaries and paths of roles a catalogue names: whoever may make roles is limited to these.

use super::catalogue::{Catalogue, GoldenPath, Grants, fill_cluster, fill_owner};
use crate::domain::{ClusterArn, RolePatterns, covers};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VERSION: &str = "2012-10-17";
/// In place of what is not known: any account, region, team and environment.
const ANY: &str = "*";

/// `cluster`: fills partition, account and region. Without it the policy is one for any account of the commercial partition.
pub fn boundary_policy(path: &GoldenPath, cluster: Option<&ClusterArn>) -> Value {
    let fill = |text: &String| fill_owner(&fill_place(text, cluster), ANY, ANY);
    let all = |list: fn(&Grants) -> &Vec<String>| -> Vec<String> {
        widest(&path.tiers.values().flat_map(|tier| list(&tier.grants)).map(fill).collect())
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

/// The permissions boundaries of all tiers, each with the versions of golden paths that name it.
pub fn boundaries<'a>(catalogue: &'a Catalogue, cluster: Option<&ClusterArn>) -> BTreeMap<String, Vec<&'a GoldenPath>> {
    let mut named: BTreeMap<String, Vec<&GoldenPath>> = BTreeMap::new();
    for path in catalogue.paths() {
        let of_tiers: BTreeSet<String> =
            path.tiers.values().map(|tier| fill_place(&tier.grants.boundary, cluster)).collect();
        for boundary in of_tiers {
            named.entry(boundary).or_default().push(path);
        }
    }
    named
}

/// Of every version, since what was made by one stays by it.
pub fn role_patterns(catalogue: &Catalogue, cluster: Option<&ClusterArn>) -> RolePatterns {
    let tiers = catalogue.paths().iter().flat_map(|path| path.tiers.values());
    let paths: BTreeSet<String> = tiers.map(|tier| format!("{}{ANY}", tier.grants.iam_path)).collect();
    let boundaries: BTreeSet<String> = boundaries(catalogue, cluster).into_keys().collect();
    RolePatterns { paths: widest(&paths), boundaries: widest(&boundaries) }
}

fn fill_place(text: &str, cluster: Option<&ClusterArn>) -> String {
    match cluster {
        Some(cluster) => fill_cluster(text, cluster),
        None => [("{partition}", "aws"), ("{account}", ANY), ("{region}", ANY), ("{dns_suffix}", "amazonaws.com")]
            .into_iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(name, value)),
    }
}

/// Without those that another one covers; of two that say the same, as `*` and `**` do, the first is kept.
fn widest(texts: &BTreeSet<String>) -> Vec<String> {
    let says_it =
        |other: &String, text: &String| other != text && covers(other, text) && (other < text || !covers(text, other));
    let is_needed = |text: &&String| !texts.iter().any(|other| says_it(other, text));
    texts.iter().filter(is_needed).cloned().collect()
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
    fn roles_are_limited_to_what_all_paths_and_tiers_name() {
        const HEAD: &str = "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\n\
            extends: team-standard 1.0.0\n";
        let cluster = facts().cluster_arn;
        for (grants, place, boundaries, reason) in [
            (
                "{ iam_path: /goldenpath/own/ }",
                Some(&cluster),
                vec!["arn:aws:iam::111122223333:policy/goldenpath/boundary"],
                "the same in all",
            ),
            (
                "{ boundary: 'arn:{partition}:iam::{account}:policy/{region}/own' }",
                Some(&cluster),
                vec![
                    "arn:aws:iam::111122223333:policy/eu-west-1/own",
                    "arn:aws:iam::111122223333:policy/goldenpath/boundary",
                ],
                "one tier of another path",
            ),
            (
                "{ boundary: 'arn:{partition}:iam::{account}:policy/own' }",
                None,
                vec!["arn:aws:iam::*:policy/goldenpath/boundary", "arn:aws:iam::*:policy/own"],
                "in any account",
            ),
        ] {
            let own = format!("{HEAD}tiers: {{ dev: {{ grants: {grants} }} }}\n");
            let catalogue = Catalogue::with_documents([("own", own.as_str())]).expect(reason);
            let found = role_patterns(&catalogue, place);
            assert_eq!(found.boundaries, boundaries, "{reason}");
            assert_eq!(found.paths, ["/goldenpath/*"], "{reason}: the widest says it");
        }
        let own = "{ grants: { iam_path: /goldenpath/own/ } }";
        let alone = format!("{HEAD}tiers: {{ dev: {own}, staging: {own}, prod: {own} }}\n");
        let alone = Catalogue::of_documents([("own", alone.as_str())]).expect("a catalogue");
        assert_eq!(role_patterns(&alone, None).paths, ["/goldenpath/own/*"], "without the built-in one");
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
