//! What the built-in path's grants refuse, wherever it came from: each row was an attack that worked.

use super::fixtures::{environment, facts, judged, parent, slot};
use crate::{
    domain::Problem,
    golden::{Environment, Slot, Spec},
};
use serde_json::{Value, json};

fn assert_refused(problems: &[Problem], field: &str, code: &str, reason: &str) {
    let found =
        problems.iter().any(|problem| problem.is_error() && problem.field.join(".") == field && problem.code == code);
    assert!(found, "{reason}: {problems:?}");
}

#[test]
fn an_environment_lets_in_whom_the_path_grants() {
    let mut facts = facts();
    let foreign =
        "arn:aws:iam::999999999999:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Foreign_0123456789abcdef";
    facts.permission_sets.insert("Foreign".into(), foreign.into());
    let access = |persona: Value| json!({ "access": { "deployer": persona } });
    let metadata = |labels: Value| json!({ "namespaces": { "a": { "labels": labels } } });
    for (members, field, code, reason) in [
        (
            access(json!({"permission_sets": ["Foreign"]})),
            "access.deployer.permission_sets",
            "access.principal_not_granted",
            "a role of another account behind a permission set",
        ),
        (
            access(json!({"oidc_groups": ["everybody"]})),
            "access.deployer.oidc_groups",
            "access.oidc_group_not_granted",
            "a group that is not the team's",
        ),
        (
            access(json!({"service_accounts": ["shop/default"]})),
            "access.deployer.service_accounts",
            "access.service_account_not_granted",
            "a service account of another team",
        ),
        (
            access(
                json!({"create_role": true, "trusted_oidc": [{"provider": "gitlab.com", "subjects": ["project_path:acme/pay"]}]}),
            ),
            "access.deployer.trusted_oidc",
            "access.oidc_not_granted",
            "the built-in path trusts nobody's tokens",
        ),
        (
            access(
                json!({"create_role": true, "trusted_oidc": [{"provider": "gitlab.com", "audience": "https://gitlab.com", "subjects": ["project_path:acme/pay"]}]}),
            ),
            "access.deployer.trusted_oidc",
            "access.oidc_audience_not_granted",
            "tokens that are for another service",
        ),
        (
            access(json!({"principal_arns": ["arn:aws:iam::111122223333:role/KarpenterNodeRole-demo"]})),
            "access.deployer.principal_arns",
            "access.principal_form",
            "the role of the nodes",
        ),
        (
            access(json!({"principal_arns": ["arn:aws:iam::111122223333:role/service-role/AWSGlue"]})),
            "access.deployer.principal_arns",
            "access.principal_form",
            "the role of a service",
        ),
        (
            access(json!({"principal_arns": ["arn:aws:iam::111122223333:role/\u{430}dmin"]})),
            "access.deployer.principal_arns",
            "access.principal_form",
            "a letter that only looks like one of AWS",
        ),
        (
            json!({"pod_security": {"version": "1.1"}}),
            "pod_security.version",
            "environment.pod_security_older",
            "older rules admit more",
        ),
        (
            metadata(json!({"istio-injection": "disabled"})),
            "namespaces.a.labels.istio-injection",
            "environment.key_not_granted",
            "the sidecar switched off",
        ),
        (
            metadata(json!({"admission.gatekeeper.sh/ignore": "x"})),
            "namespaces.a.labels.admission.gatekeeper.sh/ignore",
            "environment.key_not_granted",
            "Gatekeeper switched off",
        ),
        (
            json!({"network": {"ingress_cidrs": ["::ffff:10.0.0.0/104"]}}),
            "network.ingress_cidrs",
            "network.cidr_form",
            "IPv4 that no rule about IPv4 looks at",
        ),
    ] {
        let spec = Spec::of::<Environment>(environment(members));
        let problems = [spec.check(), judged(&spec, &facts, None)].concat();
        assert_refused(&problems, field, code, reason);
    }
    for (persona, reason) in [
        (json!({"oidc_groups": ["payments", "payments-oncall"]}), "groups with the team's name"),
        (json!({"service_accounts": ["payments-dev/builder"]}), "its own service account"),
        (json!({"service_accounts": ["flux-system/kustomize-controller"]}), "a deployment engine"),
    ] {
        let problems = judged(&Spec::of::<Environment>(environment(access(persona))), &facts, None);
        assert!(!problems.iter().any(Problem::is_error), "{reason}: {problems:?}");
    }
}

