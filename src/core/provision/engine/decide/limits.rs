//! What IAM and EKS refuse of a rendered object, said by the plan: by the same rules that the adapters ask before their first call.

use crate::{
    domain::{Body, ClusterArn, Desired, Id, ObjectKey, Problem},
    kinds::in_words,
    ports::rules::{self, policy_document},
};

pub fn judge(id: &Id, cluster: &ClusterArn, objects: &[Desired]) -> Vec<Problem> {
    let refused = objects.iter().filter_map(|object| Some((object, refusal(cluster, object)?)));
    refused.map(|(object, why)| problem(id, object, &why)).collect()
}

fn refusal(cluster: &ClusterArn, object: &Desired) -> Option<String> {
    let checked = match (&object.key, object.body.as_ref()?) {
        (ObjectKey::Role { name }, Body::Role(role)) => {
            rules::check_role(name, role).and_then(|()| policy_document::check_trust(&role.trust).map(|_| ()))
        }
        (ObjectKey::AccessEntry { .. }, Body::AccessEntry(entry)) => rules::check_entry(entry),
        (ObjectKey::PodIdentityAssociation { .. }, Body::PodIdentityAssociation(association)) => {
            rules::check_association(cluster, association)
        }
        _ => Ok(()),
    };
    checked.err()
}

fn problem(id: &Id, object: &Desired, why: &str) -> Problem {
    // Our code for the kind of refusal is AWS's; what a person reads is the rest.
    let why = why.split_once(": ").map_or(why, |(_, why)| why);
    let field = if id.parent().is_some() { "identity" } else { "access" };
    Problem::error(
        "aws.refused",
        format!("AWS would refuse {}: {why}", in_words(&object.key)),
        "Nothing was changed. Shorten what it is made of: fewer principals or statements, or shorter names. Where it is a quota of IAM, an \
         account may have a higher one, which the provider does not ask for.",
    )
    .at([field])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::engine::fixtures;
    use serde_json::json;

    #[test]
    fn a_trust_that_is_too_long_is_known_before_anything_is_made() {
        let trusted = |count: usize| -> Vec<String> {
            (0..count)
                .map(|n| format!("arn:aws:iam::111122223333:role/teams/payments/pipelines/deploys-service-{n}"))
                .collect()
        };
        for (count, expected, reason) in [(2, None, "as usual"), (40, Some("2048"), "more than IAM takes")] {
            let access =
                json!({"access": {"deployer": {"create_role": true, "trusted_principal_arns": trusted(count)}}});
            let spec = fixtures::environment("pay", access);
            let blueprint = fixtures::rendered(&spec, None);
            let found = judge(&spec.id(), &fixtures::facts().stable.cluster_arn, &blueprint.objects);
            assert_eq!(found.len(), expected.iter().count(), "{reason}: {found:?}");
            assert!(
                found.iter().all(|problem| problem.summary.contains("2048") && problem.field == ["access"]),
                "{reason}"
            );
        }
    }
}
