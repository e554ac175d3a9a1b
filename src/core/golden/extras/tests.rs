mod changes;

use crate::{
    domain::{Body, Desired, EnvironmentSpec, Late, LateList, Problem, SlotSpec},
    golden::{
        Catalogue, Environment, ResolveContext, Slot, Spec,
        fixtures::{self, *},
    },
};
use serde_json::{Value, json};

const DOCUMENT: &str = r#"
apiVersion: goldenpath.internal/v1
kind: GoldenPath
name: own
version: 1.0.0
extends: team-standard 1.0.0
parameters:
  days: { type: number, default: 7 }
  level: { type: string, of: slot, default: info }
cluster_kinds: [storage.k8s.io/v1 StorageClass]
manifests:
  - name: settings
    manifest:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: settings, labels: { a: b, goldenpath.internal/team: mallory }, annotations: { note: "{{ tier.class }}" } }
      data: { team: "{{ environment.team }}", days: "{{ string(parameters.days) }}", account: "{{ facts.cluster_arn }}" }
  - name: monitor
    after: [settings]
    tiers: [prod]
    when: has(spec.owner)
    manifest:
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata: { name: "of-{{ namespace }}" }
      spec: { sampleLimit: "{{ parameters.days * 100 }}" }
  - name: class
    each: environment
    tiers: [staging]
    manifest:
      apiVersion: storage.k8s.io/v1
      kind: StorageClass
      metadata: { name: "{{ environment.name }}-fast" }
      provisioner: ebs.csi.aws.com
  - name: levels
    each: slot
    manifest:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: "{{ spec.name }}-level" }
      data: { level: "{{ parameters.level }}" }
objects:
  - { kind: NetworkPolicy, name: gp-allow-monitoring, enabled: false }
  - { kind: LimitRange, name: gp-defaults, tiers: [dev], set: { spec: { limits: [{ type: Container, max: { cpu: "{{ string(parameters.days) }}" } }] } } }
"#;

fn resolved(spec: &Spec, document: &str) -> Result<Vec<Desired>, Vec<Problem>> {
    let catalogue = Catalogue::with_documents([("own", document)]).expect("a catalogue");
    let parent = environment(json!({"golden_path": "own", "tier": "prod", "name": "payments-prod"}));
    let parent = crate::golden::environment::parent_of(&parent, &facts(), &catalogue).expect("an environment");
    let given = ResolveContext { facts: &facts(), parent: Some(&parent), catalogue: &catalogue };
    let resolved = spec.resolve(&given)?;
    let blueprint = resolved.render();
    let errors: Vec<Problem> = resolved.judge(&blueprint).into_iter().filter(Problem::is_error).collect();
    if errors.is_empty() { Ok(blueprint.objects) } else { Err(errors) }
}

fn of(members: Value) -> Spec {
    let mut all = json!({"golden_path": "own", "owner": {"contact": "a@b", "cost_center": "C"}});
    if let (Value::Object(all), Value::Object(members)) = (&mut all, members) {
        all.extend(members);
    }
    Spec::of::<Environment>(environment(all))
}

fn body(objects: &[Desired], end: &str) -> Option<Value> {
    let found = objects.iter().find(|object| object.key.to_string().ends_with(end))?;
    match &found.body {
        Some(Body::Kube(document)) => Some(document.clone()),
        _ => Some(Value::Null),
    }
}

