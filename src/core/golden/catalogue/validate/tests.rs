//! What a path may not say, each at its field, with what it may say beside it.

use crate::golden::Catalogue;
use serde_json::{Value, json};

/// What is wrong with a path that differs from the built-in one in this. Empty: nothing.
fn fault(differs: Value) -> String {
    let mut document = json!({
        "apiVersion": "goldenpath.internal/v1", "kind": "GoldenPath", "name": "own", "version": "1.0.0",
        "extends": "team-standard 1.0.0"
    });
    document.as_object_mut().unwrap().extend(differs.as_object().unwrap().clone());
    let text = document.to_string();
    let faults = Catalogue::faults(&[("x.yaml", text.as_str())]);
    faults.first().map(ToString::to_string).unwrap_or_default()
}

/// `at` is empty where nothing is wrong.
fn assert_fault(differs: Value, at: &str, reason: &str) {
    let found = fault(differs);
    match at {
        "" => assert_eq!(found, "", "{reason}"),
        at => assert!(found.contains(&format!(": {at}: ")), "{reason}: {found:?}"),
    }
}

#[test]
fn a_tier_grants_no_power_over_the_account_or_the_cluster() {
    for (field, value, at, reason) in [
        ("boundary", json!("arn:aws:iam::111122223333:policy/x"), "", "an account by its number"),
        ("boundary", json!("arn:aws:s3:::x"), "boundary", "an ARN of something else"),
        ("boundary", json!("x:policy/y"), "boundary", "no ARN"),
        ("boundary", json!("arn:{partitio}:iam::aws:policy/x"), "boundary", "a misspelt placeholder"),
        ("boundary", json!("arn:aws:iam::111122223333:policy/*"), "boundary", "whichever policy"),
        ("iam_path", json!("/goldenpath/x/"), "", "below ours"),
        ("iam_path", json!("/goldenpath/?/"), "iam_path", "whichever path"),
        ("iam_path", json!("/goldenpath/x"), "iam_path", "IAM wants a '/' at the end"),
        ("iam_path", json!("/x/"), "iam_path", "outside of ours"),
        ("max_session_seconds", json!(3600), "", "the shortest that IAM takes"),
        ("max_session_seconds", json!(3599), "max_session_seconds", "shorter"),
        ("max_session_seconds", json!(43200), "", "the longest"),
        ("max_session_seconds", json!(43201), "max_session_seconds", "longer"),
        ("actions", json!(["iam:PassRole"]), "", "one action by its name"),
        ("actions", json!(["s3:Get*"]), "", "some of a service that is no power"),
        ("actions", json!(["s3:Get*", "iam:Pass*"]), "actions.1", "some of one that is"),
        ("actions", json!(["iam:?assRole"]), "actions.0", "the same by one character"),
        ("actions", json!(["IAM:*"]), "actions.0", "in other letters"),
        ("actions", json!(["sso:Create*"]), "actions.0", "permission sets, which are roles"),
        ("actions", json!(["s*:GetObject"]), "actions.0", "of any service"),
        ("any_resource_actions", json!(["sts:*"]), "any_resource_actions.0", "on any resource, too"),
        ("access_policies", json!(["AmazonEKSAdminViewPolicy"]), "access_policies.0", "Secrets of the whole cluster"),
        ("policy_arns", json!(["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]), "", "one of AWS"),
        ("policy_arns", json!(["arn:{partition}:iam::{account}:policy/x"]), "", "one of the account"),
        ("policy_arns", json!(["arn:{partition}:iam::aws:policy/"]), "policy_arns.0", "no name"),
        ("policy_arns", json!(["arn:{partition}:iam::222233334444:policy/x"]), "policy_arns.0", "of another account"),
        ("policy_arns", json!(["arn:{partition}:iam::aws:policy/PowerUser*"]), "policy_arns.0", "power by a pattern"),
        (
            "policy_arns",
            json!(["arn:{partition}:iam::aws:policy/AdministratorAccess-Amplify"]),
            "policy_arns.0",
            "one of several by its name",
        ),
        ("principals", json!(["arn:{partition}:iam::222233334444:role/{team}-*"]), "", "the team's roles elsewhere"),
        ("principals", json!(["*"]), "principals.0", "everybody"),
        ("target_role_arns", json!(["arn:{partition}:iam::222233334444:role/{team}-*"]), "", "the team's roles"),
        ("target_role_arns", json!(["arn:{partition}:iam::222233334444:role/*"]), "target_role_arns.0", "every role"),
        (
            "target_role_arns",
            json!(["arn:{partition}:iam::222233334444:role/?*"]),
            "target_role_arns.0",
            "in other words",
        ),
        ("target_role_arns", json!(["arn:{partition}:iam::222233334444:user/x"]), "target_role_arns.0", "no role"),
        ("target_role_arns", json!(["*:role/x"]), "target_role_arns.0", "of any account"),
        ("oidc_groups", json!(["{team}-*"]), "", "the team's groups"),
        ("oidc_groups", json!(["*"]), "", "every group of the provider"),
        ("oidc_groups", json!(["system:masters"]), "oidc_groups.0", "the cluster's administrators"),
        ("oidc_groups", json!(["system:*"]), "oidc_groups.0", "among others"),
        ("oidc_groups", json!(["gp:*"]), "oidc_groups.0", "groups of environments"),
        ("trusted_oidc", json!(["token.example.com repo:acme/{team}-*"]), "", "the team's repositories"),
        ("trusted_oidc", json!(["token.example.com"]), "trusted_oidc.0", "no subject"),
        ("trusted_oidc", json!(["token.example.com "]), "trusted_oidc.0", "an empty one"),
        ("trusted_oidc", json!(["token.example.com *:acme"]), "trusted_oidc.0", "anybody's tokens"),
        ("trusted_oidc", json!(["token.example.com ?epo:acme"]), "trusted_oidc.0", "the same by one character"),
        ("trusted_oidc", json!(["token.example.com repo:*"]), "trusted_oidc.0", "every repository"),
        ("trusted_oidc", json!(["gitlab.com project_path:acme/{team}/*"]), "", "the team's projects"),
        ("trusted_oidc", json!(["gitlab.com project_path:{team}*"]), "trusted_oidc.0", "groups that begin alike"),
        ("oidc_audiences", json!(["https://gitlab.example.com"]), "", "another one"),
        ("oidc_audiences", json!([""]), "oidc_audiences.0", "none"),
        ("oidc_audiences", json!(["*"]), "oidc_audiences.0", "any"),
        ("team_tag", json!("owner"), "", "a tag of one's own"),
        ("team_tag", json!(""), "team_tag", "no tag"),
        ("service_accounts", json!(["argocd/{tem}"]), "service_accounts.0", "a misspelt placeholder"),
        ("egress_cidrs", json!(["10.0.0.0/8", "10.0.0.0/33"]), "egress_cidrs.1", "no range"),
        ("ingress_cidrs", json!(["x"]), "ingress_cidrs.0", "no range"),
    ] {
        let at = match at {
            "" => String::new(),
            at => format!("tiers.dev.grants.{at}"),
        };
        assert_fault(json!({"tiers": {"dev": {"grants": {field: value}}}}), &at, reason);
    }
}

#[test]
fn a_tier_has_maximums_that_hold_its_defaults() {
    let slots = |default: u32, min: u32, max: u32| json!({"quota": {"slots_percent": {"default": default, "min": min, "max": max}}});
    for (tier, at, reason) in [
        (slots(10, 10, 10), "", "one value alone"),
        (slots(0, 0, 100), "", "everything"),
        (slots(9, 10, 20), "quota.slots_percent", "a default below min"),
        (slots(21, 10, 20), "quota.slots_percent", "a default above max"),
        (slots(10, 0, 101), "quota.slots_percent", "more than there is"),
        (json!({"quota": {"headroom_percent": 99}}), "", "little else than headroom"),
        (json!({"quota": {"headroom_percent": 100}}), "quota.headroom_percent", "nothing else"),
        (json!({"quota": {"max_factor": 1}}), "", "nobody may ask for more"),
        (json!({"quota": {"max_factor": 0}}), "quota.max_factor", "nor for the default"),
        (json!({"quota": {"max": {"pods": "40"}}}), "", "a maximum at the default"),
        (json!({"quota": {"max": {"pods": "39"}}}), "quota.max", "a maximum below it"),
        (json!({"quota": {"total": {"pods": null}}}), "quota.total", "what every quota has"),
        (json!({"quota": {"total": {"pods": "-1"}}}), "quota.total", "less than nothing"),
        (json!({"limits": {"default_memory": "64Mi"}}), "", "a limit at the request"),
        (json!({"limits": {"default_memory": "63Mi"}}), "limits.default_request_memory", "a limit below it"),
        (json!({"slot": {"min_replicas": 3}}), "", "as many as there may be"),
        (json!({"slot": {"min_replicas": 4}}), "slot.min_replicas", "more than there may be"),
        (json!({"slot": {"min_replicas": 0}}), "slot.min_replicas", "nothing that runs"),
        (json!({"roles": {"developer": "viewer"}}), "", "lowered"),
        (json!({"roles": {"viewer": "developer"}}), "roles.viewer", "raised"),
        (json!({"roles": {"viewer": null}}), "roles", "a persona that is nobody"),
    ] {
        let at = match at {
            "" => String::new(),
            at => format!("tiers.dev.{at}"),
        };
        assert_fault(json!({"tiers": {"dev": tier}}), &at, reason);
    }
}

#[test]
fn a_name_becomes_a_label() {
    for (name, at, reason) in [
        ("a".repeat(63), "", "the longest"),
        ("a".repeat(64), "name", "longer than a label"),
        (String::new(), "name", "none"),
        ("Own".to_owned(), "name", "upper case"),
    ] {
        assert_fault(json!({"name": name}), at, reason);
    }
}

#[test]
fn placeholders_and_conditions_name_what_is_there() {
    let manifest = |when: &str, data: Value| {
        json!([{"name": "m", "when": when, "manifest":
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}}])
    };
    let of_slots = |mut manifests: Value| {
        manifests[0]["each"] = json!("slot");
        manifests
    };
    let limits = |max: &str| json!([{"kind": "LimitRange", "name": "*", "set": {"spec": {"max": max}}}]);
    for (field, content, at, words, reason) in [
        ("manifests", manifest("true", json!({"a": "{{ parameters.days }}"})), "", "", "a parameter"),
        (
            "manifests",
            manifest("true", json!({"a": "{{ environment.team + tier.class }}"})),
            "",
            "",
            "what every one has",
        ),
        (
            "manifests",
            manifest("true", json!({"a": "{{ parameters.dayz }}"})),
            "manifests.0.manifest",
            "`parameters.dayz`: there is no parameters.dayz",
            "a whole value",
        ),
        (
            "manifests",
            manifest("true", json!({"a": "x-{{ tier.nam }}"})),
            "manifests.0.manifest",
            "no tier.nam",
            "within a text",
        ),
        (
            "manifests",
            manifest("true", json!({"a": ["x", "{{ environment.tem }}"]})),
            "manifests.0.manifest",
            "no environment.tem",
            "in a list",
        ),
        ("manifests", manifest("tier.clas == 'dev'", json!({})), "manifests.0.when", "no tier.clas", "a condition"),
        (
            "manifests",
            manifest("parameters.level == 'x'", json!({})),
            "manifests.0.when",
            "`parameters.level == 'x'`: only a manifest with `each: slot` has level",
            "what an environment does not have",
        ),
        ("manifests", of_slots(manifest("true", json!({"a": "{{ parameters.level }}"}))), "", "", "a slot has it"),
        ("manifests", of_slots(manifest("true", json!({"a": "{{ parameters.days }}"}))), "", "", "and the others, too"),
        ("objects", limits("{{ parameters.days }}"), "", "", "a change of a built-in object"),
        ("objects", limits("{{ parameters.level }}"), "", "", "one of slots' objects"),
        ("objects", limits("{{ parameters.dayz }}"), "objects.0.set", "no parameters.dayz", "the same, misspelt"),
    ] {
        let level = json!({"type": "string", "of": "slot", "default": "info"});
        let parameters = json!({"days": {"type": "number", "default": 1}, "level": level});
        let differs = json!({"parameters": parameters, field: content});
        assert!(fault(differs.clone()).contains(words), "{reason}: {}", fault(differs));
        assert_fault(differs, at, reason);
    }
}

/// What can't be read stops nothing else, and of a tier that can't be read nothing more is said.
#[test]
fn all_faults_of_a_document_are_found() {
    let head = "apiVersion: goldenpath.internal/v1\nversion: 1.0.0\n";
    let path = "kind: GoldenPath\nname: Own\nextends: team-standard 1.0.0\nowners: me\n\
        parameters: { Days: { type: number }, days: { type: text } }\npolicies: [{ policy: nope 1.0.0 }, { severity: {} }]\n\
        manifests: [{ name: m, manifest: { apiVersion: v1, kind: Secret, metadata: { name: gp-x } } }]\n\
        tiers:\n  dev: { quota: { max_factor: x, headroom_percent: 200 }, clas: dev }\n  \
        staging: { quota: { headroom_percent: 100 }, grants: { actions: ['*', 'iam:*'] } }\n";
    let policy = "kind: Policy\nname: Own\ndescription: x\nmatch: []\n\
        validations: [{ expression: 'object.', remedy: x }, { expression: 'nope', remedy: x }]\n";
    let unread = "kind: Policy\nname: own\ndescription: x\nmatchs: []\nvalidations: [{ expression: 'true' }, { expression: 'true', remedy: 1 }]\n";
    for (document, expected, reason) in [
        (
            path,
            &[
                "manifests.0.manifest.kind",
                "manifests.0.manifest.metadata.name",
                "name",
                "owners",
                "parameters.Days",
                "parameters.days.type",
                "policies.0.policy",
                "policies.1.policy",
                "tiers.dev.clas",
                "tiers.dev.quota.max_factor",
                "tiers.staging.grants.actions.0",
                "tiers.staging.grants.actions.1",
                "tiers.staging.quota.headroom_percent",
            ][..],
            "a path",
        ),
        (policy, &["match", "name", "validations[0] (expression)", "validations[1] (expression)"], "a policy"),
        (
            unread,
            &["matchs", "missing field `match`", "validations.0", "validations.1.remedy"],
            "a policy of which parts can't be read",
        ),
    ] {
        let text = format!("{head}{document}");
        let faults = Catalogue::faults(&[("x.yaml", text.as_str())]);
        let field = |fault: String| fault.split(": ").nth(1).unwrap_or_default().to_owned();
        let mut found: Vec<String> = faults.iter().map(|fault| field(fault.to_string())).collect();
        found.sort();
        assert_eq!(found, expected, "{reason}");
    }
}

#[test]
fn a_document_is_of_a_kind() {
    for (text, words, reason) in [
        ("", "it is empty", "nothing"),
        ("# to do\n\n  # later\n", "it is empty", "comments alone"),
        ("apiVersion: goldenpath.internal/v1\nkind: GoldenPathTest\n", "", "cases of a path stand beside it"),
        ("apiVersion: goldenpath.internal/v1\nkind: Nothing\n", "kind: it must be", "another kind"),
    ] {
        let faults = Catalogue::faults(&[("x.yaml", text)]);
        let found = faults.first().map(ToString::to_string).unwrap_or_default();
        assert!(found.contains(words) && found.is_empty() == words.is_empty(), "{reason}: {found}");
    }
}
