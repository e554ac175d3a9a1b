//! What the account has and what others have in it, known in the plan.

use super::{fixture::EngineFixture, requests::*};
use goldenpath_core::{
    domain::{AccessEntry, Body, Problem},
    provision::{Provisioner, Spec},
};
use goldenpath_sandbox::Verb;
use serde_json::json;

fn trusting(count: usize) -> Spec {
    let arn = |number| format!("arn:aws:iam::111122223333:role/pipelines/deploys-the-service-with-the-number-{number}");
    let trusted: Vec<String> = (0..count).map(arn).collect();
    environment("pay", json!({"access": {"deployer": {"create_role": true, "trusted_principal_arns": trusted}}}))
}

fn is_refused(problems: &[Problem], code: &str) -> bool {
    problems.iter().any(|problem| problem.code == code && problem.is_error())
}

#[tokio::test(start_paused = true)]
async fn the_accounts_own_quotas_are_asked_for_where_they_matter() {
    let fixture = EngineFixture::ready().await;
    for (trusted, quota, refused, asked, reason) in [
        (2, None, false, 0, "most roles are far below the defaults"),
        (40, None, true, 1, "more than IAM takes by default"),
        (40, Some(8192), false, 1, "the account has had it raised"),
        (40, Some(3000), true, 1, "and not enough"),
    ] {
        fixture.declare(|cluster| cluster.trust_policy_size = quota).await;
        let calls = fixture.count().await;
        let preview = fixture.preview(&trusting(trusted), None).await;
        assert_eq!(is_refused(&preview.problems, "aws.refused"), refused, "{reason}: {:?}", preview.problems);
        assert_eq!(fixture.calls(calls, &[Verb::Quotas]).await.len(), asked, "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_that_somebody_elses_entry_takes_no_policies() {
    let fixture = EngineFixture::ready().await;
    let principal = "arn:aws:iam::111122223333:role/ci";
    let theirs = Body::AccessEntry(AccessEntry::new("theirs", [].into()));
    fixture.make(&format!("aws/eks/AccessEntry/{principal}"), &theirs, "somebody").await;
    let people = |policies: &[&str]| {
        let viewer = json!({"principal_arns": [principal], "access_policies": policies});
        environment("pay", json!({"access": {"viewer": viewer}}))
    };
    let (with, without) = (people(&["AmazonEKSViewPolicy"]), people(&[]));
    let preview = fixture.preview(&with, None).await;
    assert!(is_refused(&preview.problems, "access.foreign_entry"), "of a create: {:?}", preview.problems);
    let state = fixture.create(&without).await;
    let preview = fixture.preview(&with, Some(&state)).await;
    assert!(is_refused(&preview.problems, "access.foreign_entry"), "of an update: {:?}", preview.problems);
}

const BOUNDARY_ELSEWHERE: &str = "
changelog: [The boundary is that of a central account.]
tiers: { dev: { grants: { boundary: 'arn:aws:iam::999900001111:policy/central' } } }
";

#[tokio::test(start_paused = true)]
async fn a_boundary_of_another_account_is_none_though_it_exists_there() {
    let fixture = EngineFixture::ready().await;
    fixture.sql("INSERT INTO policy (arn) VALUES ('arn:aws:iam::999900001111:policy/central')");
    let catalogue = next_version(BOUNDARY_ELSEWHERE);
    let spec = environment("pay", json!({}));
    let preview = fixture.engine_of(&catalogue).preview(preview_request(&spec, None, None)).await;
    let words = message(&preview.problems, "boundary.missing");
    assert!(words.contains("is not of the account 111122223333"), "{words}");
    let calls = fixture.count().await;
    let outcome = fixture.engine_of(&catalogue).ensure(ensure_request(&spec, None, None)).await;
    assert_eq!(errors(&outcome.problems), ["iam.boundary"], "{:?}", outcome.problems);
    fixture.assert_only_read(calls, "every role would be refused").await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_another_account_is_an_error_of_the_plan() {
    let fixture = EngineFixture::ready().await;
    for (account, expected, reason) in [
        ("111122223333", vec![], "the same run may make it"),
        ("999900001111", vec!["target.invalid"], "the provider is configured for another account"),
    ] {
        let cluster = format!("arn:aws:eks:eu-west-1:{account}:cluster/other");
        let preview = fixture.preview(&environment("pay", json!({"cluster": cluster})), None).await;
        assert!(preview.decided.is_none(), "{reason}");
        assert_eq!(errors(&preview.problems), expected, "{reason}: {:?}", preview.problems);
    }
}