#[test]
fn manifests_are_filled_in_and_carry_our_mark() {
    let objects = resolved(&of(json!({"parameters": {"days": 3}})), DOCUMENT).expect("resolves");
    let settings = body(&objects, "v1/ConfigMap/payments-dev/settings").expect("made");
    let data = json!({"team": "payments", "days": "3", "account": "arn:aws:eks:eu-west-1:111122223333:cluster/demo"});
    assert_eq!(settings["data"], data);
    assert_eq!(settings["metadata"]["labels"]["a"], "b");
    assert_eq!(settings["metadata"]["labels"]["goldenpath.internal/team"], "payments", "nobody overrides our mark");
    assert_eq!(settings["metadata"]["annotations"]["note"], "dev");
    assert_eq!(body(&objects, "of-payments-dev"), None, "not in this tier");
    assert_eq!(body(&objects, "gp-allow-monitoring"), None, "switched off");
    let limits = body(&objects, "payments-dev/gp-defaults").expect("there");
    assert_eq!(limits["spec"]["limits"], json!([{"type": "Container", "max": {"cpu": "3"}}]), "changed");

    let prod = of(json!({"tier": "prod", "name": "payments-prod", "namespaces": {"default": {}, "jobs": {}}}));
    let objects = resolved(&prod, DOCUMENT).expect("resolves");
    let monitors = objects.iter().filter(|object| object.key.kind() == "ServiceMonitor").collect::<Vec<_>>();
    let [one, other] = &monitors[..] else { panic!("one for each namespace: {monitors:?}") };
    assert_eq!(
        body(&objects, "of-payments-prod").expect("made")["spec"]["sampleLimit"],
        json!(700),
        "a number stays one"
    );
    assert!(one.needs.iter().any(|need| need.to_string().ends_with("payments-prod/settings")), "{:?}", one.needs);
    assert_eq!(other.inside.as_ref().map(ToString::to_string).as_deref(), Some("k8s/v1/Namespace/payments-prod-jobs"));
    let limits = body(&objects, "payments-prod/gp-defaults").expect("there");
    assert!(limits["spec"]["limits"][0]["defaultRequest"].is_object(), "not changed in this tier");

    let staging = of(json!({"tier": "staging", "name": "payments-staging"}));
    let objects = resolved(&staging, DOCUMENT).expect("a listed kind of the cluster is admitted");
    assert!(body(&objects, "storage.k8s.io/v1/StorageClass/payments-staging-fast").is_some());

    let slot: SlotSpec = slot(json!({"environment": "demo/payments-prod", "parameters": {"level": "debug"}}));
    let objects = resolved(&Spec::of::<Slot>(slot), DOCUMENT).expect("resolves");
    assert_eq!(body(&objects, "payments-prod-ledger/ledger-level").expect("made")["data"]["level"], "debug");
    assert_eq!(body(&objects, "payments-prod-ledger/settings"), None, "that is the environment's");
}

#[test]
fn what_is_not_known_yet_is_not_guessed() {
    let mut spec: EnvironmentSpec = environment(json!({"golden_path": "own"}));
    spec.parameters = Some([("days".to_owned(), crate::domain::Late::Later)].into());
    let objects = resolved(&Spec::of::<Environment>(spec.clone()), DOCUMENT).expect("resolves");
    assert_eq!(body(&objects, "payments-dev/settings"), Some(Value::Null), "its key is known, its content waits");
    assert_eq!(body(&objects, "payments-dev/gp-defaults"), Some(Value::Null));
    let deciding = DOCUMENT.replace("name: settings, labels", "name: \"s-{{ string(parameters.days) }}\", labels");
    let errors = resolved(&Spec::of::<Environment>(spec), &deciding).expect_err("the key is not known");
    assert_eq!(errors[0].code, "catalogue.manifest_undecided");
    assert_well_written(&errors[0], "undecided");
}

#[test]
fn what_can_not_be_made_is_said_before_anything_is() {
    for (from, to, code, words, reason) in [
        (
            "{{ environment.team }}",
            "{{ environment['tem'] }}",
            "catalogue.manifest",
            "no such key: tem",
            "a misspelt field",
        ),
        (
            "- name: class\n    each: environment\n    tiers: [staging]",
            "- name: class\n    each: environment",
            "catalogue.manifest",
            "must begin with",
            "a name that two environments would share",
        ),
        (
            "name: settings, labels",
            "name: \"{{ environment }}\", labels",
            "catalogue.manifest",
            "not a text",
            "a name that is a map",
        ),
        ("name: settings, labels", "name: \"{{ '' }}\", labels", "catalogue.manifest", "not a text", "an empty name"),
        (
            "tiers: [staging]\n    manifest:\n      apiVersion: storage.k8s.io/v1\n      kind: StorageClass\n      metadata: {",
            "manifest:\n      apiVersion: v1\n      kind: ConfigMap\n      metadata: { namespace: kube-system,",
            "catalogue.manifest",
            "kube-system is not a namespace of the environment",
            "a namespace of somebody else",
        ),
        (
            "tiers: [staging]\n    manifest:\n      apiVersion: storage.k8s.io/v1\n      kind: StorageClass\n      metadata: {",
            "manifest:\n      apiVersion: v1\n      kind: ConfigMap\n      metadata: { namespace: \"{{ environment.name }}\",",
            "",
            "",
            "nothing: it is in a namespace of its own",
        ),
        ("name: of-", "name: of-", "", "", "nothing"),
    ] {
        let mut document = DOCUMENT.replacen(from, to, 1);
        if reason.starts_with("a name that two") {
            document = document.replace("\"{{ environment.name }}-fast\"", "fast");
        }
        match resolved(&of(json!({})), &document) {
            Ok(_) => assert_eq!(code, "", "{reason}"),
            Err(errors) => {
                assert_eq!(errors[0].code, code, "{reason}");
                let said = format!("{}. {}", errors[0].summary, errors[0].detail);
                assert!(said.contains(words), "{reason}: {said}");
                assert_well_written(&errors[0], reason);
            }
        }
    }
    let twice = DOCUMENT.replace("- name: levels", "- name: again\n    manifest: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }\n  - name: levels");
    assert_eq!(resolved(&of(json!({})), &twice).expect_err("one object twice")[0].code, "catalogue.manifest_twice");
}

