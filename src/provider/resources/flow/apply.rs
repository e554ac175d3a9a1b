//! Applies. What exists afterwards is always reported, also when a step failed: core keeps it, and the next apply goes on.

use super::{
    managed::{CREATE, DELETE, Diagnosed, Managed, UPDATE},
    objects, tree,
};
use crate::resources::{
    private::{Intent, Memory},
    session::Configured,
};
use goldenpath_core::provision::{EnsureRequest, Exists, KeptKeys, Outcome, RemoveRequest, Spec};
use plugin::{
    Diagnostic, Value,
    private::Private,
    resource::{ApplyRequest, ApplyResponse, CallContext, Change},
    value::to_value,
};
use std::sync::Arc;

impl Managed {
    pub(super) async fn execute(&self, call: &CallContext, request: ApplyRequest) -> ApplyResponse {
        let ApplyRequest { change, planned, private } = request;
        let memory = match Memory::read(&private) {
            Ok(memory) => memory,
            Err(error) => return no_change(private, vec![error]),
        };
        self.session.remember_apply();
        let response = match &change {
            Change::Create { config } => self.ensure(call, None, config, planned, memory).await,
            Change::Update { prior, config } => self.ensure(call, Some(prior), config, planned, memory).await,
            Change::Destroy { prior } => self.remove(call, prior, memory).await,
        };
        response.unwrap_or_else(|diagnostics| match change {
            // What is not removed is still there, as it was.
            Change::Destroy { prior } => ApplyResponse { computed: Some(prior), private, diagnostics },
            Change::Create { .. } | Change::Update { .. } => no_change(private, diagnostics),
        })
    }

    async fn ensure(
        &self,
        call: &CallContext,
        prior: Option<&Value>,
        config: &Value,
        planned: Option<Value>,
        memory: Memory,
    ) -> Diagnosed<ApplyResponse> {
        let spec = self.spec(config).map_err(|error| self.unreadable(&error, "The configuration"))?;
        let id = spec.id().to_string();
        let configured = self.changeable(&id, "apply")?;
        if let Some(prior) = prior.filter(|prior| tree::text(prior, "id") != id) {
            return Err(vec![turned_out_different(&tree::text(prior, "id"), &id)]);
        }
        let limits = tree::timeouts(config);
        let (limit, usual) = if prior.is_some() { (&limits.update, UPDATE) } else { (&limits.create, CREATE) };
        let request = EnsureRequest {
            facts: memory.facts.clone(),
            path: memory.path.clone(),
            parent: memory.parent.clone(),
            prior: prior.map(|prior| self.prior(prior, &memory)).transpose()?,
            replacing: memory.replaced_instance().map(Into::into),
            planned: planned.as_ref().and_then(|planned| objects::of_plan(planned, &memory.keys)),
            planned_target: planned.as_ref().and_then(|planned| tree::maybe_text(planned, "target")),
            planned_version: planned.as_ref().and_then(|planned| tree::maybe_text(planned, "resolved_version")),
            timeouts: (!config.child("timeouts").is_null()).then(|| serde_json::to_value(&limits).unwrap_or_default()),
            restores: None,
            timeout: limit.as_ref().map_or(usual, |limit| limit.duration()),
            cancel: configured.cancel_of(call),
            spec: spec.clone(),
        };
        let Outcome { exists, problems } = configured.provisioner.ensure(request).await;
        let diagnostics = self.diagnostics(problems);
        Ok(match exists {
            Some(exists) => existing(&spec, exists, &memory.keys, diagnostics),
            None => no_change(Memory { intent: Intent::Keep, replaced: None, ..memory }.write(), diagnostics),
        })
    }

