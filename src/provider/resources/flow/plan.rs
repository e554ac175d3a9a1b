//! Plans: what would be, what would be lost, and what is refused. Nothing is changed here, and a quiet plan makes no call.

use super::{
    managed::{DELETE, Diagnosed, Managed},
    tree,
    variants::preview_all,
};
use crate::resources::{
    private::{Intent, Memory},
    run::WAY_OUT,
    session::{Configured, Pending, Phase},
};
use goldenpath_core::{
    domain::{Id, Problem},
    provision::{Decided, PreviewRequest, Spec},
};
use plugin::{
    Cancel, Diagnostic, Path, Value,
    private::Private,
    resource::{Change, PlanRequest, PlanResponse},
    schema::replacements,
};
use std::sync::Arc;

/// A target, and what the request may turn out to be.
type Decidable = (Arc<Configured>, Vec<Spec>);

impl Managed {
    pub(super) async fn preview(&self, request: PlanRequest) -> PlanResponse {
        let PlanRequest { change, private } = request;
        let memory = match Memory::read(&private) {
            Ok(memory) => memory,
            Err(error) => return refusal(private, vec![error]),
        };
        let response = match change {
            Change::Create { config } => self.plan_create(&config, memory).await,
            Change::Update { prior, config } => self.plan_update(&prior, &config, memory).await,
            Change::Destroy { prior } => self.plan_destroy(&prior, memory).await,
        };
        response.unwrap_or_else(|diagnostics| refusal(private, diagnostics))
    }

