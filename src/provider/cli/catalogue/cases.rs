//! `catalogue test`: the cases of a golden path: what a team asks for, and which objects or findings must come of it. It needs no
//! cluster and no credentials, so that it runs in the platform team's CI.

use super::{
    sample::{self, Pin, Planned, Planner},
    tool::{CatalogueTool, Documents},
};
use crate::cli::output;
use anyhow::{Context, ensure};
use goldenpath_core::{
    domain::{
        ResourceKind, Version,
        yaml::{self, Mended, YamlError},
    },
    golden::{Catalogue, GoldenPath},
};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    process::ExitCode,
    sync::Arc,
};

/// Run the test cases of golden paths: documents of kind GoldenPathTest in the catalogue's folders
///
/// Exits with 1 if a case fails. Needs no cluster and no credentials.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Only cases whose name contains this
    #[arg(default_value = "")]
    filter: String,
}

/// Example cases of a golden path, run by `catalogue test`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GoldenPathTest {
    #[serde(rename = "apiVersion")]
    #[schemars(rename = "apiVersion")]
    _api_version: Value,
    #[serde(rename = "kind")]
    #[schemars(rename = "kind")]
    _kind: Value,
    golden_path: String,
    /// Absent: the newest that was not removed.
    #[serde(default)]
    golden_path_version: Option<Version>,
    /// Facts that differ from those of an ordinary cluster, in the form of the provider's `offline.facts`.
    #[serde(default)]
    facts: Option<Map<String, Value>>,
    cases: Vec<Case>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// As in HCL; `name` and `cluster` may be left out.
    environment: Map<String, Value>,
    #[serde(default)]
    slot: Option<Map<String, Value>>,
    expect: Expected,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Objects by their keys, as a plan shows them.
    #[serde(default)]
    objects: BTreeMap<String, Expectation>,
    /// The codes of all errors and warnings. Absent: no error.
    #[serde(default)]
    findings: Option<BTreeSet<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Expectation {
    Is(Presence),
    /// Whole lines of its text as a plan shows it.
    Lines(Vec<String>),
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Presence {
    Present,
    Absent,
}

pub(super) fn schema() -> Value {
    schemars::schema_for!(GoldenPathTest).to_value()
}

pub(super) async fn run(
    Arguments { filter }: &Arguments,
    documents: &Documents,
    today: Date,
    tool: &CatalogueTool,
) -> anyhow::Result<ExitCode> {
    let catalogue = Arc::new(documents.catalogue()?.on(Some(today)));
    let (mut passed, mut failed, mut text) = (0, 0, String::new());
    for (document, written) in documents.iter().filter(|(_, text)| is_test(text)) {
        let test: GoldenPathTest = yaml::read_as(written).with_context(|| document.to_owned())?;
        for case in test.cases.iter().filter(|case| case.name.contains(filter.as_str())) {
            let planned = plan(case, &test, &catalogue, tool).await;
            let wrong = match planned {
                Ok(planned) => differences(&case.expect, &planned),
                Err(error) => vec![format!("{error:#}")],
            };
            let outcome = if wrong.is_empty() { "ok" } else { "FAILED" };
            let _ = writeln!(text, "{outcome:<7} {}: {}", test.golden_path, case.name);
            for line in &wrong {
                let _ = writeln!(text, "          {line}");
            }
            if wrong.is_empty() { passed += 1 } else { failed += 1 }
        }
    }
    ensure!(passed + failed > 0 || filter.is_empty(), "no case has {filter:?} in its name");
    ensure!(
        passed + failed > 0,
        "no case to run: put a document of kind GoldenPathTest into a folder of the catalogue, as `catalogue init` does"
    );
    let _ = writeln!(text, "\n{passed} passed, {failed} failed");
    output::data(&text)?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong with these tests, without running them. `catalogue`: `None`, where its own documents are wrong.
pub(super) fn faults(documents: &Documents, catalogue: Option<&Catalogue>) -> Vec<String> {
    let tests = documents.iter().filter(|(_, text)| is_test(text));
    tests.flat_map(|(document, text)| faults_of(document, text, catalogue)).collect()
}

fn faults_of(document: &str, text: &str, catalogue: Option<&Catalogue>) -> Vec<String> {
    let tree = yaml::read(text).unwrap_or_default();
    let Mended { faults: mut found, rest, replaced } = yaml::mend::<GoldenPathTest>(&tree, text, &Value::Null);
    if let Some(test) = rest.filter(|_| replaced.is_empty()) {
        let faults = test.faults(catalogue).into_iter();
        found.extend(faults.map(|(field, reason)| yaml::wrong(text, &field, reason)));
    }
    let line = |YamlError { position, reason }: YamlError| match position {
        Some((line, column)) => format!("{document}:{line}:{column}: {reason}"),
        None => format!("{document}: {reason}"),
    };
    found.into_iter().map(line).collect()
}

fn is_test(text: &str) -> bool {
    yaml::read(text).is_ok_and(|document| document["kind"] == "GoldenPathTest")
}

async fn plan(
    case: &Case,
    test: &GoldenPathTest,
    catalogue: &Arc<Catalogue>,
    tool: &CatalogueTool,
) -> anyhow::Result<Planned> {
    let newest = catalogue.path(Some(&test.golden_path), None).map_err(crate::cli::reports::error_of)?;
    let version = test.golden_path_version.unwrap_or(newest.version).to_string();
    let pin = Pin { name: test.golden_path.clone(), version };
    let facts = test.facts.clone().map_or(Value::Null, Value::Object);
    let planner = Planner::new(tool, Arc::clone(catalogue), facts)?;
    let environment = sample::environment(case.environment.clone(), &pin)?;
    let slot = case.slot.clone().map(|slot| sample::slot(slot, &environment));
    let mut planned = planner.plan(ResourceKind::ENVIRONMENT, environment).await?;
    if let Some(slot) = slot {
        let Planned { objects, problems } = planner.plan(ResourceKind::SLOT, slot).await?;
        planned.objects.extend(objects);
        planned.problems.extend(problems);
    }
    Ok(planned)
}

// === impl GoldenPathTest ===

impl GoldenPathTest {
    /// What its form can't say, each at its field.
    fn faults(&self, catalogue: Option<&Catalogue>) -> Vec<(Vec<String>, String)> {
        let Self { golden_path, golden_path_version, facts, cases, .. } = self;
        let at = |field: &str| vec![field.to_owned()];
        let mut found = vec![];
        let of_path = |path: &&Arc<GoldenPath>| path.name == *golden_path;
        let versions = catalogue.map(|catalogue| catalogue.paths().iter().filter(of_path).collect::<Vec<_>>());
        match (versions, golden_path_version) {
            (Some(versions), _) if versions.is_empty() => {
                let reason =
                    format!("no golden path {golden_path} is in the catalogue: add its document, or name another one");
                found.push((at("golden_path"), reason));
            }
            (Some(versions), Some(wanted)) if !versions.iter().any(|path| path.version == *wanted) => {
                let versions: Vec<String> = versions.iter().map(|path| path.version.to_string()).collect();
                let reason =
                    format!("no {golden_path} {wanted} is in the catalogue, which has: {}", versions.join(", "));
                found.push((at("golden_path_version"), reason));
            }
            _ => {}
        }
        let facts = facts.clone().map_or(Value::Null, Value::Object);
        found
            .extend(sample::example_facts(facts).err().map(|error| (at("facts"), format!("{:#}", error.root_cause()))));
        if cases.is_empty() {
            found.push((at("cases"), "there is none: write what a team asks for, and what must come of it".to_owned()));
        }
        let pin = Pin {
            name: golden_path.clone(),
            version: golden_path_version.map_or_else(|| "1.0.0".into(), |it| it.to_string()),
        };
        for (index, case) in cases.iter().enumerate() {
            let at = |field: &str| vec!["cases".to_owned(), index.to_string(), field.to_owned()];
            if cases[..index].iter().any(|earlier| earlier.name == case.name) {
                found.push((at("name"), "another case has that name".to_owned()));
            }
            let environment = sample::environment(case.environment.clone(), &pin);
            let read = environment.and_then(|environment| {
                sample::spec(ResourceKind::ENVIRONMENT, environment.clone()).map(|_| environment)
            });
            match (read, case.slot.clone()) {
                (Err(error), _) => found.push((at("environment"), format!("{error:#}"))),
                (Ok(environment), Some(slot)) => {
                    let read = sample::spec(ResourceKind::SLOT, sample::slot(slot, &environment));
                    found.extend(read.err().map(|error| (at("slot"), format!("{error:#}"))));
                }
                (Ok(_), None) => {}
            }
        }
        found
    }
}

/// What is otherwise than expected, a line each. Pure.
fn differences(expected: &Expected, planned: &Planned) -> Vec<String> {
    let mut wrong = vec![];
    for (key, expectation) in &expected.objects {
        let found = planned.objects.get(key);
        match (expectation, found) {
            (Expectation::Is(Presence::Absent), None) | (Expectation::Is(Presence::Present), Some(_)) => {}
            (Expectation::Is(Presence::Absent), Some(_)) => wrong.push(format!("{key} is there")),
            (_, None) => wrong.push(format!("{key} is not there; there are: {}", alike(key, planned))),
            (Expectation::Lines(lines), Some(fields)) => {
                let fields = fields.as_deref().unwrap_or_default();
                let missing = lines.iter().filter(|line| !fields.iter().any(|field| words(field).eq(words(line))));
                wrong
                    .extend(missing.map(|line| format!("{key} does not say {line:?}; it says: {}", fields.join(", "))));
            }
        }
    }
    match &expected.findings {
        Some(codes) => {
            let found: BTreeSet<String> = planned.problems.iter().map(|problem| problem.code.to_owned()).collect();
            wrong.extend(codes.difference(&found).map(|code| format!("nothing is found by {code}")));
            let others = planned.problems.iter().filter(|problem| !codes.contains(problem.code));
            wrong.extend(others.map(|problem| format!("{} is found: {}", problem.code, problem.summary)));
        }
        None => {
            let errors = planned.problems.iter().filter(|problem| problem.is_error());
            wrong.extend(errors.map(|problem| format!("{}: {}. {}", problem.code, problem.summary, problem.detail)));
        }
    }
    wrong
}

/// A plan pads the names of fields.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace()
}

/// Keys of the same kind.
fn alike(key: &str, planned: &Planned) -> String {
    let kind = key.split(' ').next().unwrap_or_default();
    let alike: Vec<&str> =
        planned.objects.keys().map(String::as_str).filter(|other| other.split(' ').next() == Some(kind)).collect();
    if alike.is_empty() { format!("no {kind}") } else { alike.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_read_without_being_run() {
        let head = "apiVersion: goldenpath.internal/v1\nkind: GoldenPathTest\n";
        let case = |more: &str| {
            format!("cases: [{{ name: a, environment: {{ team: pay, tier: dev{more} }}, expect: {{}} }}]\n")
        };
        let standard = "golden_path: team-standard\n";
        for (text, expected, reason) in [
            (format!("{standard}{}", case("")), &[][..], "as it should be"),
            (format!("golden_path: nope\n{}", case("")), &["golden_path"], "a path that is nowhere"),
            (
                format!("{standard}golden_path_version: 7.0.0\n{}", case("")),
                &["golden_path_version"],
                "a version that is nowhere",
            ),
            (
                format!("{standard}facts: {{ stable: {{ nope: 1 }} }}\ncase: x\n{}", case("")),
                &["case", "facts"],
                "a fact and a field that there are not",
            ),
            (format!("{standard}cases: []\n"), &["cases"], "no case"),
            (format!("{standard}{}", case(", quotas: {}")), &["cases.0.environment"], "a misspelt attribute"),
            (
                format!(
                    "{standard}cases:\n  - {{ name: a, environment: {{ team: pay }}, expect: {{}} }}\n  \
                    - {{ name: a, environment: {{ team: pay, tier: dev }}, slot: {{ share: 1 }}, expect: {{}} }}\n"
                ),
                &["cases.0.environment", "cases.1.name", "cases.1.slot"],
                "several cases",
            ),
            (
                format!(
                    "{standard}cases: [{{ name: a }}, {{ name: b, environment: {{}}, expect: {{ object: {{}} }} }}]\n"
                ),
                &["cases.0", "cases.1.expect.object"],
                "a case that says nothing, and one with a misspelt field",
            ),
        ] {
            let documents = Documents(vec![("x.yaml".to_owned(), format!("{head}{text}"))]);
            let found = faults(&documents, Some(&Catalogue::built_in()));
            assert!(found.iter().all(|fault| fault.starts_with("x.yaml:")), "{reason}: {found:?}");
            let fields: Vec<&str> = found.iter().map(|fault| fault.split(": ").nth(1).unwrap_or_default()).collect();
            assert_eq!(fields, expected, "{reason}: {found:?}");
        }
    }

    #[test]
    fn a_line_is_a_whole_field() {
        const QUOTA: &str = "ResourceQuota payments-dev/gp-base";
        let fields = Some(vec!["pods 40".to_owned(), "requests.cpu 4".to_owned()]);
        let planned = Planned { objects: [(QUOTA.to_owned(), fields)].into(), ..Planned::default() };
        for (line, is_there, reason) in [
            ("pods 40", true, "a field and its value"),
            ("pods                    40", true, "copied from a plan"),
            ("pods 4", false, "a value that only begins alike"),
            ("40", false, "a value alone"),
            ("pods 40 requests.cpu 4", false, "two fields"),
        ] {
            let lines = Expectation::Lines(vec![line.to_owned()]);
            let expected = Expected { objects: [(QUOTA.to_owned(), lines)].into(), findings: None };
            assert_eq!(differences(&expected, &planned).is_empty(), is_there, "{reason}");
        }
    }
}
