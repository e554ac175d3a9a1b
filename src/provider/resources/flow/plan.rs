//! Plans: what would be, what would be lost, and what is refused. Nothing is changed here, and a quiet plan makes no call.

use super::{
    managed::{DELETE, Diagnosed, Managed, facts},
    tree,
};
use crate::resources::{
    private::{Intent, Memory},
    session::{Configured, Pending, Phase},
};
use goldenpath_core::{
    domain::Spec,
    provision::{Decided, PreviewRequest},
};
use plugin::{
    Cancel, Diagnostic, Path, Value,
    diagnostic::any_error,
    private::Private,
    resource::{Change, PlanRequest, PlanResponse},
    schema::replacements,
};
use std::sync::Arc;

impl Managed {
    pub(super) async fn preview(&self, request: PlanRequest) -> PlanResponse {
        let PlanRequest { change, private } = request;
        let memory = match Memory::read(&private) {
            Ok(memory) => memory,
            Err(error) => return refused(private, vec![error]),
        };
        let response = match change {
            Change::Create { config } => self.plan_create(&config, memory).await,
            Change::Update { prior, config } => self.plan_update(&prior, &config, memory).await,
            Change::Destroy { prior } => self.plan_destroy(&prior, memory).await,
        };
        response.unwrap_or_else(|diagnostics| refused(private, diagnostics))
    }

    async fn plan_create(&self, config: &Value, memory: Memory) -> Diagnosed<PlanResponse> {
        let replaced = memory.replaced();
        let id = self.resource.id(config).map(|id| id.to_string());
        let planned = Memory {
            intent: Intent::Create,
            id: id.clone().unwrap_or_default(),
            replaced: replaced.clone(),
            ..Memory::default()
        };
        let Some((configured, spec)) = self.decidable(config)? else {
            return Ok(self.undecided(id, planned));
        };
        // What is kept of the replaced instance belongs to its own cluster.
        let known = if replaced.as_ref().is_some_and(|replaced| Some(&replaced.id) == id.as_ref()) {
            memory
        } else {
            Memory::default()
        };
        let request = PreviewRequest {
            facts: facts(&spec, &known),
            spec,
            parent: None,
            prior: None,
            replacing: replaced.map(Into::into),
        };
        let preview = configured.provisioner.preview(request).await;
        let diagnostics = self.diagnostics(preview.problems);
        let Some(decided) = preview.decided else {
            return Ok(PlanResponse { diagnostics, ..self.undecided(id, planned) });
        };
        Ok(planned_response(&decided, planned, diagnostics))
    }

    async fn plan_update(&self, prior: &Value, config: &Value, memory: Memory) -> Diagnosed<PlanResponse> {
        let planned = Memory {
            intent: Intent::Update,
            id: tree::text(prior, "id"),
            uid: tree::text(prior, "uid"),
            ..memory.clone()
        };
        if !replacements(self.declared(), prior, config).is_empty() {
            return self.plan_replacement(prior, planned, vec![]).await;
        }
        let Some((configured, spec)) = self.decidable(config)? else {
            return Ok(self.undecided(None, planned));
        };
        let request = PreviewRequest {
            facts: facts(&spec, &memory),
            spec,
            parent: memory.parent.clone(),
            prior: Some(self.prior(prior, &memory)?),
            replacing: None,
        };
        let preview = configured.provisioner.preview(request).await;
        let mut diagnostics = self.diagnostics(preview.problems);
        let Some(decided) = preview.decided else {
            return Ok(PlanResponse { diagnostics, ..self.undecided(None, planned) });
        };
        let replaces = self.resource.replaces(prior, config, &Value::Map(tree::computed(&decided.outputs)));
        if !replaces.is_empty() && !any_error(&diagnostics) {
            let mut response = self.plan_replacement(prior, planned, replaces).await?;
            diagnostics.append(&mut response.diagnostics);
            return Ok(PlanResponse { diagnostics, ..response });
        }
        Ok(planned_response(&decided, planned, diagnostics))
    }

