//! What a client that may write anything into a request gets for it: a refusal before anything is changed, or the truth.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::{
    domain::{EnvironmentId, Id, Problem},
    provision::{Engine, EnsureRequest, Observation, Provisioner, RemoveRequest, Replacing, Spec},
};
use serde_json::{Value, json};

fn prod(over: Value) -> Spec {
    let mut base = json!({"tier": "prod", "owner": {"contact": "payments@corp", "cost_center": "CC12"}});
    for (key, value) in over.as_object().into_iter().flatten() {
        base[key] = value.clone();
    }
    environment("pay", base)
}

fn shop() -> Spec {
    environment("shop", json!({"team": "shop"}))
}

/// A team's production environment, and somebody else's environment beside it.
struct Ground {
    fixture: EngineFixture,
    pay: InstanceState,
    shop: InstanceState,
}

impl Ground {
    async fn new() -> Self {
        let fixture = EngineFixture::ready().await;
        let (pay, shop) = (fixture.create(&prod(json!({}))).await, fixture.create(&shop()).await);
        Self { fixture, pay, shop }
    }

    /// As the team that has `pay`.
    fn payments(&self) -> Engine {
        self.fixture.verifying(json!({ "teams": ["payments"] }))
    }

    fn ensure(&self, spec: &Spec) -> EnsureRequest {
        ensure_request(spec, Some(&self.pay), None)
    }
}

fn id(text: &str) -> Id {
    text.parse::<EnvironmentId>().expect("an id").into()
}

