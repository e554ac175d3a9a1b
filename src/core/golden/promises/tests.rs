use super::*;
use crate::{
    domain::{Body, Permission, PersonaName, PodSecurityLevel},
    golden::{Environment, Spec, cluster_roles, fixtures, tests::snapshot},
};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write};

/// Profile level 1 of the benchmark, as its checks name themselves. Its list of what is pending (reclaim policy `Delete`, dropping all
/// capabilities) has no ids; the latter is part of the level `restricted`.
const PROFILE_1: [&str; 16] = [
    "MTB-PL1-BC-CPI-2",
    "MTB-PL1-BC-CPI-3",
    "MTB-PL1-BC-CPI-4",
    "MTB-PL1-BC-CPI-5",
    "MTB-PL1-BC-CPI-6",
    "MTB-PL1-BC-HI-1",
    "MTB-PL1-BC-HI-3",
    "MTB-PL1-BC-HI-4",
    "MTB-PL1-BC-HI-5",
    "MTB-PL1-BC-NI-1",
    "MTB-PL1-CC-CPI-1",
    "MTB-PL1-CC-DI-1",
    "MTB-PL1-CC-FNS-1",
    "MTB-PL1-CC-FNS-2",
    "MTB-PL1-CC-TI-1",
    "MTB-PL1-CC-TI-2",
];

#[test]
fn each_check_of_the_benchmarks_first_profile_has_a_row() {
    let access = ACCESS.iter().flat_map(|row| row.benchmark);
    let admitted = admission();
    let admission = admitted.iter().flat_map(|row| row.benchmark);
    let objects = OBJECTS.iter().flat_map(|row| row.benchmark);
    let found: BTreeSet<&str> = access.chain(admission).chain(objects).copied().collect();
    assert_eq!(found, BTreeSet::from(PROFILE_1));
}

/// The table and what the baseline grants agree; that it holds on an API server is tried there.
#[test]
fn roles_grant_what_is_promised() {
    let has =
        |rule: &Value, field: &str, what: &str| rule[field].as_array().is_some_and(|all| all.contains(&what.into()));
    for row in ACCESS {
        for role in PersonaName::ALL {
            let rules = cluster_roles::rules(role, |_| true, []);
            for permission in row.permissions("pay") {
                let grants = |rule: &&Value| {
                    has(rule, "verbs", &permission.verb)
                        && has(rule, "apiGroups", &permission.group)
                        && has(rule, "resources", &permission.resource)
                };
                let is_inside = row.scope == Scope::Environment;
                let may = is_inside && rules.iter().any(|rule| grants(&rule));
                assert_eq!(may, row.may(role), "{role}: {} {} ({})", permission.verb, row.name, row.reason);
            }
        }
    }
}

#[test]
fn kinds_of_promised_objects_are_rendered() {
    let blueprint = fixtures::rendered(Spec::of::<Environment>(fixtures::payments_prod()), &fixtures::facts(), None);
    let of = |kind: &str| {
        let bodies = blueprint.objects.iter().filter(|object| object.key.kind() == kind);
        bodies.filter(|object| matches!(object.body, Some(Body::Kube(_)))).count()
    };
    for row in OBJECTS {
        assert!(row.kinds.iter().any(|kind| of(kind) > 0), "{}: {}", row.name, row.reason);
    }
}

/// What is asked of a cluster, as it is asked.
#[test]
fn promises_are_these_requests() {
    let mut text = String::new();
    for row in ACCESS {
        let AccessPromise { name, reason, roles, benchmark, .. } = row;
        let _ = writeln!(text, "=== {name}: {reason}\nroles {roles:?}, benchmark {benchmark:?}");
        for permission in row.permissions("pay") {
            let _ = writeln!(text, "{}", sentence(&permission));
        }
    }
    snapshot("promises-access", &text);
    text.clear();
    for row in admission() {
        let AdmissionPromise { name, reason, benchmark, .. } = &row;
        let _ = writeln!(text, "=== {name}: {reason}\nbenchmark {benchmark:?}");
        for level in [PodSecurityLevel::Privileged, PodSecurityLevel::Baseline, PodSecurityLevel::Restricted] {
            let refusal = row.refusal(level).map_or_else(|| "admitted".into(), |by| by.join(" or "));
            let _ = writeln!(text, "{}: {refusal}", level.as_str());
        }
        let _ = writeln!(text, "pod: {}\n{}", row.is_pod(), row.object_in("pay"));
    }
    snapshot("promises-admission", &text);
}

fn sentence(Permission { verb, group, resource, namespace, name }: &Permission) -> String {
    let name = name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let place =
        namespace.as_ref().map_or_else(|| "the cluster".to_owned(), |namespace| format!("namespace {namespace}"));
    let resource = [resource.as_str(), group].join(".");
    format!("{verb} {}{name} in {place}", resource.trim_end_matches('.'))
}