#[test]
fn a_workload_reaches_its_own_teams_data() {
    let facts = facts();
    let dev = parent(&environment(json!({})), &facts);
    let prod = json!({"name": "payments-prod", "tier": "prod", "owner": {"contact": "a@b", "cost_center": "C"}});
    let prod = parent(&environment(prod), &facts);
    let allow = |action: &str, resource: &str| json!({"statements": [{"actions": [action], "resources": [resource]}]});
    let resources = "identity.statements.0.resources";
    let not_granted = "identity.resource_not_granted";
    let anywhere = "iam.assume_anything";
    for (identity, parent, field, code, reason) in [
        (allow("s3:GetObject", "arn:aws:s3:::shop-orders/*"), &dev, resources, not_granted, "a bucket of another team"),
        (allow("s3:GetObject", "arn:aws:s3:::*"), &dev, resources, not_granted, "every bucket"),
        (
            allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:*"),
            &dev,
            resources,
            not_granted,
            "every secret",
        ),
        (allow("kms:Decrypt", "*"), &dev, resources, not_granted, "every key"),
        (
            allow("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1234"),
            &dev,
            "identity.statements.0.conditions",
            "identity.resource_needs_tag",
            "a key that may be anybody's",
        ),
        (
            json!({"target_role_arn": "arn:aws:iam::444455556666:role/data"}),
            &dev,
            "identity.target_role_arn",
            "identity.target_not_granted",
            "a role beyond our boundary",
        ),
        (
            json!({"scope": "role_only"}),
            &prod,
            "identity.scope",
            "identity.shared_role_only",
            "any pod of the namespace could take the role",
        ),
        (allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/**"), &dev, resources, anywhere, "every role"),
        (allow("sts:AssumeRole", "arn:aws:iam::111122223333:r*"), &dev, resources, anywhere, "every role, cut short"),
        (allow("sts:AssumeRole", "arn:aws:iam::*:*/*"), &dev, resources, anywhere, "every role, of every account"),
        (allow("sts:AssumeRole", "arn:aws:iam::111122223333:????*"), &dev, resources, anywhere, "in other letters"),
    ] {
        let spec =
            Spec::of::<Slot>(slot(json!({"isolation": "shared", "identity": identity, "environment": parent.id})));
        let problems = [spec.check(), judged(&spec, &facts, Some(parent))].concat();
        assert_refused(&problems, field, code, reason);
    }
    let tagged = json!({"statements": [{
        "actions": ["kms:Decrypt"], "resources": ["arn:aws:kms:eu-west-1:111122223333:key/1234"],
        "conditions": {"StringEquals": {"aws:ResourceTag/team": ["payments"]}}
    }]});
    for (identity, reason) in [
        (allow("s3:GetObject", "arn:aws:s3:::payments-ledger/*"), "a bucket of the team"),
        (allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:payments-orders"), "a queue of the team"),
        (
            allow("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111122223333:parameter/payments/db"),
            "a parameter below the team's name",
        ),
        (tagged, "a key with the team's tag"),
    ] {
        let spec = Spec::of::<Slot>(slot(json!({ "identity": identity })));
        let problems = [spec.check(), judged(&spec, &facts, Some(&dev))].concat();
        assert!(!problems.iter().any(Problem::is_error), "{reason}: {problems:?}");
    }
}
