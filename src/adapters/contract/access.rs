//! Promises of AWS about identities: what refers to nobody is refused, generated ids stay, grants are owned whole.

use super::{
    Broken, Case, Sample, Target, Verdict, World, samples,
    steps::{doing, holds, promise, refused},
};
use goldenpath_core::{
    domain::{AccessEntry, Body, Class, ObjectKey, PodIdentityAssociation, Role},
    ports::{Expect, PortError},
};
use serde_json::json;

pub(super) fn cases(world: &World) -> Vec<Case> {
    let of = |kind: &'static str, case: &'static str, check: fn(World, Sample) -> Running| {
        let world = world.clone();
        async move {
            match samples(&world, case).into_iter().find(|sample| sample.kind() == kind) {
                Some(sample) => check(world, sample).await,
                None => Err(Broken::Promise(format!("the table has no sample of {kind}"))),
            }
        }
    };
    vec![
        Case::new(
            "Role: a policy that others add is seen and goes",
            of("Role", "x0", |w, s| Box::pin(added_policy(w, s))),
        ),
        Case::new(
            "Role: made again it has another id",
            of("Role", "x1", |w, s| Box::pin(new_id(w, s))),
        ),
        Case::strict(
            "Role: names are unique without regard to case",
            of("Role", "x2", |w, s| Box::pin(case_folds(w, s))),
        ),
        Case::strict(
            "Role: what it names must exist",
            of("Role", "x3", |w, s| Box::pin(ghosts(w, s))),
        ),
        Case::new(
            "Role: another request's role is never adopted",
            of("Role", "x4", |w, s| Box::pin(not_ours(w, s))),
        ),
        Case::strict(
            "AccessEntry: no ghosts, no system groups",
            of("AccessEntry", "x5", |w, s| Box::pin(entry(w, s))),
        ),
        Case::new(
            "AccessPolicy: needs its entry and goes with it",
            of("AccessPolicy", "x6", |w, s| Box::pin(policy(w, s))),
        ),
        Case::new(
            "PodIdentityAssociation: ids stay, a target gives an external id",
            of("PodIdentityAssociation", "x7", |w, s| Box::pin(association(w, s))),
        ),
        Case::strict(
            "PodIdentityAssociation: role and session policy are checked",
            of("PodIdentityAssociation", "x8", |w, s| Box::pin(association_rules(w, s))),
        ),
    ]
}

type Running = std::pin::Pin<Box<dyn Future<Output = Verdict> + Send>>;

fn role_of(sample: &Sample) -> Result<Role, Broken> {
    match &sample.body {
        Body::Role(role) => Ok(role.clone()),
        _ => Err(Broken::Promise("the sample of a role has another body".to_owned())),
    }
}

async fn added_policy(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let Sample { key, body, .. } = sample;
            world.make(key, body).await?;
            let evil =
                json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
            let target = Target {
                cluster: &world.cluster,
                key,
                pointer: "/inline/evil",
                manager: "somebody",
            };
            doing("adding a policy", world.foreign.edit(target, Some(evil)).await)?;
            let seen = world.must_see(key).await?;
            promise(seen.fields.get("/inline/evil").is_some(), || {
                "a policy that others added is not seen".to_owned()
            })?;
            let healed = doing("applying", world.apply(key, body, Expect::Any, &[]).await)?;
            promise(healed.fields.get("/inline/evil").is_none(), || {
                "the policies of a role are ours alone".to_owned()
            })
        })
        .await
}

async fn new_id(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let first = world.make(&sample.key, &sample.body).await?.id;
            world.erase(&sample.key).await?;
            let second = world.make(&sample.key, &sample.body).await?.id;
            promise(first.is_some() && second.is_some() && first != second, || {
                format!("a role made anew is another one: {first:?}, {second:?}")
            })
        })
        .await
}

async fn case_folds(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            world.make(&sample.key, &sample.body).await?;
            let ObjectKey::Role { name } = &sample.key else {
                return Ok(());
            };
            let shouted = ObjectKey::role(name.to_uppercase());
            refused(
                "a name that differs by case",
                Class::Conflict,
                world.apply(&shouted, &sample.body, Expect::Any, &[]).await,
            )?;
            promise(world.look(&shouted).await?.is_none(), || {
                "another name is another key".to_owned()
            })
        })
        .await
}

async fn ghosts(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let role = role_of(sample)?;
            let (partition, account) = (world.cluster.partition(), world.cluster.account());
            let ghost = format!("arn:{partition}:iam::{account}:role/nobody-{}", world.unique);
            let mut trust = role.trust.clone();
            trust["Statement"][0]["Principal"]["AWS"] = ghost.into();
            let no_policy = format!("arn:{partition}:iam::{account}:policy/nowhere-{}", world.unique);
            for (role, class, what) in [
                (Role { trust, ..role.clone() }, Class::NotFound, "trust in nobody"),
                (
                    Role {
                        boundary: no_policy.clone(),
                        ..role.clone()
                    },
                    Class::NotFound,
                    "a boundary that does not exist",
                ),
                (
                    Role {
                        attached: [no_policy].into(),
                        ..role.clone()
                    },
                    Class::NotFound,
                    "a policy that does not exist",
                ),
                (
                    Role {
                        trust: json!({"Statement": []}),
                        ..role.clone()
                    },
                    Class::Invalid,
                    "a malformed trust policy",
                ),
                (
                    Role {
                        max_session_seconds: 60,
                        ..role.clone()
                    },
                    Class::Invalid,
                    "a session of a minute",
                ),
            ] {
                refused(
                    what,
                    class,
                    world.apply(&sample.key, &Body::Role(role), Expect::Any, &[]).await,
                )?;
                promise(world.look(&sample.key).await?.is_none(), || {
                    format!("{what}: the role was made all the same")
                })?;
            }
            Ok(())
        })
        .await
}

