//! Pages of what somebody else has named.

use super::{
    super::{
        instance::{LiveInstance, instance},
        rows::{clusters, operation_row},
    },
    *,
};
use crate::reconcile::record_of_a_test;
use goldenpath_core::{
    domain::{PersonaName, Phase, Problem, ResourceKind},
    golden::promises::PersonaAccess,
    provision::{
        ClusterReport, DriftReport, InstanceReport, Instances, OperationReport, OperationState, ReportedProblem,
    },
};
use jiff::Timestamp;

const MARKUP: &str = "<script>alert(1)</script>\"'&";

fn text() -> String {
    MARKUP.to_owned()
}

fn operation(ended_at: Option<String>) -> OperationReport {
    let (id, accepted_at) = (text(), text());
    let state = if ended_at.is_some() { OperationState::Failed } else { OperationState::Running };
    OperationReport { id, verb: text(), about: text(), caller: text(), accepted_at, ended_at, state, outcome: text() }
}

fn report(id: &str, kind: ResourceKind) -> InstanceReport {
    let problem = ReportedProblem::from(&Problem::warning("drift.changed", MARKUP, MARKUP));
    let (drift, notices) = (vec![problem.clone()], vec![problem]);
    InstanceReport {
        id: id.to_owned(),
        kind,
        team: text(),
        tier: text(),
        golden_path: text(),
        golden_path_version: text(),
        phase: Phase::Ready,
        is_paused: false,
        drift: Some(DriftReport { compared_at: text(), drift, notices, newest: Some(text()) }),
        last_operation: Some(operation(Some(text()))),
    }
}

/// None of it opens an element or ends an attribute.
fn escapes(page: &impl Template) -> String {
    let html = page.render().unwrap();
    assert!(html.contains("alert(1)"), "it is shown:\n{html}");
    let raw = ["<script>", "</script>\"", "\"'&"];
    let found: Vec<&str> = raw.into_iter().filter(|raw| html.contains(raw)).collect();
    assert!(found.is_empty(), "{found:?} in\n{html}");
    html
}

#[test]
fn whatever_is_named_stays_text() {
    let (now, frame) = (Timestamp::UNIX_EPOCH, || Frame { caller: Some(text()), release: "", section: "" });
    let cluster =
        |name: &str, unreachable| ClusterReport { cluster: name.to_owned(), compared_at: Some(text()), unreachable };
    let environment = || report("demo/pay", ResourceKind::ENVIRONMENT);
    let slot = || report("demo/pay/<script>alert(1)", ResourceKind::SLOT);
    let listed = Instances {
        instances: vec![report("demo", ResourceKind::BASELINE), environment(), slot()],
        clusters: vec![cluster("demo", None), cluster(MARKUP, Some(text()))],
    };
    let running = || operation_row(&operation(None), now);
    escapes(&OverviewPage {
        frame: frame(),
        wanted: MARKUP,
        clusters: clusters(&listed, "", now),
        running: vec![running()],
    });
    escapes(&OperationsPage { frame: frame(), operations: vec![running()] });
    escapes(&OperationPage { frame: frame(), operation: running(), request: text() });
    escapes(&RefusedPage { frame: frame(), status: 404, summary: MARKUP, detail: MARKUP });

    let mut record = record_of_a_test("demo/pay", MARKUP);
    record.inventory = vec![text(), "k8s/v1/Namespace/pay".to_owned()];
    let drift = vec![ReportedProblem::from(&Problem::warning("drift.changed", MARKUP, MARKUP))];
    let objects = [("k8s/v1/Namespace/pay".to_owned(), format!("field={MARKUP} #2:0000000000"))].into();
    let access = PersonaAccess {
        persona: PersonaName::Developer,
        role: PersonaName::Viewer,
        who: vec![text()],
        may: vec![MARKUP],
        may_not: vec![MARKUP],
    };
    let instances = vec![environment(), slot()];
    let history = vec![operation(Some(text()))];
    let shown =
        instance(record, instances, history, Ok(LiveInstance { objects, drift }), Ok(vec![access]), now).unwrap();
    let html = escapes(&InstancePage { frame: frame(), instance: shown });
    assert!(html.contains("missing"), "what the record lists and is not there is named:\n{html}");
}

#[test]
fn what_can_not_be_read_is_no_missing_object() {
    let mut record = record_of_a_test("demo/pay", "dev");
    record.inventory = vec!["k8s/v1/Namespace/pay".to_owned()];
    let seen = Err("no connection".to_owned());
    let personas = Err("the catalogue has no x 1.0.0 any more".to_owned());
    let listed = vec![report("demo/pay", ResourceKind::ENVIRONMENT)];
    let shown = instance(record, listed, vec![], seen, personas, Timestamp::UNIX_EPOCH).unwrap();
    assert!(!shown.objects[0].is_missing);
    assert_eq!(shown.gaps.len(), 2, "both are said: {:?}", shown.gaps);
    assert_eq!(shown.findings[0].kind, "Drift", "that of the last comparison");
}
