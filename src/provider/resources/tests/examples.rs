//! Every example is read and judged by the rules that a user's text meets, so none can rot.

use crate::resources::{
    RESOURCES, data_sources, provider_config, resources,
    session::{Rules, Session},
};
use goldenpath_core::{
    domain::StableFacts,
    golden::{self, Parent, ResolveContext, Spec},
};
use hcl::{Block, Body, Expression};
use plugin::{
    Diagnostic, Schema, Value,
    schema::{validate, with_defaults},
    value::{Number, codec::conform},
};
use serde_json::json;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn files(folder: PathBuf, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(path, found);
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            found.push(path);
        }
    }
}

/// Anything that core would have to evaluate is unknown, as it is in `validate`.
fn value(expression: &Expression) -> Value {
    match expression {
        Expression::Null => Value::Null,
        Expression::Bool(value) => Value::Bool(*value),
        Expression::Number(number) => Value::Number(number.to_string().parse::<Number>().unwrap()),
        Expression::String(text) => Value::from(text.as_str()),
        Expression::Array(elements) => Value::List(elements.iter().map(value).collect()),
        Expression::Object(entries) => {
            Value::map(entries.iter().map(|(key, element)| (key.to_string(), value(element))))
        }
        _ => Value::unknown(),
    }
}

/// The arguments of a block, as core hands them over.
fn configuration(schema: &Schema, block: &Block) -> Value {
    const META: [&str; 6] = ["alias", "for_each", "count", "depends_on", "provider", "lifecycle"];
    let written: BTreeMap<String, Value> = block
        .body
        .attributes()
        .filter(|attribute| !META.contains(&attribute.key()))
        .map(|attribute| (attribute.key().to_owned(), value(attribute.expr())))
        .collect();
    let tree = conform(Value::Map(written), &schema.ty()).unwrap_or_else(|error| panic!("{:?}: {error}", block.labels));
    with_defaults(schema, &tree)
}

fn judge(block: &Block) -> Vec<Diagnostic> {
    judge_by(golden::Catalogue::built_in(), block)
}

fn judge_by(catalogue: Arc<golden::Catalogue>, block: &Block) -> Vec<Diagnostic> {
    let rules: Rules = Arc::new(move |spec| [spec.check(), spec.check_with(&catalogue)].concat());
    let session = Session::new(rules);
    let name = block.labels.first().map(|label| label.as_str().to_owned()).unwrap_or_default();
    type More = Box<dyn Fn(&Value) -> Vec<Diagnostic>>;
    let (schema, more): (Schema, More) = match block.identifier() {
        "provider" => (provider_config::schema(), Box::new(|_| vec![])),
        "resource" => {
            let found = resources(&session).into_iter().find(|resource| resource.name() == name);
            let resource = found.unwrap_or_else(|| panic!("no resource {name}"));
            (resource.schema(), Box::new(move |config| resource.validate(config)))
        }
        "data" => {
            let found = data_sources(&session).into_iter().find(|source| source.name() == name);
            let source = found.unwrap_or_else(|| panic!("no data source {name}"));
            (source.schema(), Box::new(move |config| source.validate(config)))
        }
        _ => return vec![],
    };
    let config = configuration(&schema, block);
    let mut found = validate(&schema, &config);
    found.extend(more(&config));
    found
}

#[test]
fn examples_pass_the_rules_that_users_meet() {
    let mut paths = vec![];
    files(folder(), &mut paths);
    assert!(paths.len() >= 6, "there are examples: {paths:?}");
    for path in paths {
        let body: Body = hcl::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        for block in body.blocks() {
            assert_eq!(judge(block), vec![], "{}: {:?}", path.display(), block.labels);
        }
    }
}

/// As a plan of the whole file judges it on a cluster: each slot in its environment.
#[test]
fn examples_of_resources_are_planned_without_a_warning() {
    let facts = serde_json::from_value(json!({
        "cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
        "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36",
        "permission_sets": {"PaymentsDev": ROLE, "PaymentsView": ROLE}
    }));
    let (facts, catalogue): (StableFacts, _) = (facts.unwrap(), golden::Catalogue::built_in());
    for resource in RESOURCES {
        let path = folder().join(format!("resources/{}/resource.tf", resource.name()));
        let mut parents: Vec<Parent> = vec![];
        for spec in specs(&fs::read_to_string(&path).unwrap()) {
            let id = spec.id().to_string();
            let parent = parents.iter().find(|parent| id.starts_with(&format!("{}/", parent.id)));
            let given = ResolveContext { facts: &facts, parent, catalogue: &catalogue };
            let resolved = spec.resolve(&given).unwrap_or_else(|problems| panic!("{id}: {problems:?}"));
            assert_eq!(resolved.judge(&resolved.render()), vec![], "{}: {id}", path.display());
            parents.extend(spec.parent_of(&facts, &catalogue).transpose().unwrap());
        }
    }
}

