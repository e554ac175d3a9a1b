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
            cluster.authentication_mode = mode.to_owned();
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
