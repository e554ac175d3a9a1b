//! The computed attributes: what rendering knows of them, and what the target says.

use super::resolve::Resolved;
use crate::{
    domain::{Computed, Desired, LABEL_PREFIX, ObjectKey, Outputs, Record},
    golden::outputs::{Before, Seen},
};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the golden path that made it; key -> final name; the labels that all its namespaces have; persona -> the groups that its RoleBindings name; persona -> ARN of the role made for it; principal -> ARN of
/// its access entry; what a person runs to get in; how long the create took.
pub const NAMES: &[&str] = &[
    "resolved_version",
    "namespace_names",
    "namespace_labels",
    "rbac_groups",
    "role_arns",
    "access_entry_arns",
    "kubeconfig_command",
    "provisioning",
];

pub fn outputs(resolved: &Resolved) -> Outputs {
    let Resolved { summary, parent, personas, roles: terms, .. } = resolved;
    let (name, region) = (terms.cluster.name(), terms.cluster.region());
    let labels = BTreeMap::from([(format!("{LABEL_PREFIX}environment"), terms.environment.clone())]);
    let roles =
        personas.iter().filter_map(|persona| Some((persona.name.to_string(), persona.role.as_ref()?.arn.clone())));
    let groups = personas.iter().map(|persona| (persona.name.to_string(), persona.groups.clone()));
    let entries = personas.iter().flat_map(|persona| &persona.principals).map(|arn| (arn.clone(), Computed::Later));
    let names = parent.namespaces.iter().map(|(key, namespace)| (key.clone(), namespace.name.clone()));
    Outputs::default()
        .with("resolved_version", summary.path.version.to_string())
        .with("namespace_names", names.collect::<BTreeMap<_, _>>())
        .with("namespace_labels", labels)
        .with("kubeconfig_command", format!("aws eks update-kubeconfig --name {name} --region {region}"))
        .with("rbac_groups", groups.collect::<BTreeMap<_, _>>())
        .with("role_arns", roles.collect::<BTreeMap<_, _>>())
        .with("access_entry_arns", entries.collect::<BTreeMap<_, _>>())
}

/// Persona -> whom it names by an ARN.
pub fn details(Resolved { personas, .. }: &Resolved) -> Outputs {
    let principals = personas.iter().map(|persona| {
        let arns: Vec<String> = persona.principals.iter().cloned().collect();
        (persona.name.to_string(), arns)
    });
    Outputs::default().with("principal_arns", principals.collect::<BTreeMap<_, _>>())
}

/// The same principals as before keep the ARNs of their entries.
pub fn plan(outputs: &mut Outputs, objects: &[Desired], before: &Before<'_>) {
    let Some(before) = before.objects else { return };
    let is_entry = |key: &str| key.parse::<ObjectKey>().is_ok_and(|key| matches!(key, ObjectKey::AccessEntry { .. }));
    let known: BTreeSet<_> = before.keys().filter(|key| is_entry(key)).cloned().collect();
    if known == entries(objects).map(|(key, _)| key.to_string()).collect() {
        outputs.keep("access_entry_arns");
    }
}

pub fn settle(outputs: &mut Outputs, objects: &[Desired], seen: &Seen<'_>) {
    if let Some(provisioning) = seen.record.and_then(provisioning) {
        outputs.set("provisioning", provisioning);
    }
    let arn = |key| seen.objects.get(key)?.id.clone();
    let arns = entries(objects).map(|(key, principal)| (principal.to_owned(), arn(key)));
    let arns: BTreeMap<String, Option<String>> = arns.collect();
    let is_promised = outputs.get("access_entry_arns").is_some();
    // A refresh leaves what it was: an entry that is gone is drift. An apply says what the plan promised: the keys are as the plan
    // showed them, and an entry that does not exist (its drift is only reported) has no ARN.
    if is_promised || arns.values().all(Option::is_some) {
        outputs.set("access_entry_arns", arns);
    }
}

fn entries(objects: &[Desired]) -> impl Iterator<Item = (&ObjectKey, &str)> {
    objects.iter().filter_map(|desired| match &desired.key {
        key @ ObjectKey::AccessEntry { principal } => Some((key, principal.as_str())),
        _ => None,
    })
}

/// How long the create took, in milliseconds by phase: written once, by the create that became ready.
fn provisioning(record: &Record) -> Option<BTreeMap<String, Computed>> {
    let (requested, ready) = (record.timings.first()?, record.timings.last()?);
    let phases = record.timings.iter().map(|timing| (timing.phase.clone(), timing.milliseconds));
    Some(BTreeMap::from([
        ("requested_at".to_owned(), requested.started_at.clone().into()),
        ("ready_at".to_owned(), ready.started_at.clone().into()),
        ("phases".to_owned(), phases.collect::<BTreeMap<_, _>>().into()),
    ]))
}