    async fn remove(&self, call: &CallContext, prior: &Value, mut memory: Memory) -> Diagnosed<ApplyResponse> {
        let id = tree::text(prior, "id");
        let configured = self.changeable(&id, "destroy")?;
        let protected = self.is_removal_protected(&configured, prior, &memory).await;
        let limit = tree::timeouts(prior).delete.map_or(DELETE, |limit| limit.duration());
        let request = RemoveRequest {
            hand_over: memory.is_hand_over(&id),
            ..self.removal(prior, &memory, protected, limit, configured.cancel_of(call))?
        };
        let removed = configured.provisioner.remove(request).await;
        let diagnostics = self.diagnostics(removed.problems);
        if removed.gone {
            return Ok(ApplyResponse { computed: None, private: Private::default(), diagnostics });
        }
        let mut left = prior.clone();
        if let Some(objects) = &removed.objects {
            let (objects, keys) = objects::with_short_keys(to_value(objects), &memory.keys);
            tree::set(&mut left, objects::OBJECTS, objects);
            memory.keys = keys;
        }
        if memory.id != id {
            // The bytes of another id's create are no memory of this instance.
            memory = Memory { id, keys: memory.keys, ..Memory::default() };
        }
        let memory = Memory {
            intent: Intent::Keep,
            uid: tree::text(prior, "uid"),
            protected: Some(protected),
            // Nothing was begun: what is there is as it was.
            incomplete: memory.incomplete || removed.objects.is_some(),
            deleting: memory.deleting || removed.objects.is_some(),
            parent_goes: false,
            replaced: None,
            ..memory
        };
        Ok(ApplyResponse { computed: Some(left), private: memory.write(), diagnostics })
    }

    /// A target in which something can be changed.
    fn changeable(&self, id: &str, doing: &str) -> Result<Arc<Configured>, Diagnostic> {
        let configured = self.session.target(&format!("{doing} {id}"))?;
        match configured.refuses {
            None => Ok(configured),
            Some(why) => Err(Diagnostic::error(
                format!("{id} can't be applied: {why}; set `aws` or `sandbox`"),
                "Nothing was changed. Set a target that has objects, `aws` or `sandbox`.\n\n(target.refuses)",
            )),
        }
    }

    /// By the prior state. The bytes are those of a destroy plan, of a replacement's create, or of a plan made by hand:
    /// the last two know the protection of what is replaced, or it follows from the state.
    async fn is_removal_protected(&self, configured: &Configured, prior: &Value, memory: &Memory) -> bool {
        let known = match memory.intent {
            Intent::Create => memory.replaced.as_ref().map(|replaced| replaced.protected),
            Intent::Destroy | Intent::Keep | Intent::Update => memory.protected,
        };
        match known {
            Some(protected) => protected,
            None => self.protection(configured, prior, memory).await.unwrap_or_default(),
        }
    }
}

fn existing(spec: &Spec, exists: Exists, kept: &KeptKeys, diagnostics: Vec<Diagnostic>) -> ApplyResponse {
    let Exists { outputs, uid, facts, path, parent, protected, complete } = exists;
    let id = spec.id().to_string();
    let (mut computed, keys) = tree::computed_values(&outputs, kept);
    // Whatever else is missing after a failed change: by these two the next one finds what exists.
    computed.insert("id".into(), id.as_str().into());
    computed.insert("uid".into(), uid.as_str().into());
    let memory = Memory {
        intent: Intent::Keep,
        id,
        uid,
        facts: Some(facts),
        path: Some(path),
        parent,
        protected: Some(protected),
        incomplete: !complete,
        keys,
        ..Memory::default()
    };
    ApplyResponse { computed: Some(Value::Map(computed)), private: memory.write(), diagnostics }
}

fn no_change(private: Private, diagnostics: Vec<Diagnostic>) -> ApplyResponse {
    ApplyResponse { computed: None, private, diagnostics }
}

fn turned_out_different(planned: &str, now: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{planned} would become {now}: plan again"),
        "A value that decides the ID was not known when the plan was made, and has turned out to be another one. That is a \
         replacement, which the plan did not show. Nothing was changed. Make a new plan.\n\n(plan.outdated)",
    )
}
