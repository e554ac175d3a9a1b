//! Plans: what would be, what goes, and what is refused. Nothing is changed here, and a quiet plan asks nobody.

use super::{Kind, Managed, tree};
use crate::resources::{
    private::{Intent, Memory, Replaced},
    session::{Configured, Pending, Phase},
};
use goldenpath_core::{
    domain::{Outputs, Spec},
    provision::{Decided, PreviewRequest, RemoveRequest},
};
use plugin::{
    Cancel, Diagnostic, Path, Value,
    diagnostic::any_error,
    private::Private,
    resource::{Change, PlanRequest, PlanResponse},
    schema::replacements,
};

impl<K: Kind> Managed<K> {
    pub(super) async fn planned(&self, request: PlanRequest) -> PlanResponse {
        let PlanRequest { change, private } = request;
        let memory = match Memory::read(&private) {
            Ok(memory) => memory,
            Err(error) => return refused(private, vec![error]),
        };
        let answered = match change {
            Change::Create { config } => self.planned_create(&config, memory).await,
            Change::Update { prior, config } => self.planned_update(&prior, &config, memory).await,
            Change::Destroy { prior } => self.planned_destroy(&prior, memory).await,
        };
        answered.unwrap_or_else(|diagnostics| refused(private, diagnostics))
    }

