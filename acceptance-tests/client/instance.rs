//! One resource instance as core drives it: refresh, plan, the second plan at apply, apply, and what becomes of its state.

use super::{
    calls::Client,
    diagnostics::{self, Diagnostics, errors, no_errors},
    laws,
    proposed::proposed_new_state,
    state::{InstanceState, objects},
    wire::{UNKNOWN, capabilities, decode, encode, path},
};
use anyhow::{Result, bail, ensure};
use plugin::{Path, Value};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use tfplugin_proto::tfplugin6 as wire;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Nothing,
    Create,
    Update,
    Replace,
    Destroy,
}

pub struct Planned {
    pub action: Action,
    /// Null for a destroy.
    pub value: Value,
    pub said: Diagnostics,
    config: Value,
    private: Vec<u8>,
    client: Client,
}

impl Planned {
    /// What it promises of each object, by its whole key.
    pub fn objects(&self) -> BTreeMap<String, Value> {
        objects(&self.value, &self.private)
    }

    /// The first half of a replacement under `create_before_destroy`: core makes the new one while the old one is there.
    #[must_use]
    pub fn as_create(mut self) -> Self {
        self.action = Action::Create;
        self
    }

    pub fn keys(&self) -> BTreeSet<String> {
        self.objects().into_keys().collect()
    }
}

pub struct Instance {
    pub client: Client,
    pub resource: &'static str,
    pub state: Option<InstanceState>,
    /// A create ended with an error: the next plan replaces it.
    pub tainted: bool,
}

impl Instance {
    pub fn new(client: &Client, resource: &'static str) -> Self {
        Self { client: client.clone(), resource, state: None, tainted: false }
    }

    /// As at the start of every plan. `None` afterwards: it is gone.
    pub async fn refresh(&mut self) -> Result<Diagnostics> {
        let Some(held) = self.state.take() else {
            return Ok(vec![]);
        };
        let upgraded = self.client.upgrade(self.resource, &held).await?;
        ensure!(upgraded == held.value, "an upgrade between equal versions changes nothing");
        let (now, said) = self.client.read(self.resource, &held).await?;
        // Core keeps what it had when a read fails.
        self.state = if errors(&said).is_empty() { now } else { Some(held) };
        Ok(said)
    }

    pub async fn import(&mut self, id: &str) -> Result<()> {
        let (held, said) = self.client.import(self.resource, id).await?;
        no_errors(&said, "import")?;
        self.state = held;
        let said = self.refresh().await?;
        no_errors(&said, "read after import")?;
        ensure!(self.state.is_some(), "core would say: cannot import non-existent remote object");
        Ok(())
    }

    /// `None`: a destroy. Errors of the provider are in `said`; an `Err` is a protocol error.
    pub async fn plan(&mut self, config: Option<&Json>) -> Result<Planned> {
        let config = match config {
            Some(json) => self.client.config(self.resource, json)?,
            None => Value::Null,
        };
        let said = if config.is_null() { vec![] } else { self.client.validate(self.resource, &config).await? };
        if !errors(&said).is_empty() {
            let (value, client) = (Value::Null, self.client.clone());
            return Ok(Planned { action: Action::Nothing, value, said, config, private: vec![], client });
        }
        let (prior, private) = match &self.state {
            // Core plans a tainted instance as a create, with the private bytes that it had.
            Some(held) if self.tainted && !config.is_null() => (Value::Null, held.private.clone()),
            Some(held) => (held.value.clone(), held.private.clone()),
            None => (Value::Null, vec![]),
        };
        let first = self.request_plan(&prior, &config, private).await?;
        let mut planned = Planned { action: Action::Nothing, said: [said, first.said].concat(), ..first.planned };
        if !errors(&planned.said).is_empty() {
            return Ok(planned);
        }
        planned.action = match (prior.is_null(), planned.value.is_null()) {
            (true, true) => Action::Nothing,
            (true, false) if self.state.is_some() => Action::Replace,
            (true, false) => Action::Create,
            (false, true) => Action::Destroy,
            (false, false) if planned.value == prior => Action::Nothing,
            (false, false) if must_replace(&first.replace, &prior, &planned.value) => {
                let second = self.request_plan(&Value::Null, &config, std::mem::take(&mut planned.private)).await?;
                return Ok(Planned { action: Action::Replace, ..second.planned });
            }
            (false, false) => Action::Update,
        };
        Ok(planned)
    }

