//! What requests become, as plain files to read in review, and the properties that files can't show.
//!
//! `GOLDENPATH_UPDATE_SNAPSHOTS=1 cargo test -p goldenpath-core` writes the files again.

mod problems;
mod quotas;

use super::{Blueprint, Environment, Parent, Slot, Spec, environment::group, fixtures::*};
use crate::{
    domain::{Body, Computed, Desired, Late, PersonaName, StableFacts, Statement, role_name},
    kinds::{block, fields_of},
};
use serde_json::json;
use std::{fmt::Write, path::Path};

#[test]
fn requests_become_these_objects() {
    let plain = facts();
    let auto = StableFacts { auto_mode: true, ..facts() };
    let names = json!({"network": {"default_deny": "both", "egress_fqdns": ["api.example.com"], "egress_presets": ["aws_services"]}});
    let cilium = json!({"network": {"default_deny": "both", "engine": "cilium", "egress_fqdns": ["*.example.com"]}});
    let (dev, prod) = (environment(json!({})), payments_prod());
    let with_slots = environment(json!({"quota": {"slots_percent": 50}}));
    let shared = json!({"identity": {"mode": "none"}, "availability": {"max_unavailable": "1"}});
    let session = json!({
        "isolation": "namespace",
        "identity": {
            "scope": "session_policy", "target_role_arn": "arn:aws:iam::444455556666:role/data",
            "statements": [{"actions": ["sqs:*"], "resources": ["arn:aws:sqs:eu-west-1:111122223333:payments-led"], "conditions": {"Bool": {"aws:SecureTransport": ["true"]}}}]
        }
    });
    for (name, spec, facts, parent) in [
        ("baseline", baseline(), &plain, None),
        ("environment-dev", Spec::of::<Environment>(dev.clone()), &plain, None),
        (
            "environment-staging",
            Spec::of::<Environment>(environment(json!({"name": "payments-staging", "tier": "staging"}))),
            &plain,
            None,
        ),
        ("environment-prod", Spec::of::<Environment>(prod.clone()), &plain, None),
        ("environment-eks-auto", Spec::of::<Environment>(environment(names)), &auto, None),
        ("environment-cilium", Spec::of::<Environment>(environment(cilium)), &plain, None),
        ("slot-dev-shared", Spec::of::<Slot>(slot(shared)), &plain, Some(parent(&dev, &plain))),
        ("slot-dev-session-policy", Spec::of::<Slot>(slot(session)), &plain, Some(parent(&with_slots, &plain))),
        ("slot-prod", Spec::of::<Slot>(slot(ledger())), &plain, Some(parent(&prod, &plain))),
    ] {
        let mut problems = judged(&spec, facts, parent.as_ref());
        // The built-in path grants none; what a granted one renders is seen here. So is what a slot opens in an environment that is open.
        let is_meant = ["identity.target_not_granted", "identity.no_way"];
        problems.retain(|problem| !is_meant.contains(&problem.code));
        assert_eq!(problems, [], "{name}");
        let blueprint = rendered(spec, facts, parent.as_ref());
        snapshot(name, &text(&blueprint));
    }
}

fn text(blueprint: &Blueprint) -> String {
    let mut all = String::new();
    let mut objects: Vec<&Desired> = blueprint.objects.iter().collect();
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    for Desired { key, body, needs, inside, shared, leave, manager } in objects {
        let needs: Vec<String> = needs.iter().map(ToString::to_string).collect();
        let _ = writeln!(all, "=== {key}");
        let _ = writeln!(
            all,
            "needs [{}] inside {} shared {shared} leave {leave} by {manager}",
            needs.join(", "),
            inside.as_ref().map_or("-".into(), ToString::to_string)
        );
        let body = body.as_ref().expect("known");
        let fields = fields_of(body);
        let _ = writeln!(all, "{}", block(key, &fields, &fields));
        let value = match body {
            Body::Kube(doc) => doc.clone(),
            other => serde_json::to_value(other).expect("serialises"),
        };
        let _ = writeln!(all, "{}\n", value);
    }
    let _ = writeln!(all, "=== summary\n{:#?}\n", blueprint.summary);
    let outputs = serde_json::to_value(&blueprint.outputs).expect("serialises");
    let _ = writeln!(all, "=== outputs\n{outputs:#}\n");
    for (name, file) in &blueprint.files {
        let _ = writeln!(all, "=== {name}\n{file}");
    }
    all
}

