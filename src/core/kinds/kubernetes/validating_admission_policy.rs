//! A guard of the baseline: what admission refuses, and what it says then.

use crate::{
    domain::short_hash,
    kinds::{
        kind::{Kind, Writes},
        words::{Rest, Row},
    },
};

pub const KIND: Kind = Kind {
    baseline: Writes::Rendered,
    environments: Writes::Nothing,
    atomic: &["matchConstraints"],
    words,
    has_status: true,
    ..Kind::cluster_wide("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies")
};

/// Expressions are read by nobody in a plan: their digest changes with each of them, with what they look at and what they say.
fn words(rest: &mut Rest<'_>) -> Vec<Row> {
    let rules = ["/spec/matchConstraints", "/spec/validations", "/spec/variables"].map(|path| rest.take(path));
    if rules == [None, None, None] {
        return vec![];
    }
    vec![Row::one("rules", format!("digest {}", short_hash(rules.map(Option::unwrap_or_default), 10)))]
}
