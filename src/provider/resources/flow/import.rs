//! Import: the record holds the spec as it was written, so the plan that follows is empty.

use super::{
    managed::{Diagnosed, Managed},
    tree,
};
use crate::resources::private::Memory;
use goldenpath_core::domain::{ClusterRef, Record};
use plugin::{
    Diagnostic, Value,
    private::Private,
    resource::ImportResponse,
    value::{codec::conform, to_value},
};

impl Managed {
    pub(super) async fn recover(&self, id: &str) -> ImportResponse {
        match self.find(id).await {
            Ok((state, private)) => ImportResponse { state: Some(state), private, diagnostics: vec![] },
            Err(diagnostics) => ImportResponse { state: None, private: Private::default(), diagnostics },
        }
    }

    async fn find(&self, text: &str) -> Diagnosed<(Value, Private)> {
        let name = self.resource.name();
        let provisioner = self.session.target(&format!("import {text}"))?.provisioner.clone();
        let only = provisioner.only_cluster().await.map_err(|problem| self.diagnostics([problem]))?;
        let id = self.resource.parse_id(&whole_id(self.resource.id_form(), text, only.as_ref())).map_err(|error| {
            let form = id_forms(self.resource.id_form());
            Diagnostic::error(format!("{text:?} is not the ID of a {name}: {error}"), format!("The ID is {form}."))
        })?;
        let record = provisioner.find(&id).await.map_err(|problem| self.diagnostics([problem]))?;
        let Some(record) = record else {
            return Err(vec![Diagnostic::error(
                // A bridge knows by core's own words that it is to be made: Upjet looks for them.
                format!("Cannot import non-existent remote object: no {name} has the ID {id}"),
                "The target has no record of it. Objects that other tools made have no record and can't be imported. Check the \
                 ID, and that the provider configuration sets the right target.",
            )]);
        };
        let memory =
            Memory { id: id.to_string(), facts: Some(record.facts.clone()), path: record.path(), ..Memory::default() };
        let state = self.state_of(&id.to_string(), &record).map_err(|error| {
            Diagnostic::error(
                format!("The record of {id} can't be read: {error}"),
                format!("It was written by release {}. Use that release, or a newer one.", record.tool_version),
            )
        })?;
        Ok((state, memory.write()))
    }

    /// The spec as it was written; all that is computed stays null until the read that follows.
    fn state_of(&self, id: &str, record: &Record) -> Result<Value, String> {
        self.resource.golden().parse(&record.spec).map_err(|error| error.to_string())?;
        let mut state =
            Value::map(self.cached_schema().attributes.iter().map(|attribute| (attribute.name, Value::Null)));
        for (name, value) in to_value(&record.spec).as_map().into_iter().flatten() {
            tree::set(&mut state, name, value.clone());
        }
        if let Some(timeouts) = &record.timeouts {
            tree::set(&mut state, "timeouts", to_value(timeouts));
        }
        tree::set(&mut state, "id", id);
        conform(state, &self.cached_schema().ty()).map_err(|error| error.to_string())
    }
}

/// An id may leave out the cluster where `only` one can be meant.
pub fn whole_id(form: &str, text: &str, only: Option<&ClusterRef>) -> String {
    let parts = |text: &str| text.split('/').count();
    match only {
        Some(cluster) if parts(text) + 1 == parts(form) => format!("{}/{text}", cluster.name()),
        _ => text.to_owned(),
    }
}

/// For messages and documents.
pub fn id_forms(form: &str) -> String {
    match form.split_once('/') {
        Some((_, short)) => format!("`{form}`, or `{short}` if the target has exactly one cluster"),
        None => format!("`{form}`"),
    }
}
