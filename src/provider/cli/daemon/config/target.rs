//! `target`: where objects live, in the words of the provider block and with its schema.

use super::parts::join;
use crate::{
    cli::generate::properties::{Dialect, object},
    resources::provider_config::{self, SANDBOX_PATH},
};
use anyhow::ensure;
use plugin::schema::Attribute;
use schemars::{Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::path::Path;

const WORDS: [&str; 3] = ["sandbox", "aws", "kubernetes"];

/// Read by the rules of the provider block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenTarget {
    pub sandbox: Option<Map<String, Json>>,
    pub aws: Option<Map<String, Json>>,
    pub kubernetes: Option<Map<String, Json>>,
}

// === impl WrittenTarget ===

impl WrittenTarget {
    /// Relative paths are relative to the folder.
    pub fn beside(mut self, folder: &Path) -> anyhow::Result<Self> {
        ensure!(self.sandbox.is_some() || self.aws.is_some(), "target: set `aws` or `sandbox`");
        if let Some(sandbox) = &mut self.sandbox {
            sandbox.entry("path").or_insert_with(|| SANDBOX_PATH.into());
            join(folder, sandbox, "path");
        }
        if let Some(kubernetes) = &mut self.kubernetes {
            join(folder, kubernetes, "kubeconfig");
        }
        if let Some(Json::Object(identity)) = self.aws.as_mut().and_then(|aws| aws.get_mut("web_identity")) {
            join(folder, identity, "token_file");
        }
        Ok(self)
    }
}

/// Whether a path in the provider block is of the target.
pub fn holds(path: &str) -> bool {
    WORDS.iter().any(|word| path.starts_with(word))
}

/// That of the attributes of the provider block.
pub fn schema(_: &mut SchemaGenerator) -> Schema {
    let provider = provider_config::schema();
    let attributes = provider.attributes.iter().filter(|attribute| WORDS.contains(&attribute.name));
    let mut target = object(Dialect::File, &attributes.collect::<Vec<&Attribute>>());
    target["oneOf"] = json!([{ "required": ["aws"] }, { "required": ["sandbox"] }]);
    describe(&mut target);
    Schema::try_from(target).unwrap_or_default()
}

fn describe(schema: &mut Json) {
    match schema {
        Json::Object(keywords) => {
            if let Some(Json::String(text)) = keywords.get_mut("description") {
                *text = of_the_daemon(text);
            }
            keywords.values_mut().for_each(describe);
        }
        Json::Array(elements) => elements.iter_mut().for_each(describe),
        _ => {}
    }
}

/// Without the provider's own variables, which the daemon does not read.
fn of_the_daemon(description: &str) -> String {
    let sentences: Vec<&str> = description.split(". ").filter(|sentence| !sentence.contains("`GOLDENPATH_")).collect();
    let kept = sentences.join(". ").replace("the working folder", "this file's folder");
    if kept.ends_with('.') { kept } else { format!("{kept}.") }
}

#[cfg(test)]
mod tests {
    use super::of_the_daemon;

    #[test]
    fn what_the_daemon_does_not_read_is_not_in_its_schema() {
        for (written, expected, reason) in [
            ("Region. Defaults to `GOLDENPATH_AWS_REGION`.", "Region.", "the last sentence"),
            (
                "A file. Environment variable: `GOLDENPATH_SANDBOX`. `{}` is enough.",
                "A file. `{}` is enough.",
                "between",
            ),
            ("URL of IAM.", "URL of IAM.", "nothing to leave out"),
            ("Path, relative to the working folder.", "Path, relative to this file's folder.", "another folder"),
        ] {
            assert_eq!(of_the_daemon(written), expected, "{reason}");
        }
    }
}
