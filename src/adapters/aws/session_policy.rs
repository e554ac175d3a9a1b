//! What the session of one operation may do at most: read, and change what can belong to its own environment or slot. A session policy only
//! narrows, so that the role's own policy, which `permissions` prints, holds beside it with all its conditions.
//!
//! What no ARN tells apart: access entries are the cluster's, since several environments name one principal; a new association has an
//! ARN only once it is there, and then our tag says whose it is.

use super::calls::{Call, Needs};
use goldenpath_core::domain::{ClusterArn, Id, TAG_PREFIX, role_names};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn session_policy(cluster: &ClusterArn, id: &Id) -> Value {
    let eks = |kind: &str, rest: &str| {
        let (partition, region, account) = (cluster.partition(), cluster.region(), cluster.account());
        format!("arn:{partition}:eks:{region}:{account}:{kind}/{}{rest}", cluster.name())
    };
    let (entries, associations) = (eks("access-entry", "/*"), eks("podidentityassociation", "/*"));
    let mut statements = vec![json!({ "Effect": "Allow", "Action": reads(), "Resource": "*" })];
    let roles: Vec<String> = role_names(cluster, id).iter().map(|name| role(cluster, name)).collect();
    let Some(owner) = id.owner().filter(|_| !roles.is_empty()) else { return document(statements) };
    // With passing them to Pod Identity.
    statements.push(json!({ "Effect": "Allow", "Action": "iam:*", "Resource": roles }));
    statements.push(json!({ "Effect": "Allow", "Action": writes(&[Needs::NewEntry, Needs::NewAssociation]), "Resource": eks("cluster", "") }));
    statements.push(json!({
        "Effect": "Allow",
        "Action": writes(&[Needs::OurEntry, Needs::OurEntryInNamespaces, Needs::Tags]),
        "Resource": entries,
    }));
    statements.push(json!({ "Effect": "Allow", "Action": writes(&[Needs::Tags]), "Resource": associations }));
    let own = json!({ format!("aws:ResourceTag/{TAG_PREFIX}environment"): owner.environment });
    statements.push(json!({
        "Effect": "Allow",
        "Action": writes(&[Needs::Association]),
        "Resource": associations,
        "Condition": { "StringEquals": own },
    }));
    document(statements)
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Under whatever path; which paths are ours, the role's own policy says.
fn role(cluster: &ClusterArn, name: &str) -> String {
    format!("arn:{}:iam::{}:role/*{name}", cluster.partition(), cluster.account())
}

/// By the words that they begin with, which keeps it short.
fn reads() -> BTreeSet<String> {
    let calls = Call::ALL.iter().filter(|call| call.needs() != Needs::Nothing).filter_map(|call| beginning(*call));
    calls.map(|(service, word)| format!("{service}:{word}*")).collect()
}

fn beginning(call: Call) -> Option<(&'static str, &'static str)> {
    let (service, operation) = call.name().split_once(':')?;
    let word = ["Get", "List", "Describe", "Simulate"].into_iter().find(|word| operation.starts_with(word))?;
    Some((service, word))
}

fn writes(needs: &[Needs]) -> Vec<&'static str> {
    let calls = Call::ALL.iter().copied().filter(|call| needs.contains(&call.needs()) && beginning(*call).is_none());
    calls.map(Call::name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldenpath_core::domain::{EnvironmentId, SlotId, covers};

    /// STS takes no longer text.
    const LONGEST: usize = 2048;

    fn cluster() -> ClusterArn {
        "arn:aws:eks:eu-west-1:111122223333:cluster/demo".parse().expect("an ARN")
    }

    fn environment(name: &str) -> Id {
        name.parse::<EnvironmentId>().expect("an id").into()
    }

    fn slot(name: &str) -> Id {
        name.parse::<SlotId>().expect("an id").into()
    }

    /// `tag`: the environment that the resource is tagged with.
    fn allows(policy: &Value, action: &str, resource: &str, tag: &str) -> bool {
        let texts = |value: &Value| -> Vec<String> {
            let one = value.as_str().map(str::to_owned).into_iter();
            one.chain(value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)).collect()
        };
        policy["Statement"].as_array().expect("statements").iter().any(|statement| {
            let condition = statement.pointer("/Condition/StringEquals/aws:ResourceTag~1goldenpath:environment");
            texts(&statement["Action"]).iter().any(|pattern| covers(pattern, action))
                && texts(&statement["Resource"]).iter().any(|pattern| covers(pattern, resource))
                && condition.is_none_or(|wanted| wanted == tag)
        })
    }

    /// What a call is about, where it is one of this environment's.
    fn resource(needs: Needs, owner: &Id) -> String {
        let names = role_names(&cluster(), owner);
        let eks = |kind: &str| format!("arn:aws:eks:eu-west-1:111122223333:{kind}/demo");
        match needs {
            Needs::Role | Needs::BoundedRole | Needs::AttachedPolicy | Needs::AnyRole => {
                let environment = owner.owner().expect("an owner").environment;
                format!("arn:aws:iam::111122223333:role/goldenpath/{environment}/{}", names[0])
            }
            Needs::AnyUser => "arn:aws:iam::111122223333:user/x".to_owned(),
            Needs::Nothing | Needs::Advice | Needs::Account | Needs::Boundary => "*".to_owned(),
            Needs::Cluster | Needs::NewEntry | Needs::NewAssociation => eks("cluster"),
            Needs::Addon | Needs::IdentityProvider => format!("{}/x", eks("addon")),
            Needs::AnyEntry | Needs::OurEntry | Needs::OurEntryInNamespaces | Needs::Tags => {
                format!("{}/role/111122223333/dev/0", eks("access-entry"))
            }
            Needs::Association => format!("{}/a-1", eks("podidentityassociation")),
        }
    }

    #[test]
    fn every_call_on_its_own_is_allowed_and_none_on_those_of_others() {
        for (own, other) in [
            (environment("demo/pay"), environment("demo/shop")),
            (slot("demo/pay/api"), slot("demo/shop/api")),
            (slot("demo/pay/api"), slot("demo/pay/web")),
        ] {
            let policy = session_policy(&cluster(), &own);
            for &call in Call::ALL.iter().filter(|call| call.needs() != Needs::Nothing) {
                let (needs, name) = (call.needs(), call.name());
                assert!(allows(&policy, name, &resource(needs, &own), "pay"), "{own}: {name}: {policy:#}");
                let is_of_a_role = matches!(needs, Needs::Role | Needs::BoundedRole | Needs::AttachedPolicy);
                if is_of_a_role && beginning(call).is_none() {
                    assert!(!allows(&policy, name, &resource(needs, &other), "shop"), "{own}: {name} on {other}");
                }
                if needs == Needs::Association && beginning(call).is_none() {
                    assert!(!allows(&policy, name, &resource(needs, &other), "shop"), "{own}: {name} of shop");
                }
            }
            let pass = |id: &Id| allows(&policy, "iam:PassRole", &resource(Needs::Role, id), "");
            assert!(pass(&own) && !pass(&other), "{own}: its own role alone is passed");
            let elsewhere = "arn:aws:eks:eu-west-1:111122223333:cluster/other";
            assert!(!allows(&policy, "eks:CreateAccessEntry", elsewhere, ""), "{own}: on another cluster");
        }
    }

    #[test]
    fn a_baseline_only_reads() {
        let baseline = session_policy(&cluster(), &Id::baseline(&"demo".parse().expect("a name")));
        for &call in Call::ALL.iter().filter(|call| call.needs() != Needs::Nothing) {
            assert_eq!(allows(&baseline, call.name(), "*", ""), beginning(call).is_some(), "{}", call.name());
        }
    }

    #[test]
    fn the_longest_one_fits() {
        let cluster: ClusterArn = format!("arn:aws-us-gov:eks:us-gov-west-1:111122223333:cluster/{}", "c".repeat(100))
            .parse()
            .expect("an ARN");
        let longest = environment(&format!("{}/{}", "c".repeat(100), "e".repeat(40)));
        let text = session_policy(&cluster, &longest).to_string();
        assert!(text.len() <= LONGEST, "{}: {text}", text.len());
    }
}
