use super::{
    check_names,
    home::Home,
    report::{Basis, Problem, Report},
    run, sarif,
};
use crate::cli::{
    doctor::{DoctorTarget, Inspection, Inspector, LiveCluster, Reading},
    testing::{Line, Unreachable},
};
use async_trait::async_trait;
use clap::Parser as _;
use goldenpath_core::{
    domain::{Observed, Permission, TierClass, Who},
    golden::Catalogue,
    policy::{document::Policy, pack},
};
use serde_json::{Value, json};
use std::{process::ExitCode, sync::Arc};

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

fn basis<'a>(policies: &'a [&'a Policy], class: TierClass) -> Basis<'a> {
    Basis { policies, only: &[], class, today: jiff::civil::date(2026, 11, 28), home: None }
}

fn report(class: TierClass) -> Report {
    let mut report = Report::default();
    report.judge("stack.yaml", MANIFESTS, &basis(&pack().iter().collect::<Vec<_>>(), class));
    report
}

#[test]
fn each_document_is_judged_and_each_error_has_its_place() {
    let report = report(TierClass::Prod);
    assert_eq!(report.objects, 2);
    let places: Vec<_> = report.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(places, [8, 15], "what is no YAML, and what is no object: {}", report.text());
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
fn what_a_manifest_says_begins_no_line_of_its_own() {
    let mut report = Report::default();
    let manifest =
        "{ apiVersion: v1, kind: Pod, metadata: { name: \"a\\n::error::b\\e[2J\" }, spec: { hostPID: true } }\n";
    report.judge("a.yaml", manifest, &basis(&pack().iter().collect::<Vec<_>>(), TierClass::Prod));
    let text = report.text();
    assert_eq!(text.lines().count(), report.findings.len() + 1, "{text}");
    assert!(text.contains("Pod a\\n::error::b\\u{1b}[2J: "), "{text}");
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
    for (file, uri, reason) in [
        ("apps/web-1.yaml", "apps/web-1.yaml", "as it is"),
        ("my apps/50%#1.yaml", "my%20apps/50%25%231.yaml", "what is no URI, or another one"),
        ("Zo\u{eb}.yaml", "Zo%C3%AB.yaml", "letters beyond ASCII"),
    ] {
        let mut report = Report::default();
        report.judge(file, MANIFESTS, &basis(&all, TierClass::Prod));
        let log = sarif::log(&report, &all);
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], uri, "{reason}");
    }
}

/// The rows of each guard on the real API server are held against our engine there.
#[test]
fn with_the_namespace_guards_judge_what_is_for_it() {
    let namespace = "\
apiVersion: v1
kind: Namespace
metadata:
  name: shop-dev
  labels: { goldenpath.internal/environment: shop-dev }
  annotations: { goldenpath.internal/ingress-classes: internal }
";
    let manifest = |namespace: &str| {
        let metadata = format!("{{ name: web{namespace} }}");
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {metadata}\nspec: {{ ingressClassName: public }}\n\
             ---\napiVersion: v1\nkind: Service\nmetadata: {metadata}\nspec: {{ type: NodePort }}\n"
        )
    };
    let home = Home::read(namespace).unwrap();
    let found = |home: Option<&Home>, only: &[String], namespace: &str| {
        let mut report = Report::default();
        report.judge("a.yaml", &manifest(namespace), &Basis { home, only, ..basis(&[], TierClass::Dev) });
        report.findings.iter().map(|finding| finding.policy.clone()).collect::<Vec<_>>()
    };
    let one = ["guard-services".to_owned()];
    assert_eq!(found(Some(&home), &[], ""), ["guard-classes", "guard-services"], "applied there");
    assert_eq!(found(Some(&home), &[], ", namespace: shop-dev"), ["guard-classes", "guard-services"], "named");
    assert_eq!(found(Some(&home), &[], ", namespace: other"), [""; 0], "for another one");
    assert_eq!(found(Some(&home), &one, ""), ["guard-services"], "of one guard");
    assert_eq!(found(None, &[], ""), [""; 0], "without it");
    for (text, says) in [
        ("kind: [", "unclosed"),
        ("{ apiVersion: v1, kind: Pod, metadata: { name: x } }", "no Namespace"),
        (
            "{ apiVersion: v1, kind: Namespace, metadata: { name: default } }",
            "default is not a namespace of an environment",
        ),
    ] {
        assert!(Home::read(text).unwrap_err().contains(says), "{text}");
    }
}

