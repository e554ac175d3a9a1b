//! The data source `goldenpath_golden_path`: which version a constraint means, and how long it lives.

use super::{diagnostics, flow, session::Session};
use async_trait::async_trait;
use goldenpath_core::{domain::VersionConstraint, provision::WantedPath};
use plugin::{
    DataSource, Diagnostic, Schema, Type, Value,
    resource::CallContext,
    schema::{computed, optional},
    value::to_value,
};
use std::sync::Arc;

pub struct GoldenPathSource {
    pub session: Arc<Session>,
}

#[async_trait]
impl DataSource for GoldenPathSource {
    fn name(&self) -> &'static str {
        "goldenpath_golden_path"
    }

    fn schema(&self) -> Schema {
        let text = |name, what: &str| computed(name, Type::String).describe(what);
        let texts = |name, what: &str| computed(name, Type::list(Type::String)).describe(what);
        Schema::new([
            optional("name", Type::String)
                .example("team-standard")
                .describe("Name of the golden path. Defaults to the default path of the catalogue."),
            optional("golden_path_version", Type::String)
                .parses::<VersionConstraint>()
                .example("~> 1.0")
                .describe("Allowed versions, as in `golden_path_version` of an environment. Any if unset."),
            text(
                "version",
                "The highest version that satisfies `golden_path_version`. One that was removed, by its `status` or because the day of its \
                 `removal` has come, is only chosen if there is no other.",
            ),
            text(
                "digest",
                "SHA-256 of everything in the version that affects objects, which the baseline's `golden_paths` can \
                 pin.",
            ),
            text("description", "What the golden path is for."),
            text("owner", "Who is responsible for the golden path, such as a mail address or a channel."),
            text("status", "`supported`, `deprecated` or `removed`, as of today."),
            text("reason", "Why it is deprecated or removed."),
            text(
                "removal",
                "The day from which it can no longer be used to create or change anything, such as `2027-01-31`.",
            ),
            computed("days_left", Type::Number).describe(
                "Days until `removal` of a deprecated version, else null. It changes every day: use it in outputs and checks, but let \
                 no resource depend on it.",
            ),
            text("successor", "What to move to: a version of the same path, or `<name> <version>` of another one."),
            texts("changelog", "What this version changes for teams."),
            texts("tiers", "Tiers of the golden path."),
            texts("versions", "All versions of the path, in ascending order."),
        ])
        .describe(
            "A version of a golden path, as the catalogue has it. An environment that pins `version` moves only when \
             you change that text, which is a reviewed change; a `check` block can warn about `days_left`.",
        )
    }

    async fn read(&self, _call: &CallContext, config: Value) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>> {
        let configured = self.session.target("read a golden path")?;
        let wanted =
            WantedPath { name: flow::leaf(&config, "name"), version: flow::leaf(&config, "golden_path_version") };
        let found = configured.provisioner.golden_path(&wanted).await;
        let found = found.map_err(|problem| {
            // In a resource the attribute has another name.
            let problem = if problem.field == ["golden_path"] { problem.at(["name"]) } else { problem };
            diagnostics::all(&self.schema(), [problem])
        })?;
        let report = to_value(&found);
        let filled =
            self.schema().attributes.into_iter().filter(|attribute| attribute.is_computed()).map(|attribute| {
                let name = attribute.name;
                (name, report.child(name).clone())
            });
        Ok((Value::map(filled), vec![]))
    }
}
