//! What an environment and an isolated slot live in.

use crate::{
    domain::SYSTEM_NAMESPACE,
    kinds::{
        kind::{Kind, NameRule, RemovalRank, Writes},
        words::Rest,
    },
};

pub const KIND: Kind = Kind {
    removal: RemovalRank::Namespace,
    baseline: Writes::Named(&[SYSTEM_NAMESPACE]),
    words: pod_security,
    names: NameRule::Label,
    ..Kind::cluster_wide("v1", "Namespace", "namespaces")
};

/// `pod-security=restricted@v1.36` where the three modes agree, else each by its name.
fn pod_security(rest: &mut Rest<'_>) -> Vec<String> {
    const PREFIX: &str = "/metadata/labels/pod-security.kubernetes.io~1";
    let mut modes: Vec<(&str, String)> = vec![];
    for mode in ["enforce", "audit", "warn"] {
        let path = format!("{PREFIX}{mode}");
        if let (Some(level), Some(version)) = (rest.get(&path), rest.get(&format!("{path}-version"))) {
            rest.take(&path);
            rest.take(&format!("{path}-version"));
            modes.push((mode, format!("{level}@{version}")));
        }
    }
    match modes.as_slice() {
        [(_, a), (_, b), (_, c)] if a == b && b == c => vec![format!("pod-security={a}")],
        _ => modes.into_iter().map(|(mode, text)| format!("{mode}={text}")).collect(),
    }
}
