//! The data source `goldenpath_team_environment`: an environment that another configuration manages, and what is left of its quotas.

use super::{diagnostics, flow, session::Session, team_environment};
use async_trait::async_trait;
use goldenpath_core::{domain::EnvironmentId, provision::Description};
use plugin::{
    DataSource, Diagnostic, Schema, Type, Value,
    resource::CallContext,
    schema::{Attribute, computed, required},
    value::to_value,
};
use std::sync::Arc;

pub struct EnvironmentSource {
    pub session: Arc<Session>,
}

const PRINCIPALS: &str = "principal_arns";
const QUOTA_LEFT: &str = "quota_left";
const NEWER: &str = "newer_versions";

#[async_trait]
impl DataSource for EnvironmentSource {
    fn name(&self) -> &'static str {
        "goldenpath_team_environment"
    }

    fn schema(&self) -> Schema {
        let id = required("id", Type::String)
            .parses::<EnvironmentId>()
            .example("demo/payments-prod")
            .describe("`id` of a `goldenpath_team_environment`, `<cluster>/<environment>`.");
        let left = computed(QUOTA_LEFT, Type::map(Type::map(Type::String))).describe(
            "What is left of each namespace's quota at this moment, by key of `namespaces` and by resource: `spec.hard` less \
             `status.used` of the ResourceQuota `gp-base`. It is live use, so it changes from run to run: for outputs and checks, \
             and nothing that a resource should depend on.",
        );
        let principals = computed(PRINCIPALS, Type::map(Type::list(Type::String))).describe(
            "ARNs of the principals of each persona: those of `principal_arns`, the roles of its `permission_sets`, and the role \
             that was created for it.",
        );
        let newer = computed(NEWER, Type::list(Type::String)).describe(
            "Versions of its golden path that are newer than `resolved_version`, in ascending order. The environment moves to one \
             when its `golden_path_version` says so.",
        );
        let ours = team_environment::outputs().into_iter().chain([principals, left, newer]);
        Schema::new([id].into_iter().chain(inputs()).chain(ours)).describe(
            "An environment that exists, by its record: for the configuration of an application, which is often not the one that \
             manages the environment.",
        )
    }

    async fn read(&self, _call: &CallContext, config: Value) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>> {
        let configured = self.session.target("read an environment")?;
        let resource = "goldenpath_team_environment";
        let missing = || diagnostics::no_record("id", &config, "environment", resource);
        let id: EnvironmentId = flow::leaf(&config, "id").ok_or_else(missing)?;
        let found = configured.provisioner.describe(&id.into()).await;
        let found = found.map_err(|problem| diagnostics::all(&self.schema(), [problem]))?.ok_or_else(missing)?;
        Ok((computed_of(&found), vec![]))
    }
}

/// What was requested, as far as others ask for it.
fn inputs() -> [Attribute; 5] {
    let text = |name, what: &str| computed(name, Type::String).describe(what);
    [
        text("name", "Name of the environment."),
        text("team", "The team that owns it."),
        text("tier", "Tier of the environment."),
        text("cluster", "Name or ARN of the cluster, as it was written."),
        text("golden_path", "Name of the environment's golden path."),
    ]
}

fn computed_of(found: &Description) -> Value {
    let Description { record, outputs, described, quota_left, newer } = found;
    let spec = to_value(&record.spec);
    let outputs = to_value(outputs);
    // A key of a namespace is what a configuration knows.
    let names = outputs.child("namespace_names").as_map().into_iter().flatten();
    let left = names.filter_map(|(key, name)| Some((key.clone(), to_value(quota_left.get(name.as_str()?)?))));
    let left = Value::map(left);
    let ours = team_environment::outputs().into_iter().map(|output| {
        let value = outputs.child(output.name);
        // Of a create that has not ended.
        (output.name, if value.is_wholly_known() { value.clone() } else { Value::Null })
    });
    let written = ["name", "team", "tier", "cluster"].map(|name| (name, spec.child(name).clone()));
    let path = ("golden_path", Value::from(record.golden_path.as_str()));
    let principals = (PRINCIPALS, to_value(described).child(PRINCIPALS).clone());
    Value::map(ours.chain(written).chain([path, principals, (QUOTA_LEFT, left), (NEWER, to_value(newer))]))
}
