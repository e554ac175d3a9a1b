//! Nothing is made where others say who comes in; what is there already says so with every read.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::domain::IdentityProvider;
use serde_json::json;

type Provider = (&'static str, Option<&'static str>);

async fn authenticate(fixture: &EngineFixture, mode: &str, providers: &[Provider]) {
    let provider = |(name, prefix): &Provider| IdentityProvider {
        name: (*name).to_owned(),
        groups_prefix: prefix.map(str::to_owned),
    };
    fixture
        .declare(|cluster| {
            cluster.authentication_mode = serde_json::from_value(json!(mode)).expect("a mode");
            cluster.identity_providers = providers.iter().map(provider).collect();
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_baseline_needs_access_entries_and_closed_groups() {
    for (mode, providers, expected, reason) in [
        ("API", &[] as &[Provider], vec![], "as it should be"),
        ("API", &[("okta", Some("oidc:"))], vec![], "a provider whose groups are apart"),
        ("API", &[("okta", None)], vec!["cluster.open_groups"], "any group of a token"),
        ("CONFIG_MAP", &[], vec!["cluster.no_access_entries"], "entries have no effect"),
        (
            "CONFIG_MAP",
            &[("okta", Some("gp:"))],
            vec!["cluster.no_access_entries", "cluster.open_groups"],
            "both are reported at once",
        ),
        ("API_AND_CONFIG_MAP", &[], vec![], "a second way in is a warning"),
    ] {
        let fixture = EngineFixture::new().await;
        authenticate(&fixture, mode, providers).await;
        let preview = fixture.preview(&baseline(), None).await;
        assert_eq!(errors(&preview.problems), expected, "{reason}: plan");
        let outcome = fixture.ensure(&baseline(), None).await;
        assert_eq!(errors(&outcome.problems), expected, "{reason}: apply");
        assert_eq!(fixture.keys().is_empty(), !expected.is_empty(), "{reason}: nothing was made");
    }
}

#[tokio::test(start_paused = true)]
async fn a_baseline_that_is_there_only_warns() {
    let fixture = EngineFixture::new().await;
    let state = fixture.create(&baseline()).await;
    authenticate(&fixture, "API_AND_CONFIG_MAP", &[("okta", Some("g"))]).await;
    let (state, problems) = fixture.refresh(&state).await;
    assert_eq!(errors(&problems), Vec::<&str>::new(), "a read never stands in the way of a destroy");
    assert_eq!(codes(&problems), ["cluster.config_map_too", "cluster.open_groups"]);
    fixture.remove(&state).await;
}

#[tokio::test(start_paused = true)]
async fn an_environment_for_people_needs_access_entries() {
    for (access, expected, reason) in [
        (
            json!({"developer": {"permission_sets": ["PaymentsDev"]}}),
            vec!["cluster.no_access_entries"],
            "nobody would come in",
        ),
        (json!({}), vec![], "it lets nobody in by entries"),
    ] {
        let fixture = EngineFixture::ready().await;
        authenticate(&fixture, "CONFIG_MAP", &[("okta", None)]).await;
        let spec = environment("pay", json!({"access": access}));
        assert_eq!(errors(&fixture.preview(&spec, None).await.problems), expected, "{reason}: plan");
        assert_eq!(errors(&fixture.ensure(&spec, None).await.problems), expected, "{reason}: apply");
    }
}

/// In production, by what is seen of the cluster; what is there already is healed all the same.
#[tokio::test(start_paused = true)]
async fn production_needs_rules_that_are_enforced() {
    let fixture = EngineFixture::ready().await;
    let enforce = async |is_enforced| fixture.declare(|cluster| cluster.network_policy_enforced = is_enforced).await;
    let prod = |network: serde_json::Value, cpu: &str| {
        environment(
            "pay",
            json!({"tier": "prod", "owner": {"contact": "a@b", "cost_center": "C"}, "network": network,
                "quota": {"total": {"requests.cpu": cpu, "requests.memory": "64Gi"}}}),
        )
    };
    let (plain, reason) = (json!({}), json!({"engine": "calico", "engine_reason": "in namespace net, OPS-12"}));
    enforce(false).await;
    let refused = fixture.preview(&prod(plain.clone(), "32"), None).await;
    assert_eq!(errors(&refused.problems), ["network.not_enforced"]);
    assert_eq!(errors(&fixture.ensure(&prod(plain.clone(), "32"), None).await.problems), ["network.not_enforced"]);
    let overruled = fixture.preview(&prod(reason.clone(), "32"), None).await;
    assert!(message(&overruled.problems, "network.engine_overrules").contains("OPS-12"), "{:?}", overruled.problems);

    enforce(true).await;
    let state = fixture.create(&prod(plain.clone(), "32")).await;
    enforce(false).await;
    fixture.delete("k8s/networking.k8s.io/v1/NetworkPolicy/pay/gp-default-deny").await;
    let (seen, _) = fixture.refresh(&state).await;
    let state = fixture.apply(&state.spec, Some(&seen)).await;
    let edited = fixture.preview(&prod(plain, "33"), Some(&state)).await;
    assert_eq!(errors(&edited.problems), ["network.not_enforced"], "an edit is refused in its plan");
    fixture.apply(&prod(reason, "33"), Some(&state)).await;
}

/// What a request says of the cluster changes nothing of what is seen of it.
#[tokio::test(start_paused = true)]
async fn what_enforces_rules_is_seen_and_not_said() {
    let fixture = EngineFixture::ready().await;
    let none = environment("pay", json!({"network": {"engine": "none"}}));
    for (is_enforced, reason) in [(true, "it is enforced all the same"), (false, "as it says")] {
        fixture.declare(|cluster| cluster.network_policy_enforced = is_enforced).await;
        let problems = fixture.preview(&none, None).await.problems;
        assert_eq!(codes(&problems).contains(&"network.not_enforced"), !is_enforced, "{reason}: {problems:?}");
        assert_eq!(errors(&problems), Vec::<&str>::new(), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_identity_needs_what_gives_it_to_pods() {
    let fixture = EngineFixture::ready().await;
    fixture.create(&environment("pay", json!({}))).await;
    for (addons, oidc_provider, mode, expected, reason) in [
        (&["eks-pod-identity-agent"][..], true, "pod_identity", vec![], "the add-on is there"),
        (&["coredns"], true, "pod_identity", vec!["identity.no_agent"], "no agent"),
        (&["coredns"], true, "irsa", vec![], "IRSA needs none"),
        (&["coredns"], false, "irsa", vec!["identity.no_oidc_provider"], "and an issuer that IAM knows"),
    ] {
        let there = addons.iter().map(|addon| (*addon).to_owned()).collect();
        fixture
            .declare(|cluster| {
                cluster.addons = there;
                cluster.oidc_provider = oidc_provider;
            })
            .await;
        let ledger = slot("pay", "ledger", json!({"identity": {"mode": mode}}));
        let problems = fixture.preview(&ledger, None).await.problems;
        let found: Vec<&str> = codes(&problems).into_iter().filter(|code| code.starts_with("identity.no_")).collect();
        assert_eq!(found, expected, "{reason}");
    }
}
