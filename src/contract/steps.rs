//! The steps that cases are made of.

use super::{
    case::{CaseResult, ContractError},
    samples::{Sample, samples},
    target::TestTarget,
};
use goldenpath_core::{
    domain::{Body, Class, ClusterRef, Desired, Fields, Holder, ObjectKey, Observed},
    kinds,
    ports::{Apply, Deleted, Expect, PortError, Scope, Selector},
};
use serde_json::Value;
use std::{future::Future, pin::Pin};

/// Looks at something that goes away; the longest that a namespace may take.
const LOOKS: u32 = 240;

pub(super) fn promise(kept: bool, words: impl FnOnce() -> String) -> CaseResult {
    if kept { Ok(()) } else { Err(ContractError::Promise(words())) }
}

pub(super) fn doing<T>(what: impl Into<String>, result: Result<T, PortError>) -> Result<T, ContractError> {
    result.map_err(|source| ContractError::Call { doing: what.into(), source: Box::new(source) })
}

pub(super) fn by_arn(target: &TestTarget) -> Result<ClusterRef, ContractError> {
    let arn = target.cluster.as_str();
    arn.parse().map_err(|error| ContractError::Promise(format!("{arn} is not the ARN of a cluster: {error}")))
}

/// The call must be refused with this class.
pub(super) fn refusal<T>(what: &str, class: Class, result: Result<T, PortError>) -> Result<PortError, ContractError> {
    match result {
        Err(error) if error.class == class => Ok(error),
        Err(error) => {
            Err(ContractError::Promise(format!("{what}: refused as {:?}, not {class:?}: {error}", error.class)))
        }
        Ok(_) => Err(ContractError::Promise(format!("{what}: must be refused as {class:?}"))),
    }
}

/// The text of every desired field is there, and ours.
pub(super) fn holds(observed: &Observed, body: &Body) -> CaseResult {
    let desired: Fields = kinds::fields_of(body);
    for field in desired.iter() {
        let found = observed.fields.get(field.path);
        promise(found.is_some_and(|found| found.text == field.text && found.holder == Holder::Us), || {
            format!("{} of {}: wanted {:?} as ours, found {found:?}", field.path, observed.key, field.text)
        })?;
    }
    Ok(())
}

impl TestTarget {
    pub(super) async fn apply(
        &self,
        key: &ObjectKey,
        body: &Body,
        expect: Expect,
        take: &[String],
    ) -> Result<Observed, PortError> {
        let apply = Apply { cluster: &self.cluster, key, body, manager: Desired::MANAGER, expect, take };
        self.objects.apply(apply).await
    }

    /// As often as the engine would: what it names may be too new to be seen.
    pub(super) async fn make(&self, key: &ObjectKey, body: &Body) -> Result<Observed, ContractError> {
        let mut looks = LOOKS;
        loop {
            match self.apply(key, body, Expect::Any, &[]).await {
                Err(error) if (error.class == Class::NotFound || error.class.may_retry()) && looks > 0 => looks -= 1,
                result => return doing(format!("making {key}"), result),
            }
            self.clock.sleep(self.poll).await;
        }
    }

    pub(super) async fn list(&self, scope: Scope, keys: &[&ObjectKey]) -> Result<Vec<Observed>, ContractError> {
        let selector = Selector { scope, keys: keys.iter().map(|key| (*key).clone()).collect() };
        doing("observing", self.objects.observe(&self.cluster, &selector).await)
    }

    pub(super) async fn look(&self, key: &ObjectKey) -> Result<Option<Observed>, ContractError> {
        let mut found = self.list(Scope::Keys, &[key]).await?;
        promise(found.len() <= 1, || format!("{key} was observed {} times", found.len()))?;
        Ok(found.pop())
    }

    /// Targets are eventually consistent: what was made may be unseen for a moment.
    pub(super) async fn must_see(&self, key: &ObjectKey) -> Result<Observed, ContractError> {
        self.must_list(Scope::Keys, key, &[key]).await
    }

    /// Looks until the key is in the listing.
    pub(super) async fn must_list(
        &self,
        scope: Scope,
        key: &ObjectKey,
        keys: &[&ObjectKey],
    ) -> Result<Observed, ContractError> {
        for _ in 0..LOOKS {
            let found = self.list(scope.clone(), keys).await?;
            promise(found.is_sorted_by(|a, b| a.key < b.key), || "a listing is sorted by key, each once".to_owned())?;
            if let Some(observed) = found.into_iter().find(|observed| observed.key == *key) {
                return Ok(observed);
            }
            self.clock.sleep(self.poll).await;
        }
        Err(ContractError::Promise(format!("{key} is there and is not in the listing of {scope:?}")))
    }

    pub(super) async fn wait_until_gone(&self, key: &ObjectKey) -> CaseResult {
        for _ in 0..LOOKS {
            if self.look(key).await?.is_none() {
                return Ok(());
            }
            self.clock.sleep(self.poll).await;
        }
        Err(ContractError::Promise(format!("{key} does not go away")))
    }

    pub(super) async fn erase(&self, key: &ObjectKey) -> CaseResult {
        let deleted = doing(format!("deleting {key}"), self.objects.delete(&self.cluster, key, &Expect::Any).await)?;
        match deleted {
            Deleted::Gone => promise(self.look(key).await?.is_none(), || format!("{key} is gone and still observed")),
            Deleted::Terminating => self.wait_until_gone(key).await,
        }
    }

    /// Makes what the sample needs, runs the case, and removes all of it whatever came out.
    pub(super) async fn with<F>(&self, sample: &Sample, case: impl FnOnce() -> F) -> CaseResult
    where
        F: Future<Output = CaseResult>,
    {
        let verdict = async {
            for (key, body) in &sample.needs {
                self.make(key, body).await?;
            }
            case().await
        }
        .await;
        let mut cleared = self.erase(&sample.key).await;
        for (key, _) in sample.needs.iter().rev() {
            cleared = cleared.and(self.erase(key).await);
        }
        verdict.and(cleared)
    }
}

pub(super) type Running = Pin<Box<dyn Future<Output = CaseResult> + Send>>;

/// The case asks for the sample of one kind and is given it with the target.
pub(super) fn of_kind(
    target: &TestTarget,
    kind: &'static str,
    case: &'static str,
    check: fn(TestTarget, Sample) -> Running,
) -> impl Future<Output = CaseResult> + Send + use<> {
    let target = target.clone();
    async move {
        let sample = sample_of(&target, kind, case)?;
        check(target, sample).await
    }
}

pub(super) fn sample_of(target: &TestTarget, kind: &str, case: &str) -> Result<Sample, ContractError> {
    let found = samples(target, case).into_iter().find(|sample| sample.kind() == kind);
    found.ok_or_else(|| ContractError::Promise(format!("the table has no sample of {kind}")))
}

/// The document of a Kubernetes body.
pub(super) fn document(body: &Body) -> Value {
    match body {
        Body::Kube(document) => document.clone(),
        _ => Value::Null,
    }
}
