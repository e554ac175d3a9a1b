//! AWS and Kubernetes together, as the product joins them: ministack and the real API server, reached with a token of our making.

mod entries;
mod hiccups;
mod locks;
mod lost_locks;
mod reviews;
mod running;
mod sessions;
mod shares;
mod trail;
mod watches;

use crate::{
    check::{Check, check},
    server::Server,
};
use acceptance_tests::{
    BASELINE,
    client::{Instance, no_errors},
    proxy::{Intervention, Proxy, Service},
    servers::{
        Real,
        ministack::{self, Clients, EVERYTHING, assumable_by},
        real, seed,
    },
};
use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use goldenpath_adapters::{
    aws::{AssumeRole, Aws, AwsOptions, CredentialSource, WebIdentity},
    kube::{Credentials, Kube},
};
use goldenpath_core::{
    domain::{Class, ClusterArn, ObjectKey},
    ports::{Clusters as _, Objects as _, Scope, Selector},
};
use serde_json::json;
use std::sync::Arc;

pub const CHECKS: [Check<Real>; 17] = [
    check!("facts are what EKS, IAM and STS say", facts),
    check!("what runs in the cluster is seen with the printed permissions", running::is_seen),
    check!("a token reaches the API server, and only with an access entry", tokens),
    check!("roles are assumed one after another", roles_are_chained),
    check!("the token of an identity provider is exchanged", token_is_exchanged),
    check!("clients of one process have credentials of their own", each_client_by_its_own),
    check!("out-of-band changes of an access entry are shown and healed", entries::are_healed),
    check!("every change says which operation it is of", trail::names_the_operation),
    check!("an operation of a daemon has a session of its own", sessions::are_of_one_operation),
    check!("what a daemon keeps of a cluster is what a listing shows", watches::are_what_a_listing_shows),
    check!("a token is reviewed for an audience", reviews::are_for_an_audience),
    check!("a lock costs no wait that is not another's", locks::cost_no_wait),
    check!("a change whose lock was lost is made once more", lost_locks::are_noticed),
    check!("the last of a total is given once", shares::are_given_once),
    check!("what is not seen once, or belongs to another state, fails no plan", hiccups::fail_no_plan),
    check!("what was just made and is not seen yet is waited for", hiccups::are_waited_for),
    check!("what fails has its class", classes),
];

fn namespaces() -> Selector {
    Selector { scope: Scope::Keys, keys: vec![ObjectKey::namespace_object("default")] }
}

fn arn() -> Result<ClusterArn> {
    Ok(ministack::cluster_arn().parse()?)
}

async fn facts(real: Arc<Real>) -> Result<()> {
    let aws = real.aws(&real.ministack.url());
    let facts = aws.facts(&ministack::CLUSTER.parse()?).await?;
    ensure!(facts.stable.cluster_arn == arn()?, "{facts:?}");
    ensure!(facts.version == "1.36" && facts.authentication_mode == "API", "{facts:?}");
    ensure!(facts.network_policy_enforced == Some(true), "the add-on says that it enforces: {facts:?}");
    // Random cases make permission sets of their own, under names with a tag.
    let sets: Vec<&String> = facts.stable.permission_sets.keys().filter(|set| !set.starts_with('w')).collect();
    ensure!(sets == ["AdministratorAccess", "PaymentsDev", "PaymentsView", "PlatformEngineer"], "{sets:?}");
    ensure!(facts.caller.ends_with(":user/platform"), "{}", facts.caller);
    let issuer = facts.stable.oidc_issuer.as_ref().context("every cluster of EKS has an issuer")?;
    ensure!(!aws.oidc_provider_exists(&arn()?, issuer).await?, "nobody made {issuer} known");
    let root = Clients::root(&real.ministack.url());
    root.iam.create_open_id_connect_provider().url(issuer).client_id_list("sts.amazonaws.com").send().await?;
    ensure!(aws.oidc_provider_exists(&arn()?, issuer).await?, "IAM knows {issuer}");
    let elsewhere = "arn:aws:eks:eu-west-1:999999999999:cluster/demo".parse()?;
    let refused = aws.target(&elsewhere).await.err().context("another account's cluster was found")?;
    ensure!(refused.class == Class::Invalid && refused.message.contains("alias"), "{refused}");
    Ok(())
}

async fn tokens(real: Arc<Real>) -> Result<()> {
    let url = real.ministack.url();
    let by = |aws: Aws| {
        let aws = Arc::new(aws);
        Kube::new(aws.clone(), Credentials::Tokens(aws))
    };
    let seen = by(real.aws(&url)).observe(&arn()?, &namespaces()).await?;
    ensure!(seen.len() == 1, "{seen:?}");
    let root = Clients::root(&url);
    // With every permission in AWS: else DescribeCluster is refused before a token is needed.
    let (key, secret) = seed::user(&root, "nobody-here", EVERYTHING).await?;
    let stranger = by(Aws::new(real::options(&url, CredentialSource::keys(&key, &secret, None))));
    match stranger.observe(&arn()?, &namespaces()).await {
        Err(error) if error.class == Class::Denied && error.message == "Unauthorized" => {
            let next = error.next.unwrap_or_default();
            ensure!(next.contains("Give the caller an access entry"), "{next}");
            Ok(())
        }
        other => bail!("a principal without an access entry: {other:?}"),
    }
}

