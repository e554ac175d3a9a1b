//! Import: the record holds the spec as it was written, so the plan that follows is empty.

use super::{Asked, Kind, Managed, tree};
use crate::resources::private::Memory;
use goldenpath_core::domain::Record;
use plugin::{
    Diagnostic, Value,
    private::Private,
    resource::ImportResponse,
    value::{codec::conform, to_value},
};

impl<K: Kind> Managed<K> {
    pub(super) async fn imported(&self, id: &str) -> ImportResponse {
        match self.found(id).await {
            Ok((state, private)) => ImportResponse { state: Some(state), private, diagnostics: vec![] },
            Err(diagnostics) => ImportResponse { state: None, private: Private::default(), diagnostics },
        }
    }

    async fn found(&self, text: &str) -> Asked<(Value, Private)> {
        let configured = self.target(&format!("import {text}"))?;
        let only = configured.provisioner.only_cluster().await.map_err(|problem| self.shown([problem]))?;
        let id = K::parse_id(text, only.as_ref()).map_err(|error| {
            let told = format!("The id of a {} is {}.", K::NAME, K::ID_SHAPE);
            vec![Diagnostic::error(format!("{text:?} is not an id: {error}"), told)]
        })?;
        let record = configured.provisioner.find(&id).await.map_err(|problem| self.shown([problem]))?;
        let Some(record) = record else {
            return Err(vec![Diagnostic::error(
                format!("there is no {} with the id {id}", K::NAME),
                "Its record is not in this target. Check the id, and that the provider's configuration names the right target; \
                 what was made by other tools has no record and can't be imported.",
            )]);
        };
        let memory = Memory { id: id.to_string(), facts: Some(record.facts.clone()), ..Memory::default() };
        let state = self.written(&id.to_string(), &record).map_err(|text| {
            vec![Diagnostic::error(
                format!("the record of {id} can't be read: {text}"),
                format!("It was written by release {}. Use that release, or a newer one.", record.tool_version),
            )]
        })?;
        Ok((state, memory.write()))
    }

    /// The spec as it was written; all that is computed stays null until the read that follows.
    fn written(&self, id: &str, record: &Record) -> Result<Value, String> {
        let spec: K::Spec = serde_json::from_value(record.spec.clone()).map_err(|error| error.to_string())?;
        let mut state = Value::map(self.declared().attributes.iter().map(|attribute| (attribute.name, Value::Null)));
        if let Value::Map(configured) = to_value(&spec) {
            for (name, value) in configured {
                tree::set(&mut state, &name, value);
            }
        }
        tree::set(&mut state, "id", id.into());
        conform(state, &self.declared().ty()).map_err(|error| error.to_string())
    }
}
