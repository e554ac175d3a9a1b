//! A guard of the baseline: what admission refuses, to whom, and what it says then.

use crate::{
    domain::short_hash,
    kinds::{
        kind::{Kind, Writes},
        words::{Rest, Row, only, value, values},
    },
};
use serde_json::Value;

pub const KIND: Kind = Kind {
    baseline: Writes::Rendered,
    environments: Writes::Nothing,
    openings: &["/spec/matchConstraints/excludeResourceRules"],
    words,
    ..Kind::cluster_wide("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies")
};

/// What it looks at, a digest of its expressions, which few read in a plan, and what it says when it refuses.
fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = vec![];
    rows.extend(rest.take_as("/spec/matchConstraints/resourceRules", |rules| {
        let rules: Option<Vec<String>> = rules.as_array()?.iter().map(resource_rule).collect();
        Some(Row::new("on", rules?))
    }));
    for (path, name) in [("/spec/variables", "variables"), ("/spec/validations", "rules")] {
        rows.extend(rest.take_as(path, |list| expressions(name, list)).into_iter().flatten());
    }
    rows
}

fn expressions(name: &str, list: &Value) -> Option<Vec<Row>> {
    let all = list.as_array()?;
    let digest = format!("digest {}", short_hash([list.to_string().as_str()], 10));
    let said: Vec<String> = all.iter().filter_map(|one| one.get("message")?.as_str().map(value)).collect();
    let mut rows = vec![Row::new(name, vec![all.len().to_string(), digest])];
    if !said.is_empty() {
        rows.push(Row::new("refuses", said));
    }
    Some(rows)
}

fn resource_rule(rule: &Value) -> Option<String> {
    let rule = only(rule, &["apiGroups", "apiVersions", "operations", "resources", "scope"])?;
    let list = |name: &str| Some(values(rule.get(name)?)?.join("|"));
    let scope = value(rule.get("scope")?.as_str()?);
    let api = match (list("apiGroups")?.as_str(), list("apiVersions")?) {
        ("\"\"", versions) => versions,
        (groups, versions) => format!("{groups}/{versions}"),
    };
    Some(format!("{} {api} {} {scope}", list("operations")?, list("resources")?))
}
