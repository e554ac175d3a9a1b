//! What IAM and EKS refuse of a rendered object, said by the plan: by the same rules of its kind that the adapters ask before their
//! first call.

use super::inputs::Inputs;
use crate::{
    domain::{ClusterArn, Desired, Id, Problem, RoleQuotas, quotas},
    kinds::{self, in_words},
};

pub fn judge(Inputs { change, ground, blueprint, found, .. }: &Inputs<'_>) -> Vec<Problem> {
    judge_objects(&change.id, &ground.facts.cluster_arn, &blueprint.objects, found.role_quotas)
}

/// `quotas`: of the account. Where they were not read, what no account may have is refused all the same.
fn judge_objects(id: &Id, cluster: &ClusterArn, objects: &[Desired], quotas: Option<RoleQuotas>) -> Vec<Problem> {
    let quotas = quotas.unwrap_or(RoleQuotas { trust: quotas::TRUST.raised, attached: quotas::ATTACHED.raised });
    let refusal = |object: &Desired| {
        let (kind, body) = (kinds::of(&object.key)?, object.body.as_ref()?);
        (kind.refusal)(cluster, &object.key, body, &quotas).err()
    };
    let refused = objects.iter().filter_map(|object| Some((object, refusal(object)?)));
    refused.map(|(object, why)| problem(id, object, &why)).collect()
}

fn problem(id: &Id, object: &Desired, why: &str) -> Problem {
    // Our code for the kind of refusal is AWS's; what a person reads is the rest.
    let why = why.split_once(": ").map_or(why, |(_, why)| why);
    let field = if id.parent().is_some() { "identity" } else { "access" };
    Problem::error(
        "aws.refused",
        format!("AWS would refuse {}: {why}; shorten it, or raise the quota", in_words(&object.key)),
        "Nothing was changed. Shorten what it is made of: fewer principals or statements, or shorter names. Where it is a quota that the \
         account can have raised, raise it in Service Quotas.",
    )
    .at([field])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{AccessEntry, Body, ObjectKey, PodIdentityAssociation},
        provision::engine::fixtures,
    };
    use serde_json::json;
    use std::collections::BTreeMap;

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

    #[test]
    fn what_eks_would_refuse_of_any_kind_is_said() {
        let cluster = fixtures::facts().stable.cluster_arn;
        let entry = |group: &str| {
            let entry = AccessEntry::new(group, BTreeMap::new());
            Desired::new(ObjectKey::AccessEntry { principal: "p".into() }, Some(Body::AccessEntry(entry)))
        };
        let association = |account: &str| {
            let association = PodIdentityAssociation {
                role_arn: format!("arn:aws:iam::{account}:role/gp-pay"),
                target_role_arn: None,
                disable_session_tags: false,
                policy: None,
                tags: BTreeMap::new(),
            };
            let key = ObjectKey::PodIdentityAssociation { namespace: "pay".into(), service_account: "app".into() };
            Desired::new(key, Some(Body::PodIdentityAssociation(association)))
        };
        let (pay, slot) = (fixtures::environment("pay", json!({})).id(), fixtures::slot("pay", "api", json!({})).id());
        for (id, object, expected, reason) in [
            (&pay, entry("gp:pay:viewer"), None, "a group of ours"),
            (
                &pay,
                entry("system:masters"),
                Some(("access", "cannot start with system:")),
                "a group of Kubernetes itself",
            ),
            (&slot, association("111122223333"), None, "a role of the cluster's account"),
            (&slot, association("444455556666"), Some(("identity", "Cross-account")), "a role of another account"),
        ] {
            let found = judge_objects(id, &cluster, &[object], None);
            assert_eq!(found.len(), expected.iter().count(), "{reason}: {found:?}");
            for ((field, words), found) in expected.iter().zip(&found) {
                assert!(found.summary.contains(words) && found.field == [*field], "{reason}: {found:?}");
                assert!(!found.summary.contains("InvalidParameterException"), "{reason}: {}", found.summary);
            }
        }
    }
}