const ROLE: &str =
    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Payments_0123456789abcdef";

/// What a file asks for, from top to bottom. A reference to the `id` of another block is that `id`.
fn specs(text: &str) -> Vec<Spec> {
    let mut text = text.to_owned();
    let count = hcl::from_str::<Body>(&text).unwrap().blocks().count();
    let mut specs = vec![];
    for at in 0..count {
        let body: Body = hcl::from_str(&text).unwrap();
        let block = body.blocks().nth(at).filter(|block| block.identifier() == "resource");
        let Some((block, [kind, label])) = block.map(|block| (block, [0, 1].map(|at| block.labels[at].as_str())))
        else {
            continue;
        };
        let resource = RESOURCES.iter().find(|resource| resource.name() == kind).unwrap();
        let spec = resource.spec(&configuration(&resource.schema(), block)).unwrap();
        text = text.replace(&format!("{kind}.{label}.id"), &format!("\"{}\"", spec.id()));
        specs.push(spec);
    }
    specs
}

#[test]
fn guides_show_what_passes_the_rules() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("generate/guides");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let catalogue = shown_catalogue(&text);
        for shown in text.split("```hcl\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)) {
            // A few show a part of a block.
            let Ok(body) = hcl::from_str::<Body>(shown) else { continue };
            for block in body.blocks().filter(|block| block.identifier() == "resource") {
                assert_eq!(judge_by(catalogue.clone(), block), vec![], "{}: {:?}", path.display(), block.labels);
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "{seen} resources in guides");
}

/// The golden paths that a guide shows, beside what `catalogue init` would have written.
fn shown_catalogue(text: &str) -> Arc<golden::Catalogue> {
    let shown = text.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let paths: Vec<&str> = shown.filter(|shown| shown.contains("kind: GoldenPath\n")).collect();
    if paths.is_empty() {
        return golden::Catalogue::built_in();
    }
    let (_, built_in) = golden::Catalogue::built_in_documents().next().unwrap();
    let copy = built_in.replace("name: team-standard", "name: acme");
    let documents = paths.into_iter().map(|text| ("shown", text)).chain([("copy", copy.as_str())]);
    Arc::new(golden::Catalogue::with_documents(documents).unwrap())
}

#[test]
fn every_type_has_its_examples() {
    let of_resources = RESOURCES
        .iter()
        .flat_map(|resource| ["resource.tf", "import.sh"].map(|file| format!("resources/{}/{file}", resource.name())));
    let sources = data_sources(&Session::new(Arc::new(|_| vec![])));
    let of_sources = sources.iter().map(|source| format!("data-sources/{}/data-source.tf", source.name()));
    for file in of_resources.chain(of_sources) {
        assert!(folder().join(&file).is_file(), "{file}");
    }
}

/// Rules see what is known, and stay silent about what is not.
#[test]
fn rules_over_the_whole_run_on_the_known_parts() {
    let judge = |text: &str| {
        let body: Body = hcl::from_str(text).unwrap();
        judge(body.blocks().next().unwrap())
    };
    let environment = |more: &str| {
        format!(
            "resource \"goldenpath_team_environment\" \"x\" {{\n name = \"pay\"\n team = \"pay\"\n cluster = \"demo\"\n {more}\n}}"
        )
    };
    for (more, expected, reason) in [
        ("tier = \"prod\"", &["owner"][..], "a rule that a known absence breaks"),
        ("tier = \"prod\"\n owner = local.owner", &[], "what is unknown may be there"),
        ("tier = local.tier", &[], "the rule waits for the tier"),
    ] {
        let found = judge(&environment(more));
        let places: Vec<String> = found.iter().map(|error| error.path.to_string()).collect();
        assert_eq!(places, expected, "{reason}: {found:?}");
    }
}