pub(super) fn snapshot(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/snapshots/{name}.txt"));
    if std::env::var_os("GOLDENPATH_UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(&file, text).expect("the file is written");
    }
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = before.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(before == text, "{name}: {differs:?}; read the diff and set GOLDENPATH_UPDATE_SNAPSHOTS=1 if it is meant");
}

#[test]
fn rendering_is_a_function() {
    let facts = facts();
    let prod = Spec::of::<Environment>(payments_prod());
    assert_eq!(text(&rendered(prod.clone(), &facts, None)), text(&rendered(prod, &facts, None)));
}

#[test]
fn names_and_groups_never_change() {
    let cluster = facts().cluster_arn;
    for (name, expect, reason) in [
        (role_name(&cluster, "payments-prod", Some("ledger"), None), "gp-payments-prod-ledger-", "a slot"),
        (
            role_name(&cluster, &"a".repeat(40), Some(&"b".repeat(40)), None),
            "gp-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbb-",
            "cut to 64",
        ),
    ] {
        assert!(name.starts_with(expect) && name.len() <= 64, "{reason}: {name}");
    }
    let slot = role_name(&cluster, "payments", Some("deployer"), None);
    let persona = role_name(&cluster, "payments", None, Some(PersonaName::Deployer));
    assert_ne!(slot, persona, "a slot with the name of a persona");
    assert_eq!(slot, "gp-payments-deployer-a37fbf1ab2", "names are those of every release");
    assert_eq!(group("arn:aws:iam::111122223333:role/pay-admin"), "gp:p:7855171448906562", "and groups");
}

#[test]
fn every_partition_has_its_own_arns() {
    for (partition, region, suffix, reason) in [
        ("aws", "eu-west-1", "amazonaws.com", "commercial"),
        ("aws-us-gov", "us-gov-west-1", "amazonaws.com", "GovCloud"),
        ("aws-cn", "cn-north-1", "amazonaws.com.cn", "China"),
        ("aws-eusc", "eusc-de-east-1", "amazonaws.eu", "the European Sovereign Cloud"),
        ("aws-iso", "us-iso-east-1", "c2s.ic.gov", "an isolated one"),
    ] {
        let facts = StableFacts { auto_mode: true, ..facts_in(partition, region) };
        let spec = environment(json!({
            "access": {"deployer": {"create_role": true, "trusted_principal_arns": [format!("arn:{partition}:iam::111122223333:role/ci")]}},
            "network": {"default_deny": "both", "egress_presets": ["aws_services"]}
        }));
        let blueprint = rendered(Spec::of::<Environment>(spec.clone()), &facts, None);
        assert_eq!(judged(&Spec::of::<Environment>(spec.clone()), &facts, None), [], "{reason}");
        assert_eq!(
            blueprint.summary.boundaries,
            [format!("arn:{partition}:iam::111122223333:policy/goldenpath/boundary")],
            "{reason}"
        );
        let text = text(&blueprint);
        assert!(text.contains(&format!("*.{region}.{suffix}")), "{reason}");
        assert!(!text.replace(&format!("arn:{partition}:"), "").contains("arn:aws"), "no other partition: {reason}");
        let role = rendered(Spec::of::<Slot>(slot(json!({}))), &facts, Some(&parent(&spec, &facts)));
        let arn = format!("arn:{partition}:iam::111122223333:role/goldenpath/payments-dev/gp-payments-dev-ledger-");
        let role = role.outputs.get("role_arn").and_then(Computed::as_str);
        assert!(role.is_some_and(|role| role.starts_with(&arn)), "{reason}: {role:?}");
    }
}

