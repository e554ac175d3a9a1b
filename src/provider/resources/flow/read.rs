//! Refresh: the state as the target has it.

use super::{Kind, Managed, tree};
use crate::resources::{
    private::{Intent, Memory},
    session::{Configured, Unreachable},
};
use goldenpath_core::{
    domain::{Id, Phase, Problem},
    provision::{Observation, ObserveRequest, PreviewRequest, Seen},
};
use plugin::{
    Diagnostic, Value,
    private::Private,
    resource::{ReadRequest, ReadResponse},
};

impl<K: Kind> Managed<K> {
    pub(super) async fn refreshed(&self, request: ReadRequest) -> ReadResponse {
        let ReadRequest { state, private } = request;
        let configured = match self.session.known() {
            Ok(configured) => configured,
            // A plan whose provider is not decided yet goes by the state.
            Err(crate::resources::session::Pending::Undecided) => {
                return ReadResponse { state: Some(state), private, diagnostics: vec![] };
            }
            Err(pending) => {
                let diagnostics = vec![pending.diagnostic("read what exists")];
                return ReadResponse { state: Some(state), private, diagnostics };
            }
        };
        match self.observed(&configured, &state, &private).await {
            Ok((state, private, diagnostics)) => ReadResponse { state, private, diagnostics },
            Err(diagnostics) => ReadResponse { state: Some(state), private, diagnostics },
        }
    }

    /// No state: it is gone.
    async fn observed(
        &self,
        configured: &Configured,
        state: &Value,
        private: &Private,
    ) -> Result<(Option<Value>, Private, Vec<Diagnostic>), Vec<Diagnostic>> {
        let memory = Memory::read(private).map_err(|error| vec![error])?;
        let id = state_id::<K>(state).map_err(|error| vec![error])?;
        self.session.remember_read(&id.to_string());
        let spec = self.spec(state).map_err(|fault| vec![self.unreadable(fault, "the state of this resource")])?;
        let request = ObserveRequest {
            id,
            uid: tree::maybe_text(state, "uid"),
            target: tree::maybe_text(state, "target"),
            spec: Some(spec.clone()),
            facts: super::facts(&spec, &memory),
            parent: memory.parent.clone(),
            objects: tree::objects(state),
        };
        let seen = match configured.provisioner.observe(request).await {
            Ok(Observation::Gone(problems)) => return Ok((None, private.clone(), self.shown(problems))),
            Ok(Observation::Here(seen)) => *seen,
            Err(problem) if configured.unreachable == Unreachable::AssumeUnchanged && out_of_reach(&problem) => {
                let warning = Diagnostic::warning(
                    format!("taken for unchanged: {}", problem.summary),
                    format!(
                        "{} The plan goes by the state, as `unreachable = \"assume_unchanged\"` asks.",
                        problem.detail
                    ),
                );
                return Ok((Some(state.clone()), private.clone(), vec![warning]));
            }
            Err(problem) => return Err(self.shown([problem])),
        };
        let mut memory = self.remembered(state, memory, &seen);
        if memory.protected.is_none() {
            memory.protected = self.protection(configured, state, &memory).await;
        }
        let diagnostics = self.shown(seen.problems.iter().cloned());
        Ok((Some(self.refreshed_state(state, seen)), memory.write(), diagnostics))
    }

    fn remembered(&self, state: &Value, memory: Memory, seen: &Seen) -> Memory {
        // Right after an import nothing is remembered, and the record tells whether its last change ended well.
        let unfinished = seen.record.as_ref().is_some_and(|record| record.phase != Phase::Ready);
        let fresh = state.child("uid").is_null();
        Memory {
            intent: Intent::Keep,
            id: tree::text(state, "id"),
            uid: tree::maybe_text(state, "uid").unwrap_or_else(|| seen.uid.clone()),
            facts: Some(seen.facts.clone()),
            parent: seen.parent.clone().or(memory.parent),
            protected: memory.protected,
            incomplete: memory.incomplete || (fresh && unfinished),
            replaced: None,
        }
    }

    /// The configuration stays as it was; computed attributes are what was seen, and those that nobody saw stay.
    fn refreshed_state(&self, state: &Value, seen: Seen) -> Value {
        let mut fresh = state.clone();
        for (name, value) in seen.outputs.iter().flat_map(tree::given) {
            if name != "uid" && value.is_wholly_known() {
                tree::set(&mut fresh, &name, value);
            }
        }
        // A superseded instance keeps its own uid: by it an update is refused and a delete does nothing.
        if fresh.child("uid").is_null() {
            tree::set(&mut fresh, "uid", seen.uid.into());
        }
        if fresh.child("target").is_null() {
            tree::set(&mut fresh, "target", seen.target.into());
        }
        tree::set(&mut fresh, "objects", tree::lines(&seen.objects));
        fresh
    }

    /// Deletion protection as the state means it: written down, or the tier's choice.
    pub(super) async fn protection(&self, configured: &Configured, state: &Value, memory: &Memory) -> Option<bool> {
        if let Value::Bool(written) = state.child("deletion_protection") {
            return Some(*written);
        }
        let prior = self.prior(state, memory).ok()?;
        let spec = prior.spec.clone();
        let request = PreviewRequest {
            facts: super::facts(&spec, memory),
            spec,
            parent: memory.parent.clone(),
            prior: Some(prior),
            replacing: None,
        };
        configured.provisioner.preview(request).await.decided.map(|decided| decided.protected)
    }
}

/// Connect failures and time-outs. A refusal is an answer, and says nothing of what exists.
fn out_of_reach(problem: &Problem) -> bool {
    problem.code == "target.unavailable"
}

/// The id of something that is in state, whose parts are all known.
pub(super) fn state_id<K: Kind>(state: &Value) -> Result<Id, Diagnostic> {
    let text = tree::text(state, "id");
    K::parse_id(&text, None).map_err(|error| {
        Diagnostic::error(
            format!("the id in state can't be read: {error}"),
            "The state was edited, or written by another program. Restore it from a backup, or import the object again.",
        )
    })
}
