//! Promises about any kind of object: made, changed, seen, taken from another hand, removed.

use super::{
    Case, Sample, Target, Verdict, World, samples,
    samples::environment,
    steps::{doing, holds, promise, refused},
};
use goldenpath_core::{
    domain::{Class, Holder, Ownership},
    ports::{Deleted, Expect, Scope},
};

const OTHER: &str = "contract-other";

pub(super) fn cases(world: &World) -> Vec<Case> {
    let kinds = samples(world, "").len();
    let mut cases = vec![];
    for at in 0..kinds {
        cases.push(case(world, "a", at, "is made once and seen as made", made));
        cases.push(case(world, "b", at, "an apply without a difference keeps the version", idempotent));
        cases.push(case(world, "c", at, "an expectation that does not hold is a conflict", expected));
        cases.push(case(world, "d", at, "a changed field is changed", changed));
        cases.push(case(world, "e", at, "what others add is left alone", foreign_field));
        cases.push(case(world, "f", at, "what others edited can be taken back", edited));
        cases.push(case(world, "g", at, "what others deleted is made again", deleted_by_others));
        cases.push(case(world, "h", at, "is listed once, in order, by its mark", listed));
    }
    cases
}

type Check = for<'a> fn(&'a World, &'a Sample) -> std::pin::Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// `letter` and the kind's place make the names of the case its own.
fn case(world: &World, letter: &str, at: usize, words: &str, check: Check) -> Case {
    let (world, place) = (world.clone(), format!("{letter}{at}"));
    let kind = samples(&world, &place).get(at).map(|sample| sample.kind().to_owned()).unwrap_or_default();
    Case::new(format!("{kind} {words}"), async move {
        match samples(&world, &place).get(at) {
            Some(sample) => world.with(sample, || check(&world, sample)).await,
            None => Ok(()),
        }
    })
}

/// An async function as a [`Check`].
macro_rules! check {
    ($name:ident, $world:ident, $sample:ident, $body:block) => {
        fn $name<'a>(
            $world: &'a World,
            $sample: &'a Sample,
        ) -> std::pin::Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
            Box::pin(async move $body)
        }
    };
}

check!(made, world, sample, {
    let Sample { key, body, .. } = sample;
    promise(world.look(key).await?.is_none(), || format!("{key} was never made and is observed"))?;
    let gone = doing("deleting nothing", world.objects.delete(&world.cluster, key, &Expect::Any).await)?;
    promise(gone == Deleted::Gone, || format!("deleting {key}, which is not there, is a success"))?;
    let made = world.make(key, body).await?;
    promise(made.key == *key, || format!("asked for {key}, was given {}", made.key))?;
    promise(!matches!(made.ownership, Ownership::Foreign { .. }), || {
        format!("{key} carries our mark and is {:?}", made.ownership)
    })?;
    holds(&made, body)?;
    let seen = world.must_see(key).await?;
    holds(&seen, body)?;
    promise(seen.id == made.id, || format!("the id of {key} was {:?} and is {:?}", made.id, seen.id))?;
    promise(sample.is_unchanged(&made, &seen), || format!("{key} was answered as {made:?} and observed as {seen:?}"))
});

check!(idempotent, world, sample, {
    let first = world.make(&sample.key, &sample.body).await?;
    let again = doing("applying again", world.apply(&sample.key, &sample.body, Expect::Any, &[]).await)?;
    promise(sample.is_unchanged(&first, &again), || format!("nothing changed, and {first:?} became {again:?}"))
});