async fn not_ours(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let role = role_of(sample)?;
            let theirs = Body::Role(Role {
                tags: [].into(),
                ..role
            });
            doing(
                "making a role",
                world
                    .foreign
                    .make(&world.cluster, &sample.key, &theirs, "somebody")
                    .await,
            )?;
            let adopted: Result<_, PortError> = world.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
            refused("taking it over", Class::Conflict, adopted).map(|_| ())
        })
        .await
}

async fn entry(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let Body::AccessEntry(entry) = &sample.body else {
                return Ok(());
            };
            let (partition, account) = (world.cluster.partition(), world.cluster.account());
            let of = |principal: String| ObjectKey::AccessEntry { principal };
            let ghost = of(format!("arn:{partition}:iam::{account}:role/nobody-{}", world.unique));
            let session = of(format!("arn:{partition}:sts::{account}:assumed-role/a/b"));
            let masters = AccessEntry {
                group: "system:masters".to_owned(),
                tags: entry.tags.clone(),
            };
            for (key, body, class, what) in [
                (&ghost, entry, Class::NotFound, "an entry for nobody"),
                (&session, entry, Class::Invalid, "an entry for a session"),
                (&sample.key, &masters, Class::Invalid, "a group of the system"),
            ] {
                refused(
                    what,
                    class,
                    world
                        .apply(key, &Body::AccessEntry(body.clone()), Expect::Any, &[])
                        .await,
                )?;
            }
            Ok(())
        })
        .await
}

async fn policy(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    let Some((entry, _)) = sample.needs.last() else {
        return Ok(());
    };
    world
        .with(sample, || async move {
            let ObjectKey::AccessPolicy { policy, principal, .. } = &sample.key else {
                return Ok(());
            };
            let second = ObjectKey::AccessPolicy {
                policy: policy.clone(),
                namespace: "contract-second".to_owned(),
                principal: principal.clone(),
            };
            world.make(&sample.key, &sample.body).await?;
            world.make(&second, &sample.body).await?;
            promise(world.look(&sample.key).await?.is_some(), || {
                "a second namespace replaced the first".to_owned()
            })?;
            world.erase(&second).await?;
            promise(world.look(&sample.key).await?.is_some(), || {
                "the first went with the second".to_owned()
            })?;
            world.erase(entry).await?;
            promise(world.look(&sample.key).await?.is_none(), || {
                "a policy outlives its entry".to_owned()
            })?;
            let orphan = world.apply(&sample.key, &sample.body, Expect::Any, &[]).await;
            refused("a policy without an entry", Class::NotFound, orphan).map(|_| ())
        })
        .await
}

fn association_of(sample: &Sample) -> Result<PodIdentityAssociation, Broken> {
    match &sample.body {
        Body::PodIdentityAssociation(association) => Ok(association.clone()),
        _ => Err(Broken::Promise(
            "the sample of an association has another body".to_owned(),
        )),
    }
}

async fn association(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let plain = association_of(sample)?;
            let made = world.make(&sample.key, &sample.body).await?;
            promise(made.external_id.is_none(), || {
                format!("an external id without a target: {:?}", made.external_id)
            })?;
            let partition = world.cluster.partition();
            let target = format!("arn:{partition}:iam::999900001111:role/target");
            let with = Body::PodIdentityAssociation(PodIdentityAssociation {
                target_role_arn: Some(target),
                disable_session_tags: true,
                policy: Some(json!({"Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})),
                ..plain
            });
            let changed = world.make(&sample.key, &with).await?;
            holds(&changed, &with)?;
            promise(changed.id == made.id && made.id.is_some(), || {
                "the id of an association stays".to_owned()
            })?;
            promise(changed.external_id.is_some(), || {
                "a target role needs an external id".to_owned()
            })?;
            let again = world.make(&sample.key, &with).await?;
            promise(again.external_id == changed.external_id, || {
                "an external id stays".to_owned()
            })
        })
        .await
}

async fn association_rules(world: World, sample: Sample) -> Verdict {
    let (world, sample) = (&world, &sample);
    world
        .with(sample, || async move {
            let good = association_of(sample)?;
            let (partition, account) = (world.cluster.partition(), world.cluster.account());
            let policy = json!({"Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
            let role = |account: &str| format!("arn:{partition}:iam::{account}:role/nobody-{}", world.unique);
            for (body, class, what) in [
                (
                    PodIdentityAssociation {
                        role_arn: role(account),
                        ..good.clone()
                    },
                    Class::NotFound,
                    "a role that does not exist",
                ),
                (
                    PodIdentityAssociation {
                        role_arn: role("999900001111"),
                        ..good.clone()
                    },
                    Class::Invalid,
                    "a role of another account",
                ),
                (
                    PodIdentityAssociation {
                        policy: Some(policy),
                        ..good.clone()
                    },
                    Class::Invalid,
                    "a session policy with session tags",
                ),
            ] {
                let body = Body::PodIdentityAssociation(body);
                refused(what, class, world.apply(&sample.key, &body, Expect::Any, &[]).await)?;
            }
            Ok(())
        })
        .await
}
