use super::*;
use crate::cli::doctor::{finding::CheckStatus, own::OwnRecord};

const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/goldenpath/boundary";

fn facts() -> Facts {
    serde_json::from_value(serde_json::json!({
        "stable": {"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
            "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36"},
        "version": "1.36", "authentication_mode": "API", "network_policy_enforced": true,
        "addons": ["eks-pod-identity-agent"], "caller": "arn:aws:iam::111122223333:user/anna",
    }))
    .expect("facts")
}

fn healthy() -> Inspection {
    Inspection {
        facts: Ok(facts()),
        boundaries: Ok(BTreeMap::from([(BOUNDARY.to_owned(), Ok(true))])),
        oidc_provider: Some(Ok(true)),
        audit_logging: Some(Ok(true)),
        identity_providers: Ok(vec![]),
        aws_permissions: Some(Ok(CallerPermissions::Missing(vec![]))),
        kubernetes_permissions: Some(Ok(vec![])),
        clock: Some(Ok(1)),
        objects: Ok(vec![object("k8s/v1/Namespace/goldenpath-system", None)]),
        catalogue: Catalogue::built_in(),
    }
}

fn object(key: &str, inventory: Option<&[&str]>) -> OwnObject {
    let record =
        |keys: &[&str]| OwnRecord { inventory: keys.iter().map(|key| (*key).to_owned()).collect(), path: None };
    OwnObject {
        key: key.parse().expect("a key"),
        owner: Some("pay".to_owned()),
        record: inventory.map(|keys| Ok(record(keys))),
    }
}

/// The record of an environment that this version of the built-in path has made.
fn made_by(version: &str) -> OwnObject {
    let path = serde_json::json!({"name": "team-standard", "version": version, "digest": ""});
    let record = OwnRecord { inventory: vec![], path: serde_json::from_value(path).ok() };
    OwnObject { record: Some(Ok(record)), ..object("k8s/v1/ConfigMap/goldenpath-system/environment.pay", None) }
}

#[test]
fn a_policy_of_somebody_else_goes_with_the_next_apply_and_what_is_left_over_does_not() {
    let policy = |namespace: &str| {
        object(&format!("aws/eks/AccessPolicy/AmazonEKSEditPolicy/{namespace}/arn:aws:iam::111122223333:role/a"), None)
    };
    let record = object("k8s/v1/ConfigMap/goldenpath-system/environment.pay", Some(&["k8s/v1/Namespace/pay"]));
    for (found, words, not, reason) in [
        (vec![policy("pay")], &["Plan and apply"][..], &["Import"][..], "in a namespace of an environment"),
        (vec![policy("gone")], &["Import"], &["Plan and apply"], "in one that no record names"),
        (vec![policy("pay"), object("k8s/v1/Namespace/old", None)], &["Plan and apply", "Import"], &[], "both"),
    ] {
        let objects = Ok(std::iter::once(record.clone()).chain(found).collect());
        let findings = judge(&Inspection { objects, ..healthy() });
        let orphans = findings.iter().find(|finding| finding.check == "orphans").expect(reason);
        assert_eq!(orphans.status, CheckStatus::Warning, "{reason}");
        assert!(words.iter().all(|word| orphans.remedy.contains(word)), "{reason}: {orphans:?}");
        assert!(not.iter().all(|word| !orphans.remedy.contains(word)), "{reason}: {orphans:?}");
    }
}

#[test]
fn what_is_behind_its_golden_path_is_named() {
    let text = include_str!("../../../../core/golden/paths/team-standard-1.0.0.yaml")
        .replace("version: 1.0.0", "version: 1.4.0");
    let catalogue = Catalogue::with_documents([("newer", text.as_str())]).expect("two versions");
    let mut inspection = Inspection { catalogue: catalogue.into(), ..healthy() };
    for (version, status, words) in [
        ("1.0.0", CheckStatus::Warning, "pay is at team-standard 1.0.0 (1.4.0 is there)"),
        ("1.4.0", CheckStatus::Ok, "1 env"),
    ] {
        inspection.objects = Ok(vec![made_by(version)]);
        let findings = judge(&inspection);
        let found = findings.iter().find(|found| found.check == "golden path versions").expect("it is judged");
        assert!(found.status == status && found.found.contains(words), "{version}: {}", found.found);
    }
}

#[test]
fn the_boundaries_are_those_that_golden_paths_name() {
    let own = |default: bool| {
        let own = "{ grants: { boundary: 'arn:{partition}:iam::{account}:policy/own' } }";
        format!(
            "apiVersion: goldenpath.internal/v1\nkind: GoldenPath\nname: own\nversion: 1.0.0\nextends: team-standard 1.0.0\n\
             default: {default}\ntiers: {{ dev: {own}, staging: {own}, prod: {own} }}\n"
        )
    };
    for (default, lacks, objects, words, reason) in [
        (true, "own", vec![], "policy/own (of own 1.0.0)", "the company's own"),
        (false, "own", vec![], "policy/own (of own 1.0.0)", "whichever is the default"),
        (true, "goldenpath/boundary", vec![], "", "nobody chose the built-in one"),
        (true, "goldenpath/boundary", vec![made_by("0.9.0")], "", "nor this version of it"),
        (true, "goldenpath/boundary", vec![made_by("1.0.0")], "(of team-standard 1.0.0)", "it has made an environment"),
        (false, "goldenpath/boundary", vec![], "(of team-standard 1.0.0)", "it is the default"),
    ] {
        let own = own(default);
        let catalogue = Catalogue::with_documents([("own", own.as_str())]).expect("two paths");
        let exist = ["own", "goldenpath/boundary"]
            .map(|name| (format!("arn:aws:iam::111122223333:policy/{name}"), Ok(name != lacks)))
            .into();
        let inspection =
            Inspection { boundaries: Ok(exist), objects: Ok(objects), catalogue: catalogue.into(), ..healthy() };
        let findings = judge(&inspection);
        let found = findings.iter().find(|finding| finding.check == "permissions boundary").expect(reason);
        assert_eq!(found.status == CheckStatus::Ok, words.is_empty(), "{reason}: {found:?}");
        assert!(found.found.contains(words), "{reason}: {found:?}");
        let says = "--cluster-arn arn:aws:eks:eu-west-1:111122223333:cluster/demo` with the same --catalogue";
        assert_eq!(found.remedy.contains(says), !words.is_empty(), "{reason}: {found:?}");
    }
}