#[tokio::test(start_paused = true)]
async fn a_lie_in_a_change_changes_nothing() {
    let ground = Ground::new().await;
    type Forge = fn(&Ground) -> EnsureRequest;
    let dev = || environment("pay", json!({}));
    let cases: [(&str, Forge, &str, &str); 12] = [
        (
            "prior.spec",
            |g| g.ensure(&environment("pay", json!({}))),
            "environment.loosened",
            "the truth: a loosening is refused",
        ),
        (
            "prior.spec",
            |g| {
                let mut request = g.ensure(&environment("pay", json!({})));
                request.prior.as_mut().expect("state").spec = request.spec.clone();
                request
            },
            "environment.loosened",
            "as if it had been dev before",
        ),
        (
            "prior.spec",
            |g| {
                let mut request = g.ensure(&environment("pay", json!({})));
                request.prior.as_mut().expect("state").spec = prod(json!({"deletion_protection": false}));
                request
            },
            "environment.loosened",
            "as if it had not been protected",
        ),
        (
            "prior",
            |g| EnsureRequest { prior: None, ..g.ensure(&environment("pay", json!({}))) },
            "environment.loosened",
            "as if it were a create",
        ),
        (
            "prior.spec",
            |g| {
                let mut request = g.ensure(&prod(json!({"team": "shop"})));
                request.prior.as_mut().expect("state").spec = request.spec.clone();
                request
            },
            "bounds.outside",
            "as if it had been of another team before",
        ),
        (
            "spec",
            |g| EnsureRequest { spec: environment("shop", json!({})), ..ensure_request(&shop(), Some(&g.shop), None) },
            "bounds.outside",
            "somebody else's environment, made one's own",
        ),
        (
            "facts.cluster_arn",
            |g| {
                let mut request = g.ensure(&prod(json!({"namespaces": {"default": {}}})));
                let facts = request.facts.as_mut().expect("facts");
                facts.cluster_arn = "arn:aws:eks:eu-west-1:111122223333:cluster/other".parse().expect("an ARN");
                request
            },
            "claims.contradiction",
            "another cluster",
        ),
        (
            "facts.oidc_issuer",
            |g| {
                let mut request = g.ensure(&prod(json!({})));
                request.facts.as_mut().expect("facts").oidc_issuer = Some("https://evil.example".into());
                request
            },
            "claims.facts",
            "an issuer of one's own, which roles would trust",
        ),
        (
            "facts.permission_sets",
            |g| {
                let mut request = g.ensure(&prod(json!({})));
                let sets = &mut request.facts.as_mut().expect("facts").permission_sets;
                sets.insert("PaymentsDev".into(), "arn:aws:iam::111122223333:role/evil".into());
                request
            },
            "claims.facts",
            "another role behind a permission set",
        ),
        (
            "replacing",
            |g| {
                let replacing = Replacing { id: "demo/pay".into(), uid: g.pay.uid.clone(), protected: false };
                let spec = prod(json!({"namespaces": {"default": {}}}));
                EnsureRequest { prior: None, replacing: Some(replacing), ..g.ensure(&spec) }
            },
            "deletion.protected",
            "a replacement of what is protected",
        ),
        (
            "prior.spec",
            |g| {
                let mut request = g.ensure(&prod(json!({"namespaces": {"default": {}}})));
                request.prior.as_mut().expect("state").spec = request.spec.clone();
                request
            },
            "deletion.protected",
            "as if the namespace that goes had not been there",
        ),
        (
            "prior.spec",
            |g| {
                let mut request = g.ensure(&prod(json!({})));
                request.prior.as_mut().expect("state").spec = shop();
                request
            },
            "claims.contradiction",
            "the request of another one",
        ),
    ];
    assert!(ground.pay.protected && !ground.shop.protected, "{:?}", dev());
    for (field, forge, expected, reason) in cases {
        let calls = ground.fixture.count().await;
        let outcome = ground.payments().ensure(forge(&ground)).await;
        let found = errors(&outcome.problems);
        assert!(outcome.exists.is_none() && found.contains(&expected), "{field}: {reason}: {:?}", outcome.problems);
        ground.fixture.assert_only_read(calls, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lie_in_a_removal_removes_nothing() {
    let ground = Ground::new().await;
    type Forge = fn(&Ground) -> RemoveRequest;
    let cases: [(&str, Forge, &str, &str); 3] = [
        (
            "protected",
            |g| RemoveRequest { protected: false, ..remove_request(&g.pay) },
            "deletion.protected",
            "as if it were not protected",
        ),
        ("id", |g| remove_request(&g.shop), "bounds.outside", "somebody else's"),
        (
            "facts",
            |g| RemoveRequest { id: id("ghost/shop"), ..remove_request(&g.shop) },
            "claims.record_lost",
            "roles of a cluster that is said to be gone",
        ),
    ];
    for (field, forge, expected, reason) in cases {
        let calls = ground.fixture.count().await;
        let removed = ground.payments().remove(forge(&ground)).await;
        let found = errors(&removed.problems);
        assert!(!removed.gone && found == [expected], "{field}: {reason}: {:?}", removed.problems);
        ground.fixture.assert_only_read(calls, reason).await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_of_others_are_not_touched() {
    let ground = Ground::new().await;
    let unprotected = ground.fixture.apply(&prod(json!({"deletion_protection": false})), Some(&ground.pay)).await;
    let theirs: Vec<String> = ground.shop.objects.keys().cloned().collect();
    let mut state = unprotected;
    state.objects.extend(ground.shop.objects.clone());
    let removed = ground.payments().remove(remove_request(&state)).await;
    assert!(removed.gone, "{:?}", removed.problems);
    let left = ground.fixture.keys();
    assert!(theirs.iter().all(|key| left.contains(key)), "all of the other one is there: {left:?}");
    ground.fixture.assert_steady(&ground.shop, "and as it was").await;
}

#[tokio::test(start_paused = true)]
async fn without_a_record_nobody_says_whose_it_is() {
    let ground = Ground::new().await;
    ground.fixture.delete("k8s/v1/ConfigMap/goldenpath-system/environment.shop").await;
    let anything = || ground.fixture.verifying(json!({}));
    let calls = ground.fixture.count().await;
    let mine = environment("shop", json!({}));
    let mut claim = ensure_request(&mine, Some(&ground.shop), None);
    claim.prior.as_mut().expect("state").spec = mine.clone();
    for (problems, reason) in [
        (anything().ensure(claim).await.problems, "made one's own by what state claims"),
        (anything().remove(remove_request(&ground.shop)).await.problems, "removed"),
        (anything().observe(observe_request(&ground.shop)).await.err().into_iter().collect(), "looked at"),
    ] {
        assert_eq!(errors(&problems), ["claims.record_lost"], "{reason}: {problems:?}");
    }
    ground.fixture.assert_only_read(calls, "nothing was changed").await;
    let own = ground.fixture.engine().ensure(ensure_request(&shop(), Some(&ground.shop), None)).await;
    ground.fixture.complete(&shop(), own);
    let seen = anything().observe(observe_request(&ground.shop)).await;
    assert!(matches!(seen, Ok(Observation::Here(_))), "after an apply by the daemon's own user: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_looks_out_of_the_bounds() {
    let ground = Ground::new().await;
    let (engine, other) = (ground.payments(), id("demo/shop"));
    let one = |problem: Option<Problem>| problem.into_iter().collect::<Vec<_>>();
    for (problems, reason) in [
        (one(engine.find(&other).await.err()), "find"),
        (one(engine.files(&other).await.err()), "files"),
        (one(engine.describe(&other).await.err()), "describe"),
        (one(engine.unprotect(&other).await.err()), "unprotect"),
        (one(engine.observe(observe_request(&ground.shop)).await.err()), "observe"),
        (engine.preview(preview_request(&shop(), Some(&ground.shop), None)).await.problems, "preview"),
        (engine.preview_remove(&remove_request(&ground.shop)).await, "preview of a removal"),
    ] {
        assert_eq!(errors(&problems), ["bounds.outside"], "{reason}: {problems:?}");
    }
    let elsewhere = ground.fixture.verifying(json!({ "clusters": ["other"] }));
    let cluster = "demo".parse().expect("a cluster");
    for (problem, reason) in [
        (elsewhere.facts(&cluster).await.err(), "facts"),
        (elsewhere.only_cluster().await.err(), "the only cluster"),
        (elsewhere.find(&id("demo/nothing")).await.err(), "what is not there, on a cluster out of the bounds"),
    ] {
        assert_eq!(errors(&one(problem)), ["bounds.outside"], "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_honest_client_sees_and_gets_the_same() {
    let fixture = EngineFixture::ready().await;
    let team = || fixture.verifying(json!({ "teams": ["payments"] }));
    let same = async |spec: &Spec, state: Option<&InstanceState>, reason: &str| {
        let ours = fixture.preview(spec, state).await;
        let theirs = team().preview(preview_request(spec, state, None)).await;
        let text = |preview| serde_json::to_string(preview).expect("a document");
        assert_eq!(text(&ours), text(&theirs), "{reason}");
        planned_lines(&ours.decided.expect(reason).outputs)
    };
    let (spec, wider) =
        (environment("pay", json!({})), environment("pay", json!({"quota": {"total": {"requests.cpu": "6"}}})));
    let planned = same(&spec, None, "a create").await;
    let made = fixture.complete(&spec, team().ensure(ensure_request(&spec, None, Some(planned))).await);
    same(&spec, Some(&made), "nothing").await;
    let planned = same(&wider, Some(&made), "an update").await;
    let made = fixture.complete(&wider, team().ensure(ensure_request(&wider, Some(&made), Some(planned))).await);
    fixture.assert_quiet(&made, "it is what the plan showed").await;
    let ledger = slot("pay", "ledger", json!({}));
    let planned = same(&ledger, None, "a slot").await;
    let inside = fixture.complete(&ledger, team().ensure(ensure_request(&ledger, None, Some(planned))).await);
    let seen = |observation| serde_json::to_string(&observation).expect("a document");
    for state in [&made, &inside] {
        let ours = fixture.engine().observe(observe_request(state)).await.expect("there");
        assert_eq!(seen(ours), seen(team().observe(observe_request(state)).await.expect("there")), "a refresh");
    }
    for state in [&inside, &made] {
        let lost = fixture.engine().preview_remove(&remove_request(state)).await;
        assert_eq!(lost, team().preview_remove(&remove_request(state)).await, "what a removal loses");
        assert!(team().remove(remove_request(state)).await.gone, "it goes");
        assert!(team().remove(remove_request(state)).await.gone, "once more is nothing");
    }
}
