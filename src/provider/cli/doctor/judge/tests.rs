use super::*;

fn facts() -> Facts {
    serde_json::from_value(serde_json::json!({
        "stable": {"cluster_arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo", "auto_mode": false,
            "service_cidr": "10.100.0.0/16", "ip_family": "ipv4", "pod_security_version": "1.36"},
        "version": "1.36", "authentication_mode": "API", "network_policy_enforced": true,
        "addons": ["eks-pod-identity-agent"], "caller": "arn:aws:iam::111122223333:user/anna",
    }))
    .expect("facts")
}

fn healthy() -> Seen {
    Seen {
        facts: Ok(facts()),
        boundary: Ok(true),
        audit_logging: Some(Ok(true)),
        identity_providers: Ok(vec![]),
        refused_by_aws: Some(Ok(Rights::Lacking(vec![]))),
        refused: Some(Ok(vec![])),
        clock: Some(Ok(1)),
        objects: Ok(vec![object("k8s/v1/Namespace/goldenpath-system", None)]),
    }
}

fn object(key: &str, inventory: Option<&[&str]>) -> OwnObject {
    OwnObject {
        key: key.parse().expect("a key"),
        owner: Some("pay".to_owned()),
        inventory: inventory.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect()),
    }
}

#[test]
fn what_is_well_needs_no_remedy() {
    for finding in judge(&healthy()) {
        assert_eq!((finding.verdict, finding.remedy.as_str()), (Verdict::Ok, ""), "{}", finding.check);
    }
}

#[test]
fn each_trouble_is_told_with_what_to_do() {
    let record = object("k8s/v1/ConfigMap/goldenpath-system/environment.pay", Some(&["k8s/v1/Namespace/pay"]));
    type Break = Box<dyn Fn(&mut Seen)>;
    let with_facts = |change: fn(&mut Facts)| -> Break {
        Box::new(move |seen| {
            if let Ok(facts) = &mut seen.facts {
                change(facts);
            }
        })
    };
    let cases: Vec<(Break, &str, Verdict, &str)> = vec![
        (
            Box::new(|seen| seen.facts = Err("no credentials".into())),
            "credentials and cluster",
            Verdict::Error,
            "can't look",
        ),
        (
            with_facts(|f| f.authentication_mode = "CONFIG_MAP".into()),
            "authentication mode",
            Verdict::Error,
            "no effect",
        ),
        (
            with_facts(|f| f.authentication_mode = "API_AND_CONFIG_MAP".into()),
            "authentication mode",
            Verdict::Warning,
            "two ways in",
        ),
        (with_facts(|f| f.addons.clear()), "Pod Identity agent", Verdict::Error, "no agent"),
        (with_facts(|f| f.network_policy_enforced = false), "network policies", Verdict::Warning, "not enforced"),
        (Box::new(|seen| seen.boundary = Ok(false)), "permissions boundary", Verdict::Error, "no boundary"),
        (Box::new(|seen| seen.audit_logging = Some(Ok(false))), "audit log", Verdict::Warning, "no log"),
        (
            Box::new(|seen| {
                seen.identity_providers =
                    Ok(vec![IdentityProvider { name: "okta".into(), groups_prefix: Some("gp:".into()) }]);
            }),
            "identity providers",
            Verdict::Error,
            "an outsider's group would be ours",
        ),
        (
            Box::new(|seen| seen.refused = Some(Ok(vec!["patch namespaces".into()]))),
            "rights on Kubernetes",
            Verdict::Error,
            "403",
        ),
        (
            Box::new(|seen| seen.refused_by_aws = Some(Ok(Rights::Lacking(vec!["iam:CreateRole".into()])))),
            "rights on AWS",
            Verdict::Error,
            "the simulator refuses it",
        ),
        (
            Box::new(|seen| seen.refused_by_aws = Some(Ok(Rights::Unknown("403".into())))),
            "rights on AWS",
            Verdict::Warning,
            "nobody needs the simulator to work",
        ),
        (Box::new(|seen| seen.clock = Some(Ok(-900))), "clock", Verdict::Error, "15 minutes behind"),
        (
            Box::new(move |seen| {
                seen.objects = Ok(vec![
                    record.clone(),
                    object("k8s/v1/Namespace/pay", None),
                    object("k8s/v1/Namespace/pay-old", None),
                ]);
            }),
            "orphans",
            Verdict::Warning,
            "one of two is named",
        ),
    ];
    for (breaks, check, verdict, reason) in cases {
        let mut seen = healthy();
        breaks(&mut seen);
        let findings = judge(&seen);
        let found = findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("{reason}"));
        assert_eq!(found.verdict, verdict, "{reason}: {found:?}");
        assert!(!found.remedy.is_empty(), "{reason}: what to do");
        let others = findings.iter().filter(|finding| finding.check != check && finding.verdict != Verdict::Ok);
        assert_eq!(others.count(), 0, "{reason}: nothing else is ill");
    }
}
