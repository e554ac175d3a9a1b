//! Promises of EKS about access: entries of principals that exist, policies that go with their entry, associations.

use super::{
    case::{Case, CaseResult, ContractError},
    samples::Sample,
    steps::{doing, holds, of_kind, promise, refusal},
    target::{FieldRef, TestTarget},
};
use goldenpath_core::{
    domain::{AccessEntry, Body, Class, ObjectKey, PodIdentityAssociation},
    ports::{Expect, Readiness, Revoked, Scope},
};
use serde_json::json;
use std::time::Duration;

pub(super) fn cases(target: &TestTarget) -> Vec<Case> {
    vec![
        Case::strict(
            "AccessEntry: no ghosts, no system groups",
            of_kind(target, "AccessEntry", "x5", |w, s| Box::pin(entry(w, s))),
        ),
        Case::new(
            "AccessEntry: a user name that others set is seen and goes",
            of_kind(target, "AccessEntry", "z1", |w, s| Box::pin(username(w, s))),
        ),
        Case::new(
            "AccessEntry: one whose role was made again by hand is shown and made again",
            of_kind(target, "AccessEntry", "y8", |w, s| Box::pin(remade_role(w, s))),
        ),
        Case::new(
            "AccessPolicy: it needs its entry and goes with it",
            of_kind(target, "AccessPolicy", "x6", |w, s| Box::pin(policy(w, s))),
        ),
        Case::new(
            "AccessPolicy: what others associate with our entry goes",
            of_kind(target, "AccessPolicy", "y9", |w, s| Box::pin(foreign_policies(w, s))),
        ),
        Case::new(
            "AccessPolicy: somebody else's entry is left alone",
            of_kind(target, "AccessPolicy", "x9", |w, s| Box::pin(foreign_entry(w, s))),
        ),
        Case::new(
            "PodIdentityAssociation: ids stay, a target gives an external id",
            of_kind(target, "PodIdentityAssociation", "x7", |w, s| Box::pin(association(w, s))),
        ),
        Case::new(
            "PodIdentityAssociation: a look at it says ready of what is there and of nothing else",
            of_kind(target, "PodIdentityAssociation", "y0", |w, s| Box::pin(probe(w, s))),
        ),
        Case::strict(
            "PodIdentityAssociation: role and session policy are checked",
            of_kind(target, "PodIdentityAssociation", "x8", |w, s| Box::pin(association_rules(w, s))),
        ),
    ]
}

async fn entry(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let Body::AccessEntry(entry) = &sample.body else {
                return Ok(());
            };
            let (partition, account) = (target.cluster.partition(), target.cluster.account());
            let of = |principal: String| ObjectKey::AccessEntry { principal };
            let ghost = of(format!("arn:{partition}:iam::{account}:role/nobody-{}", target.unique));
            let session = of(format!("arn:{partition}:sts::{account}:assumed-role/a/b"));
            let masters = AccessEntry::new("system:masters", entry.tags.clone());
            for (key, body, class, what) in [
                (&ghost, entry, Class::NotFound, "an entry for nobody"),
                (&session, entry, Class::Invalid, "an entry for a session"),
                (&sample.key, &masters, Class::Invalid, "a group of the system"),
            ] {
                refusal(what, class, target.apply(key, &Body::AccessEntry(body.clone()), Expect::Any, &[]).await)?;
            }
            Ok(())
        })
        .await
}

async fn username(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let Sample { key, body, .. } = sample;
            target.make(key, body).await?;
            let before = target.must_see(key).await?;
            let field = FieldRef { cluster: &target.cluster, key, pointer: "/username", manager: "somebody" };
            doing("setting a user name", target.out_of_band.edit(field, Some("admin".into())).await)?;
            let seen = target.must_see(key).await?;
            let shown = seen.fields.get("/username").map(|field| field.text.to_owned());
            promise(shown.as_deref() == Some("admin"), || format!("the user name admin is seen as {shown:?}"))?;
            let healed = doing("applying", target.apply(key, body, Expect::Any, &[]).await)?;
            let after = target.must_see(key).await?;
            promise(healed.fields == before.fields && after.fields == before.fields, || {
                format!("the user name outlives an apply: {healed:?}, {after:?}")
            })?;
            promise(after.id == before.id, || "the entry was made again".to_owned())
        })
        .await
}