    /// Does what was planned. `config` is the one of the plan with its unknowns filled in; `None` keeps it. The provider's
    /// errors are in the result; an `Err` is a protocol error or a lost connection.
    pub async fn apply(&mut self, planned: Planned, config: Option<&Json>) -> Result<Diagnostics> {
        let config = match config {
            Some(json) => self.client.config(self.resource, json)?,
            None => planned.config.clone(),
        };
        ensure!(config.is_wholly_known(), "{UNKNOWN} in a configuration at apply: core never does that");
        if planned.client.is_connection_of(&self.client) {
            self.client = self.client.reconnect().await?;
        }
        match planned.action {
            Action::Nothing => Ok(vec![]),
            Action::Destroy => self.delete(planned.private).await,
            Action::Create | Action::Update => self.change(planned, &config).await,
            Action::Replace => {
                // The delete gets what the create planned.
                let mut all = self.delete(planned.private.clone()).await?;
                if errors(&all).is_empty() {
                    all.extend(self.change(planned, &config).await?);
                }
                Ok(all)
            }
        }
    }

    pub async fn plan_and_apply(&mut self, config: Option<&Json>) -> Result<Diagnostics> {
        let planned = self.plan(config).await?;
        no_errors(&planned.said, "plan")?;
        self.apply(planned, None).await
    }

    async fn delete(&mut self, private: Vec<u8>) -> Result<Diagnostics> {
        let Some(held) = self.state.clone() else {
            return Ok(vec![]);
        };
        let (now, said) = self.request_apply(&held.value, &Value::Null, &Value::Null, private).await?;
        if errors(&said).is_empty() {
            ensure!(now.is_none(), "a delete without an error must leave nothing");
        }
        // With an error and no state in the response core keeps what it had.
        self.state = now.or_else(|| (!errors(&said).is_empty()).then_some(held));
        self.tainted &= self.state.is_some();
        Ok(said)
    }

    async fn change(&mut self, planned: Planned, config: &Value) -> Result<Diagnostics> {
        let (prior, private) = match &self.state {
            Some(held) => (held.value.clone(), held.private.clone()),
            None => (Value::Null, vec![]),
        };
        let last = self.request_plan(&prior, config, private).await?;
        if !errors(&last.said).is_empty() {
            return Ok(last.said);
        }
        laws::promise_is_kept(&planned.value, &last.planned.value)?;
        ensure!(prior.is_null() || !must_replace(&last.replace, &prior, &last.planned.value), "the action has changed");
        let value = last.planned.value;
        let (now, said) = self.request_apply(&prior, &value, config, last.planned.private).await?;
        let failed = !errors(&said).is_empty();
        match &now {
            Some(now) if !failed => laws::promise_is_kept(&value, &now.value)?,
            None if !failed => bail!("no new state and no error: core would report a bug of the provider"),
            _ => {}
        }
        self.tainted = failed && prior.is_null() && now.is_some();
        if now.is_some() {
            self.state = now;
        }
        Ok(said)
    }

    async fn request_plan(&mut self, prior: &Value, config: &Value, private: Vec<u8>) -> Result<PlanResult> {
        let schema = self.client.resource(self.resource)?.clone();
        let proposed = if config.is_null() { Value::Null } else { proposed_new_state(&schema, prior, config) };
        let request = wire::plan_resource_change::Request {
            type_name: self.resource.into(),
            prior_state: Some(encode(prior, &schema)?),
            proposed_new_state: Some(encode(&proposed, &schema)?),
            config: Some(encode(config, &schema)?),
            prior_private: private,
            client_capabilities: Some(capabilities()),
            ..Default::default()
        };
        let response = self.client.calls.plan_resource_change(request).await?.into_inner();
        ensure!(!response.legacy_type_system, "legacy_type_system is reserved for the first SDK");
        let (said, value) = (diagnostics::of(response.diagnostics), decode(response.planned_state, &schema)?);
        if errors(&said).is_empty() {
            laws::plan_is_valid(&schema, prior, config, &value)?;
        }
        let replace = response.requires_replace.into_iter().map(|one| path(Some(one))).collect();
        let private = response.planned_private;
        let (config, client) = (config.clone(), self.client.clone());
        let planned = Planned { action: Action::Nothing, value, said: vec![], config, private, client };
        Ok(PlanResult { planned, replace, said })
    }

    async fn request_apply(
        &mut self,
        prior: &Value,
        planned: &Value,
        config: &Value,
        private: Vec<u8>,
    ) -> Result<(Option<InstanceState>, Diagnostics)> {
        let schema = self.client.resource(self.resource)?.clone();
        let request = wire::apply_resource_change::Request {
            type_name: self.resource.into(),
            prior_state: Some(encode(prior, &schema)?),
            planned_state: Some(encode(planned, &schema)?),
            config: Some(encode(config, &schema)?),
            planned_private: private,
            ..Default::default()
        };
        let response = self.client.calls.apply_resource_change(request).await?.into_inner();
        Ok((InstanceState::read(response.new_state, response.private, &schema)?, diagnostics::of(response.diagnostics)))
    }
}

struct PlanResult {
    planned: Planned,
    replace: Vec<Path>,
    said: Diagnostics,
}

/// Core keeps only those paths whose value changes.
fn must_replace(paths: &[Path], prior: &Value, planned: &Value) -> bool {
    paths.iter().any(|path| prior.at(path) != planned.at(path))
}