/// Of a cluster with the namespace of one environment, and nothing in it.
#[derive(Clone, Default)]
struct Bare {
    /// A kind that it lists forever.
    endless: Option<&'static str>,
}

#[async_trait]
impl Inspector for Bare {
    async fn inspect(&self, _: &DoctorTarget) -> anyhow::Result<Inspection> {
        anyhow::bail!("nobody asks")
    }

    async fn connect(&self, _: &DoctorTarget) -> anyhow::Result<(Box<dyn LiveCluster>, Arc<Catalogue>)> {
        Ok((Box::new(self.clone()), Catalogue::built_in()))
    }
}

#[async_trait]
impl LiveCluster for Bare {
    async fn objects(&self) -> Reading<Vec<Observed>> {
        Ok(vec![])
    }

    async fn reviews(&self, _: Vec<(Option<Who>, Permission)>) -> Vec<Reading<bool>> {
        vec![]
    }

    async fn each(&self, kind: (&str, &str), _: Option<&str>, look: &(dyn Fn(Value) + Sync)) -> Reading<()> {
        if self.endless == Some(kind.1) {
            std::future::pending::<()>().await;
        }
        if kind == ("v1", "Namespace") {
            let labels = json!({"goldenpath.internal/managed": "true", "goldenpath.internal/environment": "pay",
                "goldenpath.internal/path": "team-standard", "goldenpath.internal/path-version": "1.0.0",
                "goldenpath.internal/tier": "dev"});
            look(json!({"metadata": {"name": "pay", "labels": labels}}));
        }
        Ok(())
    }

    async fn dry_runs(&self, _: Vec<Value>, _: Option<&Who>) -> Vec<Reading<Option<String>>> {
        vec![]
    }
}

#[test]
fn a_name_may_be_that_of_a_document_that_can_not_be_read() {
    let (known, only) = ([&pack()[0]], |name: &str| vec![name.to_owned()]);
    let first = known[0].form.name.as_str();
    let unreadable = || vec![Problem::of("own.yaml", "did not find expected key".to_owned())];
    for (only, problems, is_good, reason) in [
        (only(first), vec![], true, "it is known"),
        (only("own"), vec![], false, "nobody has it"),
        (only("own"), unreadable(), true, "the report names the file"),
        (vec![], unreadable(), true, "all of them"),
    ] {
        assert_eq!(check_names(&only, &known, &problems).is_ok(), is_good, "{reason}");
    }
}

/// A pipeline would take it for what a policy denies, or for what passes.
#[tokio::test]
async fn what_can_not_be_judged_is_neither_denied_nor_passed() {
    let (nowhere, bare): (&dyn Inspector, &dyn Inspector) = (&Unreachable, &Bare::default());
    let folder = tempfile::tempdir().unwrap();
    let empty = format!("policy check {}", folder.path().display());
    for (line, inspector, expected, reason) in [
        ("policy check --only nonsense stack.yaml", nowhere, 2, "no policy has that name"),
        ("policy check nowhere.yaml", nowhere, 2, "no file"),
        (empty.as_str(), nowhere, 2, "no manifest in the folder"),
        ("policy report demo", nowhere, 2, "no cluster"),
        ("policy report demo --environment pay", bare, 0, "all that is there"),
        ("policy report demo --environment pya", bare, 2, "no such environment"),
    ] {
        let Line { arguments } = Line::try_parse_from(line.split(' ')).expect(reason);
        let code = run(arguments, inspector).await.expect(reason);
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(expected)), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_ends_though_a_listing_does_not() {
    for kind in ["Namespace", "ConfigMap", "RoleBinding"] {
        let Line { arguments } = Line::try_parse_from(["policy", "report", "demo"]).expect(kind);
        let inspector = Bare { endless: Some(kind) };
        let report = tokio::time::timeout(std::time::Duration::from_secs(3600), run(arguments, &inspector));
        let code = report.await.expect("it ends").expect(kind);
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(2)), "{kind}");
    }
}