/// EKS and IAM keep times in seconds.
const NEXT_SECOND: Duration = Duration::from_millis(1100);

async fn remade_role(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    let Some((role, body)) = sample.needs.last() else {
        return Ok(());
    };
    target
        .with(sample, || async move {
            target.make(&sample.key, &sample.body).await?;
            let before = target.must_see(&sample.key).await?;
            target.clock.sleep(NEXT_SECOND).await;
            doing("deleting the role", target.out_of_band.delete(&target.cluster, role).await)?;
            let made = target.out_of_band.make(&target.cluster, role, body, "somebody").await;
            doing("making the role again", made)?;
            let mut now = target.must_see(&sample.key).await?;
            for _ in 0..60 {
                if now.fields != before.fields {
                    break;
                }
                target.clock.sleep(target.poll).await;
                now = target.must_see(&sample.key).await?;
            }
            promise(now.fields != before.fields, || "the entry of another role looks alive".to_owned())?;
            target.make(&sample.key, &sample.body).await?;
            let now = target.must_see(&sample.key).await?;
            promise(now.fields == before.fields, || format!("an apply does not heal it: {now:?}"))?;
            promise(now.id != before.id, || "it is the same entry".to_owned())
        })
        .await
}

async fn policy(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    let Some((entry, _)) = sample.needs.last() else {
        return Ok(());
    };
    target
        .with(sample, || async move {
            let ObjectKey::AccessPolicy { policy, principal, .. } = &sample.key else {
                return Ok(());
            };
            let second = ObjectKey::AccessPolicy {
                policy: policy.clone(),
                namespace: "contract-second".to_owned(),
                principal: principal.clone(),
            };
            target.make(&sample.key, &sample.body).await?;
            target.make(&second, &sample.body).await?;
            promise(target.look(&sample.key).await?.is_some(), || "a second namespace replaced the first".to_owned())?;
            for granted in [&sample.key, &second] {
                target.must_list(Scope::Granted, granted, &[entry]).await?;
            }
            target.erase(&second).await?;
            promise(target.look(&sample.key).await?.is_some(), || "the first went with the second".to_owned())?;
            let theirs = ObjectKey::AccessPolicy {
                policy: "AmazonEKSEditPolicy".to_owned(),
                namespace: "contract-second".to_owned(),
                principal: principal.clone(),
            };
            target.make(&second, &sample.body).await?;
            let made = target.out_of_band.make(&target.cluster, &theirs, &sample.body, "somebody").await;
            doing("associating a policy", made)?;
            let revoked = Revoked { principal: principal.clone(), namespaces: ["contract-second".to_owned()].into() };
            for time in ["once", "twice"] {
                doing(format!("revoking {time}"), target.objects.revoke(&target.cluster, &revoked).await)?;
                for gone in [&second, &theirs] {
                    promise(target.look(gone).await?.is_none(), || format!("{gone} outlives its namespace"))?;
                }
            }
            promise(target.look(&sample.key).await?.is_some(), || "what is elsewhere went too".to_owned())?;
            target.erase(entry).await?;
            promise(target.look(&sample.key).await?.is_none(), || "a policy outlives its entry".to_owned())?;
            let orphan = target.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
            refusal("a policy without an entry", Class::NotFound, orphan).map(|_| ())
        })
        .await
}

async fn foreign_policies(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    let Some((entry, body)) = sample.needs.last() else {
        return Ok(());
    };
    target
        .with(sample, || async move {
            let ObjectKey::AccessPolicy { principal, .. } = &sample.key else {
                return Ok(());
            };
            let policy = "AmazonEKSEditPolicy";
            target.make(&sample.key, &sample.body).await?;
            let before = target.must_see(entry).await?;
            for namespace in ["kube-system", "kube-*"] {
                let foreign = ObjectKey::AccessPolicy {
                    policy: policy.to_owned(),
                    namespace: namespace.to_owned(),
                    principal: principal.clone(),
                };
                let made = target.out_of_band.make(&target.cluster, &foreign, &sample.body, "somebody").await;
                doing("associating a policy", made)?;
                let now = target.must_see(entry).await?;
                promise(now.fields != before.fields, || format!("{policy} in {namespace} does not show in its entry"))?;
                target.make(entry, body).await?;
                let now = target.must_see(entry).await?;
                promise(now.fields == before.fields, || {
                    format!("{policy} in {namespace} outlives an apply of its entry")
                })?;
                promise(target.look(&sample.key).await?.is_some(), || "our own policy went with it".to_owned())?;
            }
            Ok(())
        })
        .await
}