#[test]
fn guardrails_judge_what_a_document_makes() {
    let off = DOCUMENT.replace("name: gp-allow-monitoring", "name: gp-default-deny");
    let prod = of(json!({"tier": "prod", "name": "payments-prod"}));
    let errors = resolved(&prod, &off).expect_err("a path can't switch its own guardrails off");
    assert!(errors.iter().any(|error| error.code == "network.default_deny"), "{errors:?}");
}

/// A document may have either alone.
#[test]
fn manifests_and_changes_go_without_each_other() {
    let (head, changes) = DOCUMENT.split_once("objects:").expect("a section");
    let (head_alone, _) = head.split_once("cluster_kinds:").expect("a section");
    for (document, settings, monitoring, reason) in [
        (head.to_owned(), true, true, "manifests alone"),
        (format!("{head_alone}objects:{changes}"), false, false, "changes alone"),
        (head_alone.to_owned(), false, true, "neither"),
    ] {
        let objects = resolved(&of(json!({})), &document).expect(reason);
        assert_eq!(body(&objects, "payments-dev/settings").is_some(), settings, "{reason}");
        assert_eq!(body(&objects, "payments-dev/gp-allow-monitoring").is_some(), monitoring, "{reason}");
    }
}

/// Another resource's namespace is there already.
#[test]
fn what_is_in_a_namespace_of_the_same_request_waits_for_it() {
    let slot = |isolation: &str, environment: &str| {
        let members = json!({"environment": environment, "isolation": isolation});
        Spec::of::<Slot>(fixtures::slot(members))
    };
    for (spec, end, namespace, waits, reason) in [
        (of(json!({})), "payments-dev/settings", "payments-dev", true, "the environment's own"),
        (
            of(json!({"namespaces": {"default": {}, "jobs": {}}})),
            "payments-dev-jobs/settings",
            "payments-dev-jobs",
            true,
            "one of several",
        ),
        (
            slot("namespace", "demo/payments-prod"),
            "payments-prod-ledger/ledger-level",
            "payments-prod-ledger",
            true,
            "an isolated slot's",
        ),
        (
            slot("shared", "demo/payments-prod"),
            "payments-prod/ledger-level",
            "payments-prod",
            false,
            "that of the environment",
        ),
    ] {
        let objects = resolved(&spec, DOCUMENT).expect(reason);
        let made = objects.iter().find(|object| object.key.to_string().ends_with(end)).expect(reason);
        let container = format!("k8s/v1/Namespace/{namespace}");
        assert_eq!(made.inside.as_ref().map(ToString::to_string).as_ref(), Some(&container), "{reason}");
        let needs: Vec<String> = made.needs.iter().map(ToString::to_string).collect();
        assert_eq!(needs.contains(&container), waits, "{reason}: {needs:?}");
    }
}

