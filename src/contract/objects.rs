//! Promises about any kind of object: made, changed, seen, taken from another field manager, removed.

use super::{
    case::{Case, CaseResult, ContractError},
    samples::{Sample, environment, samples},
    steps::{doing, holds, promise, refusal},
    target::{FieldRef, TestTarget},
};
use goldenpath_core::{
    domain::{Class, Holder, Ownership},
    ports::{Deleted, Expect, Scope},
};

const OTHER: &str = "contract-other";

pub(super) fn cases(target: &TestTarget) -> Vec<Case> {
    let mut cases = vec![];
    for (at, sample) in samples(target, "").iter().enumerate() {
        cases.push(case(target, "a", at, "is made once and seen as made", creation));
        cases.push(case(target, "b", at, "an apply without a difference keeps the version", idempotence));
        cases.push(case(target, "c", at, "an expectation that does not hold is a conflict", expectation));
        cases.push(case(target, "d", at, "a changed field is changed", change));
        cases.push(case(target, "e", at, "what others add is left alone", foreign_field));
        cases.push(case(target, "f", at, "what others edited can be taken back", take_back));
        cases.push(case(target, "g", at, "what others deleted is made again", recreation));
        cases.push(case(target, "h", at, "is listed once, in order, by its mark", listing));
        if sample.key.is_aws() {
            cases.push(case(target, "i", at, "is deleted unread, by its owner alone", removal_by_owner));
        }
    }
    cases
}

type Check = for<'a> fn(&'a TestTarget, &'a Sample) -> std::pin::Pin<Box<dyn Future<Output = CaseResult> + Send + 'a>>;

/// `letter` and the kind's place make the names of the case its own.
fn case(target: &TestTarget, letter: &str, at: usize, words: &str, check: Check) -> Case {
    let (target, place) = (target.clone(), format!("{letter}{at}"));
    let kind = samples(&target, &place).get(at).map(|sample| sample.kind().to_owned()).unwrap_or_default();
    Case::new(format!("{kind} {words}"), async move {
        match samples(&target, &place).get(at) {
            Some(sample) => target.with(sample, || check(&target, sample)).await,
            None => Err(ContractError::Promise(format!("the table has no sample {at}"))),
        }
    })
}

/// An async function as a [`Check`].
macro_rules! check {
    ($name:ident, $target:ident, $sample:ident, $body:block) => {
        fn $name<'a>(
            $target: &'a TestTarget,
            $sample: &'a Sample,
        ) -> std::pin::Pin<Box<dyn Future<Output = CaseResult> + Send + 'a>> {
            Box::pin(async move $body)
        }
    };
}

check!(creation, target, sample, {
    let Sample { key, body, .. } = sample;
    promise(target.look(key).await?.is_none(), || format!("{key} was never made and is observed"))?;
    let gone = doing("deleting nothing", target.objects.delete(&target.cluster, key, &Expect::Any).await)?;
    promise(gone == Deleted::Gone, || format!("deleting {key}, which is not there, is a success"))?;
    let made = target.make(key, body).await?;
    promise(made.key == *key, || format!("asked for {key}, was given {}", made.key))?;
    promise(!matches!(made.ownership, Ownership::Foreign { .. }), || {
        format!("{key} carries our mark and is {:?}", made.ownership)
    })?;
    holds(&made, body)?;
    let seen = target.must_see(key).await?;
    holds(&seen, body)?;
    promise(seen.id == made.id, || format!("the id of {key} was {:?} and is {:?}", made.id, seen.id))?;
    promise(sample.is_unchanged(&made, &seen), || format!("{key} was returned as {made:?} and observed as {seen:?}"))
});

check!(idempotence, target, sample, {
    let first = target.make(&sample.key, &sample.body).await?;
    let again = doing("applying again", target.apply(&sample.key, &sample.body, Expect::Any, &[]).await)?;
    promise(sample.is_unchanged(&first, &again), || format!("nothing changed, and {first:?} became {again:?}"))
});

check!(expectation, target, sample, {
    let Sample { key, body, changed, .. } = sample;
    let made = target.make(key, body).await?;
    let absent = target.apply(key, body, Expect::Absent, &[]).await;
    refusal("a create of what exists", Class::Conflict, absent)?;
    let Some(changed) = changed else { return Ok(()) };
    let mut current = Expect::Version(made.version.clone());
    let mut change = target.apply(key, changed, current.clone(), &[]).await;
    while sample.has_status() && matches!(&change, Err(error) if error.class == Class::Conflict) {
        current = Expect::Version(target.must_see(key).await?.version);
        change = target.apply(key, changed, current.clone(), &[]).await;
    }
    doing("changing the version that is there", change)?;
    refusal("a change of an older version", Class::Conflict, target.apply(key, body, current.clone(), &[]).await)?;
    let removal = target.objects.delete(&target.cluster, key, &current).await;
    refusal("a removal of an older version", Class::Conflict, removal)?;
    holds(&target.must_see(key).await?, changed)
});

