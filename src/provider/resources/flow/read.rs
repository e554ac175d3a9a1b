//! Refresh: the state as the target has it.

use super::{
    managed::{Diagnosed, Managed},
    objects, tree,
};
use crate::resources::{
    private::{Intent, Memory, Replaced},
    session::{Configured, Pending, Unreachable},
};
use goldenpath_core::{
    domain::{Phase, Problem, Record},
    provision::{KeptKeys, Observation, ObserveRequest, ObservedInstance},
};
use plugin::{
    Diagnostic, Value,
    private::Private,
    resource::{ReadRequest, ReadResponse},
    value::to_value,
};

impl Managed {
    pub(super) async fn refresh(&self, request: ReadRequest) -> ReadResponse {
        let ReadRequest { state, private } = request;
        let observed = match self.session.maybe_target() {
            Ok(configured) => self.observe(&configured, &state, &private).await,
            // A plan whose provider is not decided yet goes by the state.
            Err(Pending::Undecided) => Ok((Some(state.clone()), private.clone(), vec![])),
            Err(pending) => Err(vec![pending.diagnostic("read what exists")]),
        };
        match observed {
            Ok((state, private, diagnostics)) => ReadResponse { state, private, diagnostics },
            Err(diagnostics) => ReadResponse { state: Some(state), private, diagnostics },
        }
    }

    /// No state: it is gone.
    async fn observe(
        &self,
        configured: &Configured,
        state: &Value,
        private: &Private,
    ) -> Diagnosed<(Option<Value>, Private, Vec<Diagnostic>)> {
        let memory = Memory::read(private)?;
        let id = match self.id_of_state(state) {
            Ok(id) => id,
            Err(unreadable) => return Ok((None, private.clone(), vec![nobody(unreadable)])),
        };
        self.remember_read(&id, state, memory.protected);
        let spec = match self.spec_of_state(state) {
            Ok(spec) => Some(spec),
            // A bridge that knows nothing but the ID: the record knows the rest.
            Err(_) if state.child("uid").is_null() => None,
            Err(unreadable) => return Err(vec![unreadable]),
        };
        let request = ObserveRequest {
            id,
            uid: tree::maybe_text(state, "uid"),
            target: tree::maybe_text(state, "target"),
            facts: memory.facts.clone(),
            path: memory.path.clone(),
            spec,
            parent: memory.parent.clone(),
            objects: objects::of_state(state, &memory.keys),
        };
        let seen = match configured.provisioner.observe(request).await {
            Ok(Observation::Gone(problems)) => return Ok((None, private.clone(), self.diagnostics(problems))),
            Ok(Observation::Here(seen)) => *seen,
            Err(problem) if configured.unreachable == Unreachable::AssumeUnchanged && is_out_of_reach(&problem) => {
                let detail = "The plan uses the state as it is, because `unreachable` is `assume_unchanged`.";
                let warning = Diagnostic::warning(
                    format!("{}; assuming that nothing has changed", problem.summary),
                    format!("{} {detail}", problem.detail),
                );
                return Ok((Some(state.clone()), private.clone(), vec![warning]));
            }
            Err(problem) => return Err(self.diagnostics([problem])),
        };
        let (shown, keys) = objects::with_short_keys(to_value(&seen.objects), &memory.keys);
        let kept = memory.keys.clone();
        let mut memory = Memory { keys, ..remember(state, memory, &seen) };
        if memory.protected.is_none() {
            memory.protected = self.protection(configured, state, &memory).await;
            self.remember_read(&memory.id, state, memory.protected);
        }
        let diagnostics = self.diagnostics(seen.problems.iter().cloned());
        Ok((Some(fresh_state(state, seen, shown, &kept)), memory.write(), diagnostics))
    }

    fn remember_read(&self, id: &impl ToString, state: &Value, protected: Option<bool>) {
        let (id, uid) = (id.to_string(), tree::text(state, "uid"));
        let instance = Replaced { id, uid, protected: protected.unwrap_or_default() };
        self.session.run(|run| run.read(self.thing(&instance.id), instance.clone()));
    }
}

/// A bridge's first read has an ID of its own making, and nothing of ours can be behind it.
fn nobody(unreadable: Diagnostic) -> Diagnostic {
    let detail = "Nothing can exist under such an ID, so that the resource is taken for gone. If it exists under another one, import \
                  it.";
    Diagnostic::warning(unreadable.summary, detail)
}

fn remember(state: &Value, memory: Memory, seen: &ObservedInstance) -> Memory {
    // Right after an import nothing is remembered, and the record knows whether its last change ended well.
    let unfinished = seen.record.as_ref().is_some_and(|record| record.phase != Phase::Ready);
    let fresh = state.child("uid").is_null();
    let uid = tree::maybe_text(state, "uid").unwrap_or_else(|| seen.uid.clone());
    Memory {
        intent: Intent::Keep,
        id: tree::text(state, "id"),
        deleting: seen.record.as_ref().is_some_and(|record| record.phase == Phase::Deleting && record.uid == uid),
        uid,
        facts: Some(seen.facts.clone()),
        path: seen.record.as_ref().and_then(Record::path).or(memory.path),
        parent: seen.parent.clone().or(memory.parent),
        protected: memory.protected,
        incomplete: memory.incomplete || (fresh && unfinished),
        keys: memory.keys,
        ..Memory::default()
    }
}

/// The configuration stays as it was; computed attributes are what was observed, and those that nobody observed stay.
fn fresh_state(state: &Value, seen: ObservedInstance, shown: Value, kept: &KeptKeys) -> Value {
    let mut fresh = state.clone();
    let outputs = seen.outputs.iter().flat_map(|outputs| tree::computed_values(outputs, kept).0);
    for (name, value) in outputs {
        if name != "uid" && value.is_wholly_known() {
            tree::set(&mut fresh, &name, value);
        }
    }
    // A superseded instance keeps its own uid: by it an update is refused and a delete does nothing.
    for (name, observed) in [("uid", seen.uid), ("target", seen.target)] {
        if fresh.child(name).is_null() {
            tree::set(&mut fresh, name, observed);
        }
    }
    tree::set(&mut fresh, objects::OBJECTS, shown);
    fresh
}

/// Connect failures and time-outs. A refusal is a response, and says nothing of what exists.
fn is_out_of_reach(problem: &Problem) -> bool {
    problem.code == "target.unavailable"
}