async fn foreign_entry(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    let Some((key, Body::AccessEntry(entry))) = sample.needs.last() else {
        return Ok(());
    };
    target
        .with(sample, || async move {
            target.erase(key).await?;
            let theirs = Body::AccessEntry(AccessEntry { tags: [].into(), ..entry.clone() });
            let made = target.out_of_band.make(&target.cluster, key, &theirs, "somebody").await;
            doing("making an entry", made)?;
            target.must_see(key).await?;
            let granted = target.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
            refusal("a policy for somebody else's entry", Class::Invalid, granted)?;
            promise(target.look(&sample.key).await?.is_none(), || "somebody else's entry was given a policy".to_owned())
        })
        .await
}

fn association_of(sample: &Sample) -> Result<PodIdentityAssociation, ContractError> {
    match &sample.body {
        Body::PodIdentityAssociation(association) => Ok(association.clone()),
        _ => Err(ContractError::Promise("the sample of an association has another body".to_owned())),
    }
}

async fn association(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let plain = association_of(sample)?;
            let made = target.make(&sample.key, &sample.body).await?;
            promise(made.external_id.is_none(), || format!("an external id without a target: {:?}", made.external_id))?;
            let partition = target.cluster.partition();
            let chained = format!("arn:{partition}:iam::999900001111:role/target");
            let with = Body::PodIdentityAssociation(PodIdentityAssociation {
                target_role_arn: Some(chained),
                disable_session_tags: true,
                policy: Some(json!({"Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})),
                ..plain
            });
            let changed = target.make(&sample.key, &with).await?;
            holds(&changed, &with)?;
            promise(changed.id == made.id && made.id.is_some(), || "the id of an association stays".to_owned())?;
            promise(changed.external_id.is_some(), || "a target role needs an external id".to_owned())?;
            let again = target.make(&sample.key, &with).await?;
            promise(again.external_id == changed.external_id, || "an external id stays".to_owned())
        })
        .await
}

async fn probe(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let ObjectKey::PodIdentityAssociation { namespace, service_account } = &sample.key else {
                return Ok(());
            };
            let look = |account: String| async move {
                let look = target.probe.identity(&target.cluster, namespace, &account).await;
                doing("looking at an identity", look)
            };
            let before = look(service_account.clone()).await?;
            promise(before != Readiness::Ready, || "ready without an association".to_owned())?;
            target.make(&sample.key, &sample.body).await?;
            let mut seen = look(service_account.clone()).await?;
            for _ in 0..60 {
                if seen != Readiness::NotReady {
                    break;
                }
                target.clock.sleep(target.poll).await;
                seen = look(service_account.clone()).await?;
            }
            promise(seen != Readiness::NotReady, || "an association never arrives".to_owned())?;
            let other = look(format!("{service_account}-other")).await?;
            promise(other != Readiness::Ready, || "ready for an account that has no association".to_owned())
        })
        .await
}

async fn association_rules(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let good = association_of(sample)?;
            let (partition, account) = (target.cluster.partition(), target.cluster.account());
            let policy = json!({"Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
            let role = |account: &str| format!("arn:{partition}:iam::{account}:role/nobody-{}", target.unique);
            for (body, class, what) in [
                (
                    PodIdentityAssociation { role_arn: role(account), ..good.clone() },
                    Class::NotFound,
                    "a role that does not exist",
                ),
                (
                    PodIdentityAssociation { role_arn: role("999900001111"), ..good.clone() },
                    Class::Invalid,
                    "a role of another account",
                ),
                (
                    PodIdentityAssociation { policy: Some(policy), ..good.clone() },
                    Class::Invalid,
                    "a session policy with session tags",
                ),
            ] {
                let body = Body::PodIdentityAssociation(body);
                refusal(what, class, target.apply(&sample.key, &body, Expect::Any, &[]).await)?;
            }
            Ok(())
        })
        .await
}
