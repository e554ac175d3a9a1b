//! Where a guard of the baseline acts.

use crate::kinds::{
    kind::{Kind, Writes},
    words::{Rest, Row, only, selector},
};

const ACTIONS: &str = "/spec/validationActions";

pub const KIND: Kind = Kind {
    baseline: Writes::Rendered,
    environments: Writes::Nothing,
    atomic: &["matchResources"],
    words,
    ..Kind::cluster_wide(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
    )
};

/// `denies  gp-guard-pods`, `in  goldenpath.internal/environment Exists`
fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let mut rows = vec![];
    if rest.get(ACTIONS) == Some(r#"["Deny"]"#)
        && let Some(row) = rest.take_row("/spec/policyName", "denies")
    {
        rest.take(ACTIONS);
        rows.push(row);
    }
    rows.extend(rest.take_as("/spec/matchResources", |matched| {
        let matched = only(matched, &["matchPolicy", "namespaceSelector", "objectSelector"])?;
        let is_usual =
            matched.get("matchPolicy")? == "Equivalent" && selector(matched.get("objectSelector")?)? == "all";
        is_usual.then_some(Row::one("in", selector(matched.get("namespaceSelector")?)?))
    }));
    rows
}
