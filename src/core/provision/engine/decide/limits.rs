//! What IAM and EKS refuse of a rendered object, said by the plan: by the same rules that the adapters ask before their first call.

use super::inputs::Inputs;
use crate::{
    domain::{Body, ClusterArn, Desired, Id, ObjectKey, Problem, RoleQuotas, quotas},
    kinds::in_words,
    ports::rules::{self, policy_document},
};

pub fn judge(Inputs { change, ground, blueprint, found, .. }: &Inputs<'_>) -> Vec<Problem> {
    judge_objects(&change.id, &ground.facts.cluster_arn, &blueprint.objects, found.role_quotas)
}

/// `quotas`: of the account. Where they were not read, what no account may have is refused all the same.
fn judge_objects(id: &Id, cluster: &ClusterArn, objects: &[Desired], quotas: Option<RoleQuotas>) -> Vec<Problem> {
    let quotas = quotas.unwrap_or(RoleQuotas { trust: quotas::TRUST.raised, attached: quotas::ATTACHED.raised });
    let refused = objects.iter().filter_map(|object| Some((object, refusal(cluster, object, &quotas)?)));
    refused.map(|(object, why)| problem(id, object, &why)).collect()
}

fn refusal(cluster: &ClusterArn, object: &Desired, quotas: &RoleQuotas) -> Option<String> {
    let checked = match (&object.key, object.body.as_ref()?) {
        (ObjectKey::Role { name }, Body::Role(role)) => {
            rules::check_role(name, role, quotas).and_then(|()| policy_document::check_trust(&role.trust).map(|_| ()))
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
        "Nothing was changed. Shorten what it is made of: fewer principals or statements, or shorter names. Where it is a quota that the \
         account can have raised, raise it in Service Quotas.",
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
        let raised = RoleQuotas { trust: 4096, ..RoleQuotas::default() };
        for (count, quotas, expected, reason) in [
            (2, Some(RoleQuotas::default()), None, "as usual"),
            (40, Some(RoleQuotas::default()), Some("2048"), "more than IAM takes by default"),
            (40, Some(raised), None, "the account has had it raised"),
            (80, Some(raised), Some("4096"), "more than that"),
            (40, None, None, "nobody knows what the account has"),
            (160, None, Some("8192"), "more than any account may have"),
        ] {
            let access =
                json!({"access": {"deployer": {"create_role": true, "trusted_principal_arns": trusted(count)}}});
            let spec = fixtures::environment("pay", access);
            let blueprint = fixtures::rendered(&spec, None);
            let found = judge_objects(&spec.id(), &fixtures::facts().stable.cluster_arn, &blueprint.objects, quotas);
            assert_eq!(found.len(), expected.iter().count(), "{reason}: {found:?}");
            let words = expected.unwrap_or_default();
            assert!(
                found.iter().all(|problem| problem.summary.contains(words) && problem.field == ["access"]),
                "{reason}"
            );
        }
    }
}
