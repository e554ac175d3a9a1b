//! `catalogue test`: the cases of a golden path: what a team asks for, and which objects or findings must come of it. It needs no
//! cluster and no credentials, so that it runs in the platform team's CI.

use super::{
    sample::{self, Pin, Planned, Planner},
    tool::{CatalogueTool, Documents},
};
use crate::cli::output;
use anyhow::{Context, ensure};
use goldenpath_core::{
    domain::{ResourceKind, Version, yaml},
    golden::Catalogue,
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