#[test]
fn what_is_well_needs_no_remedy() {
    for finding in judge(&healthy()) {
        assert_eq!((finding.status, finding.remedy.as_str()), (CheckStatus::Ok, ""), "{}", finding.check);
    }
}

#[test]
fn each_trouble_is_reported_with_what_to_do() {
    let record = object("k8s/v1/ConfigMap/goldenpath-system/environment.pay", Some(&["k8s/v1/Namespace/pay"]));
    type Breakage = Box<dyn Fn(&mut Inspection)>;
    let with_facts = |change: fn(&mut Facts)| -> Breakage {
        Box::new(move |i| {
            if let Ok(facts) = &mut i.facts {
                change(facts);
            }
        })
    };
    let cases: Vec<(Breakage, &str, CheckStatus, &str)> = vec![
        (
            Box::new(|i| i.facts = Err("no credentials".into())),
            "credentials and cluster",
            CheckStatus::Error,
            "can't look",
        ),
        (
            with_facts(|f| f.authentication_mode = "CONFIG_MAP".into()),
            "authentication mode",
            CheckStatus::Error,
            "no effect",
        ),
        (
            with_facts(|f| f.authentication_mode = "API_AND_CONFIG_MAP".into()),
            "authentication mode",
            CheckStatus::Warning,
            "two ways in",
        ),
        (
            with_facts(|f| {
                f.addons.clear();
                f.pod_identity_agent = Some(false);
            }),
            "Pod Identity agent",
            CheckStatus::Error,
            "no agent",
        ),
        (with_facts(|f| f.addons.clear()), "Pod Identity agent", CheckStatus::Warning, "it may not be read"),
        (
            with_facts(|f| f.network_policy_enforced = Some(false)),
            "network policies",
            CheckStatus::Warning,
            "not enforced",
        ),
        (with_facts(|f| f.network_policy_enforced = None), "network policies", CheckStatus::Warning, "may not be read"),
        (Box::new(|i| i.oidc_provider = Some(Ok(false))), "OIDC provider", CheckStatus::Warning, "only IRSA needs it"),
        (Box::new(|i| i.oidc_provider = Some(Err("403".into()))), "OIDC provider", CheckStatus::Warning, "not known"),
        (
            Box::new(|i| i.boundaries = Ok(BTreeMap::from([(BOUNDARY.to_owned(), Ok(false))]))),
            "permissions boundary",
            CheckStatus::Error,
            "no boundary",
        ),
        (
            Box::new(|i| i.boundaries = Ok(BTreeMap::from([(BOUNDARY.to_owned(), Err("403".to_owned()))]))),
            "permissions boundary",
            CheckStatus::Error,
            "it may not be read",
        ),
        (Box::new(|i| i.audit_logging = Some(Ok(false))), "audit log", CheckStatus::Warning, "no log"),
        (
            Box::new(|i| {
                i.identity_providers =
                    Ok(vec![IdentityProvider { name: "okta".into(), groups_prefix: Some("gp:".into()) }]);
            }),
            "identity providers",
            CheckStatus::Error,
            "an outsider's group would be ours",
        ),
        (
            Box::new(|i| i.kubernetes_permissions = Some(Ok(vec!["patch namespaces".into()]))),
            "Kubernetes permissions",
            CheckStatus::Error,
            "403",
        ),
        (
            Box::new(|i| i.aws_permissions = Some(Ok(CallerPermissions::Missing(vec!["iam:CreateRole".into()])))),
            "AWS permissions",
            CheckStatus::Error,
            "the simulator refuses it",
        ),
        (
            Box::new(|i| i.aws_permissions = Some(Ok(CallerPermissions::Unknown("403".into())))),
            "AWS permissions",
            CheckStatus::Warning,
            "the simulator is not needed to work",
        ),
        (Box::new(|i| i.clock = Some(Ok(-900))), "clock", CheckStatus::Error, "15 minutes behind"),
        (
            Box::new(move |i| {
                i.objects = Ok(vec![
                    record.clone(),
                    object("k8s/v1/Namespace/pay", None),
                    object("k8s/v1/Namespace/pay-old", None),
                ]);
            }),
            "orphans",
            CheckStatus::Warning,
            "one of two is named",
        ),
    ];
    for (breaks, check, status, reason) in cases {
        let mut inspection = healthy();
        breaks(&mut inspection);
        let findings = judge(&inspection);
        let found = findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("{reason}"));
        assert_eq!(found.status, status, "{reason}: {found:?}");
        assert!(!found.remedy.is_empty(), "{reason}: what to do");
        let others = findings.iter().filter(|finding| finding.check != check && finding.status != CheckStatus::Ok);
        assert_eq!(others.count(), 0, "{reason}: nothing else is wrong");
    }
}
