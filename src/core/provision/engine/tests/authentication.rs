//! Nothing is made where others say who comes in; what is there already says so with every read.

use crate::provision::testing::*;
use serde_json::json;

type Provider = (&'static str, Option<&'static str>);

#[tokio::test(start_paused = true)]
async fn a_baseline_wants_access_entries_and_closed_groups() {
    for (mode, providers, expected, reason) in [
        ("API", &[] as &[Provider], vec![], "as it should be"),
        ("API", &[("okta", Some("oidc:"))], vec![], "a provider whose groups are apart"),
        ("API", &[("okta", None)], vec!["cluster.open_groups"], "any group of a token"),
        ("CONFIG_MAP", &[], vec!["cluster.no_access_entries"], "entries have no effect"),
        (
            "CONFIG_MAP",
            &[("okta", Some("gp:"))],
            vec!["cluster.no_access_entries", "cluster.open_groups"],
            "both are told at once",
        ),
        ("API_AND_CONFIG_MAP", &[], vec![], "a second way in is a warning"),
    ] {
        let bench = Bench::new();
        bench.fake.authenticates(mode, providers);
        let preview = bench.preview(&baseline(), None).await;
        assert_eq!(errors(&preview.problems), expected, "{reason}: plan");
        let outcome = bench.ensure(&baseline(), None).await;
        assert_eq!(errors(&outcome.problems), expected, "{reason}: apply");
        assert_eq!(bench.fake.keys().is_empty(), !expected.is_empty(), "{reason}: nothing was made");
    }
}

#[tokio::test(start_paused = true)]
async fn a_baseline_that_is_there_only_warns() {
    let bench = Bench::new();
    let held = bench.create(&baseline()).await;
    bench.fake.authenticates("API_AND_CONFIG_MAP", &[("okta", Some("g"))]);
    let (held, seen) = bench.refresh(&held).await.expect("it is there");
    assert_eq!(errors(&seen.problems), Vec::<&str>::new(), "a read never stands in the way of a destroy");
    assert_eq!(codes(&seen.problems), ["cluster.config_map_too", "cluster.open_groups"]);
    bench.remove(&held).await;
}

#[tokio::test(start_paused = true)]
async fn an_environment_for_people_wants_access_entries() {
    for (access, expected, reason) in [
        (
            json!({"developer": {"permission_sets": ["PaymentsDev"]}}),
            vec!["cluster.no_access_entries"],
            "nobody would come in",
        ),
        (json!({}), vec![], "it lets nobody in by entries"),
    ] {
        let bench = Bench::ready().await;
        bench.fake.authenticates("CONFIG_MAP", &[("okta", None)]);
        let spec = environment("pay", json!({"access": access}));
        assert_eq!(errors(&bench.preview(&spec, None).await.problems), expected, "{reason}: plan");
        assert_eq!(errors(&bench.ensure(&spec, None).await.problems), expected, "{reason}: apply");
    }
}
