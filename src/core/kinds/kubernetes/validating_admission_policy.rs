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

/// `on  CREATE|UPDATE v1/pods`, `refuses` with what it says, and a digest of the expressions, which few read in a plan.
fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = vec![];
    rows.extend(rest.take_as("/spec/matchConstraints/resourceRules", |rules| {
        let rules: Option<Vec<String>> = rules.as_array()?.iter().map(resource_rule).collect();
        Some(Row::new("on", rules?))
    }));
    let digest = |list: &Value| {
        let digest = format!("digest {}", short_hash([list.to_string().as_str()], 10));
        Some(vec![list.as_array()?.len().to_string(), digest])
    };
    for (path, name) in [("/spec/variables", "variables"), ("/spec/validations", "refuses")] {
        rows.extend(rest.take_as(path, |list| {
            let said = list.as_array()?.iter().filter_map(|one| one.get("message")?.as_str().map(value));
            Some(Row::new(name, digest(list)?.into_iter().chain(said).collect()))
        }));
    }
    rows
}

fn resource_rule(rule: &Value) -> Option<String> {
    let rule = only(rule, &["apiGroups", "apiVersions", "operations", "resources", "scope"])?;
    let list = |name: &str| Some(values(rule.get(name)?)?.join("|"));
    let scope = value(rule.get("scope")?.as_str()?);
    let (groups, versions) = (list("apiGroups")?, list("apiVersions")?);
    Some(format!("{} {groups}/{versions} {} {scope}", list("operations")?, list("resources")?))
}
