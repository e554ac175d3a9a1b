//! What speaks against a removal, and what is said of it before: namespaces that go, and who still lives in them.

use crate::{
    domain::{Facts, Id, ObjectKey, Observed, Ownership, Phase, Problem, Record},
    ports::{Scope, Selector},
    provision::{
        RemoveRequest,
        engine::{
            Engine, cluster_of,
            facts::same_target,
            prepare::{namespaces_go, own_namespaces},
            record,
        },
    },
};
use std::collections::BTreeMap;

impl Engine {
    pub(in crate::provision::engine) async fn preview_remove_all(&self, request: &RemoveRequest) -> Vec<Problem> {
        let id = request.id.to_string();
        let lost = own_namespaces(&request.id, &request.keys);
        let cluster = match cluster_of(&request.id) {
            Ok(cluster) => cluster,
            Err(problem) => return vec![problem],
        };
        if request.target.is_some()
            && let Ok(target) = self.known.target(&cluster).await
            && let Err(problem) = same_target(&id, request.target.as_deref(), &target)
        {
            return vec![problem];
        }
        if let Id::Slot(slot) = &request.id {
            self.plans.share(slot, BTreeMap::new());
        }
        if lost.is_empty() {
            return vec![];
        }
        if request.protected && self.never_was_ready(request).await {
            return vec![namespaces_go(&id, &lost, false)];
        }
        vec![namespaces_go(&id, &lost, request.protected)]
    }

    /// A create that never ended has nothing inside that anybody could miss.
    async fn never_was_ready(&self, request: &RemoveRequest) -> bool {
        let Some(facts) = &request.facts else { return false };
        let key = record::key_of(&request.id);
        let found = self.target(&facts.cluster_arn).get(&key).await.ok().flatten();
        found
            .and_then(|observed| record::parse(&observed).ok().flatten())
            .is_some_and(|record| record.phase == Phase::Creating && record.uid == request.uid)
    }

    /// Refusals, all before the first change.
    pub(super) async fn may_go(
        &self,
        request: &RemoveRequest,
        observed: &[Observed],
        record: Option<&Record>,
        facts: &Facts,
    ) -> Result<(), Problem> {
        let id = &request.id;
        let inventory: Vec<ObjectKey> =
            record.iter().flat_map(|record| &record.inventory).filter_map(|key| key.parse().ok()).collect();
        let there: Vec<ObjectKey> = observed
            .iter()
            .filter(|object| request.keys.contains(&object.key) || inventory.contains(&object.key))
            .map(|object| object.key.clone())
            .collect();
        let lost = own_namespaces(id, &there);
        if !lost.is_empty() {
            let never_ready = record.is_some_and(|record| record.phase == Phase::Creating);
            let problem = namespaces_go(&id.to_string(), &lost, request.protected && !never_ready);
            if problem.is_error() {
                return Err(problem);
            }
        }
        let target = self.target(&facts.stable.cluster_arn);
        let dependants = match id {
            Id::Slot(_) => vec![],
            Id::Environment(_) => observed
                .iter()
                .filter(|object| record::is_record(&object.key) && object.key != record::key_of(id))
                .filter(|object| matches!(&object.ownership, Ownership::Ours(owner) if owner.slot.is_some()))
                .map(|object| object.key.clone())
                .collect(),
            Id::Baseline(_) => {
                let selector = Selector { scope: Scope::Records, keys: vec![] };
                let records = target.observe(&selector).await.map_err(|failure| failure.problem())?;
                records.into_iter().map(|object| object.key).filter(|key| *key != record::key_of(id)).collect()
            }
        };
        if let [first, rest @ ..] = dependants.as_slice() {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            return Err(Problem::error(
                "deletion.in_use",
                format!("{id} still has records in it: {}{more}", record_words(first)),
                "destroy them first, or import them into a state that does; nothing was deleted",
            ));
        }
        Ok(())
    }
}

/// `slot.pay.ledger` -> `slot pay/ledger`, for messages.
fn record_words(key: &ObjectKey) -> String {
    let ObjectKey::Kube { name, .. } = key else {
        return key.to_string();
    };
    match name.split('.').collect::<Vec<_>>().as_slice() {
        ["slot", environment, slot] => format!("slot {environment}/{slot}"),
        ["environment", environment] => format!("environment {environment}"),
        _ => name.clone(),
    }
}
