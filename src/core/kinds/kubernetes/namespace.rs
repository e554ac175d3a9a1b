//! What an environment and an isolated slot live in.

use crate::{
    domain::SYSTEM_NAMESPACE,
    kinds::{
        kind::{Kind, NameRule, RemovalRank, Writes},
        words::{Rest, Row, value},
    },
};

pub const KIND: Kind = Kind {
    removal: RemovalRank::Namespace,
    baseline: Writes::Named(&[SYSTEM_NAMESPACE]),
    words: pod_security,
    names: NameRule::Label,
    ..Kind::cluster_wide("v1", "Namespace", "namespaces")
};

/// `pod-security v1.36 enforce baseline, audit restricted, warn restricted`, or a version for each mode.
fn pod_security(rest: &mut Rest<'_>) -> Vec<Row> {
    const PREFIX: &str = "/metadata/labels/pod-security.kubernetes.io~1";
    let mut modes = vec![];
    for mode in ["enforce", "audit", "warn"] {
        let path = format!("{PREFIX}{mode}");
        let version = format!("{path}-version");
        // Each alone is a label like any other.
        if let (Some(level), Some(of)) = (rest.get(&path), rest.get(&version)) {
            rest.take(&path);
            rest.take(&version);
            modes.push((mode, value(level), value(of)));
        }
    }
    let row = |elements| vec![Row::new("pod-security", elements)];
    match modes.as_slice() {
        [] => vec![],
        [(mode, level, version), others @ ..] if others.iter().all(|(_, _, other)| other == version) => {
            let others = others.iter().map(|(mode, level, _)| format!("{mode} {level}"));
            row([format!("{version} {mode} {level}")].into_iter().chain(others).collect())
        }
        modes => row(modes.iter().map(|(mode, level, version)| format!("{mode} {level}@{version}")).collect()),
    }
}
