//! `schema`: the schemas as `terraform providers schema -json` prints them. Upjet and editors read that document, and need neither
//! a CLI nor an installed provider for it.

use super::output;
use crate::resources::declarations;
use plugin::Provider;
use serde_json::{Map, Value, json};

/// Print the schemas as JSON, as `terraform providers schema -json` does
#[derive(clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(provider: &dyn Provider) -> anyhow::Result<()> {
    Ok(output::data(&format!("{}\n", document(provider.address())))?)
}

fn document(address: &str) -> Value {
    let (mut provider, mut resources, mut sources) = (Value::Null, Map::new(), Map::new());
    for declared in declarations() {
        let schema = declared.schema.as_json();
        match declared.block {
            "resource" => _ = resources.insert(declared.name.to_owned(), schema),
            "data" => _ = sources.insert(declared.name.to_owned(), schema),
            _ => provider = schema,
        }
    }
    let schemas = json!({ "provider": provider, "resource_schemas": resources, "data_source_schemas": sources });
    json!({ "format_version": "1.0", "provider_schemas": { address: schemas } })
}