check!(expected, world, sample, {
    let Sample { key, body, changed, .. } = sample;
    let made = world.make(key, body).await?;
    let absent = world.apply(key, body, Expect::Absent, &[]).await;
    refused("a create of what exists", Class::Conflict, absent)?;
    let Some(changed) = changed else { return Ok(()) };
    let mut current = Expect::Version(made.version.clone());
    let mut change = world.apply(key, changed, current.clone(), &[]).await;
    while sample.has_status() && matches!(&change, Err(error) if error.class == Class::Conflict) {
        current = Expect::Version(world.must_see(key).await?.version);
        change = world.apply(key, changed, current.clone(), &[]).await;
    }
    doing("changing the version that is there", change)?;
    refused("a change of an older version", Class::Conflict, world.apply(key, body, current.clone(), &[]).await)?;
    let removal = world.objects.delete(&world.cluster, key, &current).await;
    refused("a removal of an older version", Class::Conflict, removal)?;
    holds(&world.must_see(key).await?, changed)
});

check!(changed, world, sample, {
    let Sample { key, body, changed, owned, .. } = sample;
    let made = world.make(key, body).await?;
    let Some(changed) = changed else { return Ok(()) };
    let after = doing("changing a field", world.apply(key, changed, Expect::Any, &[]).await)?;
    holds(&after, changed)?;
    promise(after.version != made.version, || format!("{key} changed and kept its version"))?;
    let text = |observed: &goldenpath_core::domain::Observed| observed.fields.get(owned).map(|f| f.text.to_owned());
    promise(text(&made) != text(&after), || format!("{owned} of {key} changed and reads the same"))?;
    promise(made.id == after.id, || format!("{key} changed and has another id"))
});

check!(foreign_field, world, sample, {
    let Sample { key, body, foreign, .. } = sample;
    world.make(key, body).await?;
    let Some((pointer, value)) = foreign else { return Ok(()) };
    let target = Target { cluster: &world.cluster, key, pointer, manager: OTHER };
    doing("adding a foreign field", world.foreign.edit(target, Some(value.clone())).await)?;
    let before = world.must_see(key).await?;
    holds(&before, body)?;
    let after = doing("applying beside it", world.apply(key, body, Expect::Any, &[]).await)?;
    promise(sample.is_unchanged(&before, &after), || format!("an apply touched what others added to {key}"))
});

check!(edited, world, sample, {
    let Sample { key, body, owned, edited, .. } = sample;
    world.make(key, body).await?;
    let Some((pointer, value)) = edited else { return Ok(()) };
    let target = Target { cluster: &world.cluster, key, pointer, manager: OTHER };
    doing("editing our field", world.foreign.edit(target, Some(value.clone())).await)?;
    let drifted = world.must_see(key).await?;
    promise(holds(&drifted, body).is_err(), || format!("{owned} of {key} was edited and reads as ours"))?;
    if !key.is_aws() {
        let holder = drifted.fields.get(owned).map(|field| field.holder);
        promise(holder == Some(Holder::Edited(OTHER)), || format!("{owned} of {key} is held by {holder:?}"))?;
        let error = refused("an apply over an edit", Class::Conflict, world.apply(key, body, Expect::Any, &[]).await)?;
        let held = [((*owned).to_owned(), OTHER.to_owned())];
        promise(error.held == held, || format!("the conflict names {:?}, not {held:?}", error.held))?;
    }
    let healed = world.apply(key, body, Expect::Any, &[(*owned).to_owned()]).await;
    holds(&doing("taking the field back", healed)?, body)
});

check!(deleted_by_others, world, sample, {
    let Sample { key, body, .. } = sample;
    world.make(key, body).await?;
    doing("deleting behind our back", world.foreign.delete(&world.cluster, key).await)?;
    world.wait_until_gone(key).await?;
    let again = world.make(key, body).await?;
    holds(&again, body)
});

check!(listed, world, sample, {
    let Sample { key, body, .. } = sample;
    world.make(key, body).await?;
    world.must_list(Scope::Everything, key, &[key]).await?;
    let seen = world.must_list(Scope::Everything, key, &[]).await?;
    let Ownership::Ours(owner) = seen.ownership else {
        return Ok(());
    };
    world.must_list(Scope::Environment(owner.environment), key, &[]).await?;
    let another = world.list(Scope::Environment(environment(world, "none")), &[]).await?;
    promise(another.is_empty(), || "another environment's listing holds nothing of this one".to_owned())
});
