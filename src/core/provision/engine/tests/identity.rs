//! Whether pods get what an apply promised them: looked at after an association is made, for a while, and told as an output.

use crate::{
    domain::{Class, Late},
    ports::Readiness::{self, Inconclusive, NotReady, Ready},
    provision::testing::*,
};
use serde_json::json;

type Answer = Result<Readiness, Class>;

async fn with_environment() -> Bench {
    let bench = Bench::ready().await;
    bench.create(&environment("pay", json!({}))).await;
    bench
}

#[tokio::test(start_paused = true)]
async fn a_new_identity_is_looked_at_until_three_looks_in_a_row_are_good() {
    let late = Err(Class::Unavailable);
    let refused = Err(Class::Denied);
    let never: Vec<Answer> = vec![Ok(NotReady); 1000];
    let cases: Vec<(&str, Vec<Answer>, usize, Option<bool>)> = vec![
        ("at once", vec![], 3, Some(true)),
        ("after a while", vec![Ok(NotReady), Ok(NotReady)], 5, Some(true)),
        ("one API server is behind the others", vec![Ok(Ready), Ok(Ready), Ok(NotReady)], 6, Some(true)),
        ("a look that got no answer proves nothing", vec![Ok(Ready), late], 5, Some(true)),
        ("nothing there gives credentials", vec![Ok(Inconclusive)], 1, None),
        ("we may not look", vec![refused], 1, None),
        ("it takes too long", never, 0, Some(false)),
    ];
    for (reason, answers, looks, expected) in cases {
        let bench = with_environment().await;
        bench.fake.identities(answers);
        let begun = tokio::time::Instant::now();
        let spec = slot("pay", "ledger", json!({}));
        let outcome = bench.ensure(&spec, None).await;
        assert!(begun.elapsed().as_secs() <= 31, "{reason}: {:?}", begun.elapsed());
        let warned = codes(&outcome.problems).contains(&"slot.identity_not_ready");
        assert_eq!(warned, expected == Some(false), "{reason}: {:?}", outcome.problems);
        let held = bench.complete(&spec, outcome);
        assert_eq!(held.identity_ready, expected, "{reason}");
        let looked = bench.fake.looked_at();
        assert!(looked.iter().all(|place| place == "pay/ledger"), "{reason}: {looked:?}");
        assert!(looks == 0 || looked.len() == looks, "{reason}: {} looks", looked.len());
        bench.assert_quiet(&held, reason).await;
        assert!(bench.fake.looked_at().is_empty(), "{reason}: a refresh and a plan look at nothing");
        let larger = slot("pay", "ledger", json!({ "share": { "cpu": "1500m", "memory": "1Gi" } }));
        let planned = bench.preview(&larger, Some(&held)).await.decided;
        let planned = planned.and_then(|decided| identity_leaf(&decided.outputs));
        let promised = match expected {
            Some(false) => Late::Later,
            told => Late::Now(told),
        };
        assert_eq!(planned, Some(promised), "{reason}: what a change of something else promises");
    }
}