    async fn planned_create(&self, config: &Value, memory: Memory) -> Result<PlanResponse, Vec<Diagnostic>> {
        let replaced = memory.replaced();
        let id = K::id(config).map(|id| id.to_string());
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
            facts: super::facts(&spec, &known),
            spec,
            parent: None,
            prior: None,
            replacing: replaced.map(Into::into),
        };
        let preview = configured.provisioner.preview(request).await;
        let diagnostics = self.shown(preview.problems);
        let Some(decided) = preview.decided else {
            return Ok(PlanResponse { diagnostics, ..self.undecided(id, planned) });
        };
        Ok(answer(&decided, vec![], planned, diagnostics))
    }

    async fn planned_update(
        &self,
        prior: &Value,
        config: &Value,
        memory: Memory,
    ) -> Result<PlanResponse, Vec<Diagnostic>> {
        let planned = Memory {
            intent: Intent::Update,
            id: tree::text(prior, "id"),
            uid: tree::text(prior, "uid"),
            ..memory.clone()
        };
        if !replacements(self.declared(), prior, config).is_empty() {
            return self.planned_replacement(prior, planned, vec![]).await;
        }
        let Some((configured, spec)) = self.decidable(config)? else {
            return Ok(self.undecided(None, planned));
        };
        let prior_known = self.prior(prior, &memory).map_err(|error| vec![error])?;
        let request = PreviewRequest {
            facts: super::facts(&spec, &memory),
            spec,
            parent: memory.parent.clone(),
            prior: Some(prior_known),
            replacing: None,
        };
        let preview = configured.provisioner.preview(request).await;
        let mut diagnostics = self.shown(preview.problems);
        let Some(decided) = preview.decided else {
            return Ok(PlanResponse { diagnostics, ..self.undecided(None, planned) });
        };
        let replaces = K::replaces(prior, config, &decided.outputs);
        if !replaces.is_empty() && !any_error(&diagnostics) {
            let mut response = self.planned_replacement(prior, planned, replaces).await?;
            diagnostics.append(&mut response.diagnostics);
            return Ok(PlanResponse { diagnostics, ..response });
        }
        Ok(answer(&decided, vec![], planned, diagnostics))
    }

    /// The first half of a replacement: what matters is what would be lost. Core asks for the create that follows.
    async fn planned_replacement(
        &self,
        prior: &Value,
        mut planned: Memory,
        requires_replace: Vec<Path>,
    ) -> Result<PlanResponse, Vec<Diagnostic>> {
        let mut diagnostics = vec![];
        if let Ok(configured) = self.session.known() {
            let protected = self.protected(&configured, prior, &mut planned).await;
            diagnostics.extend(self.losses(&configured, prior, &planned, protected).await?);
        }
        let id = tree::text(prior, "id");
        match self.session.phase(&id) {
            Phase::Planning => {}
            Phase::Applying => return Err(vec![unplanned_replacement(&id)]),
            Phase::Either => diagnostics.push(Diagnostic::warning(
                format!("{id} would be replaced"),
                "If this is an apply, the value that decides it was not known when the plan was made, and the plan said nothing \
                 of a replacement: core will call the final plan inconsistent and stop before anything is changed. Make a new \
                 plan, which will show it.",
            )),
        }
        Ok(PlanResponse {
            computed: tree::undecided(self.declared(), None),
            requires_replace,
            private: planned.write(),
            diagnostics,
        })
    }

    async fn planned_destroy(&self, prior: &Value, memory: Memory) -> Result<PlanResponse, Vec<Diagnostic>> {
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
    ) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let request = self.removal(prior, memory, protected, false, super::DELETE, Cancel::new())?;
        Ok(self.shown(configured.provisioner.preview_remove(&request).await))
    }

    pub(super) fn removal(
        &self,
        prior: &Value,
        memory: &Memory,
        protected: bool,
        hand_over: bool,
        timeout: std::time::Duration,
        cancel: Cancel,
    ) -> Result<RemoveRequest, Vec<Diagnostic>> {
        let id = super::read::state_id::<K>(prior).map_err(|error| vec![error])?;
        Ok(RemoveRequest {
            // The bytes of a replacement's create hold the facts of the new place.
            facts: memory.facts.clone().filter(|_| memory.id == id.to_string()),
            id,
            uid: tree::text(prior, "uid"),
            target: tree::maybe_text(prior, "target"),
            keys: tree::object_keys(prior),
            protected,
            hand_over,
            timeout,
            cancel,
        })
    }

    /// As it is in the prior state, never as it is configured now.
    async fn protected(&self, configured: &Configured, prior: &Value, memory: &mut Memory) -> bool {
        if memory.protected.is_none() {
            memory.protected = self.protection(configured, prior, memory).await;
        }
        memory.protected.unwrap_or_default()
    }

    /// A target to ask and a request to ask about; `None` when either waits for another resource.
    fn decidable(&self, config: &Value) -> Result<Option<(std::sync::Arc<Configured>, Spec)>, Vec<Diagnostic>> {
        let configured = match self.session.known() {
            Ok(configured) => configured,
            Err(Pending::Undecided) => return Ok(None),
            Err(pending) => return Err(vec![pending.diagnostic("plan")]),
        };
        match self.spec(config) {
            Ok(spec) => Ok(Some((configured, spec))),
            Err(fault) if fault.unknown => Ok(None),
            Err(fault) => Err(vec![self.unreadable(fault, "the configuration")]),
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

fn answer(
    decided: &Decided,
    requires_replace: Vec<Path>,
    planned: Memory,
    diagnostics: Vec<Diagnostic>,
) -> PlanResponse {
    let Decided { outputs, facts, parent, protected } = decided;
    // A destroy or a replacement goes by the protection of the prior state, so an update carries that on.
    let protected = if planned.intent == Intent::Update { planned.protected } else { Some(*protected) };
    let planned = Memory { facts: Some(facts.clone()), parent: parent.clone(), protected, ..planned };
    PlanResponse { computed: computed(outputs), requires_replace, private: planned.write(), diagnostics }
}

fn computed(outputs: &Outputs) -> Value {
    tree::computed(outputs)
}

/// In an apply, a replacement that was planned comes as a delete and a create; this one was not.
fn unplanned_replacement(id: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{id} would be replaced, which the plan did not show"),
        "A value that decides it was not known when the plan was made, and has turned out to be another one. Nothing of it was \
         changed. Make a new plan, which will show the replacement.\n\n(plan.outdated)",
    )
}

fn refused(private: Private, diagnostics: Vec<Diagnostic>) -> PlanResponse {
    PlanResponse { computed: Value::Null, requires_replace: vec![], private, diagnostics }
}

impl Replaced {
    /// Whether a delete belongs to a replacement of the same id: the create that follows resumes a half-made one.
    pub(super) fn hands_over(memory: &Memory, id: &str) -> bool {
        memory.intent == Intent::Create && memory.id == id
    }
}