check!(change, target, sample, {
    let Sample { key, body, changed, owned, .. } = sample;
    let made = target.make(key, body).await?;
    let Some(changed) = changed else { return Ok(()) };
    let after = doing("changing a field", target.apply(key, changed, Expect::Any, &[]).await)?;
    holds(&after, changed)?;
    promise(after.version != made.version, || format!("{key} changed and kept its version"))?;
    let text = |observed: &goldenpath_core::domain::Observed| observed.fields.get(owned).map(|f| f.text.to_owned());
    promise(text(&made) != text(&after), || format!("{owned} of {key} changed and reads the same"))?;
    promise(made.id == after.id, || format!("{key} changed and has another id"))
});

check!(foreign_field, target, sample, {
    let Sample { key, body, foreign, .. } = sample;
    target.make(key, body).await?;
    let Some((pointer, value)) = foreign else { return Ok(()) };
    let field = FieldRef { cluster: &target.cluster, key, pointer, manager: OTHER };
    doing("adding a foreign field", target.out_of_band.edit(field, Some(value.clone())).await)?;
    let before = target.must_see(key).await?;
    holds(&before, body)?;
    let after = doing("applying beside it", target.apply(key, body, Expect::Any, &[]).await)?;
    promise(sample.is_unchanged(&before, &after), || format!("an apply touched what others added to {key}"))
});

check!(take_back, target, sample, {
    let Sample { key, body, owned, edited, .. } = sample;
    target.make(key, body).await?;
    let Some((pointer, value)) = edited else { return Ok(()) };
    let field = FieldRef { cluster: &target.cluster, key, pointer, manager: OTHER };
    doing("editing our field", target.out_of_band.edit(field, Some(value.clone())).await)?;
    let drifted = target.must_see(key).await?;
    promise(holds(&drifted, body).is_err(), || format!("{owned} of {key} was edited and reads as ours"))?;
    if !key.is_aws() {
        let holder = drifted.fields.get(owned).map(|field| field.holder);
        promise(holder == Some(Holder::Edited(OTHER)), || format!("{owned} of {key} is held by {holder:?}"))?;
        let error = refusal("an apply over an edit", Class::Conflict, target.apply(key, body, Expect::Any, &[]).await)?;
        let held = [((*owned).to_owned(), OTHER.to_owned())];
        promise(error.held == held, || format!("the conflict names {:?}, not {held:?}", error.held))?;
    }
    let healed = target.apply(key, body, Expect::Any, &[(*owned).to_owned()]).await;
    holds(&doing("taking the field back", healed)?, body)
});

check!(recreation, target, sample, {
    let Sample { key, body, .. } = sample;
    target.make(key, body).await?;
    doing("deleting behind our back", target.out_of_band.delete(&target.cluster, key).await)?;
    target.wait_until_gone(key).await?;
    let again = target.make(key, body).await?;
    holds(&again, body)
});

// What is deleted by a record alone; an object of Kubernetes is deleted at the version that was read.
check!(removal_by_owner, target, sample, {
    let Sample { key, body, .. } = sample;
    target.make(key, body).await?;
    let own = target.must_see(key).await?.ownership;
    let theirs = Expect::Owned(Ownership::Foreign { by: "somebody".to_owned() });
    refusal(
        "a deletion of what another owns",
        Class::Conflict,
        target.objects.delete(&target.cluster, key, &theirs).await,
    )?;
    target.must_see(key).await?;
    let gone = doing("deleting", target.objects.delete(&target.cluster, key, &Expect::Owned(own)).await)?;
    promise(gone == Deleted::Gone, || "what is in AWS goes at once".to_owned())?;
    target.wait_until_gone(key).await
});

check!(listing, target, sample, {
    let Sample { key, body, .. } = sample;
    target.make(key, body).await?;
    target.must_list(Scope::Everything, key, &[key]).await?;
    let seen = target.must_list(Scope::Everything, key, &[]).await?;
    let Ownership::Ours(owner) = seen.ownership else {
        return Ok(());
    };
    target.must_list(Scope::Environment(owner.environment.clone()), key, &[]).await?;
    let in_cluster = Scope::InCluster(owner.environment);
    target.must_list(in_cluster.clone(), key, &[key]).await?;
    let unnamed = target.list(in_cluster, &[]).await?;
    promise(unnamed.iter().any(|seen| seen.key == *key) != key.is_aws(), || {
        "what is in the cluster is listed, and of AWS what keys name".to_owned()
    })?;
    let another = target.list(Scope::Environment(environment(target, "none")), &[]).await?;
    promise(another.is_empty(), || "another environment's listing holds nothing of this one".to_owned())
});