    async fn plan_create(&self, config: &Value, memory: Memory) -> Diagnosed<PlanResponse> {
        let mut replaced = memory.replaced_instance();
        let id = self.resource.id(config);
        let parent_goes = id.as_ref().is_some_and(|id| self.loses_its_place(id));
        let id = id.map(|id| id.to_string());
        if let Some(id) = &id {
            let is_replacement = replaced.as_ref().is_some_and(|replaced| replaced.id == *id);
            let tainted = self.session.run(|run| run.create(self.thing(id), is_replacement))?;
            replaced = replaced.or(tainted);
        }
        let mut planned = Memory {
            intent: Intent::Create,
            id: id.clone().unwrap_or_default(),
            replaced: replaced.clone(),
            parent_goes,
            // Those of the instance that is replaced, whose delete is handed these bytes.
            keys: memory.keys.clone(),
            ..Memory::default()
        };
        let Some((configured, specs)) = self.decidable(config, &Value::Null)? else {
            return Ok(self.undecided_response(id, planned));
        };
        // What is kept of the replaced instance belongs to its own cluster.
        let known = if replaced.as_ref().is_some_and(|replaced| Some(&replaced.id) == id.as_ref()) {
            memory
        } else {
            Memory::default()
        };
        planned.path = known.path.clone();
        let request = PreviewRequest {
            facts: known.facts.clone(),
            path: known.path.clone(),
            spec: specs[0].clone(),
            parent: None,
            prior: None,
            replacing: replaced.map(Into::into),
            variant: 0,
            again: self.session.phase() != Phase::Planning,
        };
        let preview = preview_all(&*configured.provisioner, &specs, request).await;
        let diagnostics = self.diagnostics(preview.problems.into_iter().map(with_way_out));
        let Some(decided) = preview.decided else {
            return Ok(PlanResponse { diagnostics, ..self.undecided_response(id, planned) });
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
        if planned.deleting || !replacements(self.cached_schema(), prior, config).is_empty() {
            return self.plan_replacement(prior, planned).await;
        }
        let Some((configured, specs)) = self.decidable(config, prior)? else {
            return Ok(self.undecided_response(None, planned));
        };
        let request = PreviewRequest {
            facts: memory.facts.clone(),
            path: memory.path.clone(),
            spec: specs[0].clone(),
            parent: memory.parent.clone(),
            prior: Some(self.prior(prior, &memory)?),
            replacing: None,
            variant: 0,
            again: self.session.phase() != Phase::Planning,
        };
        let preview = preview_all(&*configured.provisioner, &specs, request).await;
        let diagnostics = self.diagnostics(preview.problems.into_iter().map(with_way_out));
        let Some(decided) = preview.decided else {
            return Ok(PlanResponse { diagnostics, ..self.undecided_response(None, planned) });
        };
        Ok(planned_response(&decided, planned, diagnostics))
    }

    /// The first half of a replacement: what matters is what would be lost. Core then plans the create.
    async fn plan_replacement(&self, prior: &Value, mut planned: Memory) -> Diagnosed<PlanResponse> {
        let mut diagnostics = vec![];
        self.session.run(|run| run.destroy(self.thing(&planned.id)))?;
        if let Ok(configured) = self.session.maybe_target() {
            let protected = self.is_protected(&configured, prior, &mut planned).await;
            diagnostics.extend(self.losses(&configured, prior, &planned, protected).await?);
        }
        let id = tree::text(prior, "id");
        match self.session.phase() {
            _ if planned.deleting => {}
            Phase::Planning => {}
            Phase::Applying => return Err(vec![unplan_replacement(&id)]),
            Phase::Either => diagnostics.push(Diagnostic::warning(
                format!("{id} would be replaced"),
                "If this is an apply, the value that decides this was not known when the plan was made, so the plan showed no \
                 replacement. Terraform then reports that the final plan is inconsistent, and stops before anything is \
                 changed. Make a new plan in that case, which will show the replacement.",
            )),
        }
        // Nothing in the configuration says so; the instance itself is another one afterwards.
        let requires_replace = if planned.deleting { vec![Path::attribute("uid")] } else { vec![] };
        Ok(PlanResponse {
            computed: tree::undecided_values(self.cached_schema(), None),
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
        self.session.run(|run| run.destroy(self.thing(&planned.id)))?;
        if let Ok(configured) = self.session.maybe_target() {
            let protected = self.is_protected(&configured, prior, &mut planned).await;
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

    /// Whether this run destroys the environment that it lives in, or the baseline, if only to create them again.
    fn loses_its_place(&self, id: &Id) -> bool {
        let baseline = id.owner().map(|_| id.cluster().to_owned());
        let places = [id.parent().map(ToString::to_string), baseline];
        self.session.run(|run| places.iter().flatten().any(|place| run.destroys(place)))
    }

    /// As it is in the prior state, never as it is configured now.
    async fn is_protected(&self, configured: &Configured, prior: &Value, memory: &mut Memory) -> bool {
        if memory.protected.is_none() {
            memory.protected = self.protection(configured, prior, memory).await;
        }
        memory.protected.unwrap_or_default()
    }

    /// `None` when either waits for another resource.
    fn decidable(&self, config: &Value, prior: &Value) -> Result<Option<Decidable>, Diagnostic> {
        let configured = match self.session.maybe_target() {
            Ok(configured) => configured,
            Err(Pending::Undecided) => return Ok(None),
            Err(pending) => return Err(pending.diagnostic("plan")),
        };
        Ok(self.requests(config, prior)?.map(|specs| (configured, specs)))
    }

    fn undecided_response(&self, id: Option<String>, planned: Memory) -> PlanResponse {
        PlanResponse {
            computed: tree::undecided_values(self.cached_schema(), id),
            requires_replace: vec![],
            private: planned.write(),
            diagnostics: vec![],
        }
    }
}

fn planned_response(decided: &Decided, planned: Memory, diagnostics: Vec<Diagnostic>) -> PlanResponse {
    let Decided { outputs, facts, parent, protected, variants: _ } = decided;
    // A destroy or a replacement goes by the protection of the prior state, so an update carries that on.
    let protected = if planned.intent == Intent::Update { planned.protected } else { Some(*protected) };
    let (computed, mut keys) = tree::computed_values(outputs, &planned.keys);
    // What goes still has its key, in the state that an apply is handed.
    keys.extend(planned.keys.clone());
    let private = Memory { facts: Some(facts.clone()), parent: parent.clone(), protected, keys, ..planned }.write();
    PlanResponse { computed: Value::Map(computed), requires_replace: vec![], private, diagnostics }
}

/// What another resource of the configuration may meet.
const STOPS_A_DESTROY: &[&str] = &[
    "deletion.in_use",
    "object.foreign",
    "record.already_exists",
    "record.other_cluster",
    "record.other_team",
    "slot.no_environment",
    "target.unavailable",
];

fn with_way_out(problem: Problem) -> Problem {
    match problem.is_error() && STOPS_A_DESTROY.contains(&problem.code) {
        true => Problem { detail: format!("{} {WAY_OUT}", problem.detail), ..problem },
        false => problem,
    }
}

/// In an apply, a replacement that was planned comes as a delete and a create; this one was not.
fn unplan_replacement(id: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{id} would be replaced, which the plan did not show"),
        "A value that decides this was not known when the plan was made, and has turned out to be another one. Nothing of \
         this resource was changed. Make a new plan, which will show the replacement.\n\n(plan.outdated)",
    )
}

fn refusal(private: Private, diagnostics: Vec<Diagnostic>) -> PlanResponse {
    PlanResponse { computed: Value::Null, requires_replace: vec![], private, diagnostics }
}
