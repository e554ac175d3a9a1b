use super::{report::Report, sarif};
use goldenpath_core::{domain::TierClass, policy::pack};

const MANIFESTS: &str = "\
# A comment of its own.
---
apiVersion: v1
kind: Pod
metadata: { name: open }
spec: { hostPID: true, containers: [{ name: main, image: 'a:1' }] }
---
kind: [
---
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: { name: plain }
---
name: nothing
";

fn report(class: TierClass) -> Report {
    let mut report = Report::default();
    let all: Vec<_> = pack().iter().collect();
    report.judge("stack.yaml", MANIFESTS, &all, class, jiff::civil::date(2026, 11, 28));
    report
}

#[test]
fn each_document_is_judged_and_each_error_has_its_place() {
    let report = report(TierClass::Prod);
    assert_eq!(report.objects, 2);
    let places: Vec<_> = report.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(places, [8, 15], "what is broken, and what is no object: {}", report.text());
    assert_eq!(report.problems[0].message, "unclosed bracket '['");
    let first = report.findings.iter().find(|finding| finding.policy == "host-namespaces").unwrap();
    assert_eq!((first.line, first.object.as_str()), (3, "Pod open"));
    assert_eq!(report.code(), 2, "what can't be read is worse than what is denied");
    let text = report.text();
    let line = "stack.yaml:3: denied: Pod open: A pod shares the processes of its node. Remove hostPID and hostIPC. [host-namespaces 1.0.0]";
    assert!(text.lines().any(|other| other == line), "{text}");
    assert!(text.contains("2 objects, "), "{text}");
}

#[test]
fn a_class_decides_what_is_denied() {
    let action = |class| {
        let report = report(class);
        let found = report.findings.iter().find(|finding| finding.policy == "workload-resources").unwrap();
        super::words::word(found.action)
    };
    assert_eq!((action(TierClass::Dev), action(TierClass::Prod)), ("warning", "denied"));
}

#[test]
fn a_code_scanner_gets_levels_and_places() {
    let all: Vec<_> = pack().iter().collect();
    let log = sarif::log(&report(TierClass::Prod), &all);
    let run = &log["runs"][0];
    let result = run["results"].as_array().unwrap().iter().find(|one| one["ruleId"] == "host-namespaces").unwrap();
    assert_eq!(result["level"], "error");
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), all.len());
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
}
