//! Applies. What exists afterwards is always told, also when a step failed: core keeps it, and the next apply goes on.

use super::{Kind, Managed, tree};
use crate::resources::private::{Intent, Memory, Replaced};
use goldenpath_core::{
    domain::Spec,
    provision::{EnsureRequest, Exists, Outcome},
};
use plugin::{
    Diagnostic, Value,
    private::Private,
    resource::{ApplyRequest, ApplyResponse, Call, Change},
};

impl<K: Kind> Managed<K> {
    pub(super) async fn applied(&self, call: &Call, request: ApplyRequest) -> ApplyResponse {
        let ApplyRequest { change, planned, private } = request;
        let memory = match Memory::read(&private) {
            Ok(memory) => memory,
            Err(error) => return unchanged(private, vec![error]),
        };
        self.session.remember_apply();
        let answered = match &change {
            Change::Create { config } => self.ensured(call, None, config, planned, memory).await,
            Change::Update { prior, config } => self.ensured(call, Some(prior), config, planned, memory).await,
            Change::Destroy { prior } => self.removed(call, prior, memory).await,
        };
        answered.unwrap_or_else(|diagnostics| match change {
            // What is not removed is still there, as it was.
            Change::Destroy { prior } => ApplyResponse { computed: Some(prior), private, diagnostics },
            Change::Create { .. } | Change::Update { .. } => unchanged(private, diagnostics),
        })
    }

    async fn ensured(
        &self,
        call: &Call,
        prior: Option<&Value>,
        config: &Value,
        planned: Option<Value>,
        memory: Memory,
    ) -> Result<ApplyResponse, Vec<Diagnostic>> {
        let spec = self.spec(config).map_err(|fault| vec![self.unreadable(fault, "the configuration")])?;
        let id = spec.id().to_string();
        let configured = self.target(&format!("apply {id}"))?;
        if let Some(why) = configured.refuses {
            return Err(vec![refused(&id, why)]);
        }
        if let Some(prior) = prior.filter(|prior| tree::text(prior, "id") != id) {
            return Err(vec![turned_out_different(&tree::text(prior, "id"), &id)]);
        }
        let limits = tree::timeouts(config);
        let (limit, usual) =
            if prior.is_some() { (limits.update, super::UPDATE) } else { (limits.create, super::CREATE) };
        let request = EnsureRequest {
            facts: super::facts(&spec, &memory),
            parent: memory.parent.clone(),
            prior: prior.map(|prior| self.prior(prior, &memory)).transpose().map_err(|error| vec![error])?,
            replacing: memory.replaced().map(Into::into),
            planned: planned.as_ref().and_then(tree::planned_objects),
            planned_target: planned.as_ref().and_then(|planned| tree::maybe_text(planned, "target")),
            timeout: limit.map_or(usual, |limit| limit.duration()),
            cancel: call.cancel.clone(),
            spec: spec.clone(),
        };
        let Outcome { exists, problems } = configured.provisioner.ensure(request).await;
        let diagnostics = self.shown(problems);
        Ok(match exists {
            Some(exists) => existing(&spec, exists, diagnostics),
            None => unchanged(Memory { intent: Intent::Keep, replaced: None, ..memory }.write(), diagnostics),
        })
    }

    async fn removed(&self, call: &Call, prior: &Value, mut memory: Memory) -> Result<ApplyResponse, Vec<Diagnostic>> {
        let id = tree::text(prior, "id");
        let configured = self.target(&format!("destroy {id}"))?;
        if let Some(why) = configured.refuses {
            return Err(vec![refused(&id, why)]);
        }
        let hand_over = Replaced::hands_over(&memory, &id);
        let protected = self.protection_when_removed(&configured, prior, &memory).await;
        let limit = tree::timeouts(prior).delete.map_or(super::DELETE, |limit| limit.duration());
        let request = self.removal(prior, &memory, protected, hand_over, limit, call.cancel.clone())?;
        let removed = configured.provisioner.remove(request).await;
        let diagnostics = self.shown(removed.problems);
        if removed.gone {
            return Ok(ApplyResponse { computed: None, private: Private::default(), diagnostics });
        }
        let mut left = prior.clone();
        if let Some(objects) = &removed.objects {
            tree::set(&mut left, "objects", tree::lines(objects));
        }
        if memory.id != id {
            // The bytes of another id's create are no memory of this instance.
            memory = Memory { id, uid: tree::text(prior, "uid"), ..Memory::default() };
        }
        let memory = Memory {
            intent: Intent::Keep,
            uid: tree::text(prior, "uid"),
            protected: Some(protected),
            // Nothing was begun: what is there is as it was.
            incomplete: memory.incomplete || removed.objects.is_some(),
            replaced: None,
            ..memory
        };
        Ok(ApplyResponse { computed: Some(left), private: memory.write(), diagnostics })
    }

    /// By the prior state. The bytes are those of a destroy plan, of a replacement's create, or of a plan made by hand:
    /// the last two know the protection of what is replaced, or the state tells it.
    async fn protection_when_removed(
        &self,
        configured: &crate::resources::session::Configured,
        prior: &Value,
        memory: &Memory,
    ) -> bool {
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

fn existing(spec: &Spec, exists: Exists, diagnostics: Vec<Diagnostic>) -> ApplyResponse {
    let Exists { outputs, uid, facts, parent, protected, complete } = exists;
    let mut computed = tree::given(&outputs);
    // Whatever else a broken change could not tell: by these two the next one finds what exists.
    computed.insert("id".into(), spec.id().to_string().into());
    computed.insert("uid".into(), uid.clone().into());
    let memory = Memory {
        intent: Intent::Keep,
        id: spec.id().to_string(),
        uid,
        facts: Some(facts),
        parent,
        protected: Some(protected),
        incomplete: !complete,
        replaced: None,
    };
    ApplyResponse { computed: Some(Value::Map(computed)), private: memory.write(), diagnostics }
}

fn unchanged(private: Private, diagnostics: Vec<Diagnostic>) -> ApplyResponse {
    ApplyResponse { computed: None, private, diagnostics }
}

fn turned_out_different(planned: &str, now: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{planned} would become {now}"),
        "A value that decides the id was not known when the plan was made, and has turned out to be another one: that is a \
         replacement, which the plan did not show. Nothing was changed. Make a new plan.\n\n(plan.outdated)",
    )
}

fn refused(id: &str, why: &str) -> Diagnostic {
    Diagnostic::error(format!("{id} can't be applied: {why}"), "Nothing was changed.\n\n(target.refuses)")
}