#[tokio::test(start_paused = true)]
async fn only_where_there_is_something_to_prove() {
    let bench = with_environment().await;
    let held = bench.create(&slot("pay", "ledger", json!({ "identity": { "mode": "none" } }))).await;
    assert_eq!((held.identity_ready, bench.fake.looked_at().len()), (None, 0), "no association");

    let associated = slot("pay", "ledger", json!({}));
    let held = bench.apply(&associated, Some(&held)).await;
    assert_eq!((held.identity_ready, bench.fake.looked_at().len()), (Some(true), 3), "a new one");
    let larger = slot("pay", "ledger", json!({ "share": { "cpu": "1500m", "memory": "1Gi" } }));
    let held = bench.apply(&larger, Some(&held)).await;
    assert_eq!((held.identity_ready, bench.fake.looked_at().len()), (Some(true), 0), "it was proved");

    bench.fake.vanish("aws/eks/PodIdentityAssociation/pay/ledger");
    let (fresh, _) = bench.refresh(&held).await.unwrap_or_else(|| panic!("it is there"));
    let held = bench.apply(&larger, Some(&fresh)).await;
    assert_eq!((held.identity_ready, bench.fake.looked_at().len()), (Some(true), 3), "made anew");

    let gone = bench.apply(&slot("pay", "ledger", json!({ "identity": { "mode": "none" } })), Some(&held)).await;
    assert_eq!(gone.identity_ready, None, "nothing to tell of");

    bench.fake.without_agent();
    let held = bench.create(&slot("pay", "gateway", json!({}))).await;
    assert_eq!(
        (held.identity_ready, bench.fake.looked_at().len()),
        (None, 0),
        "without the agent nothing gives credentials"
    );
}

#[tokio::test(start_paused = true)]
async fn what_had_not_arrived_is_looked_at_again_by_the_next_apply() {
    let bench = with_environment().await;
    bench.fake.identities(vec![Ok(NotReady); 1000]);
    let spec = slot("pay", "ledger", json!({}));
    let held = bench.create(&spec).await;
    assert_eq!(held.identity_ready, Some(false));
    bench.fake.identities([]);
    let larger = slot("pay", "ledger", json!({ "share": { "cpu": "1500m", "memory": "1Gi" } }));
    let preview = bench.preview(&larger, Some(&held)).await;
    let planned = preview.decided.map(|decided| identity_leaf(&decided.outputs));
    assert_eq!(planned, Some(Some(Late::Later)), "the plan leaves it open");
    let held = bench.apply(&larger, Some(&held)).await;
    assert_eq!(held.identity_ready, Some(true));

    // Nothing is written where nothing but this is open, and it is told all the same.
    let before = Held { identity_ready: Some(false), ..held };
    let calls = bench.fake.calls().len();
    let held = bench.apply(&larger, Some(&before)).await;
    assert_eq!(held.identity_ready, Some(true));
    assert!(bench.fake.calls()[calls..].iter().all(|call| *call == Call::Observe));
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_keeps_the_lease() {
    let bench = with_environment().await;
    bench.fake.identities(vec![Ok(NotReady); 1000]);
    let spec = slot("pay", "ledger", json!({}));
    let engine = bench.engine();
    let first = crate::provision::Provisioner::ensure(&engine, ensure_request(&spec, None, None));
    let second = async {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        let record = bench.fake.record("slot.pay.ledger").unwrap_or_else(|| panic!("a record"));
        record.operation.and_then(|operation| operation.lease).map(|lease| lease.renewals)
    };
    let (outcome, renewals) = tokio::join!(first, second);
    assert!(renewals.is_some_and(|renewals| renewals >= 3), "{renewals:?}");
    assert_eq!(bench.complete(&spec, outcome).identity_ready, Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_broken_off_is_proved_by_the_one_that_ends_it() {
    let spec = slot("pay", "ledger", json!({}));
    let mut at = 1;
    let (bench, outcome) = loop {
        // Until the very last write, that of the record, is the one that fails.
        let bench = with_environment().await;
        bench.fake.fail(at, Fault::Refuse(Class::Denied));
        let outcome = bench.ensure(&spec, None).await;
        let looked = !bench.fake.looked_at().is_empty();
        match outcome.exists {
            Some(_) if looked => break (bench, outcome),
            Some(_) | None => at += 1,
        }
        assert!(at < 60, "no call was the last one");
    };
    let broken = bench.held(&spec, outcome);
    assert_eq!((broken.incomplete, broken.identity_ready), (true, None), "a failed apply tells nothing");
    let held = bench.apply(&spec, Some(&broken)).await;
    assert_eq!(held.identity_ready, Some(true));
    assert_eq!(bench.fake.looked_at().len(), 3);
}
