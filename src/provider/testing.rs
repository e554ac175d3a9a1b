//! Core in miniature: it holds a state, passes trees as the server does, and checks every response by core's laws.

use plugin::{
    Cancel, Diagnostic, Resource, Schema, Value,
    diagnostic::any_error,
    laws,
    private::Private,
    resource::{ApplyRequest, CallContext, Change, PlanRequest, ReadRequest},
    schema::{overlay, partial, replacements, settle, with_defaults},
    value::codec::conform,
};

pub struct Core<'a> {
    resource: &'a dyn Resource,
    schema: Schema,
}

#[derive(Clone, Debug)]
pub struct State {
    pub value: Value,
    pub private: Private,
}

pub struct Plan {
    prior: Option<State>,
    config: Value,
    pub planned: Value,
    pub private: Private,
    pub replaces: Vec<String>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Plan {
    /// Nothing would change.
    pub fn is_empty(&self) -> bool {
        self.prior.as_ref().is_some_and(|prior| prior.value == self.planned)
    }

    #[track_caller]
    pub fn sound(self) -> Self {
        assert!(!any_error(&self.diagnostics), "{:#?}", self.diagnostics);
        self
    }
}

impl<'a> Core<'a> {
    pub fn new(resource: &'a dyn Resource) -> Self {
        Self { resource, schema: resource.schema() }
    }

    /// A configuration from JSON; the text `"?"` is unknown.
    pub fn config(&self, json: serde_json::Value) -> Value {
        let tree = conform(tree(json), &self.schema.ty()).unwrap();
        let full = with_defaults(&self.schema, &tree);
        let found: Vec<_> =
            plugin::schema::validate(&self.schema, &tree).into_iter().chain(self.resource.validate(&full)).collect();
        assert!(!any_error(&found), "{found:#?}");
        tree
    }

    pub async fn plan(&self, prior: Option<&State>, config: &Value) -> Plan {
        let (value, private) = parts(prior);
        let full = with_defaults(&self.schema, config);
        let change = match prior {
            None => Change::Create { config: full },
            Some(prior) => Change::Update { prior: prior.value.clone(), config: full },
        };
        self.plan_change(prior.cloned(), value, private, change, config).await
    }

    /// The second half of a replacement: a create with the bytes of the first half.
    pub async fn plan_again(&self, first: &Plan) -> Plan {
        let full = with_defaults(&self.schema, &first.config);
        self.plan_change(None, Value::Null, first.private.clone(), Change::Create { config: full }, &first.config).await
    }

    async fn plan_change(
        &self,
        prior: Option<State>,
        value: Value,
        private: Private,
        change: Change,
        config: &Value,
    ) -> Plan {
        let response = self.resource.plan(&call(), PlanRequest { change, private }).await;
        if any_error(&response.diagnostics) {
            let planned = Value::Null;
            let (private, diagnostics) = (response.private, response.diagnostics);
            return Plan { prior, config: config.clone(), planned, private, replaces: vec![], diagnostics };
        }
        let base = if response.requires_replace.is_empty() { &value } else { &Value::Null };
        let planned = overlay(&self.schema, config, &response.computed, base);
        let mut replaces = if prior.is_some() { replacements(&self.schema, &value, &planned) } else { vec![] };
        replaces.extend(response.requires_replace);
        assert_eq!(laws::check_plan(&self.schema, &value, config, &planned, &replaces), vec![]);
        let replaces = replaces.iter().map(ToString::to_string).collect();
        Plan {
            prior,
            config: config.clone(),
            planned,
            private: response.private,
            replaces,
            diagnostics: response.diagnostics,
        }
    }

    /// What core would keep, and what the user reads.
    pub async fn apply(&self, plan: &Plan) -> (Option<State>, Vec<Diagnostic>) {
        let (prior, _) = parts(plan.prior.as_ref());
        let config = with_defaults(&self.schema, &plan.config);
        let change = match &plan.prior {
            None => Change::Create { config },
            Some(prior) => Change::Update { prior: prior.value.clone(), config },
        };
        let request = ApplyRequest { change, planned: Some(plan.planned.clone()), private: plan.private.clone() };
        let response = self.resource.apply(&call(), request).await;
        let failed = any_error(&response.diagnostics);
        let Some(computed) = response.computed else {
            assert!(failed, "no object after an apply that went well");
            return (plan.prior.clone(), response.diagnostics);
        };
        let value = if failed {
            let base = if prior.is_null() { &plan.planned } else { &prior };
            partial(&self.schema, base, &computed).value
        } else {
            let settled = settle(&self.schema, &plan.planned, &computed);
            assert_eq!(settled.missing, vec![], "all that was promised is given");
            assert_eq!(laws::check_apply(&self.schema, &plan.planned, &settled.value), vec![]);
            settled.value
        };
        (Some(State { value, private: response.private }), response.diagnostics)
    }

    pub async fn read(&self, state: &State) -> (Option<State>, Vec<Diagnostic>) {
        let request = ReadRequest { state: state.value.clone(), private: state.private.clone() };
        let response = self.resource.read(&call(), request).await;
        (response.state.map(|value| State { value, private: response.private }), response.diagnostics)
    }

    pub async fn import(&self, id: &str) -> (Option<State>, Vec<Diagnostic>) {
        let response = self.resource.import(&call(), id).await;
        (response.state.map(|value| State { value, private: response.private }), response.diagnostics)
    }

    pub async fn plan_destroy(&self, state: &State) -> (Private, Vec<Diagnostic>) {
        let change = Change::Destroy { prior: state.value.clone() };
        let response = self.resource.plan(&call(), PlanRequest { change, private: state.private.clone() }).await;
        (response.private, response.diagnostics)
    }

    pub async fn destroy(&self, state: &State, planned: Private) -> (Option<State>, Vec<Diagnostic>) {
        let change = Change::Destroy { prior: state.value.clone() };
        let response = self.resource.apply(&call(), ApplyRequest { change, planned: None, private: planned }).await;
        let left = response.computed.map(|computed| State {
            value: partial(&self.schema, &state.value, &computed).value,
            private: response.private,
        });
        (left, response.diagnostics)
    }
}

fn parts(state: Option<&State>) -> (Value, Private) {
    state.map_or((Value::Null, Private::default()), |state| (state.value.clone(), state.private.clone()))
}

pub fn call() -> CallContext {
    CallContext { cancel: Cancel::new(), stop: Cancel::new(), write_only_allowed: true }
}

/// JSON as a tree; the text `"?"` is unknown.
pub fn tree(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(number.to_string().parse().unwrap()),
        Json::String(text) if text == "?" => Value::unknown(),
        Json::String(text) => Value::from(text),
        Json::Array(elements) => Value::List(elements.into_iter().map(tree).collect()),
        Json::Object(entries) => Value::map(entries.into_iter().map(|(key, value)| (key, tree(value)))),
    }
}
