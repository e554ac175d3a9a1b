//! Promises of IAM about roles: owned whole, ids that tell one from the next, nothing that refers to nobody.

use super::{
    case::{Case, CaseResult, ContractError},
    samples::Sample,
    steps::{doing, of_kind, promise, refusal},
    target::{FieldRef, TestTarget},
};
use goldenpath_core::{
    domain::{Body, Class, ObjectKey, Role},
    ports::{Expect, PortError},
};
use serde_json::json;

pub(super) fn cases(target: &TestTarget) -> Vec<Case> {
    let of = |case, check| of_kind(target, "Role", case, check);
    vec![
        Case::new("Role: a policy that others add is seen and goes", of("x0", |w, s| Box::pin(added_policy(w, s)))),
        Case::new("Role: made again it has another id", of("x1", |w, s| Box::pin(new_id(w, s)))),
        Case::strict("Role: names are unique without regard to case", of("x2", |w, s| Box::pin(case_folds(w, s)))),
        Case::strict("Role: what it names must exist", of("x3", |w, s| Box::pin(ghosts(w, s)))),
        Case::new("Role: no policy of another account", of("z2", |w, s| Box::pin(elsewhere(w, s)))),
        Case::new("Role: another request's role is never adopted", of("x4", |w, s| Box::pin(not_ours(w, s)))),
    ]
}

fn role_of(sample: &Sample) -> Result<Role, ContractError> {
    match &sample.body {
        Body::Role(role) => Ok(role.clone()),
        _ => Err(ContractError::Promise("the sample of a role has another body".to_owned())),
    }
}

async fn added_policy(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let Sample { key, body, .. } = sample;
            target.make(key, body).await?;
            let evil =
                json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
            let field = FieldRef { cluster: &target.cluster, key, pointer: "/inline/evil", manager: "somebody" };
            doing("adding a policy", target.out_of_band.edit(field, Some(evil)).await)?;
            let seen = target.must_see(key).await?;
            promise(seen.fields.get("/inline/evil").is_some(), || "a policy that others added is not seen".to_owned())?;
            let healed = doing("applying", target.apply(key, body, Expect::Any, &[]).await)?;
            promise(healed.fields.get("/inline/evil").is_none(), || "the policies of a role are ours alone".to_owned())
        })
        .await
}

async fn new_id(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let first = target.make(&sample.key, &sample.body).await?.id;
            target.erase(&sample.key).await?;
            let second = target.make(&sample.key, &sample.body).await?.id;
            promise(first.is_some() && second.is_some() && first != second, || {
                format!("a recreated role is another one: {first:?}, {second:?}")
            })
        })
        .await
}

async fn case_folds(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            target.make(&sample.key, &sample.body).await?;
            let ObjectKey::Role { name } = &sample.key else {
                return Ok(());
            };
            let shouted = ObjectKey::role(name.to_uppercase());
            refusal(
                "a name that differs by case",
                Class::Conflict,
                target.apply(&shouted, &sample.body, Expect::Any, &[]).await,
            )?;
            promise(target.look(&shouted).await?.is_none(), || "another name is another key".to_owned())
        })
        .await
}

async fn ghosts(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let role = role_of(sample)?;
            let (partition, account) = (target.cluster.partition(), target.cluster.account());
            let ghost = format!("arn:{partition}:iam::{account}:role/nobody-{}", target.unique);
            let mut trust = role.trust.clone();
            trust["Statement"][0]["Principal"]["AWS"] = ghost.into();
            let no_policy = format!("arn:{partition}:iam::{account}:policy/nowhere-{}", target.unique);
            for (role, class, what) in [
                (Role { trust, ..role.clone() }, Class::NotFound, "trust in nobody"),
                (
                    Role { boundary: no_policy.clone(), ..role.clone() },
                    Class::NotFound,
                    "a boundary that does not exist",
                ),
                (
                    Role { attached: [no_policy].into(), ..role.clone() },
                    Class::NotFound,
                    "a policy that does not exist",
                ),
                (Role { trust: json!({"Statement": []}), ..role.clone() }, Class::Invalid, "a malformed trust policy"),
                (Role { max_session_seconds: 60, ..role.clone() }, Class::Invalid, "a session of a minute"),
            ] {
                refusal(what, class, target.apply(&sample.key, &Body::Role(role), Expect::Any, &[]).await)?;
                promise(target.look(&sample.key).await?.is_none(), || {
                    format!("{what}: the role was made all the same")
                })?;
            }
            Ok(())
        })
        .await
}

/// Principals of other accounts are trusted and let in; policies are an account's own.
async fn elsewhere(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let role = role_of(sample)?;
            let foreign = role.boundary.replace(target.cluster.account(), "999900001111");
            let wrong = [
                (Role { boundary: foreign.clone(), ..role.clone() }, "a boundary of another account"),
                (Role { attached: [foreign].into(), ..role.clone() }, "a policy of another account"),
            ];
            for (role, what) in &wrong {
                let made = target.apply(&sample.key, &Body::Role(role.clone()), Expect::Any, &[]).await;
                refusal(what, Class::NotFound, made)?;
                promise(target.look(&sample.key).await?.is_none(), || {
                    format!("{what}: the role was made all the same")
                })?;
            }
            let before = target.make(&sample.key, &sample.body).await?;
            for (role, what) in wrong {
                refusal(what, Class::NotFound, target.apply(&sample.key, &Body::Role(role), Expect::Any, &[]).await)?;
                let after = target.must_see(&sample.key).await?;
                promise(after.fields == before.fields, || format!("{what}: the role was changed: {after:?}"))?;
            }
            Ok(())
        })
        .await
}

async fn not_ours(target: TestTarget, sample: Sample) -> CaseResult {
    let (target, sample) = (&target, &sample);
    target
        .with(sample, || async move {
            let role = role_of(sample)?;
            let theirs = Body::Role(Role { tags: [].into(), ..role });
            doing("making a role", target.out_of_band.make(&target.cluster, &sample.key, &theirs, "somebody").await)?;
            let adopted: Result<_, PortError> = target.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
            refusal("taking it over", Class::Conflict, adopted).map(|_| ())
        })
        .await
}