/// As a ServiceAccount gets a role, at the endpoint that is configured: whoever calls has no credentials yet.
async fn token_is_exchanged(real: Arc<Real>) -> Result<()> {
    let (url, root, issuer) = (real.ministack.url(), real.ministack.root(), "oidc.test");
    let federated = format!("arn:aws:iam::{}:oidc-provider/{issuer}", ministack::ACCOUNT);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": federated}}]});
    let role = root.iam.create_role().role_name("federated");
    role.assume_role_policy_document(trust.to_string()).send().await?;
    let policy = root.iam.put_role_policy().role_name("federated").policy_name("all");
    policy.policy_document(EVERYTHING).send().await?;
    let part = |part: serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let claims = json!({"iss": format!("https://{issuer}"), "sub": "system:serviceaccount:crossplane-system:provider"});
    let folder = tempfile::tempdir()?;
    let token_file = folder.path().join("token");
    let identity = WebIdentity { role_arn: real.role("federated"), token_file: token_file.clone() };
    let aws = || {
        let credentials = CredentialSource::WebIdentity(identity.clone());
        Aws::new(AwsOptions { is_shared: true, ..real::options(&url, credentials) })
    };
    std::fs::write(&token_file, format!("{}.{}.x\n", part(json!({"alg": "none"})), part(claims)))?;
    let facts = aws().facts(&ministack::CLUSTER.parse()?).await?;
    ensure!(facts.caller == real.role("federated"), "the caller is {}", facts.caller);
    std::fs::write(&token_file, "no token")?;
    let refused = aws().facts(&ministack::CLUSTER.parse()?).await.err().context("anybody gets the role")?;
    ensure!(refused.class == Class::Denied && refused.message.contains("federated"), "{refused}");
    std::fs::remove_file(&token_file)?;
    let refused = aws().facts(&ministack::CLUSTER.parse()?).await.err().context("nobody has a token")?;
    ensure!(refused.class == Class::Denied && refused.message.contains("token"), "{refused}");
    Ok(())
}

/// What the process itself might do is nothing to its clients: neither a gain nor a need.
async fn each_client_by_its_own(real: Arc<Real>) -> Result<()> {
    let url = real.ministack.url();
    let (may_all, nobody) = (real.provider_config(&url), real::provider_config(&url, "AKIANOBODY", "wrong"));
    let wrong = real::environment(&url, "AKIANOBODY", "wrong", None);
    for (environment, config, may_read, reason) in [
        (real.environment(&url), &nobody, false, "wrong keys, where the process has good ones"),
        (wrong, &may_all, true, "good keys, where the process has wrong ones"),
        (vec![], &may_all, true, "good keys, where the process has none"),
    ] {
        let server = Server::start_with(&[], &environment)?;
        let mut baseline = Instance::new(&server.client(config).await?, BASELINE);
        let planned = baseline.plan(Some(&json!({"cluster": ministack::CLUSTER}))).await?;
        ensure!(no_errors(&planned.said, "plan").is_ok() == may_read, "{reason}: {:?}", planned.said);
    }
    Ok(())
}

/// The second role trusts the first alone, so the caller's ARN shows which way it went.
async fn roles_are_chained(real: Arc<Real>) -> Result<()> {
    let (url, root) = (real.ministack.url(), real.ministack.root());
    let first = real.role("chain/first");
    seed::create_role(&root, "/chain/", "first").await?;
    let second = root.iam.create_role().path("/chain/").role_name("second");
    second.assume_role_policy_document(assumable_by("AWS", &first)).send().await?;
    for role in ["first", "second"] {
        root.iam.put_role_policy().role_name(role).policy_name("all").policy_document(EVERYTHING).send().await?;
    }
    let role = |role_arn: String| AssumeRole { role_arn, ..AssumeRole::default() };
    let through = |roles: Vec<AssumeRole>| {
        let (key, secret) = real.platform.clone();
        let credentials = CredentialSource::keys(&key, &secret, None);
        Aws::new(AwsOptions { assume_role: roles, ..real::options(&url, credentials) })
    };
    let second = real.role("chain/second");
    let facts = through(vec![role(first.clone()), role(second.clone())]).facts(&ministack::CLUSTER.parse()?).await?;
    ensure!(facts.caller == second, "the caller is {}, with its path", facts.caller);
    let ghost = through(vec![role(first), role(real.role("chain/nobody"))]);
    let refused = ghost.facts(&ministack::CLUSTER.parse()?).await.err().context("nobody was assumed")?;
    ensure!(
        refused.class == Class::Denied && refused.message.contains("chain/nobody"),
        "who can't be assumed is named: {refused}"
    );
    Ok(())
}

async fn classes(real: Arc<Real>) -> Result<()> {
    let proxy = Proxy::start(&real)?;
    for (intervention, expected, reason) in [
        (Intervention::Refuse(403), Class::Denied, "a missing permission is no absence"),
        (Intervention::Refuse(400), Class::Denied, "credentials that ended"),
        (Intervention::Refuse(500), Class::Unavailable, "the service failed"),
        (Intervention::Cut, Class::Unavailable, "no response"),
        (Intervention::Refuse(429), Class::Throttled, "after the SDK's own attempts"),
    ] {
        proxy.rule(move |request| if request.service == Service::Aws { intervention } else { Intervention::Pass });
        let target = real.aws(&proxy.url).target(&ministack::CLUSTER.parse()?).await;
        let refused = target.err().with_context(|| format!("{reason}: no error"))?;
        ensure!(refused.class == expected, "{reason}: {:?}: {refused}", refused.class);
    }
    proxy.pass_all();
    proxy.clear();
    let aws = Arc::new(real.aws(&proxy.url));
    let kube = Kube::new(aws.clone(), Credentials::Tokens(aws));
    kube.observe(&arn()?, &namespaces()).await?;
    let seen = proxy.requests();
    ensure!(
        seen.iter()
            .any(|request| request.service == Service::Kubernetes && request.path.ends_with("/namespaces/default")),
        "Kubernetes is reached through the proxy too: {seen:?}"
    );
    Ok(())
}