/// Keys are known whatever waits; only what needs the value is without a body.
#[test]
fn an_unknown_keeps_all_keys() {
    let facts = facts();
    let mut environment = payments_prod();
    let access = environment.access.as_mut().expect("access");
    access.viewer.as_mut().expect("viewer").oidc_groups = Late::Later.into();
    access.deployer.as_mut().expect("deployer").trusted_principal_arns = Late::Now(vec![Late::Later]).into();
    let network = environment.network.as_mut().expect("network");
    (network.ingress_cidrs, network.egress_cidrs) = (Late::Later.into(), Late::Later.into());
    let mut waiting_slot = slot(ledger());
    let identity = waiting_slot.identity.as_mut().expect("identity");
    let statement = identity.statements[0].clone();
    identity.statements = vec![Statement { resources: Late::Later.into(), ..statement }].into();
    let prod = parent(&payments_prod(), &facts);
    for (spec, unknown, waiting, parent) in [
        (
            Spec::of::<Environment>(payments_prod()),
            Spec::of::<Environment>(environment),
            vec![
                "NetworkPolicy",
                "NetworkPolicy",
                "NetworkPolicy",
                "NetworkPolicy",
                "Role",
                "RoleBinding",
                "RoleBinding",
            ],
            None,
        ),
        (Spec::of::<Slot>(slot(ledger())), Spec::of::<Slot>(waiting_slot), vec!["Role"], Some(&prod)),
    ] {
        let (known, unknown) = (rendered(spec, &facts, parent), rendered(unknown, &facts, parent));
        let keys = |blueprint: &Blueprint| blueprint.objects.iter().map(|o| o.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&known), keys(&unknown));
        let mut without: Vec<&str> =
            unknown.objects.iter().filter(|o| o.body.is_none()).map(|o| o.key.kind()).collect();
        without.sort_unstable();
        assert_eq!(without, waiting);
        for (known, unknown) in known.objects.iter().zip(&unknown.objects).filter(|(_, unknown)| unknown.body.is_some())
        {
            assert_eq!(known, unknown);
        }
    }
}

#[test]
fn needs_and_containers_are_in_the_blueprint_or_the_environment() {
    let facts = facts();
    let prod = payments_prod();
    for (spec, parent) in
        [(Spec::of::<Environment>(prod.clone()), None), (Spec::of::<Slot>(slot(ledger())), Some(parent(&prod, &facts)))]
    {
        let blueprint = rendered(spec, &facts, parent.as_ref());
        let keys: Vec<_> = blueprint.objects.iter().map(|o| &o.key).collect();
        let mut unique = keys.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), keys.len(), "each key once");
        for object in &blueprint.objects {
            for need in &object.needs {
                assert!(keys.contains(&need), "{} needs {need}", object.key);
            }
        }
    }
}

/// Where a path grants it. Nobody but these tokens may assume it, and without people there is no statement of theirs.
#[test]
fn tokens_of_pipelines_are_trusted_by_their_subject() {
    let trusted =
        json!([{"provider": "token.actions.githubusercontent.com", "subjects": ["repo:acme/pay:ref:refs/heads/main"]}]);
    let access = json!({"access": {"deployer": {"create_role": true, "trusted_oidc": trusted}}});
    let objects = rendered(Spec::of::<Environment>(environment(access)), &facts(), None).objects;
    let trust = objects.iter().find_map(|object| match &object.body {
        Some(Body::Role(role)) => Some(role.trust["Statement"].clone()),
        _ => None,
    });
    let provider = "token.actions.githubusercontent.com";
    let expected = json!([{
        "Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{provider}")},
        "Condition": {
            "StringEquals": {format!("{provider}:aud"): "sts.amazonaws.com"},
            "StringLike": {format!("{provider}:sub"): ["repo:acme/pay:ref:refs/heads/main"]}
        }
    }]);
    assert_eq!(trust, Some(expected));
}

#[test]
fn irsa_has_its_own_trust_and_no_association() {
    let facts = StableFacts { oidc_issuer: Some("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC".into()), ..facts() };
    let parent = parent(&environment(json!({})), &facts);
    let blueprint = rendered(Spec::of::<Slot>(slot(json!({"identity": {"mode": "irsa"}}))), &facts, Some(&parent));
    let kinds: Vec<&str> = blueprint.objects.iter().map(|o| o.key.kind()).collect();
    assert!(kinds.contains(&"Role") && !kinds.contains(&"PodIdentityAssociation"), "{kinds:?}");
    let text = text(&blueprint);
    assert!(text.contains("oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"));
    assert!(text.contains("system:serviceaccount:payments-dev:ledger") && text.contains("eks.amazonaws.com/role-arn"));
}

#[test]
fn a_parent_survives_the_private_bytes() {
    let parent = parent(&payments_prod(), &facts());
    let text = serde_json::to_string(&parent).expect("writes");
    assert_eq!(serde_json::from_str::<Parent>(&text).expect("reads"), parent);
}