    /// The first half of a replacement: what matters is what would be lost. Core then plans the create.
    async fn plan_replacement(
        &self,
        prior: &Value,
        mut planned: Memory,
        requires_replace: Vec<Path>,
    ) -> Diagnosed<PlanResponse> {
        let mut diagnostics = vec![];
        if let Ok(configured) = self.session.known() {
            let protected = self.protected(&configured, prior, &mut planned).await;
            diagnostics.extend(self.losses(&configured, prior, &planned, protected).await?);
        }
        let id = tree::text(prior, "id");
        match self.session.phase(&id) {
            Phase::Planning => {}
            Phase::Applying => return Err(vec![unplan_replacement(&id)]),
            Phase::Either => diagnostics.push(Diagnostic::warning(
                format!("{id} would be replaced"),
                "If this is an apply, the value that decides this was not known when the plan was made, so the plan showed no \
                 replacement. Terraform then reports that the final plan is inconsistent, and stops before anything is \
                 changed. Make a new plan in that case, which will show the replacement.",
            )),
        }
        Ok(PlanResponse {
            computed: tree::undecided(self.declared(), None),
            requires_replace,
            private: planned.write(),
            diagnostics,
        })
    }

    async fn plan_destroy(&self, prior: &Value, memory: Memory) -> Diagnosed<PlanResponse> {
        let mut planned = Memory {
            intent: Intent::Destroy,
            id: tree::text(prior, "id"),
            uid: tree::text(prior, "uid"),
            replaced: None,
            ..memory
        };
        let mut diagnostics = vec![];
        if let Ok(configured) = self.session.known() {
            let protected = self.protected(&configured, prior, &mut planned).await;
            diagnostics = self.losses(&configured, prior, &planned, protected).await?;
        }
        Ok(PlanResponse { computed: Value::Null, requires_replace: vec![], private: planned.write(), diagnostics })
    }

    /// What removing would lose; errors refuse it.
    async fn losses(
        &self,
        configured: &Configured,
        prior: &Value,
        memory: &Memory,
        protected: bool,
    ) -> Diagnosed<Vec<Diagnostic>> {
        let request = self.removal(prior, memory, protected, DELETE, Cancel::new())?;
        Ok(self.diagnostics(configured.provisioner.preview_remove(&request).await))
    }

    /// As it is in the prior state, never as it is configured now.
    async fn protected(&self, configured: &Configured, prior: &Value, memory: &mut Memory) -> bool {
        if memory.protected.is_none() {
            memory.protected = self.protection(configured, prior, memory).await;
        }
        memory.protected.unwrap_or_default()
    }

    /// A target and a request; `None` when either waits for another resource.
    fn decidable(&self, config: &Value) -> Result<Option<(Arc<Configured>, Spec)>, Diagnostic> {
        let configured = match self.session.known() {
            Ok(configured) => configured,
            Err(Pending::Undecided) => return Ok(None),
            Err(pending) => return Err(pending.diagnostic("plan")),
        };
        match self.spec(config) {
            Ok(spec) => Ok(Some((configured, spec))),
            Err(error) if error.unknown => Ok(None),
            Err(error) => Err(self.unreadable(&error, "The configuration")),
        }
    }

    fn undecided(&self, id: Option<String>, planned: Memory) -> PlanResponse {
        PlanResponse {
            computed: tree::undecided(self.declared(), id),
            requires_replace: vec![],
            private: planned.write(),
            diagnostics: vec![],
        }
    }
}

fn planned_response(decided: &Decided, planned: Memory, diagnostics: Vec<Diagnostic>) -> PlanResponse {
    let Decided { outputs, facts, parent, protected } = decided;
    // A destroy or a replacement goes by the protection of the prior state, so an update carries that on.
    let protected = if planned.intent == Intent::Update { planned.protected } else { Some(*protected) };
    let private = Memory { facts: Some(facts.clone()), parent: parent.clone(), protected, ..planned }.write();
    PlanResponse { computed: Value::Map(tree::computed(outputs)), requires_replace: vec![], private, diagnostics }
}

/// In an apply, a replacement that was planned comes as a delete and a create; this one was not.
fn unplan_replacement(id: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{id} would be replaced, which the plan did not show"),
        "A value that decides this was not known when the plan was made, and has turned out to be another one. Nothing of \
         this resource was changed. Make a new plan, which will show the replacement.\n\n(plan.outdated)",
    )
}

fn refused(private: Private, diagnostics: Vec<Diagnostic>) -> PlanResponse {
    PlanResponse { computed: Value::Null, requires_replace: vec![], private, diagnostics }
}
