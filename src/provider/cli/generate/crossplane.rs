//! Crossplane: a definition and a Composition for each resource type. What a Composition composes is a Workspace of the provider that
//! runs Terraform or OpenTofu.

use super::{
    module::module,
    names::{CompositeKind, camel},
    xrd::{CLAIM, configured_attributes, definition, published_attributes},
    yaml::document,
};
use crate::resources::RESOURCES;
use plugin::Schema;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

#[derive(clap::Args)]
pub(super) struct Settings {
    /// API group of the definitions
    #[arg(long, default_value = "platform.goldenpath.internal")]
    group: String,
    /// API version of the Workspaces: that of Crossplane's provider for Terraform or for OpenTofu
    #[arg(long, default_value = "tf.m.upbound.io/v1beta1")]
    workspace: String,
    /// Name of the ClusterProviderConfig
    #[arg(long, default_value = "goldenpath")]
    provider_config: String,
    /// Value of TF_REATTACH_PROVIDERS, as `serve --reattach --socket` prints it: Workspaces use that process
    #[arg(long, value_name = "JSON")]
    reattach: Option<String>,
}

/// Name to text.
pub(super) fn files(settings: &Settings, address: &str) -> BTreeMap<String, String> {
    let of_resource = |resource: &&dyn crate::resources::flow::ManagedResource| {
        let (kind, schema) = (CompositeKind::of(resource.name()), resource.schema());
        let head = "# Written by `goldenpath generate crossplane`.\n";
        let documents = [definition(&kind, &schema, &settings.group), composition(&kind, &schema, settings, address)];
        let text = documents.iter().map(document).collect::<String>();
        (format!("{}.yaml", kind.plural), format!("{head}{text}"))
    };
    RESOURCES.iter().map(of_resource).collect()
}

fn composition(kind: &CompositeKind, schema: &Schema, settings: &Settings, address: &str) -> Json {
    let Settings { group, workspace, provider_config, reattach } = settings;
    let mut parameters = json!({
        "source": "Inline",
        "inlineFormat": "HCL",
        // Another version of the provider is another module, and found only with this.
        "initArgs": ["-upgrade"],
        "module": module(kind, schema, address),
    });
    if let Some(reattach) = reattach {
        parameters["env"] = json!([{ "name": "TF_REATTACH_PROVIDERS", "value": reattach }]);
    }
    let base = json!({
        "apiVersion": workspace,
        "kind": "Workspace",
        "spec": {
            "providerConfigRef": { "kind": "ClusterProviderConfig", "name": provider_config },
            "forProvider": parameters,
        },
    });
    let is = |condition: &str| json!({ "type": "MatchCondition", "matchCondition": { "type": condition, "status": "True" } });
    let resource = json!({
        "name": "workspace",
        "base": base,
        "patches": patches(kind, schema),
        // An update that is refused leaves a Workspace Ready and not Synced.
        "readinessChecks": [is("Ready"), is("Synced")],
    });
    json!({
        "apiVersion": "apiextensions.crossplane.io/v1",
        "kind": "Composition",
        "metadata": { "name": format!("{}.{group}", kind.plural) },
        "spec": {
            "compositeTypeRef": { "apiVersion": format!("{group}/v1alpha1"), "kind": kind.kind },
            "mode": "Pipeline",
            "pipeline": [{
                "step": "workspace",
                "functionRef": { "name": "function-patch-and-transform" },
                "input": { "apiVersion": "pt.fn.crossplane.io/v1beta1", "kind": "Resources", "resources": [resource] },
            }],
        },
    })
}

fn patches(kind: &CompositeKind, schema: &Schema) -> Vec<Json> {
    let combined = |fields: &[&str], format: &str, to: &str| {
        let variables: Vec<Json> = fields.iter().map(|field| json!({ "fromFieldPath": field })).collect();
        let combine = json!({ "strategy": "string", "variables": variables, "string": { "fmt": format } });
        json!({ "type": "CombineFromComposite", "combine": combine, "toFieldPath": to, "policy": { "fromFieldPath": "Required" } })
    };
    // The name of the Workspace's state: the same when the resource is made again, another for each kind, and a label's value.
    let mut name = combined(
        &["metadata.namespace", "metadata.name"],
        &format!("{}/%s/%s", kind.kind),
        "metadata.annotations[crossplane.io/external-name]",
    );
    name["transforms"] = json!([{ "type": "string", "string": { "type": "Convert", "convert": "ToSha1" } }]);
    let claim = combined(
        &["metadata.namespace", "metadata.name", "metadata.uid"],
        "%s/%s/%s",
        &format!("spec.forProvider.varmap.{CLAIM}"),
    );
    let set = configured_attributes(schema).into_iter().map(|attribute| {
        let field = camel(attribute.name);
        json!({ "type": "FromCompositeFieldPath", "fromFieldPath": format!("spec.{field}"), "toFieldPath": format!("spec.forProvider.varmap.{field}") })
    });
    let shown = published_attributes(schema).into_iter().map(|attribute| {
        let field = camel(attribute.name);
        json!({ "type": "ToCompositeFieldPath", "fromFieldPath": format!("status.atProvider.outputs.{field}"), "toFieldPath": format!("status.{field}") })
    });
    // Which condition comes first is not said, and only one that failed has a message.
    let said = (0..2).map(|at| {
        json!({ "type": "ToCompositeFieldPath", "fromFieldPath": format!("status.conditions[{at}].message"), "toFieldPath": "status.message" })
    });
    [name, claim].into_iter().chain(set).chain(shown).chain(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::{fs, path::Path};

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        settings: Settings,
    }

    fn settings(flags: &[&str]) -> Settings {
        Flags::parse_from(["generate"].iter().chain(flags)).settings
    }

    #[test]
    fn the_examples_are_current() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/crossplane");
        for (name, text) in files(&settings(&[]), crate::wiring::ADDRESS) {
            let there = fs::read_to_string(folder.join(&name)).unwrap_or_default();
            assert!(there == text, "{name} is not what would be written: run scripts/generate");
        }
    }

    #[test]
    fn settings_reach_the_workspace() {
        let flags = [
            "--group",
            "paths.example.com",
            "--workspace",
            "opentofu.m.upbound.io/v1beta1",
            "--reattach",
            "{\"a\": 1}",
        ];
        let all: String = files(&settings(&flags), "x/y/z").into_values().collect();
        for (wanted, reason) in [
            ("name: teamenvironments.paths.example.com", "the group"),
            ("apiVersion: opentofu.m.upbound.io/v1beta1", "the bridge"),
            ("value: \"{\\\"a\\\": 1}\"", "the attached process"),
            ("type: Synced", "an update that is refused is not Ready"),
            ("fmt: \"TeamEnvironment/%s/%s\"", "two kinds of one name have two states"),
        ] {
            assert!(all.contains(wanted), "{reason}: {wanted} in\n{all}");
        }
        assert!(!all.contains("varmap.objects") && !all.contains("spec.claim"), "what nobody sets");
    }
}