/// Wherever it stands in a request: text that stands in for it reaches no object.
#[test]
fn what_waits_inside_of_a_request_is_not_guessed() {
    let settings = |cidrs: LateList, days: Late<Value>, document: &str| {
        let mut spec: EnvironmentSpec = environment(json!({"golden_path": "own", "network": {}}));
        spec.network.as_mut().expect("a network").egress_cidrs = cidrs.into();
        spec.parameters = Some([("days".to_owned(), days)].into());
        let objects = resolved(&Spec::of::<Environment>(spec), document).expect("resolves");
        body(&objects, "payments-dev/settings").expect("its key is known")["data"].clone()
    };
    let range = DOCUMENT.replace("{{ facts.cluster_arn }}", "{{ spec.network.egress_cidrs[0] }}");
    let days = DOCUMENT.replace("{{ string(parameters.days) }}\", account", "{{ parameters.days }}\", account");
    assert_ne!(days, DOCUMENT);
    let known = || Late::Now(vec![Late::Now("10.0.0.0/8".to_owned())]);
    let seven = || Late::Now(json!(7));
    for (cidrs, asked, document, expected, reason) in [
        (known(), seven(), &range, Some(("account", json!("10.0.0.0/8"))), "all is known"),
        (Late::Now(vec![Late::Later]), seven(), &range, None, "an element of a list"),
        (Late::Later, seven(), &range, None, "a list"),
        (known(), seven(), &days, Some(("days", json!(7))), "a parameter is known"),
        (known(), Late::Later, &days, None, "a parameter that is taken as it is"),
    ] {
        let data = settings(cidrs, asked, document);
        match expected {
            Some((name, value)) => assert_eq!(data[name], value, "{reason}"),
            None => assert_eq!(data, Value::Null, "{reason}"),
        }
    }
}

#[test]
fn a_slot_has_the_parameters_of_its_environment() {
    let budget =
        "  - { kind: PodDisruptionBudget, name: \"*\", set: { spec: { note: \"{{ parameters.level }}\" } } }\n";
    let level = "data: { level: \"{{ parameters.level }}\" }";
    let both = "data: { level: \"{{ parameters.level }}\", days: \"{{ string(parameters.days) }}\" }";
    let document = DOCUMENT.replace("tiers: [dev], set", "set").replace(level, both) + budget;
    assert!(document.contains(both) && !document.contains("tiers: [dev], set"));

    let slot: SlotSpec = slot(json!({"environment": "demo/payments-prod", "parameters": {"level": "debug"}}));
    let objects = resolved(&Spec::of::<Slot>(slot), &document).expect("resolves");
    let settings = body(&objects, "payments-prod-ledger/ledger-level").expect("made");
    assert_eq!(settings["data"], json!({"level": "debug", "days": "7"}), "its own, and its environment's");
    let limits = body(&objects, "LimitRange/payments-prod-ledger/gp-defaults").expect("there");
    assert_eq!(limits["spec"]["limits"][0]["max"]["cpu"], "7", "in a change, too");
    let budget = body(&objects, "PodDisruptionBudget/payments-prod-ledger/ledger").expect("there");
    assert_eq!(budget["spec"]["note"], "debug");

    let prod = of(json!({"tier": "prod", "name": "payments-prod"}));
    let objects = resolved(&prod, &document).expect("a parameter of slots is of their objects alone");
    assert!(body(&objects, "payments-prod/gp-defaults").is_some());
}

#[test]
fn a_slot_waits_for_a_parameter_of_its_environment() {
    let level = "data: { level: \"{{ parameters.level }}\" }";
    let days = DOCUMENT.replace(level, "data: { days: \"{{ string(parameters.days) }}\" }");
    let catalogue = Catalogue::with_documents([("own", days.as_str())]).expect("a catalogue");
    let mut environment: EnvironmentSpec =
        environment(json!({"golden_path": "own", "tier": "prod", "name": "payments-prod"}));
    environment.parameters = Some([("days".to_owned(), Late::Later)].into());
    let parent = crate::golden::environment::parent_of(&environment, &facts(), &catalogue).expect("an environment");
    let given = ResolveContext { facts: &facts(), parent: Some(&parent), catalogue: &catalogue };
    let slot: SlotSpec = slot(json!({"environment": "demo/payments-prod"}));
    let objects = Spec::of::<Slot>(slot).resolve(&given).expect("resolves").render().objects;
    assert_eq!(body(&objects, "payments-prod-ledger/ledger-level"), Some(Value::Null), "its content waits");
}
